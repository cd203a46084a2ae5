//! `last_rule_file`, `last_rule_line`: the rule that ended the evaluation of its set (manual
//! 7.3.2).

use super::{Example, Fetch, INTERNAL};
use crate::sample::value::{Sample, Type};

pub(super) static FETCHES: &[Fetch] = &[
    Fetch {
        name: "last_rule_file",
        args: &[],
        required: 0,
        out: Type::Str,
        source: &INTERNAL,
        check: None,
        eval: |_, e, _| {
            let (file, _) = e.view.last_rule()?;
            Some(Sample::Str(e.scratch.copy(file.as_bytes())))
        },
        doc: "The file of the last rule that was final and ran.",
        examples: &[Example::none("last_rule_file")],
    },
    Fetch {
        name: "last_rule_line",
        args: &[],
        required: 0,
        out: Type::Sint,
        source: &INTERNAL,
        check: None,
        eval: |_, e, _| {
            let (_, line) = e.view.last_rule()?;
            Some(Sample::Int(line.into()))
        },
        doc: "The line of the last rule that was final and ran.",
        examples: &[Example::none("last_rule_line")],
    },
];

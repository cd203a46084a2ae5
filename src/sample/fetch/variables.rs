//! `var(...)` (manual 7.3.2).

use super::{CONSTANT, Example, Fetch};
use crate::sample::args::{Arg, Kind, text};
use crate::sample::value::{Sample, Type};
use crate::sample::vars;

pub(super) static FETCHES: &[Fetch] = &[Fetch {
    name: "var",
    args: &[Kind::Str, Kind::Str],
    required: 1,
    out: Type::Any,
    source: &CONSTANT,
    check: Some(|args, _| {
        let (scope, id) = vars::intern(text(args, 0))?;
        let default = match args.get(1) {
            Some(Arg::Str(s)) => Arg::Str(s.clone()),
            _ => Arg::None,
        };
        *args = vec![Arg::Var(scope, id), default];
        Ok(())
    }),
    eval: |args, e, _| {
        let [Arg::Var(scope, id), default] = args else {
            return None;
        };
        vars::read(e, *scope, *id).or(match default {
            Arg::Str(s) => Some(Sample::Str(s)),
            _ => None,
        })
    },
    doc: "A variable, or the default if it is not set.",
    examples: &[
        Example::of("var(txn.known)", "value"),
        Example::none("var(txn.unknown)"),
        Example::of("var(req.unknown,none)", "none"),
    ],
}];

//! `trailing-space`

use crate::base::diag::Severity;
use crate::base::span::Span;
use crate::lint::model::Model;
use crate::lint::rule::Edit;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HY004",
    name: "trailing-space",
    category: Category::Style,
    severity: Severity::Notice,
    default: false,
    what: "A line ends in white space.",
    why: "It shows up in every diff. `hapax fmt` removes it too.",
    example: "mode http   <end of line>\n",
    instead: "mode http\n",
    fixes: Fixes::Safe("the white space is removed"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (file, source) in model.document.sources.iter() {
        for (line, text) in source.lines() {
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            let kept = text.trim_ascii_end().len();
            // an escaped blank is part of a word
            if kept < text.len() && text.get(..kept).is_some_and(|t| !t.ends_with(b"\\")) {
                let column = |at: usize| u32::try_from(at).unwrap_or_default();
                let span = Span {
                    file,
                    line,
                    start: column(kept),
                    end: column(text.len()),
                };
                out.at(span, "white space at the end of the line")
                    .fix(vec![Edit::Replace(span, Vec::new())]);
            }
        }
    }
}

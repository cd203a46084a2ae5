//! `carriage-return`

use crate::base::diag::Severity;
use crate::base::span::Span;
use crate::lint::model::Model;
use crate::lint::rule::Edit;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HY006",
    name: "carriage-return",
    category: Category::Style,
    severity: Severity::Notice,
    default: true,
    what: "Lines end in CR LF.",
    why: "HAProxy takes them, but scripts that read the file and shells that include it do not. One finding stands for the file.",
    example: "mode http<CR><LF>\n",
    instead: "mode http\n",
    fixes: Fixes::Safe("all CR are removed"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (file, source) in model.document.sources.iter() {
        let spans: Vec<Span> = source
            .lines()
            .filter(|(_, t)| t.ends_with(b"\r") && !t.ends_with(b"\\\r"))
            .map(|(line, text)| {
                let end = u32::try_from(text.len()).unwrap_or_default();
                Span {
                    file,
                    line,
                    start: end.saturating_sub(1),
                    end,
                }
            })
            .collect();
        if let Some(first) = spans.first() {
            let text = format!("{} lines end in CR LF", spans.len());
            out.at(*first, text).fix(
                spans
                    .iter()
                    .map(|s| Edit::Replace(*s, Vec::new()))
                    .collect(),
            );
        }
    }
}

//! `missing-final-newline`

use crate::base::diag::Severity;
use crate::base::span::Span;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC041",
    name: "missing-final-newline",
    category: Category::Correctness,
    severity: Severity::Alert,
    default: true,
    what: "The last line of a file does not end.",
    why: "HAProxy refuses such a file since 2.3: it may have been cut off while it was copied.",
    example: "backend app\n    server a 10.0.0.1:80   <end of file>\n",
    instead: "backend app\n    server a 10.0.0.1:80\n",
    fixes: Fixes::Safe("the line end is added"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (file, source) in model
        .document
        .sources
        .iter()
        .filter(|(_, s)| s.is_unterminated())
    {
        let Some((line, text)) = source.lines().last() else {
            continue;
        };
        let end = u32::try_from(text.len()).unwrap_or_default();
        let span = Span {
            file,
            line,
            start: end,
            end,
        };
        out.at(span, "the last line does not end; HAProxy refuses the file")
            .fix(vec![crate::lint::rule::Edit::Replace(span, b"\n".to_vec())]);
    }
}

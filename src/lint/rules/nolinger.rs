//! `nolinger`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HP006",
    name: "nolinger",
    category: Category::Performance,
    severity: Severity::Warning,
    default: true,
    what: "`option nolinger` throws away what is not yet sent when a connection is closed.",
    why: "Clients lose the end of answers, and see connections reset. It is mostly copied from advice about TIME_WAIT, which is harmless on Linux.",
    example: "option nolinger\n",
    instead: "no option nolinger\n",
    fixes: Fixes::Unsafe("the line is removed"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, line) in model.lines() {
        if line.begins(&["option", "nolinger"]) && line.prefix.is_none() {
            out.line(line, "the end of answers may be lost")
                .fix(vec![crate::lint::rule::Edit::DeleteLine(line.span)]);
        }
    }
}

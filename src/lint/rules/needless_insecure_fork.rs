//! `needless-insecure-fork`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS025",
    name: "needless-insecure-fork",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "`insecure-fork-wanted` lets the process start programs, and nothing needs it.",
    why: "Only external checks (and some Lua) start programs. Without the line, who breaks in cannot start any.",
    example: "global\n    insecure-fork-wanted\n",
    instead: "global\n    # nothing\n",
    fixes: Fixes::Safe("the line is removed"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    let needed = model.lines().any(|(_, l)| {
        l.begins(&["option", "external-check"])
            || l.begins(&["external-check"])
            || l.keyword().text.starts_with(b"lua-")
            || l.begins(&["program"])
    }) || model.scopes.iter().any(|s| s.head.begins(&["program"]));
    if needed {
        return;
    }
    for line in model
        .globals()
        .flat_map(|s| s.all(&["insecure-fork-wanted"]))
    {
        out.line(line, "nothing here starts a program")
            .fix(vec![crate::lint::rule::Edit::DeleteLine(line.span)]);
    }
}

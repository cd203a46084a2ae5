//! `run-as-root`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS011",
    name: "run-as-root",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "The proxy keeps the rights of root.",
    why: "It needs them only to bind low ports and to read keys, before it takes the first connection. A fault that lets somebody run code then gives away the machine.",
    example: "global\n    user root\n",
    instead: "global\n    user haproxy\n    group haproxy\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for line in model.globals().flat_map(|s| s.lines) {
        let root = (line.begins(&["user"]) && line.word(1).is_some_and(|w| w.is("root")))
            || (line.begins(&["uid"]) && line.word(1).is_some_and(|w| w.is("0")));
        if root {
            out.line(line, "the proxy keeps the rights of root");
        }
    }
}

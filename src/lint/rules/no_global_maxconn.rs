//! `no-global-maxconn`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HP007",
    name: "no-global-maxconn",
    category: Category::Performance,
    severity: Severity::Notice,
    default: false,
    what: "`global` sets no `maxconn`.",
    why: "The limit then follows from the file descriptors that happen to be allowed, which on some systems is a million: memory may run out first. In a container it is the container's limit that counts.",
    example: "global\n    daemon\n",
    instead: "global\n    daemon\n    maxconn 20000\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    if let (Some(first), None) = (model.globals().next(), model.global(&["maxconn"])) {
        out.at(first.head.tail_span(0), "there is no `maxconn`");
    }
}

//! `contradictory-condition`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC001",
    name: "contradictory-condition",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A condition asks for two things that exclude each other, so its rule never runs.",
    why: "Tests that stand beside each other must all hold; a path cannot be /a and /b at once. Mostly `or` is missing between them, or both were meant to be patterns of one test.",
    example: "use_backend api if { path_beg /api } { path_beg /v2 }\n",
    instead: "use_backend api if { path_beg /api /v2 }\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (scope, condition) in model.conditions() {
        let clash = condition.normal(scope).and_then(|n| n.contradiction());
        if let Some((first, second)) = clash {
            out.at(
                second,
                "this excludes the other test, so the rule never runs",
            )
            .related(first, "the other test")
            .help("write `or` between tests of which one shall do");
        }
    }
}

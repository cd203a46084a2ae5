//! `redundant-condition`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::model::condition::Test;
use crate::lint::rule::Edit;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HY008",
    name: "redundant-condition",
    category: Category::Style,
    severity: Severity::Notice,
    default: true,
    what: "A condition is always met: `if TRUE`.",
    why: "The rule says the same without it, and readers look for the case in which it is not met.",
    example: "http-request set-header X-A b if TRUE\n",
    instead: "http-request set-header X-A b\n",
    fixes: Fixes::Safe("the condition is removed"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in &model.scopes {
        for statement in &scope.statements {
            // these must have a condition
            if matches!(
                statement.set,
                "stats admin"
                    | "block"
                    | "monitor fail"
                    | "force-persist"
                    | "ignore-persist"
                    | "use-server"
            ) {
                continue;
            }
            let Some(condition) = &statement.condition else {
                continue;
            };
            let mut terms = condition.terms();
            let (Some(only), None) = (terms.next(), terms.next()) else {
                continue;
            };
            let holds = match only.test {
                Test::Named(b"TRUE") => Some(!only.negated),
                Test::Named(b"FALSE") => Some(only.negated),
                Test::Named(_) | Test::Anonymous(_) => None,
            };
            if holds.is_some_and(|h| h != condition.is_unless()) {
                let span = condition.span();
                let mut gone = span;
                // the blank in front of it too
                let before = statement
                    .line
                    .words
                    .iter()
                    .rev()
                    .find(|w| w.span.end <= span.start);
                gone.start = before.map_or(gone.start, |w| w.span.end);
                out.at(span, "this is always so")
                    .fix(vec![Edit::Replace(gone, Vec::new())]);
            }
        }
    }
}

//! `stats-admin-open`

use super::stats_without_auth::{exposed, guarded};
use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::model::condition::Test;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS007",
    name: "stats-admin-open",
    category: Category::Security,
    severity: Severity::Alert,
    default: true,
    what: "Everybody who reaches the statistics page may switch servers off.",
    why: "`stats admin if TRUE` without a password gives the buttons that disable, drain and kill to every visitor, and to every page that a visitor opens.",
    example: "listen stats\n    bind :9000\n    stats enable\n    stats admin if TRUE\n",
    instead: "listen stats\n    bind 127.0.0.1:9000\n    stats enable\n    stats admin if LOCALHOST\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.proxies() {
        for statement in scope.set("stats admin") {
            let always = statement.condition.as_ref().is_some_and(|c| {
                let mut terms = c.terms();
                let first = terms.next();
                terms.next().is_none()
                    && first.is_some_and(|t| match t.test {
                        Test::Named(name) => (name == b"TRUE") != (t.negated != c.is_unless()),
                        Test::Anonymous(_) => false,
                    })
            });
            if always && !guarded(model, scope) && exposed(model, scope) {
                out.line(statement.line, "every visitor may switch servers off")
                    .help("stats admin if LOCALHOST, or ask for a password first");
            }
        }
    }
}

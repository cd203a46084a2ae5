//! `queue-without-timeout`

use crate::base::diag::Severity;
use crate::lint::model::{Model, has_word, option_word};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HP004",
    name: "queue-without-timeout",
    category: Category::Performance,
    severity: Severity::Notice,
    default: true,
    what: "Servers have a `maxconn`, and no `timeout queue` says how long requests wait for a place.",
    why: "`timeout connect` counts instead, which is a few seconds: at the first peak requests fail with 503 though a place would soon be free; with a long one visitors wait long after they have gone.",
    example: "timeout connect 5s\nserver a 10.0.0.1:80 maxconn 100\n",
    instead: "timeout connect 5s\ntimeout queue 30s\nserver a 10.0.0.1:80 maxconn 100\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.backends() {
        if model.setting(scope, &["timeout", "queue"]).is_some() {
            continue;
        }
        let limited = scope.servers().find_map(|l| option_word(l, 3, "maxconn"));
        let by_default = || {
            scope
                .all(&["default-server"])
                .find(|l| has_word(l, 1, "maxconn"))
                .and_then(|l| option_word(l, 1, "maxconn"))
        };
        if let Some(word) = limited.or_else(by_default) {
            out.word(
                word,
                format!(
                    "{} has no `timeout queue`, so `timeout connect` bounds the wait for a place",
                    scope.title()
                ),
            )
            .help("timeout queue 30s");
        }
    }
}

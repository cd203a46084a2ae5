//! `unchecked-servers`

use crate::base::diag::Severity;
use crate::lint::model::{Model, Scope, has_word};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC013",
    name: "unchecked-servers",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A back end has several servers and checks none of them.",
    why: "A server that is down keeps its share of the traffic: with two servers every other request fails or waits for a timeout.",
    example: "server web1 10.0.0.1:80\nserver web2 10.0.0.2:80\n",
    instead: "server web1 10.0.0.1:80 check\nserver web2 10.0.0.2:80 check\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.backends() {
        let watched = |o: &str| scope.servers().any(|l| has_word(l, 3, o));
        let any = ["check", "agent-check", "track", "observe"]
            .into_iter()
            .any(watched);
        let count = scope
            .servers()
            .filter(|l| !has_word(l, 3, "disabled"))
            .count();
        if count > 1
            && !any
            && !by_default(model, scope)
            && matches!(model.mode(scope), b"http" | b"tcp")
        {
            out.at(
                scope.head.tail_span(0),
                format!(
                    "none of the {count} servers of {} is checked",
                    scope.title()
                ),
            )
            .help("write `check` on the servers, or `default-server check`");
        }
    }
}

/// Whether a `default-server` line switches checks on.
pub(super) fn by_default(model: &Model<'_>, scope: &Scope<'_>) -> bool {
    let lines = |s: &Scope<'_>| {
        s.all(&["default-server"])
            .any(|l| has_word(l, 1, "check") || has_word(l, 1, "agent-check"))
    };
    model.chain(scope).any(lines)
}

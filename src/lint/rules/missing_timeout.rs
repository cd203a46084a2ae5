//! `missing-timeout`

use crate::base::diag::Severity;
use crate::lint::model::{Kind, Model};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC010",
    name: "missing-timeout",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A proxy has no `timeout client`, `timeout server` or `timeout connect`.",
    why: "Without them a connection whose other end has vanished is kept for ever. They add up until maxconn is reached and nobody can connect any more.",
    example: "defaults\n    mode http\n    timeout connect 5s\n",
    instead: "defaults\n    mode http\n    timeout connect 5s\n    timeout client 30s\n    timeout server 30s\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    let proxies = model.proxies().filter(|_| !model.is_piece());
    for scope in proxies {
        if !matches!(model.mode(scope), b"http" | b"tcp") {
            continue;
        }
        let serves = scope.is_backend() && scope.servers().next().is_some();
        let listens = scope.kind == Kind::Frontend
            || (scope.kind == Kind::Listen
                && (scope.own(&["bind"]).is_some() || scope.head.words.len() > 2));
        let mut missing = Vec::new();
        let mut want = |name: &'static str| {
            if model.timeout(scope, name).is_none() && !has_unreadable(model, scope, name) {
                missing.push(name);
            }
        };
        if listens {
            want("client");
        }
        if serves {
            want("connect");
            want("server");
        }
        if !missing.is_empty() {
            let list = missing
                .iter()
                .map(|n| format!("`timeout {n}`"))
                .collect::<Vec<_>>()
                .join(", ");
            out.at(
                scope.head.tail_span(0),
                format!(
                    "{} has no {list}: dead connections are kept for ever",
                    scope.title()
                ),
            );
        }
    }
}

/// A timeout is said whose value cannot be read here.
fn has_unreadable(model: &Model<'_>, scope: &crate::lint::model::Scope<'_>, name: &str) -> bool {
    model.setting(scope, &["timeout", name]).is_some()
}

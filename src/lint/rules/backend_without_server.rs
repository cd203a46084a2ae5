//! `backend-without-server`

use crate::base::diag::Severity;
use crate::lint::model::{Kind, Model};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC037",
    name: "backend-without-server",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: false,
    what: "A back end that front ends lead to has no server and answers nothing by itself.",
    why: "Every request for it gets a 503.",
    example: "backend app\n    balance roundrobin\n",
    instead: "backend app\n    balance roundrobin\n    server a 10.0.0.1:80 check\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.scopes.iter().filter(|s| s.kind == Kind::Backend) {
        let serves = scope.servers().next().is_some()
            || scope.lines.iter().any(|l| {
                [
                    &["dispatch"][..],
                    &["option", "transparent"],
                    &["transparent"],
                    &["option", "http_proxy"],
                    &["stats"],
                    &["errorfile"],
                    &["errorloc"],
                    &["errorloc302"],
                    &["errorloc303"],
                    &["errorfiles"],
                    &["http-error"],
                    &["redirect"],
                    &["stick-table"],
                    &["filter"],
                    &["use-fcgi-app"],
                ]
                .iter()
                .any(|n| l.begins(n))
                    || model.is_markup(l.span)
            })
            || scope.statements.iter().any(|s| {
                s.is_final()
                    || matches!(s.action_name(), b"use-service" | b"set-status")
                    || s.action.starts_with(b"lua.")
            });
        let inherited = ["dispatch", "errorfile", "errorloc", "errorfiles"]
            .iter()
            .any(|n| {
                model
                    .chain(scope)
                    .skip(1)
                    .any(|s| s.own(&[n]).is_some() && *n == "dispatch")
            });
        let used = model
            .frontends()
            .any(|f| model.routes(f).backends.contains(&scope.index));
        if !serves && !inherited && used {
            out.at(
                scope.head.tail_span(0),
                format!(
                    "{} has no server: every request for it gets a 503",
                    scope.title()
                ),
            );
        }
    }
}

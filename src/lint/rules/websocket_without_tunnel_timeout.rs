//! `websocket-without-tunnel-timeout`

use crate::base::diag::Severity;
use crate::lint::model::{Model, Scope};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC012",
    name: "websocket-without-tunnel-timeout",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "WebSocket requests are routed to a back end that has no `timeout tunnel`.",
    why: "After the upgrade, the shorter of `timeout client` and `timeout server` cuts a connection that is silent for so long. WebSockets are silent for minutes.",
    example: "use_backend ws if { hdr(Upgrade) -i websocket }\nbackend ws\n    server a 10.0.0.1:8080\n",
    instead: "backend ws\n    timeout tunnel 1h\n    server a 10.0.0.1:8080\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.frontends() {
        for statement in scope.set("use_backend") {
            let Some(condition) = &statement.condition else {
                continue;
            };
            let asks = condition
                .terms()
                .filter(|t| !t.negated)
                .flat_map(|t| t.matchers(scope))
                .any(|m| {
                    let upgrade = m.expr.is_header("upgrade")
                        || m.expr.is_header("sec-websocket-key")
                        || m.expr.is_header("sec-websocket-version");
                    upgrade
                        && (m.patterns.is_empty()
                            || !m.expr.is_header("upgrade")
                            || m.patterns
                                .iter()
                                .any(|p| p.text.eq_ignore_ascii_case(b"websocket")))
                });
            let positive = !condition.is_unless();
            let target = statement
                .args
                .first()
                .and_then(|n| model.backend_named(n.bytes()));
            if let Some(target) = target.filter(|t| asks && positive && short(model, t)) {
                out.line(
                    statement.line,
                    format!(
                        "{} has no `timeout tunnel`, so silent WebSockets are cut",
                        target.title()
                    ),
                )
                .related(target.head.tail_span(0), "here")
                .help("timeout tunnel 1h");
            }
        }
    }
}

fn short(model: &Model<'_>, scope: &Scope<'_>) -> bool {
    let long = model
        .timeout(scope, "server")
        .is_some_and(|(ms, _)| ms >= 3_600_000);
    model.setting(scope, &["timeout", "tunnel"]).is_none() && !long
}

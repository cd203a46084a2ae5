//! `slow-request`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS013",
    name: "slow-request",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "An HTTP front end that other machines reach has no `timeout http-request`.",
    why: "`timeout client` begins anew with every byte, so a client that sends one header byte every few seconds keeps its connection for ever. A few hundred such clients fill maxconn (the Slowloris attack).",
    example: "defaults\n    mode http\n    timeout client 30s\n",
    instead: "defaults\n    mode http\n    timeout client 30s\n    timeout http-request 10s\n",
    fixes: Fixes::Unsafe("`timeout http-request 10s` is added below the `timeout client` in force"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    let mut seen = Vec::new();
    for scope in model.frontends().filter(|s| model.is_http(s)) {
        if model.setting(scope, &["timeout", "http-request"]).is_some()
            || !super::stats_without_auth::exposed(model, scope)
        {
            continue;
        }
        // one finding where the line belongs, however many front ends lack it
        let Some((_, line)) = model.timeout(scope, "client") else {
            continue;
        };
        if seen.contains(&line.span) {
            continue;
        }
        seen.push(line.span);
        out.line(
            line,
            format!(
                "{} has no `timeout http-request`: a slow client keeps its connection for ever",
                scope.title()
            ),
        )
        .help("timeout http-request 10s")
        .fix(vec![crate::lint::rule::Edit::InsertAfter(
            line.span,
            b"timeout http-request 10s".to_vec(),
        )]);
    }
}

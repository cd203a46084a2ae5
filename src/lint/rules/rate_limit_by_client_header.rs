//! `rate-limit-by-client-header`

use super::client_header_trusted::HEADERS;
use crate::base::diag::Severity;
use crate::lint::model::matcher::Expr;
use crate::lint::model::{Model, has_word};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS023",
    name: "rate-limit-by-client-header",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "Clients are counted by an address header that they may write themselves.",
    why: "A client that sends another X-Forwarded-For with each request is another client each time and never reaches the limit; one that sends somebody else's address shuts that one out.",
    example: "http-request track-sc0 req.hdr(X-Forwarded-For)\n",
    instead: "http-request track-sc0 src\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.proxies() {
        let trusted = scope.all(&["bind"]).any(|l| has_word(l, 2, "accept-proxy"))
            || scope.statements.iter().any(|s| {
                let asks = |c: &crate::lint::model::condition::Condition<'_>| {
                    c.matchers(scope).iter().any(|m| m.expr.base() == "src")
                };
                matches!(
                    s.action_name(),
                    b"reject" | b"deny" | b"del-header" | b"set-header" | b"silent-drop"
                ) && s.condition.as_ref().is_some_and(asks)
            });
        if trusted {
            continue;
        }
        for statement in scope
            .statements
            .iter()
            .filter(|s| s.action_name().starts_with(b"track-sc"))
        {
            let Some(word) = statement.args.first() else {
                continue;
            };
            let Some(expr) = word.as_str().and_then(Expr::parse) else {
                continue;
            };
            // a condition on the client's address vouches for the header
            let vouched = statement
                .condition
                .as_ref()
                .is_some_and(|c| c.matchers(scope).iter().any(|m| m.expr.base() == "src"));
            let header = expr.header().map(str::to_ascii_lowercase);
            // the last occurrence was written by the proxy in front
            let last = expr.args.is_some_and(|a| a.ends_with("-1"));
            if header.is_some_and(|h| HEADERS.contains(&h.as_str())) && !last && !vouched {
                out.word(word, "the client chooses by what it is counted")
                    .help("count by src; behind a trusted proxy let only that proxy in, or use the last occurrence: req.hdr_ip(X-Forwarded-For,-1)");
            }
        }
    }
}

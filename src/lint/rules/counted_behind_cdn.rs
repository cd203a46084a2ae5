//! `counted-behind-cdn`

use crate::base::diag::Severity;
use crate::lint::model::matcher::Expr;
use crate::lint::model::{Model, has_word, routes};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC045",
    name: "counted-behind-cdn",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "Clients are counted by `src` where the section itself says that a CDN stands in front.",
    why: "The section takes the client's address from a header such as CF-Connecting-IP, so `src` is one of the CDN's few addresses: thousands of clients share one counter and are shut out together.",
    example: "http-request set-header X-Real-IP %[req.hdr(CF-Connecting-IP)]\nhttp-request track-sc0 src\n",
    instead: "http-request track-sc0 req.hdr(CF-Connecting-IP)\n",
    fixes: Fixes::None,
    check,
};

const HEADERS: [&str; 6] = [
    "cf-connecting-ip",
    "true-client-ip",
    "fastly-client-ip",
    "x-azure-clientip",
    "fly-client-ip",
    "x-appengine-user-ip",
];

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.frontends() {
        let from_cdn = |e: &Expr<'_>| {
            e.header()
                .is_some_and(|h| HEADERS.contains(&h.to_ascii_lowercase().as_str()))
        };
        let says = scope.lines.iter().find(|l| {
            let value =
                |w: &crate::config::directive::Word| routes::expressions(w).iter().any(from_cdn);
            l.words.iter().any(|w| {
                value(w)
                    || w.as_str()
                        .and_then(Expr::parse)
                        .is_some_and(|e| from_cdn(&e))
            })
        });
        let replaced = scope
            .statements
            .iter()
            .any(|s| s.action_name() == b"set-src")
            || scope.all(&["bind"]).any(|l| has_word(l, 2, "accept-proxy"));
        let Some(says) = says.filter(|_| !replaced) else {
            continue;
        };
        for statement in scope
            .statements
            .iter()
            .filter(|s| s.action_name().starts_with(b"track-sc"))
        {
            // a condition may single out those who come directly
            let direct = statement.is_conditional();
            if let Some(word) = statement.args.first().filter(|w| w.is("src") && !direct) {
                out.word(word, "behind a CDN this is the CDN's address")
                    .related(
                        says.tail_span(0),
                        "the client's own address comes in this header",
                    );
            }
        }
    }
}

//! `open-redirect`

use crate::base::diag::Severity;
use crate::lint::model::{Model, routes};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS015",
    name: "open-redirect",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "Where a redirection leads is taken from the request as the client wrote it.",
    why: "A link to your site that leads to somebody else's is what phishing is made of; a location that begins with the client's path can begin with `//other.site`.",
    example: "http-request redirect location %[url_param(next)]\n",
    instead: "http-request redirect location /start if { url_param(next) start }\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.scopes.iter() {
        for statement in scope
            .statements
            .iter()
            .filter(|s| s.set == "redirect" || s.action == b"redirect")
        {
            let at = statement
                .args
                .iter()
                .position(|w| w.is("location") || w.is("prefix"));
            let Some(word) = at.and_then(|at| statement.args.get(at + 1)) else {
                continue;
            };
            let text = word.display().to_string();
            // only what decides the host: up to the first slash behind the scheme
            let host = text
                .strip_prefix("https://")
                .or_else(|| text.strip_prefix("http://"))
                .unwrap_or(&text);
            if !host.starts_with("%[") {
                continue;
            }
            let expressions = routes::expressions(word);
            let Some(first) = expressions.first() else {
                continue;
            };
            let chosen = matches!(
                first.base(),
                "url_param" | "urlp" | "req.cook" | "cookie" | "req.body_param"
            ) || first.is_header("referer")
                || first.is_header("x-forwarded-host")
                || first.is_header("x-original-host");
            // a map or a converter that only lets known values through
            let mapped = first
                .converters
                .iter()
                .any(|(c, _)| c.starts_with("map") || *c == "iif" || c.starts_with("url_enc"));
            if chosen && !mapped {
                out.word(word, "the client chooses where this leads");
            }
        }
    }
}

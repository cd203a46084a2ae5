//! `cors-reflects-origin`

use crate::base::diag::Severity;
use crate::lint::model::{Model, routes};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS024",
    name: "cors-reflects-origin",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "Every origin is allowed to read answers with the visitor's cookies.",
    why: "With `Access-Control-Allow-Credentials: true`, an Allow-Origin that repeats whatever the request said lets any page read what the visitor sees on yours.",
    example: "http-response set-header Access-Control-Allow-Origin %[capture.req.hdr(0)]\nhttp-response set-header Access-Control-Allow-Credentials true\n",
    instead: "http-response set-header Access-Control-Allow-Origin https://app.example if { capture.req.hdr(0) https://app.example }\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.proxies() {
        let sets = |name: &str| {
            let name = name.to_ascii_lowercase();
            scope.statements.iter().filter(move |s| {
                matches!(s.action_name(), b"set-header" | b"add-header")
                    && s.args
                        .first()
                        .is_some_and(|w| w.text.eq_ignore_ascii_case(name.as_bytes()))
            })
        };
        let credentials = sets("Access-Control-Allow-Credentials")
            .find(|s| s.args.get(1).is_some_and(|w| w.is("true")));
        let Some(credentials) = credentials else {
            continue;
        };
        for statement in sets("Access-Control-Allow-Origin") {
            let Some(value) = statement.args.get(1) else {
                continue;
            };
            let echoes = routes::expressions(value).iter().any(|e| {
                let plain = e.converters.is_empty();
                plain
                    && (e.is_header("origin")
                        || e.base() == "capture.req.hdr"
                        || (e.base() == "var" && e.args.is_some_and(|a| a.contains("origin"))))
            });
            // a condition is the list of those allowed
            let asked = statement.condition.as_ref().is_some_and(|c| {
                c.matchers(scope)
                    .iter()
                    .any(|m| !m.patterns.is_empty() || m.has_file())
            });
            if echoes && !asked {
                out.word(
                    value,
                    "every page may read answers with the visitor's cookies",
                )
                .related(credentials.span(), "cookies are allowed here");
            }
        }
    }
}

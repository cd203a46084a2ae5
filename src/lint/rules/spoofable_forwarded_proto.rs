//! `spoofable-forwarded-proto`

use crate::base::diag::Severity;
use crate::lint::model::{Model, has_word};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS026",
    name: "spoofable-forwarded-proto",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "A front end with a plain and a TLS listener sets X-Forwarded-Proto only for TLS, so that a plain client's own one passes.",
    why: "Whoever sends `X-Forwarded-Proto: https` over plain HTTP is taken for a TLS client: redirections to https and `secure` checks of the application are passed by.",
    example: "bind :80\nbind :443 ssl crt site.pem\nhttp-request set-header X-Forwarded-Proto https if { ssl_fc }\n",
    instead: "http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]\n",
    fixes: Fixes::None,
    check,
};

const HEADERS: [&[u8]; 2] = [b"x-forwarded-proto", b"x-forwarded-ssl"];

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.frontends() {
        let plain = scope
            .all(&["bind"])
            .any(|b| !has_word(b, 2, "ssl") && !has_word(b, 2, "accept-proxy"));
        if !plain || !model.has_tls(scope) {
            continue;
        }
        for header in HEADERS {
            let about = |s: &&crate::lint::model::statement::Statement<'_>| {
                s.set == "http-request"
                    && s.args
                        .first()
                        .is_some_and(|w| w.text.eq_ignore_ascii_case(header))
            };
            let changes: Vec<_> = scope.statements.iter().filter(about).collect();
            // plain requests may all be sent away
            let redirected = scope.statements.iter().any(|s| {
                let away = s.set == "redirect" || s.action == b"redirect";
                away && s
                    .args
                    .windows(2)
                    .any(|w| matches!(w, [a, b] if a.is("scheme") && b.is("https")))
            });
            let sets: Vec<_> = changes
                .iter()
                .filter(|s| matches!(s.action_name(), b"set-header" | b"add-header"))
                .collect();
            let cleans = changes.iter().any(|s| {
                s.action_name() == b"del-header"
                    || (s.action_name() == b"set-header" && !s.is_conditional())
            });
            if let ([only], false, false) = (sets.as_slice(), cleans, redirected) {
                let name = only
                    .args
                    .first()
                    .map(|w| w.display().to_string())
                    .unwrap_or_default();
                let finding = out.line(
                    only.line,
                    format!("a plain client's own {name} reaches the servers"),
                );
                finding.help(match header {
                    b"x-forwarded-proto" => {
                        "http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]"
                            .to_owned()
                    }
                    _ => format!("http-request del-header {name}, before this rule"),
                });
            }
        }
    }
}

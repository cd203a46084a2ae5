//! `client-header-trusted`

use crate::base::diag::Severity;
use crate::lint::model::{Model, has_word};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS020",
    name: "client-header-trusted",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "Access is decided by an address header that the client itself may have sent.",
    why: "Everybody can send `X-Forwarded-For: 10.0.0.1`. Unless the section makes sure that its clients are trusted proxies, whoever writes the right address is let in.",
    example: "acl office req.hdr_ip(X-Forwarded-For) 10.0.0.0/8\nhttp-request deny if { path_beg /admin } !office\n",
    instead: "http-request deny if { path_beg /admin } !{ src 10.0.0.0/8 }\n",
    fixes: Fixes::None,
    check,
};

pub(super) const HEADERS: [&str; 6] = [
    "x-forwarded-for",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "forwarded",
];

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.frontends() {
        // clients are vouched for: by certificates, by their addresses, or by the PROXY protocol
        let vouched = scope
            .all(&["bind"])
            .any(|l| has_word(l, 2, "accept-proxy") || has_word(l, 2, "verify"))
            || scope.statements.iter().any(|s| {
                let closes = matches!(
                    s.action_name(),
                    b"reject" | b"deny" | b"silent-drop" | b"expect-proxy"
                );
                closes
                    && s.condition
                        .as_ref()
                        .is_some_and(|c| c.matchers(scope).iter().any(|m| m.expr.base() == "src"))
            });
        if vouched {
            continue;
        }
        let mut clean: Vec<String> = Vec::new();
        for statement in &scope.statements {
            let denies = matches!(
                statement.action_name(),
                b"deny" | b"allow" | b"auth" | b"reject" | b"tarpit"
            ) || statement.set == "block";
            if statement.set == "http-request"
                && matches!(statement.action_name(), b"del-header" | b"set-header")
            {
                clean.extend(
                    statement
                        .args
                        .first()
                        .map(|w| w.display().to_string().to_ascii_lowercase()),
                );
            }
            let Some(condition) = statement.condition.as_ref().filter(|_| denies) else {
                continue;
            };
            // denying by a header hurts nobody but the client; letting in by one is the fault
            let lets_in = |negated: bool| match statement.action_name() {
                b"allow" => negated == condition.is_unless(),
                _ => negated != condition.is_unless(),
            };
            for term in condition.terms().filter(|t| lets_in(t.negated)) {
                for test in term.matchers(scope) {
                    let header = test.expr.header().map(str::to_ascii_lowercase);
                    let Some(header) = header.filter(|h| HEADERS.contains(&h.as_str())) else {
                        continue;
                    };
                    let addresses = test.expr.base().ends_with("hdr_ip")
                        || test.method_name() == "ip"
                        || test
                            .patterns
                            .iter()
                            .any(|p| p.text.first().is_some_and(u8::is_ascii_digit));
                    if addresses && !clean.contains(&header) {
                        out.at(term.span, format!("whoever sends the right {header} is let in"))
                            .related(test.word.span, "the test")
                            .help("make sure of the proxy first: http-request del-header X-Forwarded-For unless { src PROXIES }");
                    }
                }
            }
        }
    }
}

//! `plain-http-on-443`

use crate::base::diag::Severity;
use crate::lint::model::{Model, has_word, port};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC049",
    name: "plain-http-on-443",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "An HTTP proxy listens on port 443 without TLS.",
    why: "Browsers speak TLS there: every request gets a 400. Either `ssl crt` is missing, or `mode tcp` for TLS that is passed on.",
    example: "frontend www\n    mode http\n    bind :443\n",
    instead: "frontend www\n    mode http\n    bind :443 ssl crt /etc/haproxy/certs/\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.frontends().filter(|s| model.is_http(s)) {
        let known = !model
            .chain(scope)
            .any(|s| s.lines.iter().any(|l| model.is_markup(l.span)));
        for line in scope.all(&["bind"]) {
            let tls = has_word(line, 2, "ssl") || has_word(line, 2, "accept-proxy");
            let Some(word) = line.word(1).filter(|w| {
                known && !tls && port(w.bytes()) == Some(443) && !w.text.contains(&b'@')
            }) else {
                continue;
            };
            // a quoted or expanded option may be the certificate
            if line.words.len() <= 2 || !line.words.iter().any(|w| model.has_variable(w)) {
                out.word(word, "port 443 without TLS: browsers get a 400 here");
            }
        }
    }
}

//! `server-verify-none`

use crate::base::diag::Severity;
use crate::lint::model::{Model, has_word, is_local, value_of};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS002",
    name: "server-verify-none",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "The certificate of a TLS server is not verified.",
    why: "Whoever stands between the proxy and the server can answer in its place and read all that passes, passwords included. Encryption without verification keeps out only those who merely listen.",
    example: "server app 10.0.0.1:443 ssl verify none\n",
    instead: "server app 10.0.0.1:443 ssl verify required ca-file internal-ca.pem verifyhost app.internal\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (scope, line) in model.lines() {
        if line.begins(&["ssl-server-verify", "none"]) {
            out.line(
                line,
                "no server's certificate is verified unless its line says so",
            )
            .help("write `ssl-server-verify required`, and ca-file on the servers");
            continue;
        }
        let from = match () {
            () if line.begins(&["server"]) || line.begins(&["server-template"]) => 3,
            () if line.begins(&["default-server"]) => 1,
            () => continue,
        };
        // TLS of the health checks alone, and a server of this machine
        let local = from == 3 && line.word(2).is_some_and(|w| is_local(w.bytes()));
        let tls = from == 1 || has_word(line, from, "ssl") || inherits_tls(model, scope);
        let none = value_of(line, from, "verify").filter(|w| w.is("none"));
        if let Some(word) = none.filter(|_| tls && !local) {
            out.word(word, "whoever answers is taken for the server")
                .help("verify required ca-file CA.pem, and verifyhost or sni for the name");
        }
    }
}

fn inherits_tls<'d>(model: &Model<'d>, scope: &crate::lint::model::Scope<'d>) -> bool {
    model
        .chain(scope)
        .any(|s| s.all(&["default-server"]).any(|l| has_word(l, 1, "ssl")))
}

//! `server-without-cookie`

use crate::base::diag::Severity;
use crate::lint::model::{Model, has_word};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC016",
    name: "server-without-cookie",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "Clients are kept on their server by a cookie, and a server has no cookie value.",
    why: "Requests that such a server takes are answered without a cookie, so its clients wander: their sessions are lost on every other request.",
    example: "cookie SRV insert indirect nocache\nserver a 10.0.0.1:80 cookie a\nserver b 10.0.0.2:80\n",
    instead: "cookie SRV insert indirect nocache\nserver a 10.0.0.1:80 cookie a\nserver b 10.0.0.2:80 cookie b\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.backends().filter(|s| model.is_http(s)) {
        let Some(line) = scope.own(&["cookie"]) else {
            continue;
        };
        let persists = ["insert", "rewrite", "prefix"]
            .iter()
            .any(|o| has_word(line, 2, o));
        let dynamic = has_word(line, 2, "dynamic");
        let defaulted = model
            .chain(scope)
            .any(|s| s.all(&["default-server"]).any(|l| has_word(l, 1, "cookie")));
        if !persists || dynamic || defaulted || scope.servers().count() < 2 {
            continue;
        }
        for server in scope.servers().filter(|l| l.begins(&["server"])) {
            let spare = ["cookie", "backup", "disabled"]
                .iter()
                .any(|o| has_word(server, 3, o));
            if let Some(name) = server.word(1).filter(|_| !spare) {
                out.word(
                    name,
                    format!(
                        "server {} has no cookie value, so its clients are not kept on it",
                        name.display()
                    ),
                )
                .related(line.tail_span(0), "clients are to be kept by this cookie");
            }
        }
    }
}

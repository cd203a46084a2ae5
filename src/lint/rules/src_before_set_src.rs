//! `src-before-set-src`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::model::matcher::Expr;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC044",
    name: "src-before-set-src",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A rule uses `src` before `http-request set-src` puts the client's address in its place.",
    why: "Until then `src` is the proxy or CDN in front. `tcp-request` rules run before all `http-request` rules, so all clients behind one proxy are counted, let in or shut out together.",
    example: "tcp-request connection track-sc0 src\nhttp-request set-src hdr_ip(X-Forwarded-For)\n",
    instead: "http-request set-src hdr_ip(X-Forwarded-For)\nhttp-request track-sc0 src\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.proxies() {
        let Some(set) = scope
            .set("http-request")
            .find(|s| s.action_name() == b"set-src")
        else {
            continue;
        };
        for statement in &scope.statements {
            let tracks = statement.action_name().starts_with(b"track-sc");
            if !tracks {
                continue;
            }
            let early = statement.set == "tcp-request connection"
                || statement.set == "tcp-request session"
                || statement.set == "tcp-request content"
                || (statement.set == "http-request" && statement.line.span < set.line.span);
            let word = statement.args.first();
            let by_src = word
                .and_then(|w| w.as_str())
                .and_then(Expr::parse)
                .is_some_and(|e| e.base() == "src");
            if let Some(word) = word.filter(|_| early && by_src) {
                out.word(word, "this is still the address of the proxy in front")
                    .related(set.span(), "the client's address is put in its place here");
            }
        }
    }
}

//! `redirect-loop`

use crate::base::diag::Severity;
use crate::config::directive::Word;
use crate::lint::model::{Model, has_word};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC035",
    name: "redirect-loop",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A section that takes TLS redirects every request to https.",
    why: "A request that came by TLS is sent to the address that it came to, and again, until the browser gives up.",
    example: "bind :80\nbind :443 ssl crt site.pem\nhttp-request redirect scheme https\n",
    instead: "http-request redirect scheme https unless { ssl_fc }\n",
    fixes: Fixes::Unsafe("`unless { ssl_fc }` is added"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.frontends().filter(|s| model.has_tls(s)) {
        for statement in &scope.statements {
            let words: &[Word] = match (statement.set, statement.action) {
                ("redirect", _) | ("http-request", b"redirect") => statement.args,
                _ => continue,
            };
            let https = words
                .windows(2)
                .any(|w| matches!(w, [a, b] if a.is("scheme") && b.is("https")));
            if https && !statement.is_conditional() && !words.iter().any(|w| w.is("drop-query")) {
                let tls = scope.all(&["bind"]).find(|b| has_word(b, 2, "ssl"));
                let finding = out.line(
                    statement.line,
                    "requests that came by TLS are redirected to themselves",
                );
                if let Some(bind) = tls {
                    finding.related(bind.tail_span(0), "TLS is taken here");
                }
                if let Some(last) = statement.line.words.last() {
                    let mut at = last.span;
                    at.start = at.end;
                    finding.fix(vec![crate::lint::rule::Edit::Replace(
                        at,
                        b" unless { ssl_fc }".to_vec(),
                    )]);
                }
            }
        }
    }
}

//! `insecure-cookie`

use crate::base::diag::Severity;
use crate::lint::model::{Model, has_word};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS014",
    name: "insecure-cookie",
    category: Category::Security,
    severity: Severity::Notice,
    default: true,
    what: "A persistence cookie that travels by TLS is given without `secure` or `httponly`.",
    why: "Without `secure` the browser sends it in clear over plain HTTP too; without `httponly` scripts can read it. It names the server that a visitor is on.",
    example: "cookie SRV insert indirect nocache\n",
    instead: "cookie SRV insert indirect nocache httponly secure\n",
    fixes: Fixes::Unsafe(
        "`httponly secure` is added: scripts and plain HTTP do not see the cookie any more",
    ),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.backends().filter(|s| model.is_http(s)) {
        let Some(line) = scope.own(&["cookie"]) else {
            continue;
        };
        if !has_word(line, 2, "insert") {
            continue;
        }
        let fronts = model.frontends_of(scope);
        // only where every way in is encrypted: `secure` would lose the cookie elsewhere
        let redirects = |f: &crate::lint::model::Scope<'_>| {
            f.statements.iter().any(|s| {
                (s.set == "redirect" || s.action == b"redirect")
                    && s.args
                        .windows(2)
                        .any(|w| matches!(w, [a, b] if a.is("scheme") && b.is("https")))
            })
        };
        let tls = !fronts.is_empty()
            && fronts.iter().all(|f| {
                f.all(&["bind"]).all(|b| has_word(b, 2, "ssl")) && model.has_tls(f)
                    || (model.has_tls(f) && redirects(f))
            });
        let missing: Vec<&str> = ["httponly", "secure"]
            .into_iter()
            .filter(|o| !has_word(line, 2, o))
            .collect();
        let Some(last) = line.words.last().filter(|_| tls && !missing.is_empty()) else {
            continue;
        };
        let mut at = last.span;
        at.start = at.end;
        let text = format!(" {}", missing.join(" "));
        out.line(
            line,
            format!(
                "this cookie travels by TLS and lacks `{}`",
                missing.join("` and `")
            ),
        )
        .fix(vec![crate::lint::rule::Edit::Replace(
            at,
            text.into_bytes(),
        )]);
    }
}

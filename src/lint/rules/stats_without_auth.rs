//! `stats-without-auth`

use crate::base::diag::Severity;
use crate::lint::model::{Kind, Model, Scope, is_local};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS006",
    name: "stats-without-auth",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "The statistics page can be read by everybody who reaches the port.",
    why: "It names every server with its address, state and load, and the version: a map for whoever looks for a way in.",
    example: "listen stats\n    bind :9000\n    stats enable\n",
    instead: "listen stats\n    bind 127.0.0.1:9000\n    stats enable\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.proxies() {
        let line = scope
            .own(&["stats", "enable"])
            .or_else(|| scope.own(&["stats", "uri"]));
        if let Some(line) =
            line.filter(|_| model.is_http(scope) && !guarded(model, scope) && exposed(model, scope))
        {
            out.line(line, "everybody who reaches the port can read the statistics")
                .help("bind it to 127.0.0.1, or ask for a password: stats http-request auth unless { http_auth(LIST) }");
        }
    }
}

/// Whether something stands between the page and strangers.
pub(super) fn guarded(model: &Model<'_>, scope: &Scope<'_>) -> bool {
    let says = |s: &Scope<'_>| {
        s.all(&["stats", "auth"]).next().is_some()
            || s.statements.iter().any(|st| {
                let denies = matches!(
                    st.action_name(),
                    b"deny" | b"reject" | b"auth" | b"tarpit" | b"silent-drop" | b"block"
                ) || st.set == "block";
                let gate = st.set == "stats http-request"
                    || ((st.set == "http-request"
                        || st.set.starts_with("tcp-request")
                        || st.set == "block")
                        && st.is_conditional());
                denies && gate
            })
            || s.lines.iter().any(|l| {
                l.begins(&["bind"])
                    && l.words.iter().any(|w| w.is("verify"))
                    && l.words.iter().any(|w| w.is("required"))
            })
    };
    model.chain(scope).any(says)
}

/// Whether the section can be reached from other machines.
pub(super) fn exposed(model: &Model<'_>, scope: &Scope<'_>) -> bool {
    let fronts = match scope.kind {
        Kind::Backend => model.frontends_of(scope),
        _ => vec![scope],
    };
    fronts.iter().any(|f| {
        let mut addresses: Vec<&[u8]> = f
            .all(&["bind"])
            .filter_map(|l| l.word(1))
            .map(|w| w.bytes())
            .collect();
        if f.kind == Kind::Listen {
            addresses.extend(
                f.head
                    .word(2)
                    .filter(|w| w.text.contains(&b':'))
                    .map(|w| w.bytes()),
            );
        }
        addresses.iter().any(|a| !is_local(a))
    })
}

//! `forwardfor-if-none`

use super::stats_without_auth::exposed;
use crate::base::diag::Severity;
use crate::lint::model::{Model, has_word};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS021",
    name: "forwardfor-if-none",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "`option forwardfor if-none` leaves a client's own X-Forwarded-For as it is.",
    why: "Whoever sends the header chooses the address that the servers see, log and decide by.",
    example: "option forwardfor if-none\n",
    instead: "http-request del-header X-Forwarded-For unless { src 10.0.0.0/8 }\noption forwardfor if-none\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    let mut seen = Vec::new();
    for scope in model
        .frontends()
        .filter(|s| model.is_http(s) && exposed(model, s))
    {
        let Some(line) = model
            .option(scope, "forwardfor")
            .filter(|l| has_word(l, 2, "if-none"))
        else {
            continue;
        };
        let name = crate::lint::model::value_of(line, 2, "header")
            .map_or("X-Forwarded-For".to_owned(), |w| w.display().to_string());
        let cleans = model.chain(scope).any(|s| {
            s.statements.iter().any(|st| {
                matches!(st.action_name(), b"del-header" | b"set-header" | b"set-src")
                    && (st.action_name() == b"set-src"
                        || st
                            .args
                            .first()
                            .is_some_and(|w| w.text.eq_ignore_ascii_case(name.as_bytes())))
            }) || s
                .lines
                .iter()
                .any(|l| l.begins(&["reqidel"]) || l.begins(&["reqdel"]))
        });
        let inside = scope.all(&["bind"]).any(|l| has_word(l, 2, "accept-proxy"));
        if !cleans && !inside && !has_word(line, 2, "except") && !seen.contains(&line.span) {
            seen.push(line.span);
            out.line(line, format!("a client's own {name} is believed"))
                .help(format!(
                    "http-request del-header {name} unless {{ src PROXIES }}"
                ));
        }
    }
}

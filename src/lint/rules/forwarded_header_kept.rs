//! `forwarded-header-kept`

use super::stats_without_auth::exposed;
use crate::base::diag::Severity;
use crate::lint::model::{Model, has_word};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS022",
    name: "forwarded-header-kept",
    category: Category::Security,
    severity: Severity::Notice,
    default: false,
    what: "A client's own X-Forwarded-For reaches the servers beside the one that is added.",
    why: "`option forwardfor` appends a line of its own. Many applications read the first one, which the client wrote.",
    example: "option forwardfor\n",
    instead: "http-request del-header X-Forwarded-For\noption forwardfor\n",
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
            .filter(|l| !has_word(l, 2, "if-none"))
        else {
            continue;
        };
        let cleans = model.chain(scope).any(|s| {
            s.statements.iter().any(|st| {
                matches!(st.action_name(), b"del-header" | b"set-header")
                    && st
                        .args
                        .first()
                        .is_some_and(|w| w.text.eq_ignore_ascii_case(b"x-forwarded-for"))
            })
        });
        if !cleans && !seen.contains(&line.span) {
            seen.push(line.span);
            out.line(
                line,
                "a client's own X-Forwarded-For stays in front of this one",
            )
            .help("http-request del-header X-Forwarded-For");
        }
    }
}

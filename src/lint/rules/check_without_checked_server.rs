//! `check-without-checked-server`

use super::unchecked_servers::by_default;
use crate::base::diag::Severity;
use crate::lint::model::{Model, has_word};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC014",
    name: "check-without-checked-server",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A back end says how its servers are checked, and no server is.",
    why: "`option httpchk` and its relatives only choose the kind of check; `check` on a server line switches it on. Without it every server counts as up for ever.",
    example: "option httpchk GET /health\nserver a 10.0.0.1:80\n",
    instead: "option httpchk GET /health\nserver a 10.0.0.1:80 check\n",
    fixes: Fixes::Unsafe("`check` is added to the servers"),
    check,
};

const KINDS: [&str; 9] = [
    "httpchk",
    "tcp-check",
    "mysql-check",
    "pgsql-check",
    "redis-check",
    "ldap-check",
    "smtpchk",
    "ssl-hello-chk",
    "external-check",
];

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.backends() {
        let line = KINDS.iter().find_map(|k| scope.own(&["option", k]));
        let Some(line) = line else {
            continue;
        };
        let servers: Vec<_> = scope.servers().collect();
        let any = servers.iter().any(|l| {
            ["check", "agent-check", "track"]
                .iter()
                .any(|o| has_word(l, 3, o))
        });
        if servers.is_empty() || any || by_default(model, scope) {
            continue;
        }
        let edits = servers.iter().filter_map(|l| l.words.last()).map(|w| {
            let mut at = w.span;
            at.start = at.end;
            crate::lint::rule::Edit::Replace(at, b" check".to_vec())
        });
        out.line(
            line,
            "no server of this section is checked, so this does nothing",
        )
        .fix(edits.collect());
    }
}

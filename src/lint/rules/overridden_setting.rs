//! `overridden-setting`

use crate::base::diag::Severity;
use crate::lint::model::{Kind, Model};
use crate::lint::rule::{Category, Fixes, Report, Rule};
use std::collections::HashMap;

pub(super) static RULE: Rule = Rule {
    code: "HC036",
    name: "overridden-setting",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A section says the same setting twice; only the last one counts (in `global` mostly the first).",
    why: "Whoever changes the other one changes nothing and may not notice.",
    example: "timeout client 30s\ntimeout client 1m\n",
    instead: "timeout client 1m\n",
    fixes: Fixes::Safe("the line without effect is removed"),
    check,
};

/// Settings of one value, by as many words as name them.
const SETTINGS: &[&[&str]] = &[
    &["mode"],
    &["maxconn"],
    &["fullconn"],
    &["balance"],
    &["hash-type"],
    &["retries"],
    &["backlog"],
    &["default_backend"],
    &["http-reuse"],
    &["monitor-uri"],
    &["nbthread"],
    &["ulimit-n"],
    &["user"],
    &["group"],
    &["chroot"],
    &["pidfile"],
    &["ssl-default-bind-ciphers"],
    &["ssl-default-bind-options"],
    &["tune.ssl.default-dh-param"],
    &["option", "forwardfor"],
    &["stats", "uri"],
    &["stats", "realm"],
    &["stats", "refresh"],
];

/// Settings of `global` of which HAProxy keeps the first.
const FIRST_COUNTS: &[&str] = &["maxconn", "ulimit-n", "user", "group", "chroot", "pidfile"];

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.scopes.iter().filter(|s| s.kind != Kind::Other) {
        let mut seen = HashMap::new();
        for line in scope.lines.iter().filter(|l| l.prefix.is_none()) {
            let name = match line.begins(&["timeout"]) {
                true => line.word(1).map(|w| format!("timeout {}", w.display())),
                false => SETTINGS
                    .iter()
                    .find(|n| line.begins(n))
                    .map(|n| n.join(" ")),
            };
            let Some(name) = name else {
                continue;
            };
            // the option words of old and new TLS lines add up
            if name == "ssl-default-bind-options" {
                continue;
            }
            let global = scope.kind == Kind::Global;
            let kept = seen
                .get(&name)
                .copied()
                .filter(|_| global && FIRST_COUNTS.contains(&name.as_str()));
            let (lost, counts, when) = match (kept, seen.insert(name.clone(), kept.unwrap_or(line)))
            {
                (Some(first), _) => (line, first, "said it before"),
                (None, Some(before)) => (before, line, "says it again"),
                (None, None) => continue,
            };
            out.line(
                lost,
                format!("this `{name}` has no effect: the section {when}"),
            )
            .related(counts.tail_span(0), "this one counts")
            .fix(vec![crate::lint::rule::Edit::DeleteLine(lost.span)]);
        }
    }
}

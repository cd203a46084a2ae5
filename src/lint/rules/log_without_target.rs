//! `log-without-target`

use crate::base::diag::Severity;
use crate::lint::model::{Model, has_word};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC032",
    name: "log-without-target",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A proxy says how requests are logged, and nothing is logged anywhere.",
    why: "A format without a `log` line is never used. `log global` sends nothing where `global` has no `log` line.",
    example: "defaults\n    mode http\n    option httplog\n",
    instead: "global\n    log /dev/log local0\ndefaults\n    log global\n    mode http\n    option httplog\n",
    fixes: Fixes::None,
    check,
};

const FORMATS: &[&[&str]] = &[
    &["option", "httplog"],
    &["option", "tcplog"],
    &["option", "httpslog"],
    &["log-format"],
];

fn check(model: &Model<'_>, out: &mut Report) {
    let global = model.global(&["log"]).is_some();
    let mut seen = Vec::new();
    for scope in model.frontends().filter(|_| !model.is_piece()) {
        let format = model.chain(scope).find_map(|s| {
            let says = |l: &&crate::config::directive::Directive| {
                l.prefix.is_none() && FORMATS.iter().any(|f| l.begins(f))
            };
            s.lines.iter().rev().find(says)
        });
        let Some(format) = format else {
            continue;
        };
        let logs = model.chain(scope).flat_map(|s| s.all(&["log"]));
        let mut logs = logs.filter(|l| global || !has_word(l, 1, "global"));
        let acts = scope
            .statements
            .iter()
            .any(|s| s.action_name() == b"do-log");
        let markup = model
            .chain(scope)
            .any(|s| s.lines.iter().any(|l| model.is_markup(l.span)));
        if logs.next().is_none() && !acts && !markup && !seen.contains(&format.span) {
            seen.push(format.span);
            out.line(
                format,
                format!(
                    "{} logs nowhere, so this format is never used",
                    scope.title()
                ),
            )
            .help("log global, and `log /dev/log local0` in global");
        }
    }
}

//! `http-keyword-in-tcp-mode`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC026",
    name: "http-keyword-in-tcp-mode",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A line that means something for HTTP stands in a proxy in TCP mode.",
    why: "It does nothing: no header is added, no request denied, no cookie read. `mode http` was forgotten, or the line is a leftover.",
    example: "frontend www\n    mode tcp\n    option forwardfor\n",
    instead: "frontend www\n    mode http\n    option forwardfor\n",
    fixes: Fixes::None,
    check,
};

const LINES: &[&[&str]] = &[
    &["http-request"],
    &["http-response"],
    &["http-after-response"],
    &["cookie"],
    &["appsession"],
    &["redirect"],
    &["capture"],
    &["monitor-uri"],
    &["http-reuse"],
    &["compression"],
    &["errorfile"],
    &["reqrep"],
    &["reqadd"],
    &["rspadd"],
    &["timeout", "http-request"],
    &["timeout", "http-keep-alive"],
    &["option", "forwardfor"],
    &["option", "httpclose"],
    &["option", "forceclose"],
    &["option", "http-server-close"],
    &["option", "http-keep-alive"],
    &["option", "http-buffer-request"],
    &["option", "httplog"],
    &["option", "originalto"],
];

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.proxies() {
        // a connection may be handed on as HTTP by a rule
        let switches = scope
            .statements
            .iter()
            .any(|s| s.action_name() == b"switch-mode");
        let unsaid = model.is_piece() && model.setting(scope, &["mode"]).is_none();
        if model.mode(scope) != b"tcp" || switches || unsaid {
            continue;
        }
        for line in scope.lines.iter().filter(|l| l.prefix.is_none()) {
            if let Some(names) = LINES.iter().find(|names| line.begins(names)) {
                let finding = out.line(
                    line,
                    format!("`{}` means nothing in TCP mode", names.join(" ")),
                );
                if let Some(mode) = model.setting(scope, &["mode"]) {
                    finding.related(mode.tail_span(0), "the mode is said here");
                }
            }
        }
    }
}

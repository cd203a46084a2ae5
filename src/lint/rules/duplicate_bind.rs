//! `duplicate-bind`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};
use std::collections::HashMap;

pub(super) static RULE: Rule = Rule {
    code: "HC039",
    name: "duplicate-bind",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "The same address and port is bound twice.",
    why: "The system spreads connections over both listeners at random, so half of the clients meet the rules of the other section; with `noreuseport` the process does not start.",
    example: "frontend a\n    bind :80\nfrontend b\n    bind :80\n",
    instead: "frontend a\n    bind :80\nfrontend b\n    bind :8080\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    let mut seen = HashMap::new();
    for scope in model.frontends() {
        if scope.own(&["disabled"]).is_some() || model.setting(scope, &["bind-process"]).is_some() {
            continue;
        }
        for line in scope.all(&["bind"]) {
            let Some(word) = line.word(1) else {
                continue;
            };
            let apart = [
                "process",
                "thread",
                "interface",
                "namespace",
                "transparent",
                "v6only",
                "shards",
            ]
            .iter()
            .any(|o| crate::lint::model::has_word(line, 2, o));
            if apart || model.has_variable(word) {
                continue;
            }
            let text = word.display().to_string();
            for address in text.split(',') {
                let local = ["unix@", "abns@", "fd@", "/", "sockpair@"]
                    .iter()
                    .any(|p| address.starts_with(p));
                let quic = address.starts_with("quic");
                // port 0 is another port each time
                if local || quic || address.ends_with(":0") || !address.contains(':') {
                    continue;
                }
                let key = address
                    .trim_start_matches("ipv4@")
                    .trim_start_matches("0.0.0.0")
                    .trim_start_matches('*')
                    .to_owned();
                if let Some(first) = seen.insert(key, word.span) {
                    out.word(word, format!("{address} is bound twice"))
                        .related(first, "the first time");
                }
            }
        }
    }
}

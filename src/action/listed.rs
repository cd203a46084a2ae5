//! The actions of a rule set in the order in which HAProxy 3.4 lists them to who wrote none of
//! them.

use super::RuleSet;
use crate::grammar::{self, Action};

const HTTP: &[&str] = &[
    "wait-for-handshake",
    "set-retries",
    "set-log-level",
    "set-nice",
    "use-service",
    "sc-add-gpc",
    "sc-inc-gpc",
    "sc-inc-gpc0",
    "sc-inc-gpc1",
    "sc-set-gpt",
    "sc-set-gpt0",
    "do-resolve",
    "cache-use",
    "cache-store",
    "send-spoe-group",
    "add-acl",
    "add-header",
    "add-headers-bin",
    "allow",
    "auth",
    "capture",
    "del-acl",
    "del-header",
    "del-headers-bin",
    "del-map",
    "deny",
    "disable-l7-retry",
    "do-log",
    "early-hint",
    "normalize-uri",
    "pause",
    "redirect",
    "reject",
    "replace-header",
    "replace-path",
    "replace-pathq",
    "replace-uri",
    "replace-value",
    "return",
    "set-header",
    "set-headers-bin",
    "set-map",
    "set-method",
    "set-path",
    "set-pathq",
    "set-query",
    "set-status",
    "set-uri",
    "strict-mode",
    "tarpit",
    "track-sc",
    "set-timeout",
    "wait-for-body",
    "set-var-fmt",
    "set-var",
    "unset-var",
    "set-bc-mark",
    "set-bc-tos",
    "set-dst",
    "set-dst-port",
    "set-fc-mark",
    "set-fc-tos",
    "set-mark",
    "set-src",
    "set-src-port",
    "set-tos",
    "silent-drop",
    "set-bandwidth-limit",
    "set-priority-class",
    "set-priority-offset",
];

const TCP: &[&str] = &[
    "set-retries",
    "set-log-level",
    "set-nice",
    "switch-mode",
    "use-service",
    "sc-add-gpc",
    "sc-inc-gpc",
    "sc-inc-gpc0",
    "sc-inc-gpc1",
    "sc-set-gpt",
    "sc-set-gpt0",
    "do-resolve",
    "send-spoe-group",
    "set-var-fmt",
    "set-var",
    "unset-var",
    "attach-srv",
    "do-log",
    "set-bc-mark",
    "set-bc-tos",
    "set-dst",
    "set-dst-port",
    "set-fc-mark",
    "set-fc-tos",
    "set-mark",
    "set-src",
    "set-src-port",
    "set-tos",
    "silent-drop",
    "set-bandwidth-limit",
    "set-priority-class",
    "set-priority-offset",
];

/// Names in quotes with commas between them; `counters` is the number of stick counters.
pub(super) fn names(set: RuleSet, tcp: bool, counters: u32) -> String {
    let known = grammar::actions_of(set.name());
    let order = if tcp { TCP } else { HTTP };
    let quoted = |action: &Action| match action.prefix {
        true => format!("'{}(*)'", action.name),
        false => format!("'{}'", action.name),
    };
    let listed = order
        .iter()
        .filter_map(|name| known.iter().find(|a| a.name == *name).map(quoted));
    // the first ones of TCP stand in no table of HAProxy's
    let first = match (tcp, set.name().starts_with("tcp-request")) {
        (false, _) => Vec::new(),
        (true, false) => vec!["'accept', 'close', 'reject'".to_owned()],
        (true, true) => vec![format!(
            "'accept', 'reject', 'capture', 'expect-proxy', 'expect-netscaler-cip', 'track-sc0' ... 'track-sc{}'",
            counters.saturating_sub(1)
        )],
    };
    let all: Vec<String> = first.into_iter().chain(listed).collect();
    all.join(", ")
}

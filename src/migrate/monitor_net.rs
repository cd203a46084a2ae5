//! `monitor-net`: a rule on the source address since 2.3.

use super::text::{Line, Section, Text, join};
use super::{Edits, Migration, PROXIES_AND_DEFAULTS};

pub const MIGRATION: Migration = Migration {
    name: "monitor-net",
    about: "`monitor-net` becomes a rule on the source address",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    for (section, at, line) in text.lines_in(PROXIES_AND_DEFAULTS) {
        if !line.is("monitor-net") {
            continue;
        }
        if text.kind(&section) == b"defaults" {
            in_defaults(text, edits, section, at, line);
            continue;
        }
        let (rule, why) = rule(text, &section, line);
        edits.review(at, vec![line.instead(&rule)], why);
    }
}

fn rule(text: &Text, proxy: &Section, line: &Line) -> (Vec<u8>, &'static str) {
    let net = line.raw_from(1);
    match text.is_http(proxy) {
        true => (
            join(&[b"http-request return status 200 if { src", net, b"}"]),
            "monitors are answered by a rule; their requests are logged and counted now",
        ),
        false => (
            join(&[b"tcp-request connection reject if { src", net, b"}"]),
            "in TCP mode a monitor was cut off once connected; a rule does that",
        ),
    }
}

/// Anonymous defaults hold no rules: every proxy that listens gets its own.
fn in_defaults(text: &Text, edits: &mut Edits, defaults: Section, at: usize, line: &Line) {
    edits.drop(
        text,
        at,
        super::Outcome::Review,
        "monitors are answered by a rule in every section that takes these defaults; their \
         requests are logged and counted now",
    );
    for proxy in text.sections_of(&["frontend", "listen"]) {
        let own = text.body(&proxy).any(|(_, l)| l.is("monitor-net"));
        let these = text
            .defaults_of(&proxy)
            .is_some_and(|d| d.head == defaults.head);
        if these && !own {
            let (rule, _) = rule(text, &proxy, line);
            let indent = [line.indent(), b"    "].into_iter().find(|i| !i.is_empty());
            let rule = [indent.unwrap_or_default(), &rule].concat();
            edits.before(proxy.head + 1, at, vec![rule]);
        }
    }
}

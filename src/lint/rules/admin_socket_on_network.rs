//! `admin-socket-on-network`

use crate::base::diag::Severity;
use crate::lint::model::{Model, is_local, value_of};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS010",
    name: "admin-socket-on-network",
    category: Category::Security,
    severity: Severity::Alert,
    default: true,
    what: "The runtime API listens on the network.",
    why: "It asks for no password. Whoever reaches the port may, at level admin, disable servers, change maps and read keys; at the others still read every session.",
    example: "stats socket ipv4@0.0.0.0:9999 level admin\n",
    instead: "stats socket /run/haproxy.sock mode 660 level admin\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for line in model.globals().flat_map(|s| s.all(&["stats", "socket"])) {
        let Some(word) = line.word(2) else {
            continue;
        };
        let network = word.text.contains(&b':') || word.text.starts_with(b"ipv");
        let admin = value_of(line, 3, "level").is_some_and(|w| w.is("admin"));
        if network
            && admin
            && !is_local(word.bytes())
            && !model.has_variable(word)
            && !word.text.starts_with(b"sockpair@")
        {
            out.word(
                word,
                "whoever reaches this port has all rights of the runtime API",
            );
        }
    }
}

//! Lines of a `healthcheck` section (configuration manual 12.9): a named health check. They are read
//! and checked; no server follows them yet.

use crate::config::args::Args;
use crate::ir::check::Rules;
use crate::lower::proxy::check_rules;
use crate::lower::{Context, KeywordHandler, Sections};

const HERE: Sections = Sections::HEALTHCHECK;

/// `http-check RULE ...`, `tcp-check RULE ...`
pub const RULE: KeywordHandler = KeywordHandler::checked(&["http-check", "tcp-check"], HERE, rule);
/// `type KIND [arguments]`
pub const TYPE: KeywordHandler = KeywordHandler::checked(&["type"], HERE, kind);

const KINDS: &[&str] = &[
    "tcp-check",
    "httpchk",
    "ssl-hello-chk",
    "smtpchk",
    "pgsql-check",
    "redis-check",
    "mysql-check",
    "ldap-check",
    "spop-check",
];

fn rule(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let http = args.name(1) == "http-check";
    if http && (args.take("send-state") || args.take("disable-on-404")) {
        args.end("http-check");
        return;
    }
    // a list of its own: nothing runs it
    let mut rules = Rules {
        own: true,
        ..Rules::default()
    };
    check_rules::rule(cx, args, http, &mut rules);
}

fn kind(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let said = args
        .peek()
        .map_or_else(String::new, |w| w.display().to_string());
    let known: Vec<String> = KINDS.iter().map(|k| format!("'{k}'")).collect();
    let message = format!(
        "unknown healthcheck type '{said}' (expects {}).",
        known.join(", ")
    );
    args.keyword(KINDS, &message);
}

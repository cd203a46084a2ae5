//! Lines of a `healthcheck` section (configuration manual 12.9): a named health check, which servers
//! may follow instead of their back end's. Its lines are read as those of a back end.

use crate::config::args::Args;
use crate::ir::check::CheckKind;
use crate::lower::context::Scope;
use crate::lower::option;
use crate::lower::proxy::check_rules;
use crate::lower::{Context, KeywordHandler, Sections};

const HERE: Sections = Sections::HEALTHCHECK;

/// `http-check RULE ...`, `tcp-check RULE ...`
pub const RULE: KeywordHandler = KeywordHandler::new(&["http-check", "tcp-check"], HERE, rule);
/// `type KIND [arguments]`
pub const TYPE: KeywordHandler = KeywordHandler::new(&["type"], HERE, kind);

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

/// Lets a handler of back ends work on the section.
fn within<'d>(cx: &mut Context<'d>, f: impl FnOnce(&mut Context<'d>)) {
    let Some(last) = cx.healthchecks.len().checked_sub(1) else {
        return;
    };
    let scope = std::mem::replace(&mut cx.scope, Scope::Healthcheck(last));
    f(cx);
    cx.scope = scope;
}

fn rule(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let own = cx
        .healthchecks
        .last()
        .map(|d| d.proxy.settings.check.clone());
    let said = args.name(1);
    let other = match own {
        Some(CheckKind::Http) if said == "tcp-check" => Some("HTTP"),
        Some(CheckKind::Tcp) if said == "http-check" => Some("TCP"),
        _ => None,
    };
    if let Some(other) = other {
        let message = format!("unable to configure '{said}' rule for '{other}' healthcheck");
        args.alert("HX0162", args.line().span, message);
        return;
    }
    within(cx, |cx| check_rules::lower(cx, args));
}

fn kind<'d>(cx: &mut Context<'d>, args: &mut Args<'d, '_>) {
    if args.is_empty() {
        args.word("'type' expects a healthcheck type.");
        return;
    }
    let said = args
        .peek()
        .map_or_else(String::new, |w| w.display().to_string());
    let known: Vec<String> = KINDS.iter().map(|k| format!("'{k}'")).collect();
    let message = format!(
        "unknown healthcheck type '{said}' (expects {}).",
        known.join(", ")
    );
    if args.keyword(KINDS, &message).is_none() {
        return;
    }
    let chosen = cx.healthchecks.last().map(|d| &d.proxy.settings.check);
    if chosen != Some(&CheckKind::Connect) {
        args.alert(
            "HX0213",
            args.line().span,
            "healthcheck type already defined.",
        );
        return;
    }
    if let Some(handler) = option::of_check(&said) {
        within(cx, |cx| (handler.lower)(cx, args));
    }
}

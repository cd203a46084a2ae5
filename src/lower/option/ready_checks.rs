//! Options that choose a ready-made health check and take no arguments: `option tcp-check`,
//! `ssl-hello-chk`, `redis-check`, `ldap-check`, `spop-check`, and `external-check`.

use super::{name_of, negated};
use crate::config::args::Args;
use crate::ir::check::CheckKind;
use crate::ir::proxy::Settings;
use crate::lower::{Context, KeywordHandler, Sections, Side};
use std::mem::discriminant;

/// All of them.
pub const READY_CHECKS: KeywordHandler = KeywordHandler::new(
    &[
        "option tcp-check",
        "option ssl-hello-chk",
        "option redis-check",
        "option ldap-check",
        "option spop-check",
    ],
    Sections::ANY_PROXY,
    lower,
);
/// `option external-check`: programs are not run yet, servers are checked by connections.
pub const EXTERNAL_CHECK: KeywordHandler =
    KeywordHandler::checked(&["option external-check"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = name_of(args);
    let kind = match name.as_str() {
        "tcp-check" => CheckKind::Tcp,
        "ssl-hello-chk" => CheckKind::SslHello,
        "redis-check" => CheckKind::Redis,
        "ldap-check" => CheckKind::Ldap,
        "spop-check" => CheckKind::Spop,
        _ => CheckKind::External,
    };
    if negated(args, &name) {
        return;
    }
    // only this one is taken by front ends without a word
    if kind != CheckKind::External && cx.ignored(args, Side::Backend, &name) {
        return;
    }
    args.end(&format!("option {name}"));
    cx.set(|s| choose(s, kind));
}

/// Makes a kind of check the section's; rules from `defaults` stay only with their own kind.
pub fn choose(s: &mut Settings, kind: CheckKind) {
    if discriminant(&s.check) != discriminant(&kind) || kind == CheckKind::Http {
        for rules in [&mut s.tcp_check, &mut s.http_check] {
            if !rules.own {
                *rules = Default::default();
            }
        }
    }
    match kind {
        CheckKind::Tcp => s.tcp_check.unused = false,
        CheckKind::Http => s.http_check.unused = false,
        _ => {}
    }
    s.check = kind;
}

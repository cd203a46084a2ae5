//! `stats ...`: the status page (HAProxy configuration manual 4.2).

use super::rules;
use super::timeout::reason;
use crate::action::RuleSet;
use crate::base::diag::{Diagnostic, Form};
use crate::base::units::{self, TimeUnit};
use crate::config::args::Args;
use crate::ir::stats::Stats;
use crate::lower::{Context, KeywordHandler, Sections};
use crate::sample::Places;

const fn handler(
    names: &'static [&'static str],
    lower: crate::lower::keyword::Lower,
) -> KeywordHandler {
    KeywordHandler::new(names, Sections::ANY_PROXY, lower)
}

/// `stats enable`; words behind it mean nothing.
pub const ENABLE: KeywordHandler = handler(&["stats enable"], |cx, _| set(cx, |_| {}));
/// `stats hide-version`
pub const HIDE_VERSION: KeywordHandler = handler(&["stats hide-version"], |cx, _| {
    set(cx, |s| s.version = false);
});
/// `stats show-version`
pub const SHOW_VERSION: KeywordHandler = handler(&["stats show-version"], |cx, _| {
    set(cx, |s| s.version = true);
});
/// `stats show-legends`
pub const SHOW_LEGENDS: KeywordHandler = handler(&["stats show-legends"], |cx, _| {
    set(cx, |s| s.legends = true);
});
/// `stats show-modules`
pub const SHOW_MODULES: KeywordHandler = handler(&["stats show-modules"], |cx, _| {
    set(cx, |s| s.modules = true);
});
/// `stats uri PREFIX`
pub const URI: KeywordHandler = handler(&["stats uri"], |cx, args| {
    if let Some(uri) = one(args, "'uri' needs an URI prefix.") {
        set(cx, |s| s.uri = Some(uri));
    }
});
/// `stats realm TEXT`
pub const REALM: KeywordHandler = handler(&["stats realm"], |cx, args| {
    if let Some(realm) = one(args, "'realm' needs an realm name.") {
        set(cx, |s| s.realm = Some(realm));
    }
});
/// `stats auth USER:PASSWORD`
pub const AUTH: KeywordHandler = handler(&["stats auth"], |cx, args| {
    if let Some(mut user) = one(args, "'auth' needs a user:password account.") {
        if !user.contains(&b':') {
            user.push(b':');
        }
        set(cx, |s| s.users.push(user));
    }
});
/// `stats scope NAME`
pub const SCOPE: KeywordHandler = handler(&["stats scope"], |cx, args| {
    if let Some(name) = one(args, "'scope' needs a proxy name.") {
        let name = String::from_utf8_lossy(&name).into_owned();
        set(cx, |s| s.scope.push(name));
    }
});
/// `stats refresh TIME`
pub const REFRESH: KeywordHandler = handler(&["stats refresh"], refresh);
/// `stats show-node [NAME]`
pub const SHOW_NODE: KeywordHandler = handler(&["stats show-node"], show_node);
/// `stats show-desc [TEXT...]`
pub const SHOW_DESC: KeywordHandler = handler(&["stats show-desc"], show_desc);
/// `stats admin if|unless CONDITION`
pub const ADMIN: KeywordHandler =
    KeywordHandler::rules(&["stats admin"], Sections::NAMED_PROXY, admin);
/// `stats http-request ACTION ... [if|unless CONDITION]`
pub const HTTP_REQUEST: KeywordHandler =
    KeywordHandler::rules(&["stats http-request"], Sections::NAMED_PROXY, http_request);

/// Changes what the section says; its first line forgets what `defaults` said.
fn set(cx: &mut Context<'_>, change: impl FnOnce(&mut Stats)) {
    let Some(section) = cx.draft().map(|d| d.proxy.span) else {
        return;
    };
    cx.set(|settings| {
        let stats = settings.stats.get_or_insert_default();
        if stats.section != section {
            **stats = Stats {
                section,
                ..Stats::default()
            };
        }
        change(stats);
    });
}

/// One word; HAProxy does not look at what follows it.
fn one(args: &mut Args<'_, '_>, missing: &str) -> Option<Vec<u8>> {
    match args.next_word() {
        Some(word) if !word.text.is_empty() => Some(word.text.to_vec()),
        _ => {
            let at = args.missing_at();
            args.alert("HX0160", at, missing);
            None
        }
    }
}

fn refresh(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    // without a time HAProxy changes nothing
    let Some(word) = args.next_word() else {
        return set(cx, |_| {});
    };
    match units::time(&word.text, TimeUnit::Second) {
        Ok(time) => set(cx, |s| s.refresh = Some(time.value)),
        Err(error) => {
            let message = format!(
                "{} in argument to stats refresh interval.",
                reason(error, word)
            );
            args.report(Diagnostic::alert("HX0203", word.span, message).form(Form::Tight));
        }
    }
}

fn show_node(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let Some(word) = args.next_word() else {
        set(cx, |s| s.node = Some(None));
        return;
    };
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if !word.text.iter().all(plain) {
        let message = "'stats show-node' invalid node name - should be a stringwith digits(0-9), letters(A-Z, a-z), hyphen(-) or underscode(_).";
        args.report(Diagnostic::alert("HX0162", word.span, message).form(Form::Tight));
        return;
    }
    let name = word.display().to_string();
    set(cx, |s| s.node = Some(Some(name)));
}

fn show_desc(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if args.is_empty() {
        if cx.global.description.is_none() {
            let message =
                "'show-desc' requires a parameter or 'desc' to be set in the global section.";
            let finding = Diagnostic::warning("HX0220", args.here(), message);
            args.report(finding.form(Form::Tight));
        }
        set(cx, |s| s.description = Some(None));
        return;
    }
    let text = String::from_utf8_lossy(&args.rest_joined()).into_owned();
    set(cx, |s| s.description = Some(Some(text)));
}

fn admin(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    set(cx, |_| {});
    let message = "'stats admin' requires either 'if' or 'unless' followed by a condition.";
    let context = "error detected while parsing a 'stats admin' rule : ";
    let places = rules::places(cx, Places::FE_REQUEST, Places::BE_REQUEST);
    if let Some(condition) = rules::required_condition(cx, args, places, message, context)
        && let Some(draft) = cx.draft_mut()
    {
        draft.proxy.stats_admin.push(condition);
    }
}

fn http_request(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    set(cx, |_| {});
    let rules = cx.draft().map(|d| &d.proxy.rules.stats_http_request);
    if rules.is_some_and(|r| r.last().is_some_and(|last| last.condition.is_none())) {
        let message =
            "previous 'stats' action has no condition attached, further entries are NOOP.";
        let finding = Diagnostic::warning("HX0325", args.line().span, message);
        args.report(finding.form(Form::Tight));
    }
    let places = rules::places(cx, Places::FE_REQUEST, Places::BE_REQUEST);
    rules::rule(cx, args, RuleSet::HttpRequest, places, |r| {
        &mut r.stats_http_request
    });
}

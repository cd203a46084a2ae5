//! How much a proxy takes: `maxconn`, `fullconn`, `backlog`, `rate-limit sessions`,
//! `max-session-srv-conns`.

use crate::base::diag::Diagnostic;
use crate::config::args::{Args, atol};
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `maxconn N`
pub const MAXCONN: KeywordHandler = KeywordHandler::new(&["maxconn"], Sections::ANY_PROXY, maxconn);
/// `fullconn N`
pub const FULLCONN: KeywordHandler =
    KeywordHandler::new(&["fullconn"], Sections::ANY_PROXY, fullconn);
/// `backlog N`
pub const BACKLOG: KeywordHandler = KeywordHandler::new(&["backlog"], Sections::ANY_PROXY, backlog);
/// `rate-limit sessions N`
pub const RATE_LIMIT: KeywordHandler =
    KeywordHandler::new(&["rate-limit"], Sections::ANY_PROXY, rate_limit);
/// `max-session-srv-conns N`
pub const MAX_SESSION_SRV_CONNS: KeywordHandler = KeywordHandler::new(
    &["max-session-srv-conns"],
    Sections::ANY_PROXY,
    max_session_srv_conns,
);

/// A number of which 0 and less mean "no limit".
fn positive(args: &mut Args<'_, '_>, name: &str) -> Option<Option<u32>> {
    let value = args.lenient_int(&format!("'{name}' expects an integer argument."))?;
    args.end(name);
    Some(u32::try_from(value).ok().filter(|v| *v > 0))
}

fn maxconn(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let hint = " Maybe you want 'fullconn' instead ?";
    if cx.ignored_with(args, Side::Frontend, "maxconn", hint) {
        return;
    }
    if let Some(value) = positive(args, "maxconn") {
        cx.set(|s| s.maxconn = value);
    }
}

fn fullconn(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let hint = " Maybe you want 'maxconn' instead ?";
    if cx.ignored_with(args, Side::Backend, "fullconn", hint) {
        return;
    }
    if let Some(value) = positive(args, "fullconn") {
        cx.set(|s| s.fullconn = value);
    }
}

fn backlog(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Frontend, "backlog") {
        return;
    }
    if let Some(value) = positive(args, "backlog") {
        cx.set(|s| s.backlog = value);
    }
}

fn rate_limit(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let got = args
        .peek()
        .map_or_else(String::new, |w| w.display().to_string());
    if !args.take("sessions") {
        let here = args.here();
        let message = format!("'rate-limit' only supports 'sessions' (got '{got}')");
        args.alert("HX0162", here, message);
        return;
    }
    let Some(word) =
        args.word("'rate-limit sessions' expects expects an integer value (in sessions/second)")
    else {
        return;
    };
    let (value, used) = atol(&word.text);
    // HAProxy takes a negative one for a very large one
    let limit = u32::try_from(value).ok();
    if used != word.text.len() {
        let message = format!(
            "'rate-limit sessions' : unexpected character '{}' in integer value '{}'",
            super::timeout::character(word, used),
            word.display()
        );
        args.alert("HX0165", word.span, message);
        return;
    }
    if !cx.can(Side::Frontend) {
        let message = format!(
            "rate-limit sessions will be ignored because {} has no frontend capability",
            cx.named()
        );
        let finding = Diagnostic::warning("HX0220", args.line().span, message);
        args.report(finding);
        return;
    }
    cx.set(|s| s.rate_limit_sessions = limit.filter(|v| *v > 0));
}

fn max_session_srv_conns(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let ignored = cx.ignored(args, Side::Frontend, "max-session-srv-conns");
    let missing = "'max-session-srv-conns' expects a number. Got no argument";
    if let Some(value) = args.lenient_int(missing)
        && !ignored
    {
        cx.set(|s| s.max_session_srv_conns = u32::try_from(value).ok());
    }
}

//! `stats socket`, `stats timeout`, `stats maxconn`: the runtime API's listeners.

use crate::base::units::TimeUnit;
use crate::config::args::{Args, atol};
use crate::lower::{Context, KeywordHandler, Sections};

/// `stats socket ADDRESS [options]`
pub const SOCKET: KeywordHandler = KeywordHandler::new(&["stats socket"], Sections::GLOBAL, socket);
/// `stats timeout TIME`
pub const TIMEOUT: KeywordHandler =
    KeywordHandler::new(&["stats timeout"], Sections::GLOBAL, timeout);
/// `stats maxconn N`
pub const MAXCONN: KeywordHandler =
    KeywordHandler::new(&["stats maxconn"], Sections::GLOBAL, maxconn);
/// `stats` with any other word
pub const STATS: KeywordHandler = KeywordHandler::new(&["stats"], Sections::GLOBAL, other);

fn socket(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if let Some(bind) = crate::lower::bind::stats_socket(args) {
        cx.global.stats_sockets.push(bind);
    }
}

fn timeout(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let missing = "'stats timeout' : unexpected character ''";
    let Some(word) = args.word(missing) else {
        return;
    };
    match crate::base::units::time(&word.text, TimeUnit::Millisecond) {
        Ok(time) => cx.global.stats_timeout = Some(time.value).filter(|ms| *ms > 0),
        Err(error) => {
            let message = format!(
                "'stats timeout' : {}",
                crate::lower::proxy::timeout::reason(error, word)
            );
            args.alert("HX0203", word.span, message);
        }
    }
}

fn maxconn(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    const POSITIVE: &str = "'stats maxconn' expects a positive value";
    let Some(word) = args.word(POSITIVE) else {
        return;
    };
    match u32::try_from(atol(&word.text).0) {
        Ok(value) if value > 0 => cx.global.stats_maxconn = Some(value),
        _ => args.alert("HX0164", word.span, POSITIVE),
    }
}

fn other(_cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let here = args.here();
    let word = args.next_word();
    if word.is_some_and(|w| w.is("calculate-max-counters")) {
        return; // hapax always keeps the maxima: they cost one compare.
    }
    if word.is_some_and(|w| w.is("bind-process")) {
        args.warning("HX0239", here, "'stats bind-process' is not supported anymore. It has no effect: hapax is one process.");
        return;
    }
    let got = word.map_or_else(String::new, |w| w.display().to_string());
    let message = format!(
        "'stats' only supports 'socket', 'maxconn', 'bind-process', 'calculate-max-counters'  and 'timeout' (got '{got}')"
    );
    args.alert("HX0162", here, message);
}

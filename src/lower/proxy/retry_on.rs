//! `retry-on`: after which events a request is sent again.

use crate::config::args::Args;
use crate::ir::proxy::RetryOn;
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `retry-on EVENT...`
pub const RETRY_ON: KeywordHandler = KeywordHandler::new(&["retry-on"], Sections::ANY_PROXY, lower);

const EVENTS: &[(&str, RetryOn)] = &[
    ("conn-failure", RetryOn::CONN_FAILURE),
    ("empty-response", RetryOn::EMPTY_RESPONSE),
    ("junk-response", RetryOn::JUNK_RESPONSE),
    ("response-timeout", RetryOn::RESPONSE_TIMEOUT),
    ("0rtt-rejected", RetryOn::EARLY_DATA),
    ("401", RetryOn::S401),
    ("403", RetryOn::S403),
    ("404", RetryOn::S404),
    ("408", RetryOn::S408),
    ("421", RetryOn::S421),
    ("425", RetryOn::S425),
    ("429", RetryOn::S429),
    ("500", RetryOn::S500),
    ("501", RetryOn::S501),
    ("502", RetryOn::S502),
    ("503", RetryOn::S503),
    ("504", RetryOn::S504),
];

/// `all-retryable-errors` (configuration manual 4.2).
const ALL: RetryOn = RetryOn::CONN_FAILURE
    .union(RetryOn::EMPTY_RESPONSE)
    .union(RetryOn::JUNK_RESPONSE)
    .union(RetryOn::RESPONSE_TIMEOUT)
    .union(RetryOn::EARLY_DATA)
    .union(RetryOn::S500)
    .union(RetryOn::S502)
    .union(RetryOn::S503)
    .union(RetryOn::S504);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if !cx.can(Side::Backend) {
        let message = "'retry-on' only available in backend or listen section";
        args.alert("HX0285", args.line().span, message);
        return;
    }
    let missing = "'retry-on' needs at least one keyword to specify when to retry";
    let Some(first) = args.word(missing) else {
        return;
    };
    if first.is("none") {
        if let Some(extra) = args.peek() {
            let message = "'retry-on' 'none' keyword only usable alone";
            args.alert("HX0167", extra.span, message);
            return;
        }
        cx.set(|s| s.retry_on = RetryOn::empty());
        return;
    }
    let mut events = RetryOn::empty();
    for word in std::iter::once(first).chain(args.rest()) {
        if word.is("all-retryable-errors") {
            events |= ALL;
        } else if let Some((_, event)) = EVENTS.iter().find(|(name, _)| word.is(name)) {
            events |= *event;
        } else if word.is("none") {
            let message = "'retry-on' 'none' keyword only usable alone";
            args.alert("HX0167", word.span, message);
            return;
        } else {
            let message = format!("'retry-on': unknown keyword '{}'", word.display());
            args.alert("HX0162", word.span, message);
            return;
        }
    }
    cx.set(|s| s.retry_on = events);
}

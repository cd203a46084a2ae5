//! `h1-accept-payload-with-any-method`, `h1-do-not-close-on-insecure-transfer-encoding`: leave of
//! two defences of the HTTP/1 parser.

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `h1-accept-payload-with-any-method`
pub const ACCEPT_PAYLOAD: KeywordHandler = KeywordHandler::new(
    &["h1-accept-payload-with-any-method"],
    Sections::GLOBAL,
    accept_payload,
);
/// `h1-do-not-close-on-insecure-transfer-encoding`
pub const DO_NOT_CLOSE: KeywordHandler = KeywordHandler::new(
    &["h1-do-not-close-on-insecure-transfer-encoding"],
    Sections::GLOBAL,
    do_not_close,
);

fn accept_payload(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    cx.global.h1_accept_payload_with_any_method = true;
    args.end("h1-accept-payload-with-any-method");
}

fn do_not_close(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    cx.global.h1_keep_on_insecure_transfer_encoding = true;
    args.end("h1-do-not-close-on-insecure-transfer-encoding");
}

//! `errorloc`, `errorloc302`, `errorloc303`: a redirection instead of an error.

use crate::config::args::{Args, atol};
use crate::ir::proxy::ErrorSource;
use crate::lower::{Context, KeywordHandler, Sections};

/// `errorloc STATUS URL` and its two siblings
pub const ERRORLOC: KeywordHandler = KeywordHandler::new(
    &["errorloc", "errorloc302", "errorloc303"],
    Sections::ANY_PROXY,
    lower,
);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = args.name(1);
    let here = args.here();
    let (Some(status), Some(url)) = (args.next_word(), args.next_word()) else {
        let message = format!("{name} : expects <status_code> and <url> as arguments.");
        args.alert("HX0160", here, message);
        return;
    };
    if let Some(extra) = args.peek() {
        let message = format!("{name} : expects exactly two arguments.");
        args.alert("HX0167", extra.span, message);
        return;
    }
    let code = atol(&status.text).0;
    let known = u16::try_from(code)
        .ok()
        .filter(|c| crate::proto::h1::errors::STATUSES.contains(c));
    let Some(code) = known else {
        let message = format!("{name} : status code '{code}' not handled.");
        args.alert("HX0298", status.span, message);
        return;
    };
    let source = ErrorSource::Redirect {
        status: if name == "errorloc303" { 303 } else { 302 },
        location: url.text.to_vec(),
    };
    cx.set(|s| {
        s.errors.insert(code, source);
    });
}

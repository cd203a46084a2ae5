//! `errorfile`; the file is read by `plan`.

use crate::config::args::{Args, atol};
use crate::ir::proxy::ErrorSource;
use crate::lower::{Context, KeywordHandler, Sections};

/// `errorfile STATUS FILE`
pub const ERRORFILE: KeywordHandler =
    KeywordHandler::new(&["errorfile"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let here = args.here();
    let (Some(status), Some(file)) = (args.next_word(), args.next_word()) else {
        args.alert(
            "HX0160",
            here,
            "errorfile : expects <status_code> and <file> as arguments.",
        );
        return;
    };
    if let Some(extra) = args.peek() {
        args.alert(
            "HX0167",
            extra.span,
            "errorfile : expects exactly two arguments.",
        );
        return;
    }
    let code = atol(&status.text).0;
    let known = u16::try_from(code)
        .ok()
        .filter(|c| crate::proto::h1::errors::STATUSES.contains(c));
    let Some(code) = known else {
        let message = format!("errorfile : status code '{code}' not handled.");
        args.alert("HX0298", status.span, message);
        return;
    };
    let source = ErrorSource::File {
        path: file.display().to_string(),
        span: file.span,
    };
    cx.set(|s| {
        s.errors.insert(code, source);
    });
}

//! `http-send-name-header`

use crate::base::diag::Diagnostic;
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `http-send-name-header NAME`
pub const HTTP_SEND_NAME_HEADER: KeywordHandler =
    KeywordHandler::new(&["http-send-name-header"], Sections::ANY_PROXY, lower);

/// Headers that frame the message or choose the site.
const FORBIDDEN: [&str; 4] = ["host", "content-length", "transfer-encoding", "connection"];

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let Some(word) = args.word("'http-send-name-header' requires a header string.") else {
        return;
    };
    let name = word.text.to_ascii_lowercase();
    if FORBIDDEN.iter().any(|f| f.as_bytes() == name) {
        let message = format!(
            "'{}' cannot be used as header name for 'http-send-name-header' directive.",
            word.display()
        );
        args.report(Diagnostic::alert("HX0164", word.span, message).refused_since(3, 3));
    }
    cx.set(|s| s.http_send_name_header = Some(name));
}

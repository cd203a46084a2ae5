//! `option httpchk`: health checks by an HTTP request.

use super::negated;
use crate::base::diag::Diagnostic;
use crate::config::args::Args;
use crate::ir::proxy::{CheckKind, HttpCheck};
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `option httpchk [URI | METHOD URI [VERSION [HOST]]]`
pub const HTTPCHK: KeywordHandler =
    KeywordHandler::new(&["option httpchk"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if negated(args, "httpchk") || cx.ignored(args, Side::Backend, "httpchk") {
        return;
    }
    let mut check = HttpCheck {
        method: b"OPTIONS".to_vec(),
        uri: b"/".to_vec(),
        version: b"HTTP/1.0".to_vec(),
        host: None,
    };
    if let Some(first) = args.next_word() {
        match args.next_word() {
            None => check.uri = first.text.to_vec(),
            Some(uri) => {
                check.method = first.text.to_vec();
                check.uri = uri.text.to_vec();
            }
        }
    }
    if let Some(version) = args.next_word() {
        check.version = version.text.to_vec();
        if version.text.contains(&b'\r') || version.text.contains(&b'\n') {
            let finding = Diagnostic::warning("HX0250", version.span, "'option httpchk' : hiding headers or body at the end of the version string is unsupported since HAProxy 3.3. It is sent as it stands. Use 'http-check send' directive instead.")
                .help("the same as modern lines: 'option httpchk' and 'http-check send meth ... uri ... ver ... hdr ...'");
            args.report(finding);
        }
    }
    check.host = args.next_word().map(|w| w.text.to_vec());
    args.end("option httpchk");
    cx.set(|s| s.check = CheckKind::Http(check));
}

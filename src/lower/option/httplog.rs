//! `option httplog [clf]`, `option httpslog`, `option tcplog [clf]`: what is logged of a stream.

use crate::config::args::Args;
use crate::ir::log::LogStyle;
use crate::lower::{Context, KeywordHandler, Sections, log};

/// `option httplog [clf]`
pub const HTTPLOG: KeywordHandler =
    KeywordHandler::new(&["option httplog"], Sections::ANY_PROXY, |cx, args| {
        set(cx, args, [LogStyle::Http, LogStyle::HttpClf], "httplog");
    });
/// `option httpslog`
pub const HTTPSLOG: KeywordHandler =
    KeywordHandler::new(&["option httpslog"], Sections::ANY_PROXY, |cx, args| {
        if !super::negated(args, "httpslog") && !log::format::ignored(cx, args, "option httpslog") {
            log::format::set_style(cx, args, LogStyle::Https);
        }
    });
/// `option tcplog [clf]`
pub const TCPLOG: KeywordHandler =
    KeywordHandler::new(&["option tcplog"], Sections::ANY_PROXY, |cx, args| {
        set(cx, args, [LogStyle::Tcp, LogStyle::TcpClf], "tcplog");
    });

fn set(cx: &mut Context<'_>, args: &mut Args<'_, '_>, [plain, clf]: [LogStyle; 2], name: &str) {
    if super::negated(args, name) || log::format::ignored(cx, args, &format!("option {name}")) {
        return;
    }
    let mut style = plain;
    if let Some(word) = args.peek() {
        if !args.take("clf") {
            let message = format!("keyword '{name}' only supports option 'clf'.");
            args.alert("HX0395", word.span, message);
            return;
        }
        style = clf;
        args.end(&format!("option {name}"));
    }
    log::format::set_style(cx, args, style);
}

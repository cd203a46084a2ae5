//! `option httplog [clf]`, `option tcplog`: what is logged of a stream.

use crate::config::args::Args;
use crate::ir::log::LogStyle;
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `option httplog [clf]`
pub const HTTPLOG: KeywordHandler =
    KeywordHandler::new(&["option httplog"], Sections::ANY_PROXY, http);
/// `option tcplog`
pub const TCPLOG: KeywordHandler =
    KeywordHandler::new(&["option tcplog"], Sections::ANY_PROXY, tcp);

fn http(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let style = match args.take("clf") {
        true => LogStyle::HttpClf,
        false => LogStyle::Http,
    };
    set(cx, args, style, "option httplog");
}

fn tcp(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    set(cx, args, LogStyle::Tcp, "option tcplog");
}

fn set(cx: &mut Context<'_>, args: &mut Args<'_, '_>, style: LogStyle, name: &str) {
    args.end(name);
    if super::negated(args, name.trim_start_matches("option "))
        || cx.ignored(args, Side::Frontend, name)
    {
        return;
    }
    cx.set(|s| s.log_style = style);
}

//! `option http-keep-alive`, `http-server-close`, `httpclose`, and `forceclose`, `http-tunnel`
//! of files before 2.1: how long connections live. The last one of a section counts.

use super::negated_default;
use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::config::directive::Prefix;
use crate::ir::proxy::ConnectionMode;
use crate::lower::{Context, KeywordHandler, Sections};

/// `option http-keep-alive`
pub const HTTP_KEEP_ALIVE: KeywordHandler =
    KeywordHandler::new(&["option http-keep-alive"], Sections::ANY_PROXY, keep_alive);
/// `option http-server-close`
pub const HTTP_SERVER_CLOSE: KeywordHandler = KeywordHandler::new(
    &["option http-server-close"],
    Sections::ANY_PROXY,
    server_close,
);
/// `option httpclose`
pub const HTTPCLOSE: KeywordHandler =
    KeywordHandler::new(&["option httpclose"], Sections::ANY_PROXY, httpclose);
/// `option forceclose`, dropped in 2.0
pub const FORCECLOSE: KeywordHandler =
    KeywordHandler::new(&["option forceclose"], Sections::ANY_PROXY, forceclose);
/// `option http-tunnel`, dropped in 2.1
pub const HTTP_TUNNEL: KeywordHandler =
    KeywordHandler::new(&["option http-tunnel"], Sections::ANY_PROXY, http_tunnel);

fn keep_alive(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    set(cx, args, ConnectionMode::KeepAlive, "http-keep-alive");
}

fn server_close(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    set(cx, args, ConnectionMode::ServerClose, "http-server-close");
}

fn httpclose(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    set(cx, args, ConnectionMode::Close, "httpclose");
}

fn forceclose(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let finding = Diagnostic::warning("HX0246", args.line().span, "option 'forceclose' is not supported any more since HAProxy 2.0, please just remove it, or use 'option httpclose' if absolutely needed.")
        .form(Form::Tight)
        .help("it is taken as 'option httpclose', which does the same since 1.9");
    args.report(finding);
    set(cx, args, ConnectionMode::Close, "forceclose");
}

fn http_tunnel(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let finding = Diagnostic::warning("HX0246", args.line().span, "option 'http-tunnel' is not supported any more since HAProxy 2.1, please just remove it, it shouldn't be needed.")
        .form(Form::Tight)
        .help("it is taken as 'option http-keep-alive': every request is seen, where a tunnel only saw the first one");
    args.report(finding);
    set(cx, args, ConnectionMode::KeepAlive, "http-tunnel");
}

fn set(cx: &mut Context<'_>, args: &mut Args<'_, '_>, mode: ConnectionMode, name: &str) {
    if negated_default(args, name) {
        return;
    }
    args.end(&format!("option {name}"));
    let off = args.line().prefix == Some(Prefix::No);
    cx.set(|s| {
        if !off {
            s.connection_mode = mode;
        } else if s.connection_mode == mode {
            s.connection_mode = ConnectionMode::KeepAlive;
        }
    });
}

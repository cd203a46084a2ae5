//! Options that are one bit: on, `no` or `default`.

use super::{name_of, wrong_side};
use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::config::directive::Prefix;
use crate::ir::proxy::Options;
use crate::lower::{Context, KeywordHandler, Sections, Side};

struct Flag {
    name: &'static str,
    bit: Options,
    side: Option<Side>,
}

const FE: Option<Side> = Some(Side::Frontend);
const BE: Option<Side> = Some(Side::Backend);

const fn flag(name: &'static str, bit: Options, side: Option<Side>) -> Flag {
    Flag { name, bit, side }
}

const TABLE: &[Flag] = &[
    flag("allbackups", Options::ALLBACKUPS, BE),
    flag("checkcache", Options::CHECKCACHE, BE),
    flag("clitcpka", Options::CLITCPKA, FE),
    flag("contstats", Options::CONTSTATS, FE),
    flag("srvtcpka", Options::SRVTCPKA, BE),
    flag(
        "h1-case-adjust-bogus-client",
        Options::H1_CASE_ADJUST_CLIENT,
        FE,
    ),
    flag(
        "h1-case-adjust-bogus-server",
        Options::H1_CASE_ADJUST_SERVER,
        BE,
    ),
    flag("http-buffer-request", Options::HTTP_BUFFER_REQUEST, None),
    flag(
        "http-drop-request-trailers",
        Options::DROP_REQUEST_TRAILERS,
        BE,
    ),
    flag(
        "http-drop-response-trailers",
        Options::DROP_RESPONSE_TRAILERS,
        FE,
    ),
    flag("http-ignore-probes", Options::HTTP_IGNORE_PROBES, FE),
    flag(
        "http-pretend-keepalive",
        Options::HTTP_PRETEND_KEEPALIVE,
        BE,
    ),
    flag("http-use-proxy-header", Options::HTTP_USE_PROXY_HEADER, FE),
    flag(
        "idle-close-on-response",
        Options::IDLE_CLOSE_ON_RESPONSE,
        FE,
    ),
    flag("socket-stats", Options::SOCKET_STATS, FE),
    flag("independent-streams", Options::INDEPENDENT_STREAMS, None),
    flag("dontlog-normal", Options::DONTLOG_NORMAL, FE),
    flag("dontlognull", Options::DONTLOGNULL, FE),
    flag("log-separate-errors", Options::LOG_SEPARATE_ERRORS, FE),
    flag("logasap", Options::LOGASAP, FE),
    flag("log-health-checks", Options::LOG_HEALTH_CHECKS, BE),
    flag("nolinger", Options::NOLINGER, None),
    flag("persist", Options::PERSIST, BE),
    flag("prefer-last-server", Options::PREFER_LAST_SERVER, BE),
    flag("tcp-smart-accept", Options::TCP_SMART_ACCEPT, FE),
    flag("tcp-smart-connect", Options::TCP_SMART_CONNECT, BE),
    flag(
        "accept-unsafe-violations-in-http-request",
        Options::ACCEPT_UNSAFE_REQUEST,
        FE,
    ),
    flag(
        "accept-unsafe-violations-in-http-response",
        Options::ACCEPT_UNSAFE_RESPONSE,
        BE,
    ),
];

/// All of them.
pub const FLAGS: KeywordHandler = KeywordHandler::new(
    &[
        "option allbackups",
        "option checkcache",
        "option clitcpka",
        "option contstats",
        "option srvtcpka",
        "option h1-case-adjust-bogus-client",
        "option h1-case-adjust-bogus-server",
        "option http-buffer-request",
        "option http-drop-request-trailers",
        "option http-drop-response-trailers",
        "option http-ignore-probes",
        "option http-pretend-keepalive",
        "option http-use-proxy-header",
        "option idle-close-on-response",
        "option independent-streams",
        "option dontlog-normal",
        "option dontlognull",
        "option log-health-checks",
        "option log-separate-errors",
        "option logasap",
        "option nolinger",
        "option persist",
        "option socket-stats",
        "option prefer-last-server",
        "option tcp-smart-accept",
        "option tcp-smart-connect",
        "option accept-unsafe-violations-in-http-request",
        "option accept-unsafe-violations-in-http-response",
    ],
    Sections::ANY_PROXY,
    lower,
);

/// Names that HAProxy replaced: (old, new).
const RENAMED: &[(&str, &str)] = &[
    (
        "accept-invalid-http-request",
        "accept-unsafe-violations-in-http-request",
    ),
    (
        "accept-invalid-http-response",
        "accept-unsafe-violations-in-http-response",
    ),
    ("independant-streams", "independent-streams"),
];

/// Names that HAProxy replaced.
pub const OLD_NAMES: KeywordHandler = KeywordHandler::new(
    &[
        "option accept-invalid-http-request",
        "option accept-invalid-http-response",
        "option independant-streams",
    ],
    Sections::ANY_PROXY,
    old_name,
);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = name_of(args);
    set(cx, args, &name);
}

fn old_name(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = name_of(args);
    let Some((_, modern)) = RENAMED.iter().find(|(old, _)| *old == name) else {
        return;
    };
    let finding = if name.starts_with("accept") {
        let message = format!(
            "option '{name}' is deprecated. please use 'option {modern}' if absolutely needed."
        );
        Diagnostic::warning("HX0245", args.line().span, message).form(Form::Tight)
    } else {
        let message = format!(
            "option '{name}' is spelt '{modern}' since HAProxy 1.5; the old spelling is taken as the new one."
        );
        Diagnostic::warning("HX0245", args.line().span, message)
    };
    args.report(finding);
    set(cx, args, modern);
}

fn set(cx: &mut Context<'_>, args: &mut Args<'_, '_>, name: &str) {
    let Some(flag) = TABLE.iter().find(|f| f.name == name) else {
        return;
    };
    if let Some(side) = flag.side
        && wrong_side(cx, args, side, name)
    {
        return;
    }
    args.end(&format!("option {name}"));
    let prefix = args.line().prefix;
    cx.set(|s| {
        s.options.set(flag.bit, prefix.is_none());
        s.no_options.set(flag.bit, prefix == Some(Prefix::No));
    });
}

//! Proxies: `frontend`, `backend`, `listen`, with what `defaults` gave them.

pub use super::balance::{Balance, HashAffinity, HashFunction, HashKey, HashType};
use super::bind::Bind;
use super::check::{CheckKind, ExternalCheck, Rules};
use super::persist::{AppSession, Cookie, StickRule};
use super::rule::{Condition, PersistRule, Rule, UseBackend, UseServer};
use super::server::Server;
use crate::base::span::Span;
use crate::sample::expr::Expr;
use bitflags::bitflags;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Index into `Config::proxies`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProxyId(pub u32);

/// `mode`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// `tcp`
    #[default]
    Tcp,
    /// `http`
    Http,
    /// `health` of old files: answers `OK` and closes
    Health,
    /// `log`, `spop`, `haterm`: later parts
    Other,
}

/// One proxy. A `listen` is front end and back end at once.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Its place in `Config::proxies`.
    pub id: ProxyId,
    /// Its name.
    pub name: String,
    /// The number shown in the statistics (`id`), filled in where not given.
    pub uuid: u32,
    /// Accepts connections.
    pub frontend: bool,
    /// Has servers.
    pub backend: bool,
    /// `disabled`
    pub disabled: bool,
    /// What `defaults` may set.
    pub settings: Settings,
    /// `bind` lines.
    pub binds: Vec<Bind>,
    /// `server` lines.
    pub servers: Vec<std::sync::Arc<Server>>,
    /// `http-request` and so on.
    pub rules: RuleSets,
    /// `use_backend` in order.
    pub use_backends: Vec<UseBackend>,
    /// `use-server` in order.
    pub use_servers: Vec<UseServer>,
    /// `force-persist`, `ignore-persist` in order.
    pub persist_rules: Vec<PersistRule>,
    /// `stick` lines in order.
    pub stick_rules: Vec<StickRule>,
    /// The expression of `balance hash`.
    pub balance_key: Option<Arc<Expr>>,
    /// `redirect` lines (as http-request redirect, run after it).
    pub redirects: Vec<Rule>,
    /// `reqrep` and its relatives.
    pub line_rules: Option<Arc<super::rule::LineRules>>,
    /// `monitor fail` conditions in order.
    pub monitor_fail: Vec<Condition>,
    /// `force-be-switch` conditions in order: requests that may go to unpublished back ends.
    pub force_be_switch: Vec<Condition>,
    /// `stats admin`
    pub stats_admin: Vec<Condition>,
    /// Slots for captured values.
    pub captures: crate::sample::capture::Slots,
    /// `log-format` and its relatives, compiled.
    pub formats: super::log::ProxyFormats,
    /// The `defaults` section it took its settings from.
    pub defaults: Option<Span>,
    /// The head line.
    pub span: Span,
}

/// The rule sets of a proxy (or of a named `defaults`, put in front of the proxy's own).
#[derive(Clone, Debug, Default)]
pub struct RuleSets {
    /// `tcp-request connection`
    pub tcp_request_connection: Vec<Rule>,
    /// `tcp-request session`
    pub tcp_request_session: Vec<Rule>,
    /// `tcp-request content`
    pub tcp_request_content: Vec<Rule>,
    /// `tcp-response content`
    pub tcp_response_content: Vec<Rule>,
    /// `http-request`
    pub http_request: Vec<Rule>,
    /// `http-response`
    pub http_response: Vec<Rule>,
    /// `http-after-response`
    pub http_after_response: Vec<Rule>,
    /// `stats http-request`
    pub stats_http_request: Vec<Rule>,
}

/// Settings that `defaults` hands down. `None` means "not said": HAProxy's default applies.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `mode`
    pub mode: Mode,
    /// `timeout *`
    pub timeouts: Timeouts,
    /// `option *`
    pub options: Options,
    /// `compression *`, `filter compression`
    pub compression: Option<Box<super::compression::Compression>>,
    /// Options that `no` switched off by name, for those that are on where nothing is said.
    pub no_options: Options,
    /// How the connection is kept or closed.
    pub connection_mode: ConnectionMode,
    /// `http-reuse` (`safe`)
    pub http_reuse: HttpReuse,
    /// `retries` (3)
    pub retries: Option<u32>,
    /// `option redispatch [N]`: after which attempt another server may be taken (-1: the last)
    pub redispatch: Option<i32>,
    /// `retry-on`
    pub retry_on: RetryOn,
    /// `maxconn` of the front end
    pub maxconn: Option<u32>,
    /// `backlog`
    pub backlog: Option<u32>,
    /// `fullconn`
    pub fullconn: Option<u32>,
    /// `rate-limit sessions`
    pub rate_limit_sessions: Option<u32>,
    /// `grace`, milliseconds
    pub grace: Option<u32>,
    /// `max-session-srv-conns`
    pub max_session_srv_conns: Option<u32>,
    /// `balance`
    pub balance: Balance,
    /// A `balance` line was given.
    pub balances: bool,
    /// `dispatch`
    pub dispatch: Option<super::Address>,
    /// `http-send-name-header`
    pub http_send_name_header: Option<Vec<u8>>,
    /// `hash-type`, `hash-balance-factor`
    pub hash: HashType,
    /// `cookie`
    pub cookie: Option<Cookie>,
    /// `dynamic-cookie-key`
    pub dynamic_cookie_key: Option<Vec<u8>>,
    /// `appsession`
    pub appsession: Option<AppSession>,
    /// `option httpchk` and its relatives
    pub check: CheckKind,
    /// `tcp-check`
    pub tcp_check: Rules,
    /// `http-check`
    pub http_check: Rules,
    /// `http-check disable-on-404`
    pub disable_on_404: bool,
    /// `load-server-state-from-file`
    pub load_server_state: StateFile,
    /// `server-state-file-name`; `None`: the proxy's name
    pub server_state_file_name: Option<String>,
    /// `http-check send-state`
    pub send_state: bool,
    /// `external-check command` and `external-check path`
    pub external_check: ExternalCheck,
    /// `monitor-uri`
    pub monitor_uri: Option<Vec<u8>>,
    /// `monitor-net` of old files
    pub monitor_net: Option<(IpAddr, u8)>,
    /// `option forwardfor`
    pub forwardfor: Option<ForwardedHeader>,
    /// `option originalto`
    pub originalto: Option<ForwardedHeader>,
    /// `option forwarded`
    pub forwarded: Option<Forwarded>,
    /// `errorfile`, `errorloc*`: status to what replaces the built-in answer; the last line counts
    pub errors: BTreeMap<u16, ErrorSource>,
    /// `log`
    pub logs: Vec<super::log::LogEntry>,
    /// `option httplog`, `option tcplog`, `log-format`, ...: the last one
    pub log_style: Option<(super::log::LogStyle, Span)>,
    /// `error-log-format`
    pub error_log_format: Option<super::log::Written>,
    /// `log-format-sd`
    pub log_format_sd: Option<super::log::Written>,
    /// `unique-id-format`
    pub unique_id_format: Option<super::log::Written>,
    /// `unique-id-header`
    pub unique_id_header: Option<Vec<u8>>,
    /// `log-steps`, as bits of `LogStep`
    pub log_steps: Option<u16>,
    /// `log-tag`
    pub log_tag: Option<String>,
    /// `default_backend`
    pub default_backend: Option<ProxyId>,
    /// `description`
    pub description: Option<String>,
    /// `stats ...`
    pub stats: Option<Box<super::stats::Stats>>,
    /// `clitcpka-cnt`, `clitcpka-idle`, `clitcpka-intvl`
    pub clitcpka: TcpKeepalive,
    /// `srvtcpka-cnt`, `srvtcpka-idle`, `srvtcpka-intvl`
    pub srvtcpka: TcpKeepalive,
    /// `bind-process` of old files: which of the `nbproc` processes listen; empty: all
    pub bind_process: Vec<super::bind::ThreadSet>,
    /// `source` of the servers that have none of their own.
    pub source: Option<super::address::Address>,
    /// `source ... usesrc`
    pub source_usesrc: Option<super::server::UseSource>,
    /// `source ... interface`
    pub source_interface: Option<String>,
    /// `tcp-request inspect-delay`, ms
    pub tcp_request_inspect_delay: Option<u32>,
    /// `tcp-response inspect-delay`, ms
    pub tcp_response_inspect_delay: Option<u32>,
}

/// What replaces a built-in answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorSource {
    /// `errorfile`: a whole answer in a file.
    File {
        /// As written.
        path: String,
        /// Where.
        span: Span,
    },
    /// `errorloc302`, `errorloc303`: a redirection.
    Redirect {
        /// 302 or 303.
        status: u16,
        /// The Location header.
        location: Vec<u8>,
    },
    /// `errorfiles`: what a section has for the status.
    Section {
        /// The `http-errors` section.
        name: String,
        /// Where.
        span: Span,
        /// What counts if it has nothing.
        or: Option<Box<ErrorSource>>,
    },
    /// `http-error`: made when it is needed.
    Reply(ErrorReply),
}

/// An answer made by an action; two are the same only if one line made both.
#[derive(Clone, Debug)]
pub struct ErrorReply(pub std::sync::Arc<[super::rule::Rule; 1]>);

impl PartialEq for ErrorReply {
    fn eq(&self, other: &Self) -> bool {
        std::sync::Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ErrorReply {}

/// An `http-errors` section.
#[derive(Clone, Debug, Default)]
pub struct HttpErrors {
    /// Its name.
    pub name: String,
    /// Statuses, files, where.
    pub files: BTreeMap<u16, (String, Span)>,
}

/// Fine settings of `option clitcpka` / `srvtcpka`; `None`: the system's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpKeepalive {
    /// Probes before giving up.
    pub count: Option<u32>,
    /// Seconds of silence before the first probe.
    pub idle: Option<u32>,
    /// Seconds between probes.
    pub interval: Option<u32>,
}

/// Timeouts, milliseconds; `None` is "never" (or, for those with a fallback, "as the fallback").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// `timeout client`
    pub client: Option<u32>,
    /// `timeout server`
    pub server: Option<u32>,
    /// `timeout connect`
    pub connect: Option<u32>,
    /// `timeout queue` (falls back to connect)
    pub queue: Option<u32>,
    /// `timeout http-request` (falls back to client)
    pub http_request: Option<u32>,
    /// `timeout http-keep-alive` (falls back to http-request, then client)
    pub http_keep_alive: Option<u32>,
    /// `timeout tunnel`
    pub tunnel: Option<u32>,
    /// `timeout client-fin`
    pub client_fin: Option<u32>,
    /// `timeout server-fin`
    pub server_fin: Option<u32>,
    /// `timeout tarpit` (falls back to connect)
    pub tarpit: Option<u32>,
    /// `timeout check`
    pub check: Option<u32>,
    /// `timeout client-hs`
    pub client_hs: Option<u32>,
}

bitflags! {
    /// `option` words without arguments.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Options: u64 {
        /// `abortonclose`
        const ABORTONCLOSE = 1;
        /// `http-buffer-request`
        const HTTP_BUFFER_REQUEST = 1 << 1;
        /// `clitcpka`
        const CLITCPKA = 1 << 3;
        /// `srvtcpka`
        const SRVTCPKA = 1 << 4;
        /// `nolinger`
        const NOLINGER = 1 << 5;
        /// `persist`
        const PERSIST = 1 << 6;
        /// `h1-case-adjust-bogus-client`
        const H1_CASE_ADJUST_CLIENT = 1 << 7;
        /// `h1-case-adjust-bogus-server`
        const H1_CASE_ADJUST_SERVER = 1 << 8;
        /// `accept-unsafe-violations-in-http-request` / `accept-invalid-http-request`
        const ACCEPT_UNSAFE_REQUEST = 1 << 9;
        /// `accept-unsafe-violations-in-http-response` / `accept-invalid-http-response`
        const ACCEPT_UNSAFE_RESPONSE = 1 << 10;
        /// `http-ignore-probes`
        const HTTP_IGNORE_PROBES = 1 << 11;
        /// `dontlognull`
        const DONTLOGNULL = 1 << 12;
        /// `log-separate-errors`
        const LOG_SEPARATE_ERRORS = 1 << 13;
        /// `logasap`
        const LOGASAP = 1 << 14;
        /// `dontlog-normal`
        const DONTLOG_NORMAL = 1 << 15;
        /// `log-health-checks`
        const LOG_HEALTH_CHECKS = 1 << 16;
        /// `allbackups`
        const ALLBACKUPS = 1 << 17;
        /// `http-use-proxy-header`
        const HTTP_USE_PROXY_HEADER = 1 << 18;
        /// `prefer-last-server`
        const PREFER_LAST_SERVER = 1 << 19;
        /// `independent-streams`
        const INDEPENDENT_STREAMS = 1 << 20;
        /// `tcp-smart-accept`
        const TCP_SMART_ACCEPT = 1 << 21;
        /// `tcp-smart-connect`
        const TCP_SMART_CONNECT = 1 << 22;
        /// `checkcache`
        const CHECKCACHE = 1 << 23;
        /// `transparent`
        const TRANSPARENT = 1 << 24;
        /// `http_proxy` of old files
        const HTTP_PROXY = 1 << 25;
        /// `http-restrict-req-hdr-names delete`
        const RESTRICT_HDR_DELETE = 1 << 26;
        /// `http-restrict-req-hdr-names reject`
        const RESTRICT_HDR_REJECT = 1 << 27;
        /// `http-pretend-keepalive`
        const HTTP_PRETEND_KEEPALIVE = 1 << 28;
        /// `http-drop-request-trailers`
        const DROP_REQUEST_TRAILERS = 1 << 29;
        /// `http-drop-response-trailers`
        const DROP_RESPONSE_TRAILERS = 1 << 30;
        /// `socket-stats`
        const SOCKET_STATS = 1 << 31;
        /// `idle-close-on-response`
        const IDLE_CLOSE_ON_RESPONSE = 1 << 32;
        /// `contstats`
        const CONTSTATS = 1 << 33;
    }
}

/// `option http-keep-alive` (default), `http-server-close`, `httpclose` / `forceclose`,
/// `http-tunnel` of old files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ConnectionMode {
    /// Both sides kept.
    #[default]
    KeepAlive,
    /// Server side closed, client side kept.
    ServerClose,
    /// Both closed.
    Close,
}

/// `http-reuse`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HttpReuse {
    /// `never`
    Never,
    /// `safe`
    #[default]
    Safe,
    /// `aggressive`
    Aggressive,
    /// `always`
    Always,
}

bitflags! {
    /// `retry-on` events.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct RetryOn: u32 {
        /// `conn-failure`
        const CONN_FAILURE = 1;
        /// `empty-response`
        const EMPTY_RESPONSE = 1 << 1;
        /// `junk-response`
        const JUNK_RESPONSE = 1 << 2;
        /// `response-timeout`
        const RESPONSE_TIMEOUT = 1 << 3;
        /// `0rtt-rejected`
        const EARLY_DATA = 1 << 4;
        /// 401
        const S401 = 1 << 5;
        /// 403
        const S403 = 1 << 6;
        /// 404
        const S404 = 1 << 7;
        /// 408
        const S408 = 1 << 8;
        /// 421
        const S421 = 1 << 9;
        /// 425
        const S425 = 1 << 10;
        /// 429
        const S429 = 1 << 11;
        /// 500
        const S500 = 1 << 12;
        /// 501
        const S501 = 1 << 13;
        /// 502
        const S502 = 1 << 14;
        /// 503
        const S503 = 1 << 15;
        /// 504
        const S504 = 1 << 16;
        /// Whoever retries on all of these survives a connection that the server closes while a
        /// request is on its way: even the first request of a client may use an idle one (as 3.4).
        const SURVIVES_A_CLOSE = Self::CONN_FAILURE.bits() | Self::EMPTY_RESPONSE.bits()
            | Self::RESPONSE_TIMEOUT.bits();
        /// All statuses.
        const STATUSES = Self::S401.bits() | Self::S403.bits() | Self::S404.bits()
            | Self::S408.bits() | Self::S421.bits() | Self::S425.bits() | Self::S429.bits()
            | Self::S500.bits() | Self::S501.bits() | Self::S502.bits() | Self::S503.bits()
            | Self::S504.bits();
    }
}

impl Default for RetryOn {
    fn default() -> Self {
        RetryOn::CONN_FAILURE
    }
}

/// `load-server-state-from-file`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum StateFile {
    /// No state is read.
    #[default]
    None,
    /// `server-state-file` of the process.
    Global,
    /// A file of the proxy's own.
    Local,
}

/// `option forwardfor` / `option originalto`
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ForwardedHeader {
    /// `header`, else `X-Forwarded-For` / `X-Original-To`
    pub header: Vec<u8>,
    /// `except`
    pub except: Option<(IpAddr, u8)>,
    /// `if-none`
    pub if_none: bool,
}

/// `option forwarded` (RFC 7239)
#[derive(Clone, Debug, Default)]
pub struct Forwarded {
    /// `proto`
    pub proto: bool,
    /// `host` from the Host header
    pub host: bool,
    /// `by`
    pub by: bool,
    /// `by_port`
    pub by_port: bool,
    /// `for`
    pub for_: bool,
    /// `for_port`
    pub for_port: bool,
    /// `host-expr`
    pub host_expr: Option<ForwardedExpr>,
    /// `by-expr`
    pub by_expr: Option<ForwardedExpr>,
    /// `by_port-expr`
    pub by_port_expr: Option<ForwardedExpr>,
    /// `for-expr`
    pub for_expr: Option<ForwardedExpr>,
    /// `for_port-expr`
    pub for_port_expr: Option<ForwardedExpr>,
}

impl Forwarded {
    /// All expressions.
    pub fn exprs_mut(&mut self) -> impl Iterator<Item = &mut ForwardedExpr> {
        [
            &mut self.host_expr,
            &mut self.by_expr,
            &mut self.by_port_expr,
            &mut self.for_expr,
            &mut self.for_port_expr,
        ]
        .into_iter()
        .flatten()
    }
}

/// An expression of `option forwarded`.
#[derive(Clone, Debug)]
pub struct ForwardedExpr {
    /// As written.
    pub word: crate::config::directive::Word,
    /// Compiled, once all sections are known; without it there is no value.
    pub expr: Option<Arc<Expr>>,
}

//! What an expression may see of the stream that it is evaluated for.

use super::capture::Captures;
use super::scratch::Scratch;
use super::vars::{Scope, VarStore};
use crate::base::span::Span;
use crate::base::sys::TcpFacts;
use crate::proto::h1::Message;
use crate::proto::proxy_protocol::Received;
use crate::table::Tracked;
use std::net::{IpAddr, SocketAddr};

/// The transaction as samples and actions see it; the engine implements it.
///
/// Everything that has a default is unknown there: an expression that needs it finds nothing.
pub trait StreamView {
    /// The request, once its head is complete.
    fn request(&self) -> Option<&Message>;
    /// The request for actions that change it.
    fn request_mut(&mut self) -> Option<&mut Message>;
    /// The response, once its head is complete.
    fn response(&self) -> Option<&Message>;
    /// The response for actions that change it.
    fn response_mut(&mut self) -> Option<&mut Message>;
    /// A rule found no room to write what it was to write; `fatal`: the request ends by it.
    fn rewrite_failed(&mut self, _direction: Direction, _fatal: bool) {}
    /// The client's address (after PROXY protocol and set-src).
    fn src(&self) -> Option<SocketAddr>;
    /// The address the client connected to.
    fn dst(&self) -> Option<SocketAddr>;

    /// The client's address as the connection itself has it (`fc_src`).
    fn fc_src(&self) -> Option<SocketAddr> {
        self.src()
    }
    /// The address the connection itself came in on (`fc_dst`).
    fn fc_dst(&self) -> Option<SocketAddr> {
        self.dst()
    }
    /// The client's address before actions of the stream changed it (`%ci`).
    fn session_src(&self) -> Option<SocketAddr> {
        self.src()
    }
    /// The address the client connected to before actions of the stream changed it (`%fi`).
    fn session_dst(&self) -> Option<SocketAddr> {
        self.dst()
    }
    /// The address hapax connects from to the server (`bc_src`).
    fn bc_src(&self) -> Option<SocketAddr> {
        None
    }
    /// The server's address (`bc_dst`).
    fn bc_dst(&self) -> Option<SocketAddr> {
        None
    }
    /// Name and id of the front end.
    fn frontend(&self) -> Option<(&str, u32)> {
        None
    }
    /// The name of the front end's `default_backend`.
    fn default_backend(&self) -> Option<&str> {
        None
    }
    /// What TLS agreed upon with the client; `None` on a plain connection.
    fn tls(&self) -> Option<&TlsFacts> {
        None
    }
    /// What TLS agreed upon with the server, as long as there is a connection to it.
    fn server_tls(&self) -> Option<&TlsFacts> {
        None
    }
    /// The client's connection is a TLS one (`ssl_fc`).
    fn is_tls(&self) -> bool {
        self.tls().is_some()
    }
    /// The HTTP version of the client's connection: 1 or 2 (`fc_http_major`).
    fn http_major(&self) -> u8 {
        1
    }
    /// The PROXY protocol header that came in front (`fc_rcvd_proxy`, `fc_pp_*`).
    fn received_proxy_header(&self) -> Option<&Received> {
        None
    }
    /// Faults and oddities that the client's connection has shown (`fc_glitches`).
    fn glitches(&self) -> u32 {
        0
    }
    /// What is known of the client's connection (`fc_rtt`, ...); rarely asked for.
    fn client_connection(&self) -> Option<Box<Connection>> {
        None
    }
    /// What was known of the server's connection when its response began, or it failed
    /// (`bc_rtt`, ...).
    fn server_connection(&self) -> Option<&Connection> {
        None
    }
    /// The status of the server's response, whatever rules made of it; 0: none yet
    /// (`server_status`).
    fn server_status(&self) -> Option<u16> {
        None
    }
    /// The name of the coding that the response was compressed with (`res.comp_algo`).
    fn response_coding(&self) -> Option<&'static str> {
        None
    }
    /// Current connections on the socket that the client came in on (`dst_conn`).
    fn listener_connections(&self) -> Option<u32> {
        None
    }
    /// Name and id of the chosen back end.
    fn backend(&self) -> Option<(&str, u32)> {
        None
    }
    /// Name and id of the chosen server.
    fn server(&self) -> Option<(&str, u32)> {
        None
    }
    /// Name and id of the `bind` line; the name is empty if it has none.
    fn listener(&self) -> Option<(&str, u32)> {
        None
    }
    /// Whether this is the first request of its connection.
    fn first_request(&self) -> bool {
        true
    }
    /// Bytes received from the client and not yet forwarded, in TCP mode.
    fn request_buffer(&self) -> Option<&[u8]> {
        None
    }
    /// Bytes received from the server and not yet forwarded, in TCP mode.
    fn response_buffer(&self) -> Option<&[u8]> {
        None
    }
    /// The request's body as far as it has been received (decoded); `None` if none is awaited.
    fn request_body(&self) -> Option<&[u8]> {
        None
    }
    /// The response's body as far as it has been received (decoded).
    fn response_body(&self) -> Option<&[u8]> {
        None
    }
    /// A number counted up with every stream (`txn.id32`, `%rt`).
    fn stream_id(&self) -> u32 {
        0
    }
    /// When the connection was accepted, microseconds since 1970.
    fn accept_date_us(&self) -> u64 {
        0
    }
    /// When the request's first byte was read, microseconds since 1970.
    fn request_date_us(&self) -> u64 {
        self.accept_date_us()
    }
    /// A fresh pseudo-random number; the caller owns the seed.
    fn random(&self) -> u32 {
        0
    }
    /// What only the log knows; `None` until the stream ends.
    fn log(&self) -> Option<&LogData> {
        None
    }
    /// What the log would tell now, and more; rarely asked for.
    fn progress(&self) -> Option<Box<Progress>> {
        None
    }
    /// The stream's own unique id as `unique-id-format` made it, once asked for.
    fn unique_id(&self) -> Option<&[u8]> {
        None
    }
    /// The variables of a scope; `None` where the scope does not exist.
    fn vars(&self, _scope: Scope) -> Option<&VarStore> {
        None
    }
    /// Servers, tables and counters of the process.
    fn world(&self) -> &dyn World {
        &Absent
    }
    /// Whether the process itself answers (`return`, statistics).
    fn by_applet(&self) -> bool {
        false
    }
    /// File and line of the last rule that was final and ran (`last_rule_file`).
    fn last_rule(&self) -> Option<(&str, u32)> {
        None
    }
    /// Remembers a final rule that ran.
    fn note_rule(&mut self, _rule: Span) {}
    /// Captured values; `None` without slots, and before the request is understood.
    fn captures(&self) -> Option<&Captures> {
        None
    }
    /// Bytes of the request's line that are remembered (`tune.http.logurilen`).
    fn uri_len(&self) -> usize {
        1024
    }
    /// Time-outs in force.
    fn timeouts(&self, _whose: Whose) -> Option<StreamTimeouts> {
        None
    }
    /// The level that `set-log-level` gave the log line.
    fn log_level(&self) -> Option<u8> {
        None
    }
    /// Sends the client a 103 with one field.
    fn early_hint(&mut self, _name: &[u8], _value: &[u8]) {}
    /// The stick table's entry tracked under a number: by the stream, else by its connection.
    fn tracked(&self, _number: u32) -> Option<&Tracked> {
        None
    }
    /// Tracks an entry under a number that is free.
    fn track(&mut self, _number: u32, _entry: Tracked) {}
    /// Something that an action wants of the engine. False: not possible on this stream.
    fn apply(&mut self, _effect: Effect) -> bool {
        false
    }
}

/// What makes a log line (`%OG`, `log-steps`, `on` of log profiles).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogStep {
    /// Not the log.
    #[default]
    Unspecified,
    /// A stream begins.
    Accept,
    /// The request's head is there.
    Request,
    /// The server's connection stands.
    Connect,
    /// The response is on its way.
    Response,
    /// The stream ended.
    Close,
    /// No stream came of it: the request could not be understood, or none came.
    Error,
    /// `do-log` in `tcp-request connection`
    TcpRequestConnection,
    /// `do-log` in `tcp-request session`
    TcpRequestSession,
    /// `do-log` in `tcp-request content`
    TcpRequestContent,
    /// `do-log` in `tcp-response content`
    TcpResponseContent,
    /// `do-log` in `http-request`
    HttpRequest,
    /// `do-log` in `http-response`
    HttpResponse,
    /// `do-log` in `http-after-response`
    HttpAfterResponse,
}

impl LogStep {
    /// All that a configuration can name.
    pub const ALL: [LogStep; 13] = [
        LogStep::Accept,
        LogStep::Request,
        LogStep::Connect,
        LogStep::Response,
        LogStep::Close,
        LogStep::Error,
        LogStep::HttpRequest,
        LogStep::HttpResponse,
        LogStep::HttpAfterResponse,
        LogStep::TcpRequestConnection,
        LogStep::TcpRequestSession,
        LogStep::TcpRequestContent,
        LogStep::TcpResponseContent,
    ];

    /// Its name in `log-steps` and log profiles.
    pub fn name(self) -> &'static str {
        match self {
            LogStep::Unspecified => "any",
            LogStep::Accept => "accept",
            LogStep::Request => "request",
            LogStep::Connect => "connect",
            LogStep::Response => "response",
            LogStep::Close => "close",
            LogStep::Error => "error",
            LogStep::TcpRequestConnection => "tcp-req-conn",
            LogStep::TcpRequestSession => "tcp-req-sess",
            LogStep::TcpRequestContent => "tcp-req-cont",
            LogStep::TcpResponseContent => "tcp-res-cont",
            LogStep::HttpRequest => "http-req",
            LogStep::HttpResponse => "http-res",
            LogStep::HttpAfterResponse => "http-after-res",
        }
    }

    /// What `%OG` shows.
    pub fn origin(self) -> &'static str {
        match self {
            LogStep::Unspecified => "unspec",
            LogStep::Accept => "txn_accept",
            LogStep::Request => "txn_request",
            LogStep::Connect => "txn_connect",
            LogStep::Response => "txn_response",
            LogStep::Close => "txn_close",
            LogStep::Error => "sess_error",
            other => other.name(),
        }
    }

    /// Its bit in a set of steps.
    pub fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// What fetches tell of a connection.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// What the kernel tells, of a TCP connection.
    pub tcp: Option<TcpFacts>,
    /// 1 or 2.
    pub http_major: u8,
    /// Faults and oddities of the other side.
    pub glitches: u32,
    /// Streams that are open.
    pub streams: u32,
    /// Streams that may be open at once.
    pub stream_limit: u32,
    /// The number of this stream, 0 in HTTP/1.
    pub stream: u32,
    /// The other side gave this stream up, in HTTP/2 with this code.
    pub aborted: bool,
    /// See `aborted`.
    pub reset: Option<u32>,
    /// HAProxy's number of what went wrong with it (`fc_err`); 0: nothing.
    pub fault: u8,
    /// What TLS agreed upon.
    pub tls: Option<std::sync::Arc<TlsFacts>>,
}

/// A secret of a connection, behind its label.
pub type Secret = (Box<str>, Box<[u8]>);

/// What TLS agreed upon.
#[derive(Clone, Debug, Default)]
pub struct TlsFacts {
    /// `TLSv1.3`
    pub version: &'static str,
    /// The suite of ciphers.
    pub suite: Option<rustls::SupportedCipherSuite>,
    /// The protocol inside.
    pub alpn: Option<Box<[u8]>>,
    /// The name the client asked for.
    pub sni: Option<Box<str>>,
    /// The session was resumed.
    pub resumed: bool,
    /// OpenSSL's number of what was found last of the other side's certificate; 0: nothing.
    pub verify: u32,
    /// What was found first of the certificate itself.
    pub own_error: u32,
    /// What was found first of one above it, and where.
    pub above_error: u32,
    /// How far above.
    pub above_depth: u32,
    /// The other side's certificate, DER.
    pub certificate: Option<Box<[u8]>>,
    /// What it sent along, DER.
    pub intermediates: Box<[Box<[u8]>]>,
    /// Who it was judged by.
    pub trust: Option<std::sync::Arc<crate::proto::x509::chain::Trust>>,
    /// What this side showed, its own certificate first.
    pub own: Option<std::sync::Arc<rustls::sign::CertifiedKey>>,
    /// The name of its file.
    pub file: Option<std::sync::Arc<str>>,
    /// OpenSSL's name of the group that keys were agreed upon with.
    pub group: &'static str,
    /// The random number of the client's hello.
    pub client_random: Option<[u8; 32]>,
    /// The client's hello as received (`tune.ssl.capture-buffer-size`), and how much of each list
    /// in it may be shown.
    pub hello: Option<Box<[u8]>>,
    /// How much of each list in the hello may be shown.
    pub capture: usize,
    /// Secrets by label (`tune.ssl.keylog`); the one without a label is the client's random
    /// number.
    pub secrets: Box<[Secret]>,
}

impl TlsFacts {
    /// OpenSSL's name of the suite.
    pub fn suite_name(&self) -> Option<&'static str> {
        use rustls::CipherSuite as S;
        Some(match self.suite.as_ref()?.suite() {
            S::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
            S::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
            S::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
            S::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => "ECDHE-ECDSA-AES128-GCM-SHA256",
            S::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => "ECDHE-ECDSA-AES256-GCM-SHA384",
            S::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => "ECDHE-ECDSA-CHACHA20-POLY1305",
            S::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => "ECDHE-RSA-AES128-GCM-SHA256",
            S::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => "ECDHE-RSA-AES256-GCM-SHA384",
            S::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => "ECDHE-RSA-CHACHA20-POLY1305",
            _ => return None,
        })
    }
}

/// Whose time-outs are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The front end's.
    Frontend,
    /// The back end's, once chosen.
    Backend,
    /// The stream's own, which actions change.
    Stream,
}

/// Time-outs of one stream, milliseconds: the proxies' own unless an action changed them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamTimeouts {
    /// `timeout client`
    pub client: Option<u32>,
    /// `timeout server`
    pub server: Option<u32>,
    /// `timeout connect`
    pub connect: Option<u32>,
    /// `timeout queue`
    pub queue: Option<u32>,
    /// `timeout tunnel`
    pub tunnel: Option<u32>,
    /// `timeout tarpit`
    pub tarpit: Option<u32>,
}

/// No stream at all: while the configuration is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoStream;

impl StreamView for NoStream {
    fn request(&self) -> Option<&Message> {
        None
    }
    fn request_mut(&mut self) -> Option<&mut Message> {
        None
    }
    fn response(&self) -> Option<&Message> {
        None
    }
    fn response_mut(&mut self) -> Option<&mut Message> {
        None
    }
    fn src(&self) -> Option<SocketAddr> {
        None
    }
    fn dst(&self) -> Option<SocketAddr> {
        None
    }
}

/// What a log line tells besides the messages. Times are milliseconds, -1 where the phase was not
/// reached (HAProxy configuration manual 8.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogData {
    /// What makes the line.
    pub step: LogStep,
    /// The line is written before all is known (`option logasap`): `+` before sums.
    pub early: bool,
    /// `%lc`: lines of the front end so far
    pub lines: u32,
    /// Termination state, cookie flags included (`--NI`).
    pub state: [u8; 4],
    /// Status sent to the client; -1: none
    pub status: i32,
    /// Bytes sent to the client (`%B`).
    pub sent: u64,
    /// Bytes received from the client (`%U`).
    pub received: u64,
    /// `%Th`: handshakes
    pub handshake: i64,
    /// `%TR`: from the first byte to the complete head
    pub request: i64,
    /// `%Tw`: in queues
    pub queue: i64,
    /// `%Tc`: connecting
    pub connect: i64,
    /// `%Tr`: until the response's head
    pub response: i64,
    /// `%Ta`: from the first byte to the end
    pub active: i64,
    /// `%Tt`: from accept to the end
    pub total: i64,
    /// `%Ti`: idle before the request
    pub idle: i64,
    /// `%ac`: connections of the process
    pub actconn: u32,
    /// `%fc`
    pub feconn: u32,
    /// `%bc`
    pub beconn: u32,
    /// `%sc`
    pub srvconn: u32,
    /// `%rc`: retries
    pub retries: u32,
    /// Another server than the first was tried (`+` before `%rc`).
    pub redispatched: bool,
    /// `%sq`
    pub srv_queue: u32,
    /// `%bq`
    pub backend_queue: u32,
    /// What went wrong with the client's connection, by HAProxy's number (`fc_err`).
    pub fault: u8,
}

impl LogData {
    /// Whether `option dontlog-normal` would log it: it ended in an error, or its connection was
    /// sent elsewhere.
    pub fn is_faulty(&self) -> bool {
        let ended = self
            .state
            .first()
            .is_some_and(|c| !matches!(c, b'-' | b'L' | 0));
        ended || self.redispatched || self.status >= 500
    }
}

/// How far a stream is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What the log would tell.
    pub log: LogData,
    /// The log asks: the stream ended.
    pub ended: bool,
    /// Bytes sent to the server.
    pub to_server: u64,
    /// Bytes sent to the client.
    pub to_client: u64,
    /// Class and offset (ms) in queues.
    pub priority: (i16, i32),
    /// The server's connection was used before.
    pub reused: bool,
    /// What chose the server before `balance` was asked.
    pub stuck: Stuck,
}

/// What chose a server before `balance` was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stuck {
    /// Nothing, or a cookie of the back end (the log's state tells of it).
    #[default]
    No,
    /// `appsession`
    Session,
    /// An entry of a stick table.
    Table,
    /// A rule (`use-server`), or a connection that is bound to the client.
    Otherwise,
}

/// What actions change about a stream other than its messages and variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// `set-log-level`: 0 (emerg) to 7 (debug); `None` is `silent`
    LogLevel(Option<u8>),
    /// `set-timeout client`, milliseconds; 0 is never
    ClientTimeout(u32),
    /// `set-timeout server`, milliseconds
    ServerTimeout(u32),
    /// `set-timeout tunnel`, milliseconds
    TunnelTimeout(u32),
    /// `set-timeout tarpit`, milliseconds
    TarpitTimeout(u32),
    /// `set-timeout connect`, milliseconds
    ConnectTimeout(u32),
    /// `set-timeout queue`, milliseconds
    QueueTimeout(u32),
    /// `set-nice`, -1024 to 1024
    Nice(i32),
    /// `set-fc-tos` / `set-tos`
    FcTos(u8),
    /// `set-fc-mark` / `set-mark`
    FcMark(u32),
    /// `set-bc-tos`
    BcTos(u8),
    /// `set-bc-mark`
    BcMark(u32),
    /// `set-src`, `set-src-port`
    Src(SocketAddr),
    /// `set-dst`, `set-dst-port`
    Dst(SocketAddr),
    /// `set-retries`
    Retries(u32),
    /// `disable-l7-retry`
    DisableL7Retry,
    /// `set-priority-class`, -2047 to 2047
    PriorityClass(i16),
    /// `set-priority-offset`, ms, -524287 to 524287
    PriorityOffset(i32),
    /// `do-log`, with the number of a log profile
    Log(LogStep, Option<u32>),
    /// `expect-proxy layer4`
    ExpectProxy,
}

/// Servers, tables and counters as fetches see them; the engine implements it. Proxies are named
/// by their place in the configuration (`ProxyId`).
pub trait World {
    /// The proxy of that name that has servers.
    fn backend_named(&self, _name: &[u8]) -> Option<u32> {
        None
    }
    /// The proxy of that name that accepts connections.
    fn frontend_named(&self, _name: &[u8]) -> Option<u32> {
        None
    }
    /// A server's place in its back end.
    fn server_named(&self, _backend: u32, _name: &[u8]) -> Option<u32> {
        None
    }
    /// Usable servers of a back end (`nbsrv`).
    fn nbsrv(&self, _backend: u32) -> Option<u32> {
        None
    }
    /// Connections queued in a back end, servers' queues included (`queue`).
    fn queue(&self, _backend: u32) -> Option<u32> {
        None
    }
    /// Current connections of a back end (`be_conn`).
    fn be_conn(&self, _backend: u32) -> Option<u32> {
        None
    }
    /// Current connections of a front end (`fe_conn`).
    fn fe_conn(&self, _frontend: u32) -> Option<u32> {
        None
    }
    /// New sessions per second of a back end (`be_sess_rate`).
    fn be_sess_rate(&self, _backend: u32) -> Option<u32> {
        None
    }
    /// New sessions per second of a front end (`fe_sess_rate`).
    fn fe_sess_rate(&self, _frontend: u32) -> Option<u32> {
        None
    }
    /// Requests per second of a front end (`fe_req_rate`).
    fn fe_req_rate(&self, _frontend: u32) -> Option<u32> {
        None
    }
    /// Whether a server, by its place in its back end, is up (`srv_is_up`).
    fn srv_is_up(&self, _backend: u32, _server: u32) -> Option<bool> {
        None
    }
    /// Current connections of a server (`srv_conn`).
    fn srv_conn(&self, _backend: u32, _server: u32) -> Option<u32> {
        None
    }
    /// Connections queued for a server (`srv_queue`).
    fn srv_queue(&self, _backend: u32, _server: u32) -> Option<u32> {
        None
    }
    /// Connections the back end's servers can still take; negative: no limit (`be_conn_free`).
    fn be_conn_free(&self, _backend: u32) -> Option<i64> {
        None
    }
    /// As `be_conn_free`, places in queues included (`connslots`).
    fn connslots(&self, _backend: u32) -> Option<i64> {
        None
    }
    /// Connections a server can still take; negative: no limit (`srv_conn_free`).
    fn srv_conn_free(&self, _backend: u32, _server: u32) -> Option<i64> {
        None
    }
    /// A server's weight in effect (`srv_weight`).
    fn srv_weight(&self, _backend: u32, _server: u32) -> Option<u32> {
        None
    }
    /// A server's weight as the file says, and as it was set since (`srv_iweight`, `srv_uweight`).
    fn srv_weights(&self, _backend: u32, _server: u32) -> Option<(u32, u32)> {
        None
    }
    /// New sessions per second of a server (`srv_sess_rate`).
    fn srv_sess_rate(&self, _backend: u32, _server: u32) -> Option<u32> {
        None
    }
    /// Whether an address is one of this machine (`src_is_local`).
    fn is_local(&self, ip: IpAddr) -> bool {
        ip.is_loopback()
    }
    /// The thread in work, from 0 (`thread`).
    fn thread(&self) -> u32 {
        0
    }
    /// Current connections of the process (`act_conn`).
    fn act_conn(&self) -> Option<u32> {
        None
    }
    /// Whether a response of this status counts as an error of the request, and as a failure of the
    /// server (`http-err-codes`, `http-fail-codes`).
    fn verdict_on(&self, status: u16) -> (bool, bool) {
        let failure = (500..600).contains(&status) && !matches!(status, 501 | 505);
        ((400..500).contains(&status), failure)
    }
    /// The process is stopping (`stopping`).
    fn stopping(&self) -> bool {
        false
    }
    /// Milliseconds since the process started (`uptime`).
    fn uptime_ms(&self) -> u64 {
        0
    }
}

/// A world that knows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Absent;

impl World for Absent {}

/// Which message an expression is evaluated on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Request rules.
    Request,
    /// Response rules and logs.
    Response,
}

/// One evaluation: the stream, the memory, and how far the stream is.
#[derive(Clone, Copy)]
pub struct Eval<'a> {
    /// The stream.
    pub view: &'a dyn StreamView,
    /// Memory for values that must be made.
    pub scratch: &'a Scratch,
    /// The message that fetches without `req.`/`res.` mean.
    pub direction: Direction,
    /// No more data will come (end of inspection): "not yet" becomes "no".
    pub last: bool,
}

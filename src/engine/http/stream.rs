//! The state of one transaction.

use super::persist::Persistence;
use crate::action::Answer;
use crate::balance::queue::Slot;
use crate::base::span::Span;
use crate::engine::connect::Marks;
use crate::engine::contstats::Contstats;
use crate::engine::session::{Next, Session};
use crate::engine::streams::Listed;
use crate::engine::unique_id::UniqueId;
use crate::ir::compression::Coding;
use crate::ir::proxy::ConnectionMode;
use crate::plan::{BackendPlan, ErrorPage, ErrorPages};
use crate::proto::h1::Message;
use crate::sample::capture::Captures;
use crate::sample::vars::VarStore;
use crate::sample::view::{Connection, LogData, LogStep};
use crate::table::Counters;
use std::net::SocketAddr;
use std::sync::Arc;

/// The two letters of the log's termination state (HAProxy configuration manual 8.5).
pub type State = [u8; 2];

/// Why a transaction ends before a response was passed on whole.
#[derive(Debug)]
pub enum End {
    /// An answer of the proxy's own, as an ordinary response.
    Status(u16, State),
    /// An answer to what could not be understood or never came whole; then close.
    Raw(u16, State),
    /// An answer that a rule made.
    Reply(Answer, State),
    /// A page of the process's own.
    Page(crate::engine::service::Reply),
    /// Close without a word of our own; what was sent so far must arrive.
    Cut(State),
    /// Close without a word.
    Silent(State),
}

/// What of the process's own answers in the place of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Service {
    /// Nothing.
    #[default]
    None,
    /// The status page.
    Page,
    /// The exporter of metrics.
    Metrics,
}

/// Times of the transaction's phases, microseconds of `base::clock`; 0: not reached.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// The request's first byte.
    pub begin: u64,
    /// The request's head was complete.
    pub request: u64,
    /// A tarpit let it go.
    pub tarpit: u64,
    /// A server's slot was had.
    pub queued: u64,
    /// The connection stood.
    pub connected: u64,
    /// The response's head was complete.
    pub response: u64,
}

pub use crate::sample::view::StreamTimeouts;

/// One transaction.
pub struct Stream {
    /// The client's connection.
    pub s: Box<Session>,
    /// The request.
    pub req: Box<Message>,
    /// The response.
    pub res: Option<Box<Message>>,
    /// The chosen back end.
    pub be: Option<Arc<BackendPlan>>,
    /// The chosen server, by its place in the back end.
    pub server: Option<u32>,
    /// Its slot there.
    pub slot: Option<Slot>,
    /// Stickiness.
    pub persistence: Persistence,
    /// Stick tables' entries that it tracks.
    pub tracked: Option<Box<Counters>>,
    /// Variables.
    pub txn_vars: VarStore,
    /// Variables.
    pub req_vars: VarStore,
    /// Variables.
    pub res_vars: VarStore,
    /// Number of the stream.
    pub id: u32,
    /// Where the runtime API finds it.
    pub listed: Listed,
    /// Phases.
    pub times: Times,
    /// Effective time-outs.
    pub timeouts: StreamTimeouts,
    /// `option httpclose` of the front end: the client's connection closes.
    pub close_client: bool,
    /// `option http-server-close` of either side, or `httpclose` of the back end: the server's does.
    pub close_server: bool,
    /// The client's connection may be used again (as far as is known).
    pub keep_client: bool,
    /// The request's body was read to its end; so many of its bytes stood in `req`.
    pub body_read: bool,
    /// See `body_read`.
    pub body_taken: usize,
    /// The request was answered while its body was still coming.
    pub drain: bool,
    /// `option contstats`
    pub contstats: Option<Box<Contstats>>,
    /// How request and response are to be coded (`compression`).
    pub codings: (Option<Coding>, Option<Coding>),
    /// Attempts left to connect.
    pub retries: u32,
    /// No second attempt after a response (`disable-l7-retry`).
    pub no_l7_retry: bool,
    /// Class and offset (ms) in queues (`set-priority-class`, `set-priority-offset`).
    pub priority: (i16, i32),
    /// Status that the client was sent; -1: none
    pub status: i32,
    /// Bytes of the request so far: its head, and of its body what was passed on.
    pub received: u64,
    /// Bytes sent to the client.
    pub sent: u64,
    /// Bytes that rules added to the request and to the response, or answers of the proxy's own
    /// to what `sent` counts.
    pub growth: (i64, i64),
    /// Further attempts to connect.
    pub tries: u32,
    /// Another server than the first was tried.
    pub redispatched: bool,
    /// Requests before this one in the server's and the back end's queue.
    pub waited: (u32, u32),
    /// The client left before its request was complete.
    pub truncated: bool,
    /// What rules saw of chunked bodies, decoded: of the request, of the response.
    pub decoded: super::body::Decoded,
    /// The server's connection was used before.
    pub reused: bool,
    /// Answered by a page of the process's own.
    pub service: Service,
    /// `reqallow`: no rule on header lines may refuse it any more.
    pub lines_allowed: bool,
    /// Not to be logged.
    pub quiet: bool,
    /// What `set-log-level` said: a level, or `silent`.
    pub log_level: Option<Option<u8>>,
    /// The proxy's own address towards the server, if an expression asks for it.
    pub own_address: Option<SocketAddr>,
    /// What is known of the server's connection, if an expression asks for it.
    pub server_facts: Option<Box<Connection>>,
    /// What rules ask of packets to the server.
    pub marks: Option<Box<Marks>>,
    /// Rules on the response wait.
    pub paused: Option<Box<super::pause::Paused>>,
    /// The status of the server's response; 0: none.
    pub server_status: u16,
    /// The last final rule that ran.
    pub last_rule: Option<Span>,
    /// A line was written already.
    pub logged: bool,
    /// Captured values, if the front end has slots.
    pub captures: Option<Box<Captures>>,
    /// `unique-id-format`, once asked for.
    pub unique_id: UniqueId,
    /// What the log tells, while a line is made.
    pub log: Option<LogData>,
    /// The state the log will show.
    pub state: State,
    /// The source address, if an action changed it.
    pub src: Option<SocketAddr>,
    /// The destination address, if an action changed it.
    pub dst: Option<SocketAddr>,
}

impl Stream {
    /// A stream for a request that begins in `req`.
    #[inline(always)]
    pub fn new(s: Box<Session>, mut req: Box<Message>) -> Stream {
        if s.plan.keeps_spelling {
            req.keep_spelling();
        }
        let fe = &s.fe;
        let timeouts = StreamTimeouts {
            client: fe.timeouts.client,
            tunnel: fe.timeouts.tunnel,
            tarpit: fe.timeouts.tarpit,
            ..StreamTimeouts::default()
        };
        let begin = if s.requests <= 1 {
            s.accepted_us
        } else {
            s.t.worker.now_us()
        };
        let id = s.t.shared.next_stream();
        Stream {
            listed: Listed::new(s.t, id, fe.id, s.listener, s.src, begin),
            close_client: fe.connection_mode == ConnectionMode::Close,
            close_server: fe.connection_mode == ConnectionMode::ServerClose,
            id,
            times: Times {
                begin,
                ..Times::default()
            },
            timeouts,
            req,
            res: None,
            be: None,
            server: None,
            slot: None,
            persistence: Persistence::default(),
            tracked: None,
            txn_vars: VarStore::default(),
            req_vars: VarStore::default(),
            res_vars: VarStore::default(),
            keep_client: true,
            body_read: false,
            body_taken: 0,
            drain: false,
            codings: (None, None),
            contstats: None,
            retries: 0,
            no_l7_retry: false,
            priority: (0, 0),
            status: -1,
            received: 0,
            sent: 0,
            growth: (0, 0),
            tries: 0,
            redispatched: false,
            waited: (0, 0),
            truncated: false,
            decoded: super::body::Decoded::default(),
            reused: false,
            service: Service::None,
            lines_allowed: false,
            quiet: false,
            log_level: None,
            last_rule: None,
            own_address: None,
            server_facts: None,
            paused: None,
            marks: None,
            server_status: 0,
            logged: false,
            captures: s.t.captures(&s.fe.captures),
            unique_id: UniqueId::default(),
            log: None,
            state: *b"--",
            src: None,
            dst: None,
            s,
        }
    }

    /// The transaction from head to end.
    pub(super) async fn run(&mut self) -> Result<Next, End> {
        self.read_head().await?;
        self.capture_request();
        self.s.log_connect();
        self.log_step(LogStep::Accept);
        self.route().await?;
        self.exchange().await
    }

    /// The page for a status: the back end's own, else the front end's own, else the built-in.
    pub(super) fn page(&self, status: u16) -> Option<Arc<ErrorPage>> {
        let of = |pages: &Arc<ErrorPages>| pages.page(status).cloned();
        let be = self
            .be
            .as_ref()
            .and_then(|be| of(&be.errors))
            .filter(|p| p.custom);
        be.or_else(|| of(&self.s.fe.errors))
    }

    /// The back end and the server count this request no more.
    pub(super) fn leave_backend(&mut self) {
        self.slot = None;
        if let Some(be) = &self.be {
            be.state.sessions.leave();
        }
    }

    /// Ends the transaction: gives everything back to the thread and tells the session what comes.
    #[inline(always)]
    pub(super) fn into_session(self, next: Next) -> Box<Session> {
        let Stream {
            mut s,
            req,
            res,
            slot,
            body_read,
            body_taken,
            drain,
            captures,
            ..
        } = self;
        // first the slot: whoever waits for it may go on while we tidy up
        drop(slot);
        let next = match next {
            Next::Close if drain => Next::Drain,
            Next::KeepAlive if !body_read => Next::Close,
            other => other,
        };
        if next == Next::KeepAlive {
            let rest = req.body_prefix().get(body_taken..).unwrap_or_default();
            if !rest.is_empty() {
                // pipelined; what the body brought along (`carry`) was received after these
                s.carry.splice(0..0, rest.iter().copied());
            }
        }
        let t = s.t;
        t.recycle_captures(captures);
        t.recycle(req);
        if let Some(res) = res {
            t.recycle(res);
        }
        if next == Next::KeepAlive {
            // as for HAProxy, the next request's connection begins here: idle time and all
            let now = s.t.worker.now_us();
            s.accept_date_us += now.saturating_sub(s.accepted_us);
            s.accepted_us = now;
        }
        s.next = next;
        s
    }
}

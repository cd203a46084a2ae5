//! A client connection: from accept to close, transaction after transaction.
//!
//! Between transactions a session is one small task that holds no buffer. A transaction's future
//! is large (it carries the whole of the request's state), so it lives only while a transaction
//! does, in a box that the thread uses again and again.

use super::reactor::{Io, NEVER, Sock, Wake};
use super::thread::Thread;
use crate::ir::proxy::{Mode, Options};
use crate::plan::{FrontendPlan, LogPlan, Plan};
use crate::proto::h1::{Message, errors};
use crate::proto::proxy_protocol::Received;
use crate::sample::vars::VarStore;
use crate::sample::view::{LogData, LogStep, TlsFacts};
use crate::table::Counters;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::cell::RefCell;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

/// What comes after a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another one may follow on this connection.
    KeepAlive,
    /// Close in order: what was sent must arrive.
    Close,
    /// As `Close`, once the client has sent the rest of its request or its time-out is over.
    Drain,
    /// Nothing is left to be done (tunnel over, connection broken).
    Drop,
}

/// A client connection.
pub struct Session {
    /// The thread it lives on.
    pub t: &'static Thread,
    /// The plan it began with.
    pub plan: Arc<Plan>,
    /// Its front end.
    pub fe: Arc<FrontendPlan>,
    /// Index of its listener in the plan.
    pub listener: u32,
    /// The client.
    pub client: Sock,
    /// The client's address, when it has one.
    pub src: Option<SocketAddr>,
    /// The address it connected to, once asked for.
    pub dst: Option<SocketAddr>,
    /// When it was accepted: microseconds of `base::clock`, and since 1970.
    pub accepted_us: u64,
    /// See `accepted_us`.
    pub accept_date_us: u64,
    /// Requests so far.
    pub requests: u32,
    /// What the last transaction decided.
    pub next: Next,
    /// Bytes of the next request, received with the last one.
    pub carry: Vec<u8>,
    /// The server that answered last.
    pub last: Option<(crate::plan::BackendId, u32)>,
    /// Server connections that only this session may use (`http-reuse never`, NTLM), the one
    /// used last at the end.
    pub kept: Vec<super::http::KeptConn>,
    /// What the log tells, while a line is made that no stream makes.
    pub log: Option<Box<LogData>>,
    /// What TLS agreed upon.
    pub tls: Option<Rc<TlsFacts>>,
    /// The PROXY protocol header that came in front, and the addresses that were replaced.
    pub proxied: Option<Box<Received>>,
    /// It was let in: rules that change addresses leave those of the connection.
    pub let_in: bool,
    /// Such a header is to come (`accept-proxy`, `expect-proxy layer4`).
    pub expects_proxy: bool,
    /// Stick tables' entries that the connection tracks.
    pub tracked: Option<Rc<Counters>>,
    /// Variables `sess.*`, once one is asked for.
    pub vars: OnceCell<Box<VarStore>>,
}

impl Session {
    /// The variables of the connection.
    pub fn vars(&self) -> &VarStore {
        if let Some(connection) = self.connection() {
            return connection.vars();
        }
        self.vars.get_or_init(Box::default)
    }

    /// The HTTP/2 connection that this is only one stream of.
    #[inline]
    pub fn connection(&self) -> Option<&Session> {
        self.client.pipe()?.connection().session()
    }

    /// The address the client connected to, asked of the system unless it is known.
    pub fn dst_now(&self) -> Option<SocketAddr> {
        if self.dst.is_some() {
            return self.dst;
        }
        let name = rustix::net::getsockname(self.client.fd()?).ok()?;
        SocketAddr::try_from(name).ok()
    }

    /// The header that came in front.
    pub fn received_header(&self) -> Option<&Received> {
        self.proxied.as_deref().filter(|header| !header.by_rules)
    }

    /// Remembers the addresses of the connection before rules replace them for the session.
    pub fn keep_addresses(&mut self) {
        if self.let_in && self.proxied.is_none() {
            self.proxied = Some(Box::new(Received {
                src: self.src,
                dst: self.dst,
                by_rules: true,
                ..Received::default()
            }));
        }
    }

    /// The source of the connection itself, whatever a header in front of it said.
    pub fn own_src(&self) -> Option<SocketAddr> {
        match &self.proxied {
            Some(header) => header.src,
            None => self.src,
        }
    }

    /// The target of the connection itself, whatever a header in front of it said.
    pub fn own_dst(&self) -> Option<SocketAddr> {
        match &self.proxied {
            Some(header) => header.dst.or_else(|| self.client.local_address()),
            None => self.dst_now(),
        }
    }

    /// Until when the client must have said whom it speaks for and agreed upon TLS (`timeout
    /// client-hs`, else `timeout client`), from the beginning of the connection.
    pub fn handshake_deadline(&self) -> u64 {
        let timeouts = &self.fe.timeouts;
        let limit = timeouts.client_hs.or(timeouts.client);
        limit.map_or(NEVER, |ms| self.accepted_us / 1000 + u64::from(ms))
    }

    /// The address the client connected to.
    pub fn dst(&mut self) -> Option<SocketAddr> {
        self.dst = self.dst_now();
        self.dst
    }
}

impl Session {
    /// Whether its listener speaks TLS.
    pub fn speaks_tls(&self) -> bool {
        let listener = self.plan.listeners.get(self.listener as usize);
        listener.is_some_and(|l| l.tls.is_some())
    }

    /// A connection that never came to speak TLS or to say whom it is for is counted, and logged in
    /// HAProxy's words; a `silent` one said nothing at all, which `option dontlognull` ignores.
    pub fn unfinished(&mut self, what: &str, silent: bool) {
        let (fe, listener) = (self.fe.id, self.listener);
        self.t.shared.front(fe, listener, |fe| fe.unfinished.inc());
        self.log_handshake(what, silent);
    }

    /// Logs how a connection ended before it was let in.
    pub fn log_handshake(&mut self, what: &str, silent: bool) {
        // as in HAProxy, only where streams are logged by a format
        let Some(log) = self.fe.log.clone().filter(|l| l.format.is_some()) else {
            return;
        };
        if silent && log.skips_null {
            return;
        }
        if log.error.is_some() {
            let mut data = self.log_data(&log, LogStep::Error);
            data.fault = crate::sample::fetch::fault_number(what);
            self.log = Some(Box::new(data));
            super::log::step(self.t, &log, self, LogStep::Error, super::log::INFO, None);
            self.log = None;
            return;
        }
        let name = self.plan.listeners.get(self.listener as usize);
        let listener = name.map_or(String::new(), |l| match &l.name {
            Some(name) => name.to_string(),
            None => l.uuid.to_string(),
        });
        let src = self.src.map_or(String::new(), |a| match a {
            SocketAddr::V6(a) => format!("{}:{}", a.ip(), a.port()),
            SocketAddr::V4(a) => a.to_string(),
        });
        let date = crate::sample::logformat::alias::accept_date(self.accept_date_us);
        let line = format!("{src} [{date}] {}/{listener}: {what}", self.fe.name);
        super::log::send(self.t, &log, super::log::INFO, line.as_bytes());
    }

    /// Without `option httplog` and its like, streams are logged as they begin.
    pub fn log_connect(&self) {
        if let Some(log) = &self.fe.log
            && log.format.is_none()
            && log.steps == 0
        {
            super::log::connect(self.t, log, self);
        }
    }
}

impl Session {
    /// A client that never said anything is told so, unless that is meant to be ignored, or it was
    /// served before. The connection is counted, and logged, unless `option dontlognull` is on.
    fn no_request(&mut self, status: u16, state: [u8; 2]) {
        if self.requests > 0 || self.fe.options.contains(Options::HTTP_IGNORE_PROBES) {
            return;
        }
        let bytes: Cow<'_, [u8]> = match self.fe.errors.page(status) {
            Some(page) if page.custom => {
                let case = self.fe.case_map.as_deref();
                super::http::plain_page(&page.bytes, case).into()
            }
            _ => errors::raw(status).unwrap_or_default().into(),
        };
        // whole or not at all: a client that takes nothing is not waited for
        let _ = self.client.send(&bytes, false);
        super::count::no_request(self, status);
        self.log_fault(status, state);
    }

    /// Logs a connection's fault that no stream can tell of.
    pub fn log_fault(&mut self, status: u16, state: [u8; 2]) {
        let Some(plan) = self.fe.log.clone().filter(|p| !p.skips_null) else {
            return;
        };
        let data = LogData {
            status: status.into(),
            state: [state[0], state[1], b'-', b'-'],
            ..self.log_data(&plan, LogStep::Error)
        };
        let Some(level) = super::log::level(&plan, None, &data) else {
            return;
        };
        self.log = Some(Box::new(data));
        super::log::step(self.t, &plan, self, LogStep::Error, level, None);
        self.log = None;
    }

    /// `do-log` before there is a stream.
    pub fn log_now(&mut self, step: LogStep, profile: Option<u32>) {
        let Some(plan) = self.fe.log.clone() else {
            return;
        };
        let profile = profile.and_then(|p| self.plan.log_profiles.get(p as usize).cloned());
        self.log = Some(Box::new(self.log_data(&plan, step)));
        super::log::step(
            self.t,
            &plan,
            self,
            step,
            super::log::INFO,
            profile.as_deref(),
        );
        self.log = None;
    }

    fn log_data(&self, plan: &LogPlan, step: LogStep) -> LogData {
        let shared = &self.t.shared;
        let passed = self.t.worker.now_us().saturating_sub(self.accepted_us) / 1000;
        LogData {
            step,
            early: plan.asap,
            lines: super::log::count(plan),
            state: *b"----",
            request: -1,
            queue: -1,
            connect: -1,
            response: -1,
            active: passed as i64,
            total: passed as i64,
            actconn: shared.conns.current(),
            feconn: shared
                .frontends
                .get(self.fe.id.0 as usize)
                .map_or(0, |f| f.conns.current()),
            ..LogData::default()
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.client.pipe().is_some() {
            // its connection is what counts
            return;
        }
        // a client that waits for nothing but the end has no use for a port kept in TIME-WAIT
        if self.fe.options.contains(Options::NOLINGER) && self.client.hung_up() {
            self.client.reset_on_close();
        }
        let shared = &self.t.shared;
        if self.fe.mode == Mode::Http {
            super::count::wire(self);
        }
        if let Some(f) = shared.frontends.get(self.fe.id.0 as usize) {
            f.conns.give(&shared.hub);
        }
        if let Some(l) = shared.listeners.get(self.listener as usize) {
            l.give(&shared.hub);
        }
        shared.conns.give(&shared.hub);
        if let Some(load) = shared.loads.get(self.t.worker.id) {
            load.leave();
        }
    }
}

/// Boxes for one kind of future, used again and again.
///
/// `M`, the function that makes them, is a type of its own so that a future is written where it
/// stays: what a pointer to a function returns is moved there, all of its kilobytes.
pub struct FuturePool<F, M> {
    free: RefCell<Vec<Pin<Box<Option<F>>>>>,
    make: M,
}

/// Unused boxes kept per thread.
const KEPT: usize = 2048;

impl<F, M> FuturePool<F, M>
where
    F: Future<Output = Box<Session>> + 'static,
    M: Fn(Box<Session>, Box<Message>) -> F + 'static,
{
    /// A pool that is never freed, for the futures that `make` makes.
    pub fn new(make: M) -> &'static FuturePool<F, M> {
        Box::leak(Box::new(FuturePool {
            free: RefCell::default(),
            make,
        }))
    }

    #[inline]
    fn run(&'static self, session: Box<Session>, message: Box<Message>) -> Pooled<F, M> {
        let mut slot = self
            .free
            .borrow_mut()
            .pop()
            .unwrap_or_else(|| Box::pin(None));
        slot.as_mut().set(Some((self.make)(session, message)));
        Pooled {
            pool: self,
            slot: Some(slot),
        }
    }
}

/// What serves the requests of connections that carry many at once.
pub trait Transactions {
    /// Serves the request of a stream, on a task of its own.
    fn begin(&'static self, t: &'static Thread, pipe: Rc<super::h2::Pipe>);
}

impl<F, M> Transactions for FuturePool<F, M>
where
    F: Future<Output = Box<Session>> + 'static,
    M: Fn(Box<Session>, Box<Message>) -> F + 'static,
{
    fn begin(&'static self, t: &'static Thread, pipe: Rc<super::h2::Pipe>) {
        t.worker.spawn_soon(async move {
            let Some(session) = super::h2::session(pipe) else {
                return;
            };
            let mut message = t.message();
            message.came_as_h2();
            if let Io::Done(n) = session.client.recv(message.space()) {
                message.filled(n);
            }
            self.run(session, message).await;
        });
    }
}

/// A future in a pooled box.
struct Pooled<F: 'static, M: 'static> {
    pool: &'static FuturePool<F, M>,
    slot: Option<Pin<Box<Option<F>>>>,
}

impl<F: Future<Output = Box<Session>>, M> Future for Pooled<F, M> {
    type Output = Box<Session>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Box<Session>> {
        let Some(future) = self.slot.as_mut().and_then(|s| s.as_mut().as_pin_mut()) else {
            return Poll::Pending;
        };
        let Poll::Ready(session) = future.poll(cx) else {
            return Poll::Pending;
        };
        if let Some(mut slot) = self.slot.take() {
            slot.as_mut().set(None);
            let mut free = self.pool.free.borrow_mut();
            if free.len() < KEPT {
                free.push(slot);
            }
        }
        Poll::Ready(session)
    }
}

/// Serves an HTTP client until its connection ends.
pub async fn http<F, M>(mut session: Box<Session>, pool: &'static FuturePool<F, M>)
where
    F: Future<Output = Box<Session>> + 'static,
    M: Fn(Box<Session>, Box<Message>) -> F + 'static,
{
    let t = session.t;
    super::admit::queue_up(&session).await;
    if !super::admit::admitted(&mut session).await {
        return;
    }
    if speaks_h2(&session) {
        return Box::pin(super::h2::serve(session, Vec::new(), pool)).await;
    }
    loop {
        let mut message = t.message();
        if !session.carry.is_empty() {
            let taken = message.feed(&session.carry);
            session.carry.drain(..taken);
            if session.carry.is_empty() {
                session.carry = Vec::new();
            }
        }
        let deadline = idle_deadline(&session);
        let mut leave = NEVER;
        while message.is_empty() {
            match session.client.recv(message.space()) {
                Io::Done(n) => message.filled(n),
                Io::Blocked => {
                    t.recycle(message);
                    if leave == NEVER && may_leave(&session) {
                        leave = t.shared.stopping.idle_until(t.worker.now_ms(), t.random());
                    }
                    // a request may have come of which the loop was not told yet
                    let quiet = || matches!(session.client.peek(&mut [0]), Io::Blocked);
                    if t.worker.now_ms() >= leave && quiet() {
                        return;
                    }
                    if t.worker.park(deadline.min(leave)).await == Wake::TimedOut
                        && deadline <= leave
                    {
                        return idle_timed_out(session).await;
                    }
                    message = t.message();
                }
                Io::Eof | Io::Failed(_) => {
                    t.recycle(message);
                    session.no_request(400, *b"CR");
                    return;
                }
            }
        }
        if session.requests == 0
            && message.received().first() == Some(&b'P')
            && super::h2::may_begin(&session)
        {
            match Box::pin(announced(session, message)).await {
                Said::H1(s, m) => (session, message) = (s, m),
                Said::H2(s, said) => return Box::pin(super::h2::serve(s, said, pool)).await,
            }
        }
        session.requests += 1;
        session = pool.run(session, message).await;
        match session.next {
            Next::KeepAlive => {}
            Next::Close => return close(session).await,
            Next::Drain => return drain(session).await,
            Next::Drop => return,
        }
    }
}

/// What a client began with.
enum Said {
    /// A request of HTTP/1.
    H1(Box<Session>, Box<Message>),
    /// The preface of HTTP/2, and what came with it.
    H2(Box<Session>, Vec<u8>),
}

/// Whether HTTP/2 was agreed upon before the client's first word.
fn speaks_h2(s: &Session) -> bool {
    let agreed = s.tls.as_ref().and_then(|tls| tls.alpn.as_deref());
    agreed == Some(b"h2")
        || s.plan
            .listeners
            .get(s.listener as usize)
            .is_some_and(|l| l.settings.h2)
}

/// Tells a request that begins with `P` from the preface of HTTP/2.
async fn announced(session: Box<Session>, mut message: Box<Message>) -> Said {
    let t = session.t;
    let deadline = idle_deadline(&session);
    loop {
        match super::h2::announced(message.received()) {
            Some(false) => return Said::H1(session, message),
            Some(true) => {
                let said = message.received().to_vec();
                t.recycle(message);
                return Said::H2(session, said);
            }
            None => {}
        }
        match session.client.recv(message.space()) {
            Io::Done(n) => message.filled(n),
            Io::Blocked => {
                if t.worker.park(deadline).await == Wake::TimedOut {
                    return Said::H1(session, message);
                }
            }
            // the transaction tells what came of it
            Io::Eof | Io::Failed(_) => return Said::H1(session, message),
        }
    }
}

/// Whether a connection that waits for a request may be closed when the process stops: not before
/// its first one, and not while `option idle-close-on-response` promises an answer.
fn may_leave(s: &Session) -> bool {
    s.requests > 0 && !s.fe.options.contains(Options::IDLE_CLOSE_ON_RESPONSE)
}

/// Until when a client may be silent before a request.
fn idle_deadline(s: &Session) -> u64 {
    let timeouts = &s.fe.timeouts;
    if s.requests == 0 {
        let begin = s.accepted_us / 1000;
        let ms = timeouts.http_request.or(timeouts.client);
        return ms.map_or(NEVER, |ms| begin + u64::from(ms));
    }
    s.t.worker.after(
        timeouts
            .http_keep_alive
            .or(timeouts.http_request)
            .or(timeouts.client),
    )
}

/// A client that never said anything is told so (408), unless it may have been a browser's
/// connection made in advance; one between two requests is left without a word.
async fn idle_timed_out(mut session: Box<Session>) {
    if session.requests > 0 || session.fe.options.contains(Options::HTTP_IGNORE_PROBES) {
        return;
    }
    session.no_request(408, *b"cR");
    close(session).await;
}

/// Takes what the client still sends of a request that was answered early, until it ends or is
/// silent for `timeout client`, then closes.
async fn drain(session: Box<Session>) {
    let t = session.t;
    loop {
        match waste(&session) {
            Io::Done(_) => {}
            Io::Blocked => {
                let until = t.worker.after(session.fe.timeouts.client);
                if t.worker.park(until).await == Wake::TimedOut {
                    return;
                }
            }
            Io::Eof | Io::Failed(_) => return,
        }
    }
}

/// Reads once what nobody wants. (A buffer in the task would be paid for by every idle connection.)
fn waste(session: &Session) -> Io {
    session
        .client
        .recv(&mut session.t.worker.scratch.borrow_mut())
}

/// Ends a connection so that the last answer arrives: a close with unread bytes of the client
/// would make the kernel reset the connection and throw the answer away.
pub async fn close(session: Box<Session>) {
    let t = session.t;
    // nothing unread and nothing more to come: the common case needs no shutdown
    let Io::Done(_) = waste(&session) else {
        return;
    };
    session.client.shutdown_write();
    let until = t.worker.after(Some(1000));
    let mut budget = 4 * 1024 * 1024usize;
    loop {
        match waste(&session) {
            Io::Done(n) if budget > n => budget -= n,
            Io::Blocked => {
                if t.worker.park(until).await == Wake::TimedOut {
                    return;
                }
            }
            _ => return,
        }
    }
}

/// Counts a new request.
pub fn count_request(s: &Session) {
    let shared = &s.t.shared;
    shared.requests.fetch_add(1, Ordering::Relaxed);
    super::track::request(s);
    if let Some(f) = shared.frontends.get(s.fe.id.0 as usize) {
        f.requests.fetch_add(1, Ordering::Relaxed);
        f.counters.request_rate.add(s.t.worker.now_ms());
        if s.client.pipe().is_some() {
            f.counters.h2.requests.inc();
        }
    }
}

//! What all threads of the engine share: the plan, limits, counters, and how to reach each other.

use super::descriptors::Descriptors;
use super::reactor::{Inbox, InboxMessage, TaskRef, Worker};
use crate::balance::Cut;
use crate::balance::counters::{
    Compressed, Gauge, Growth, HttpCounters, Meter, Mishaps, Sum, TlsCounters,
};
use crate::base::rate::Rate;
use crate::ir::global::ProcessRates;
use crate::ir::proxy::Options;
use crate::plan::{BackendId, FrontendId, Plan};
use parking_lot::Mutex;
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Wakes tasks of any thread by their tokens. Made before the plan, whose queues hold it; the
/// threads are entered when they start.
#[derive(Default)]
pub struct Hub {
    inboxes: OnceLock<Vec<Arc<Inbox>>>,
}

impl Hub {
    /// A hub whose threads do not run yet.
    pub fn new() -> Arc<Hub> {
        Arc::default()
    }

    /// Enters the threads; only the first call counts.
    pub fn start(&self, inboxes: Vec<Arc<Inbox>>) {
        let _ = self.inboxes.set(inboxes);
    }

    /// The inbox of a thread.
    pub fn inbox(&self, worker: usize) -> Option<&Arc<Inbox>> {
        self.inboxes.get()?.get(worker)
    }

    /// All of them.
    pub fn inboxes(&self) -> &[Arc<Inbox>] {
        self.inboxes.get().map_or(&[], |list| list)
    }

    /// Wakes a task wherever it runs.
    pub fn wake_task(&self, task: TaskRef) {
        if let Some(inbox) = self.inbox(task.worker as usize) {
            inbox.send(InboxMessage::Wake(task));
        }
    }
}

thread_local! {
    /// Servers that this thread, which is none of the engine's, has changed and others follow.
    static CHANGED: RefCell<Vec<(u32, u32)>> = const { RefCell::new(Vec::new()) };
}

impl Hub {
    /// Lets the first thread do something, if the threads run.
    fn do_first(&self, job: impl Fn(&'static super::thread::Thread) + Send + 'static) {
        if let Some(inbox) = self.inbox(0) {
            inbox.send(InboxMessage::Run(Box::new(move |_: &'static Worker| {
                super::with_thread(&job);
            })));
        }
    }
}

impl crate::balance::queue::Wake for Hub {
    fn changed(&self, backend: u32, server: u32) {
        if self.inboxes().is_empty() {
            return;
        }
        if !super::start::is_inside() {
            // what an administrator changes is told first, and followed before he has his answer
            CHANGED.with_borrow_mut(|list| list.push((backend, server)));
            return;
        }
        // in the second turn: what changed the server has told of it by then
        self.do_first(move |t| {
            let hub = &t.shared.hub;
            hub.do_first(move |t| super::follow::changed(t, backend, server));
        });
    }
    fn observed(&self, backend: u32, server: u32, last: &'static str) {
        // traffic runs on threads of the engine
        super::with_thread(|t| super::check::observe::reached(t, backend, server, last));
    }
    fn wake(&self, token: u64) {
        self.wake_task(TaskRef::from_token(token));
    }
    fn cut(&self, backend: u32, server: u32, why: Cut) {
        let cause = match why {
            Cut::Down => b'D',
            Cut::Up => b'U',
        };
        let meant = (Some(BackendId(backend)), Some(server));
        for inbox in self.inboxes() {
            inbox.send(InboxMessage::Run(Box::new(move |_: &'static Worker| {
                super::with_thread(|t| {
                    t.streams
                        .end(t, cause, |card| (card.backend, card.server) == meant);
                });
            })));
        }
    }
}

/// A number of connections with a limit. Who finds it reached leaves a note and is woken when
/// there is room.
#[derive(Default)]
pub struct Limit {
    /// Most that may be; 0: no limit.
    pub max: AtomicU32,
    current: AtomicU32,
    peak: AtomicU32,
    someone_waits: AtomicBool,
    waiting: Mutex<Vec<TaskRef>>,
}

impl Limit {
    /// A limit; 0 is none.
    pub fn new(max: u32) -> Limit {
        Limit {
            max: AtomicU32::new(max),
            ..Limit::default()
        }
    }

    /// Takes one if there is room.
    pub fn take(&self) -> bool {
        let max = self.max.load(Ordering::Relaxed);
        let before = self.current.fetch_add(1, Ordering::AcqRel);
        if max != 0 && before >= max {
            self.current.fetch_sub(1, Ordering::AcqRel);
            return false;
        }
        true
    }

    /// What was taken is in use: it counts for [`Limit::peak`].
    pub fn used(&self) {
        let now = self.current.load(Ordering::Relaxed);
        if now > self.peak.load(Ordering::Relaxed) {
            self.peak.fetch_max(now, Ordering::Relaxed);
        }
    }

    /// Changes the limit; who waits looks again.
    pub fn set_max(&self, max: u32, hub: &Hub) {
        self.max.store(max, Ordering::SeqCst);
        let waiting = std::mem::take(&mut *self.waiting.lock());
        for task in waiting {
            hub.wake_task(task);
        }
    }

    /// Whether [`Limit::take`] would succeed.
    pub fn has_room(&self) -> bool {
        let max = self.max.load(Ordering::Relaxed);
        max == 0 || self.current.load(Ordering::SeqCst) < max
    }

    /// Asks to be woken when one is given back. Try [`Limit::take`] once more afterwards.
    pub fn wait(&self, task: TaskRef) {
        self.waiting.lock().push(task);
        self.someone_waits.store(true, Ordering::SeqCst);
    }

    /// Gives one back.
    pub fn give(&self, hub: &Hub) {
        self.current.fetch_sub(1, Ordering::AcqRel);
        if self.someone_waits.load(Ordering::SeqCst) {
            self.someone_waits.store(false, Ordering::SeqCst);
            let waiting = std::mem::take(&mut *self.waiting.lock());
            for task in waiting {
                hub.wake_task(task);
            }
        }
    }

    /// How many there are.
    pub fn current(&self) -> u32 {
        self.current.load(Ordering::Relaxed)
    }

    /// The most there were.
    pub fn peak(&self) -> u32 {
        self.peak.load(Ordering::Relaxed)
    }

    fn clear_peak(&self) {
        self.peak.store(self.current(), Ordering::Relaxed);
    }
}

/// What is summed per front end (names of the CSV columns).
#[derive(Debug, Default)]
pub struct FrontendCounters {
    /// `h2_headers_rcvd` and so on
    pub h2: crate::balance::h2::H2Counters,
    /// `comp_in` and so on
    pub compressed: Compressed,
    /// `bin`
    pub bytes_in: Sum,
    /// `bout`
    pub bytes_out: Sum,
    /// `dreq`
    pub denied_requests: Sum,
    /// `dresp`
    pub denied_responses: Sum,
    /// `ereq`
    pub bad_requests: Sum,
    /// `dcon`
    pub denied_connections: Sum,
    /// `dses`
    pub denied_sessions: Sum,
    /// `intercepted`
    pub intercepted: Sum,
    /// How `reqbout` differs from `bin`: what was not sent on, what rules added or took away.
    pub request_growth: Growth,
    /// How `resbout` differs from `bout`: answers of the proxy's own, what rules changed.
    pub response_growth: Growth,
    /// `h1_bytes_in`
    pub wire_in: Sum,
    /// `h1_bytes_out`
    pub wire_out: Sum,
    /// Connections that ended without a request, which counts as one that nobody understood.
    pub silent: Sum,
    /// Connections that ended before they were understood to begin: in a TLS handshake, or without
    /// the PROXY protocol header that was to come.
    pub unfinished: Sum,
    /// `hrsp_*`
    pub http: HttpCounters,
    /// `wrew`, `eint`
    pub mishaps: Mishaps,
    /// `ssl_sess` and so on
    pub tls: TlsCounters,
    /// `conn_rate`, and `rate` where every connection is let in
    pub rate: Meter,
    /// `rate` where rules may refuse connections
    pub admitted_rate: Meter,
    /// `req_rate`
    pub request_rate: Meter,
}

impl FrontendCounters {
    /// Forgets the highest values, or everything (`clear counters`).
    fn clear(&self, all: bool) {
        for rate in [&self.rate, &self.admitted_rate, &self.request_rate] {
            rate.clear_max();
        }
        if !all {
            return;
        }
        let sums = [
            &self.bytes_in,
            &self.bytes_out,
            &self.denied_requests,
            &self.denied_responses,
            &self.bad_requests,
            &self.denied_connections,
            &self.denied_sessions,
            &self.intercepted,
            &self.wire_in,
            &self.wire_out,
            &self.silent,
            &self.unfinished,
        ];
        sums.into_iter().for_each(Sum::clear);
        self.h2.clear();
        self.compressed.clear();
        self.http.clear();
        self.mishaps.clear();
        self.tls.clear();
        self.request_growth.clear();
        self.response_growth.clear();
    }
}

/// Whether a front end takes connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It does.
    Open = 0,
    /// An administrator has told it not to, for the time being.
    Paused = 1,
    /// Its sockets are closed for good.
    Stopped = 2,
}

/// What is summed for one listener under `option socket-stats`.
#[derive(Default)]
pub struct ListenerCounters {
    /// Connections accepted.
    pub connections: Sum,
    /// What is summed for the front end, too.
    pub sums: FrontendCounters,
}

/// One front end's numbers.
#[derive(Default)]
pub struct FrontendState {
    phase: AtomicU8,
    /// It stops before others do: nothing but what waits is let in.
    pub leaving: AtomicBool,
    /// Sums.
    pub counters: FrontendCounters,
    /// Connections, limited by `maxconn`.
    pub conns: Limit,
    /// Connections accepted.
    pub connections: AtomicU64,
    /// Requests received.
    pub requests: AtomicU64,
    /// Connections per second, limited by `rate-limit sessions`.
    pub rate: Rate,
}

impl FrontendState {
    /// Whether it takes connections.
    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::SeqCst) {
            0 => Phase::Open,
            1 => Phase::Paused,
            _ => Phase::Stopped,
        }
    }
}

/// Limits of connections per second for the whole process; 0: none.
#[derive(Default)]
pub struct RateLimits {
    /// `maxconnrate`, `set rate-limit connections global`
    pub connections: AtomicU32,
    /// `maxsessrate`, `set rate-limit sessions global`
    pub sessions: AtomicU32,
    /// `maxsslrate`, `set rate-limit ssl-sessions global`
    pub tls_sessions: AtomicU32,
    /// `maxcomprate`, `set rate-limit http-compression global`, kilobytes
    pub compression: AtomicU32,
    rate: Rate,
    tls_rate: Rate,
}

impl RateLimits {
    /// The limits that a configuration begins with.
    fn new(rates: &ProcessRates) -> RateLimits {
        RateLimits {
            connections: AtomicU32::new(rates.connections),
            sessions: AtomicU32::new(rates.sessions),
            tls_sessions: AtomicU32::new(rates.tls),
            compression: AtomicU32::new(rates.compressed),
            rate: Rate::default(),
            tls_rate: Rate::default(),
        }
    }

    /// A connection was accepted that will speak TLS.
    pub fn count_tls(&self, now_ms: u64) {
        if self.tls_sessions.load(Ordering::Relaxed) > 0 {
            self.tls_rate.add(now_ms);
        }
    }

    /// Bytes that compression may take per second; 0: no limit.
    pub fn compression_limit(&self) -> u32 {
        let kilobytes = self.compression.load(Ordering::Relaxed);
        kilobytes.saturating_mul(1024)
    }

    /// Milliseconds until another connection may be accepted.
    pub fn wait(&self, now_ms: u64) -> u32 {
        let limits = [&self.connections, &self.sessions].map(|l| l.load(Ordering::Relaxed));
        match limits.into_iter().filter(|l| *l > 0).min() {
            Some(limit) => self.rate.wait(now_ms, limit),
            None => 0,
        }
    }

    /// A connection was accepted.
    pub fn count(&self, now_ms: u64) {
        let limits = [&self.connections, &self.sessions];
        if limits.iter().any(|l| l.load(Ordering::Relaxed) > 0) {
            self.rate.add(now_ms);
        }
    }
}

/// TLS of the whole process (`show info`).
#[derive(Debug, Default)]
pub struct TlsTotals {
    /// Handshakes with clients and servers.
    pub connections: Sum,
    /// `SslRate`: those with clients in the last second
    pub rate: Meter,
    /// `SslFrontendKeyRate`: of these, how many made a new key
    pub client_keys: Meter,
    /// `SslBackendKeyRate`: new keys made with servers
    pub server_keys: Meter,
}

/// What one thread is at.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadFacts {
    /// Its number, from 0.
    pub id: usize,
    /// Tasks that live on it.
    pub tasks: usize,
    /// Streams, where they are counted.
    pub streams: usize,
    /// Tasks that ended by a fault of the program.
    pub panics: u64,
    /// Log lines that could not be sent.
    pub dropped_logs: u64,
}

/// How long a thread that does not answer an administrator is waited for.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);

/// What all threads share.
pub struct Shared {
    /// What is executed.
    pub plan: Arc<Plan>,
    /// How to reach the threads.
    pub hub: Arc<Hub>,
    /// Connections of the process, limited by the global `maxconn`.
    pub conns: Limit,
    /// The process's descriptors.
    pub descriptors: Descriptors,
    /// By front end.
    pub frontends: Vec<FrontendState>,
    /// By listener: connections, limited by its `maxconn`.
    pub listeners: Vec<Limit>,
    /// By listener: its sums, where its front end wants them (`option socket-stats`).
    pub listener_counters: Vec<Option<Box<ListenerCounters>>>,
    /// Connections accepted since the start.
    pub connections: AtomicU64,
    /// Requests since the start.
    pub requests: AtomicU64,
    /// Connections of each thread, to give new ones to the least loaded.
    pub loads: Vec<Gauge>,
    /// Whether and how connections come to their end.
    pub stopping: super::stopping::Stopping,
    /// Idle server connections, by thread.
    pub idle: Vec<Arc<super::pool::IdleCounts>>,
    /// Messages that could not be understood.
    pub captured: super::captured::Captures,
    /// How often the limit of connections of the process was reached.
    pub maxconn_reached: AtomicU64,
    /// Limits of connections per second.
    pub rate_limits: RateLimits,
    /// What compression did.
    pub compression: super::compression::Total,
    /// TLS of the whole process.
    pub tls: TlsTotals,
    /// `resolvers` sections at work.
    pub resolvers: Vec<super::resolvers::SectionState>,
    /// Changes of servers' states.
    pub events: super::events::Events,
    /// What answers requests for the status page, once it is there.
    pub stats: OnceLock<Box<dyn super::service::HttpService>>,
    /// The lowest `nice` of all listeners: who has more gives way to the others.
    pub least_nice: i32,
    /// When the process started, milliseconds of `base::clock`.
    pub started_ms: u64,
    streams: AtomicU32,
}

impl Shared {
    /// For a plan, with the process-wide limit, the number of descriptors that this takes, and the
    /// number of threads.
    pub fn new(
        plan: Arc<Plan>,
        hub: Arc<Hub>,
        maxconn: u32,
        descriptors: u32,
        threads: usize,
    ) -> Arc<Shared> {
        let tune = &plan.global.settings.tune;
        for be in &plan.backends {
            be.state.set_fullconn(be.fullconn.of(maxconn));
        }
        let descriptors = Descriptors::new(descriptors, maxconn, tune);
        let frontends = plan
            .frontends
            .iter()
            .map(|f| FrontendState {
                conns: Limit::new(f.maxconn.unwrap_or(0)),
                ..Default::default()
            })
            .collect();
        let listeners = plan
            .listeners
            .iter()
            .map(|l| Limit::new(l.settings.maxconn.unwrap_or(0)))
            .collect();
        let listener_counters = plan
            .listeners
            .iter()
            .map(|l| {
                let fe = plan.frontend(l.frontend?)?;
                fe.options
                    .contains(Options::SOCKET_STATS)
                    .then(Box::default)
            })
            .collect();
        let resolvers = plan
            .resolvers
            .iter()
            .map(super::resolvers::SectionState::new);
        let resolvers = resolvers.collect();
        let rate_limits = RateLimits::new(&plan.global.settings.rates);
        let idle = (0..threads)
            .map(|_| Arc::new(super::pool::IdleCounts::new(&plan)))
            .collect();
        Arc::new(Shared {
            idle,
            least_nice: plan
                .listeners
                .iter()
                .map(|l| l.settings.nice)
                .min()
                .unwrap_or(0),
            plan,
            listeners,
            listener_counters,
            hub,
            conns: Limit::new(maxconn),
            descriptors,
            frontends,
            connections: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            loads: (0..threads).map(|_| Gauge::default()).collect(),
            stopping: super::stopping::Stopping::default(),
            captured: super::captured::Captures::default(),
            maxconn_reached: AtomicU64::new(0),
            rate_limits,
            compression: super::compression::Total::default(),
            tls: TlsTotals::default(),
            resolvers,
            events: super::events::Events::default(),
            stats: OnceLock::new(),
            started_ms: crate::base::clock::now_ms(),
            streams: AtomicU32::new(0),
        })
    }

    /// Milliseconds until another client that speaks TLS may be accepted (`maxsslrate`,
    /// `maxsslconn`).
    pub fn tls_wait(&self, now_ms: u64) -> u32 {
        let limit = self.rate_limits.tls_sessions.load(Ordering::Relaxed);
        let most = self.plan.global.settings.rates.tls_connections;
        match most > 0 && super::reactor::tls::open() >= most {
            true => 100,
            false => self.rate_limits.tls_rate.wait(now_ms, limit),
        }
    }

    /// Whether nothing new is let in.
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_closing()
    }

    /// Forgets the highest values of front ends, listeners and the process, or all that is summed.
    pub fn clear_counters(&self, all: bool) {
        let limits = self.frontends.iter().map(|f| &f.conns);
        let limits = limits.chain(&self.listeners).chain([&self.conns]);
        limits.for_each(Limit::clear_peak);
        for frontend in &self.frontends {
            frontend.counters.clear(all);
            if all {
                frontend.connections.store(0, Ordering::Relaxed);
                frontend.requests.store(0, Ordering::Relaxed);
            }
        }
        for listener in self.listener_counters.iter().flatten() {
            listener.sums.clear(all);
            if all {
                listener.connections.clear();
            }
        }
    }

    /// Lets a front end take connections or not; returns when its sockets are closed or open.
    /// For threads outside the engine only, as the engine's own would wait for themselves.
    pub fn set_phase(&self, frontend: &FrontendState, phase: Phase) {
        frontend.phase.store(phase as u8, Ordering::SeqCst);
        self.everywhere(|w| w.wake_everyone());
        // a task that was woken has run when its thread comes to the next message
        self.everywhere(|_| {});
    }

    /// Calls something on every thread and waits until all have done so. One of the engine's own
    /// threads does not wait: it would wait for itself.
    pub fn everywhere(&self, job: impl Fn(&'static Worker) + Clone + Send + 'static) {
        let (done, finished) = std::sync::mpsc::channel();
        for inbox in self.hub.inboxes() {
            let (job, done) = (job.clone(), done.clone());
            inbox.send(InboxMessage::Run(Box::new(move |w: &'static Worker| {
                job(w);
                // nobody listens any more when this took too long
                let _ = done.send(());
            })));
        }
        drop(done);
        if super::start::is_inside() {
            return;
        }
        for _ in self.hub.inboxes() {
            if finished.recv_timeout(PATIENCE).is_err() {
                return;
            }
        }
    }

    /// Has servers follow those that the calling thread has changed, and waits until they have.
    /// For threads outside the engine only.
    pub fn followed(&self) {
        let changed = CHANGED.take();
        if changed.is_empty() {
            return;
        }
        let (done, finished) = std::sync::mpsc::channel();
        self.hub.do_first(move |t| {
            for (backend, server) in &changed {
                super::follow::changed(t, *backend, *server);
            }
            // nobody listens any more when this took too long
            let _ = done.send(());
        });
        let _ = finished.recv_timeout(PATIENCE);
    }

    /// What each thread is at, in their order. For threads outside the engine only.
    pub fn threads(&self) -> Vec<ThreadFacts> {
        let (send, receive) = std::sync::mpsc::channel();
        self.everywhere(move |_| {
            super::with_thread(|t| {
                let mut streams = 0;
                t.streams.each(|_| streams += 1);
                // nobody waits any more when this took too long
                let _ = send.send(ThreadFacts {
                    id: t.worker.id,
                    tasks: t.worker.live_tasks(),
                    streams,
                    panics: t.worker.panics(),
                    dropped_logs: t.log.borrow().dropped,
                });
            });
        });
        let mut facts: Vec<ThreadFacts> = receive.try_iter().collect();
        facts.sort_by_key(|f| f.id);
        facts
    }

    /// Idle connections to servers: back end, server, thread, how many were used once, and how many
    /// more than once. For threads outside the engine only.
    pub fn idle_connections(&self) -> Vec<(BackendId, u32, usize, usize, usize)> {
        let (send, receive) = std::sync::mpsc::channel();
        self.everywhere(move |_| {
            super::with_thread(|t| {
                t.idle.each(|backend, server, fresh, proven| {
                    // nobody waits any more when this took too long
                    let _ = send.send((backend, server, t.worker.id, fresh, proven));
                });
            });
        });
        receive.try_iter().collect()
    }

    /// Sends a log line from a thread that is none of the engine's.
    pub fn log(&self, log: &Arc<crate::plan::LogPlan>, level: u8, text: &str) {
        let (log, text) = (Arc::clone(log), text.to_string());
        if let Some(inbox) = self.hub.inbox(0) {
            inbox.send(InboxMessage::Run(Box::new(move |_: &'static Worker| {
                super::with_thread(|t| super::log::send(t, &log, level, text.as_bytes()));
            })));
        }
    }

    /// Streams so far.
    pub fn stream_count(&self) -> u32 {
        self.streams.load(Ordering::Relaxed)
    }

    /// Bytes sent to clients so far.
    pub fn bytes_out(&self) -> u64 {
        let fronts = self.frontends.iter();
        fronts.map(|f| f.counters.bytes_out.total()).sum()
    }

    /// Waits until the lines of [`Shared::log`] are written, but not for long: the process ends.
    pub fn settle_logs(&self) {
        let (done, settled) = std::sync::mpsc::channel();
        if let Some(inbox) = self.hub.inbox(0) {
            inbox.send(InboxMessage::Run(Box::new(move |_: &'static Worker| {
                // who waits may have given up
                let _ = done.send(());
            })));
            let _ = settled.recv_timeout(std::time::Duration::from_millis(200));
        }
    }

    /// Calls something with the sums of a front end, and with those of a listener of it (its index
    /// in the plan) where they are kept.
    pub fn front(&self, fe: FrontendId, listener: u32, count: impl Fn(&FrontendCounters)) {
        if let Some(fe) = self.frontends.get(fe.0 as usize) {
            count(&fe.counters);
        }
        if let Some(Some(own)) = self.listener_counters.get(listener as usize) {
            count(&own.sums);
        }
    }

    /// A number for a new stream.
    pub fn next_stream(&self) -> u32 {
        self.streams.fetch_add(1, Ordering::Relaxed)
    }
}

//! What all threads of the engine share: the plan, limits, counters, and how to reach each other.

use super::reactor::{Inbox, InboxMessage, TaskRef};
use crate::balance::counters::{Gauge, HttpCounters, Meter, Sum};
use crate::base::rate::Rate;
use crate::plan::Plan;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
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

impl crate::balance::queue::Wake for Hub {
    fn wake(&self, token: u64) {
        self.wake_task(TaskRef::from_token(token));
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
        self.peak.fetch_max(before + 1, Ordering::Relaxed);
        true
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
}

/// What is summed per front end (names of the CSV columns).
#[derive(Debug, Default)]
pub struct FrontendCounters {
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
    /// `hrsp_*`
    pub http: HttpCounters,
    /// `conn_rate`, and `rate` where every connection is let in
    pub rate: Meter,
    /// `rate` where rules may refuse connections
    pub admitted_rate: Meter,
    /// `req_rate`
    pub request_rate: Meter,
}

/// One front end's numbers.
#[derive(Default)]
pub struct FrontendState {
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

/// What all threads share.
pub struct Shared {
    /// What is executed.
    pub plan: Arc<Plan>,
    /// How to reach the threads.
    pub hub: Arc<Hub>,
    /// Connections of the process, limited by the global `maxconn`.
    pub conns: Limit,
    /// By front end.
    pub frontends: Vec<FrontendState>,
    /// By listener: connections, limited by its `maxconn`.
    pub listeners: Vec<Limit>,
    /// Connections accepted since the start.
    pub connections: AtomicU64,
    /// Requests since the start.
    pub requests: AtomicU64,
    /// Connections of each thread, to give new ones to the least loaded.
    pub loads: Vec<Gauge>,
    /// No new connections; idle ones close, busy ones after their answer.
    pub stopping: AtomicBool,
    /// Idle server connections, by thread.
    pub idle: Vec<Arc<super::pool::IdleCounts>>,
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
    /// For a plan, with the process-wide limit and the number of threads.
    pub fn new(plan: Arc<Plan>, hub: Arc<Hub>, maxconn: u32, threads: usize) -> Arc<Shared> {
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
            hub,
            conns: Limit::new(maxconn),
            frontends,
            connections: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            loads: (0..threads).map(|_| Gauge::default()).collect(),
            stopping: AtomicBool::new(false),
            events: super::events::Events::default(),
            stats: OnceLock::new(),
            started_ms: crate::base::clock::now_ms(),
            streams: AtomicU32::new(0),
        })
    }

    /// Whether the process is stopping.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// A number for a new stream.
    pub fn next_stream(&self) -> u32 {
        self.streams.fetch_add(1, Ordering::Relaxed)
    }
}

//! What all threads share about back ends.

use super::algorithm::{Algorithm, AlgorithmEntry, Ask, Desk, Facts, Pick, Setup};
use super::counters::{BackendCounters, Gauge};
use super::hash::HashType;
use super::observe::Sight;
use super::queue::Queues;
pub use super::server::{Admin, Operational, ServerSettings, ServerState, WEIGHT_SCALE};
use super::slot::{Cut, Wake};
use crate::base::growing::Growing;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU32,
    Ordering::{Relaxed, SeqCst},
};

/// What a back end is made from.
#[derive(Clone)]
pub struct BackendSettings {
    /// Its place in the plan, handed to [`Wake::cut`].
    pub id: u32,
    /// Its name.
    pub name: Box<str>,
    /// The algorithm.
    pub algorithm: &'static AlgorithmEntry,
    /// `option allbackups`
    pub allbackups: bool,
    /// `fullconn`; 0: never reached, so that servers keep to minconn
    pub fullconn: u32,
    /// `hash-type`, `hash-balance-factor`
    pub hash: HashType,
    /// `random(DRAWS)`, at least 1
    pub draws: u32,
    /// Where `random` begins.
    pub seed: u64,
}

impl Default for BackendSettings {
    fn default() -> Self {
        BackendSettings {
            id: 0,
            name: "".into(),
            algorithm: &super::roundrobin::ENTRY,
            allbackups: false,
            fullconn: 0,
            hash: HashType::default(),
            draws: super::random::DRAWS,
            seed: 1,
        }
    }
}

/// A server and its back end before a change, to count what it came to.
struct Before {
    running: bool,
    since: u64,
    lost: bool,
}

impl Before {
    fn of(backend: &BackendState, server: &ServerState) -> Before {
        Before {
            running: server.running(),
            since: server.last_change(),
            lost: backend.is_down(),
        }
    }

    /// Changes to DOWN and the time until they ended.
    fn count(&self, backend: &BackendState, server: &ServerState, now_ms: u64) {
        match (self.running, server.running()) {
            (true, false) if server.operational() == Operational::Stopped => {
                server.counters.went_down.inc();
            }
            (false, true) => server
                .counters
                .downtime
                .add(now_ms.saturating_sub(self.since)),
            _ => {}
        }
        let counters = &backend.counters;
        match (self.lost, backend.is_down()) {
            (false, true) => {
                counters.went_down.inc();
                counters.last_change.set(now_ms);
            }
            (true, false) => {
                let since = counters.last_change.last().unwrap_or(now_ms);
                counters.downtime.add(now_ms.saturating_sub(since));
                counters.last_change.set(now_ms);
            }
            _ => {}
        }
    }
}

/// The order of choice, under one lock.
struct Order {
    active: Box<dyn Algorithm>,
    backup: Box<dyn Algorithm>,
    /// The first usable backup server in the file's order.
    first_backup: Option<u32>,
}

/// What an algorithm may do and see while it chooses.
struct Counter<'a> {
    backend: &'a BackendState,
    now_ms: u64,
}

impl Desk for Counter<'_> {
    fn take(&mut self, server: u32) -> bool {
        let b = self.backend;
        b.server(server)
            .is_some_and(|s| s.queued.load(Relaxed) == 0 && b.reserve(s))
    }
    fn load(&self, server: u32) -> u32 {
        self.backend.server(server).map_or(0, |s| s.load())
    }
    fn served(&self, server: u32) -> u32 {
        self.backend.server(server).map_or(0, |s| s.served())
    }
    fn all_served(&self) -> u32 {
        self.backend.served()
    }
    fn full(&self, server: u32) -> bool {
        let server = self.backend.server(server);
        server.is_some_and(|s| s.maxconn() > 0 && s.served() >= s.maxconn())
    }
    fn queue_full(&self, server: u32) -> bool {
        let server = self.backend.server(server);
        server.is_some_and(|s| s.maxconn() > 0 && s.maxqueue() > 0 && s.queued() >= s.maxqueue())
    }
    fn rate(&self, server: u32) -> u32 {
        let server = self.backend.server(server);
        server.map_or(0, |s| s.counters.rate.now(self.now_ms))
    }
}

/// The index at a place of an order; what came after the order was noted follows by index.
fn nth(order: &Option<Arc<[usize]>>, n: usize) -> usize {
    let noted = order.as_ref().and_then(|o| o.get(n));
    noted.copied().unwrap_or(n)
}

/// Bits of a back end's standing.
const UNPUBLISHED: u8 = 1;
const DELETED: u8 = 2;

/// One back end, shared by all threads.
pub struct BackendState {
    id: u32,
    /// Its name.
    pub name: Box<str>,
    /// Requests being handled by the back end, queued ones included (`scur`, be_conn of the log).
    pub sessions: Gauge,
    /// Sums for statistics.
    pub counters: BackendCounters,
    servers: Growing<Arc<ServerState>>,
    /// Withheld from rules that choose a back end, or deleted.
    standing: AtomicU8,
    /// Some deleted server has come back: servers no longer came in the order of their indexes.
    came_back: AtomicBool,
    /// The indexes in the order in which the servers came, as of when the last one came back.
    arrivals: Mutex<Arc<[usize]>>,
    allbackups: bool,
    wants_load: bool,
    any_will_do: bool,
    fullconn: AtomicU32,
    usable_active: AtomicU32,
    usable_backup: AtomicU32,
    order: Mutex<Order>,
    pub(super) queues: Mutex<Queues>,
    /// Requests in the back end's own queue.
    pub(super) queued: AtomicU32,
    pub(super) queued_max: AtomicU32,
    /// Requests in the back end's and its servers' queues together.
    pub(super) waiting: AtomicU32,
    pub(super) wake: Arc<dyn Wake>,
}

impl BackendState {
    /// A back end with its servers in the file's order. `wake` is called when a waiting request
    /// may go on.
    pub fn new(
        settings: BackendSettings,
        servers: impl IntoIterator<Item = ServerSettings>,
        wake: Arc<dyn Wake>,
    ) -> Arc<Self> {
        let servers: Growing<Arc<ServerState>> = servers
            .into_iter()
            .zip(0u32..)
            .map(|(s, i)| Arc::new(ServerState::new(i, s)))
            .collect();
        let facts: Vec<Facts> = servers.iter().map(|s| s.facts()).collect();
        let turn = Arc::default();
        let make = || {
            (settings.algorithm.make)(&Setup {
                servers: &facts,
                hash: &settings.hash,
                draws: settings.draws,
                seed: settings.seed,
                turn: &turn,
            })
        };
        let backend = BackendState {
            id: settings.id,
            name: settings.name,
            sessions: Gauge::default(),
            counters: BackendCounters::default(),
            allbackups: settings.allbackups,
            wants_load: settings.algorithm.wants_load,
            any_will_do: settings.algorithm.any_will_do,
            fullconn: AtomicU32::new(settings.fullconn),
            usable_active: AtomicU32::new(0),
            usable_backup: AtomicU32::new(0),
            order: Mutex::new(Order {
                active: make(),
                backup: make(),
                first_backup: None,
            }),
            queues: Mutex::new(Queues::new(servers.len())),
            queued: AtomicU32::new(0),
            queued_max: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
            servers,
            standing: AtomicU8::new(0),
            came_back: AtomicBool::new(false),
            arrivals: Mutex::new(Arc::new([])),
            wake,
        };
        for s in backend.servers.iter() {
            backend.reorder(s, || {});
        }
        {
            let mut order = backend.order.lock();
            order.active.start();
            order.backup.start();
        }
        Arc::new(backend)
    }

    /// `fullconn`
    pub fn fullconn(&self) -> u32 {
        self.fullconn.load(Relaxed)
    }
    /// Sets what `fullconn` comes to, once the process knows how many connections it takes.
    pub fn set_fullconn(&self, n: u32) {
        self.fullconn.store(n, Relaxed);
    }
    /// All servers in the file's order, those added at run time behind them, deleted ones too.
    pub fn servers(&self) -> &Growing<Arc<ServerState>> {
        &self.servers
    }
    /// The servers that have not been deleted.
    pub fn present(&self) -> impl Iterator<Item = &Arc<ServerState>> + Clone {
        let order = self.order_of_arrival();
        let all = (0..self.servers.len()).filter_map(move |n| self.servers.get(nth(&order, n)));
        all.filter(|s| !s.is_removed())
    }
    /// The index of the server that came as the `n`th, deleted ones counted too.
    pub fn nth(&self, n: usize) -> usize {
        nth(&self.order_of_arrival(), n)
    }
    fn order_of_arrival(&self) -> Option<Arc<[usize]>> {
        let back = self.came_back.load(Relaxed);
        back.then(|| Arc::clone(&self.arrivals.lock()))
    }
    /// One server.
    pub fn server(&self, index: u32) -> Option<&Arc<ServerState>> {
        self.servers.get(index as usize)
    }
    /// Usable active servers (`act` of the CSV).
    pub fn usable_active(&self) -> u32 {
        self.usable_active.load(Relaxed)
    }
    /// Usable backup servers (`bck` of the CSV).
    pub fn usable_backup(&self) -> u32 {
        self.usable_backup.load(Relaxed)
    }
    /// Whether the algorithm means no server in particular: after a failure another may be asked
    /// at once.
    pub fn any_will_do(&self) -> bool {
        self.any_will_do
    }
    /// Whether no server can be chosen.
    pub fn is_down(&self) -> bool {
        self.usable_active.load(SeqCst) == 0 && self.usable_backup.load(SeqCst) == 0
    }
    /// Slots held on all servers.
    pub fn served(&self) -> u32 {
        self.servers.iter().map(|s| s.served()).sum()
    }
    /// Requests in the back end's own queue (`qcur`).
    pub fn queued(&self) -> u32 {
        self.queued.load(Relaxed)
    }
    /// The most of them so far (`qmax`).
    pub fn queued_max(&self) -> u32 {
        self.queued_max.load(Relaxed)
    }
    /// Forgets the most that were queued or served at a time, here and on the servers.
    pub fn clear_peaks(&self) {
        self.queued_max.store(self.queued(), Relaxed);
        for server in self.servers.iter() {
            server.served_max.store(server.served(), Relaxed);
            server.queued_max.store(server.queued(), Relaxed);
        }
    }
    /// Requests in all queues of the back end.
    pub fn waiting(&self) -> u32 {
        self.waiting.load(SeqCst)
    }

    /// The number of requests a server may serve now: `maxconn`, or between `minconn` and
    /// `maxconn` in proportion to how many of `fullconn` requests the back end handles
    /// (configuration manual 5.2 `minconn`). `None`: no limit.
    pub fn limit(&self, server: &ServerState) -> Option<u32> {
        let mut max = server.maxconn();
        if max == 0 {
            return None;
        }
        if server.is_starting() {
            max = server.slow_limit(max);
        }
        let (min, full, cur) = (
            server.minconn().min(max),
            self.fullconn.load(Relaxed),
            self.sessions.cur(),
        );
        if min == max || cur >= full {
            return Some(max);
        }
        let share = u64::from(cur) * u64::from(max) / u64::from(full);
        Some(min.max(u32::try_from(share).unwrap_or(max)))
    }

    /// Takes a slot of a server if its limit allows. Does not look at queues.
    pub(super) fn reserve(&self, server: &ServerState) -> bool {
        let now = match self.limit(server) {
            None => server.served.fetch_add(1, SeqCst) + 1,
            Some(limit) => {
                let up = |n: u32| (n < limit).then_some(n + 1);
                match server.served.fetch_update(SeqCst, SeqCst, up) {
                    Ok(n) => n + 1,
                    Err(_) => return false,
                }
            }
        };
        if now > server.served_max.load(Relaxed) {
            server.served_max.fetch_max(now, Relaxed);
        }
        true
    }

    /// Whether a request of the back end's queue could be served there now.
    pub(super) fn has_room(&self, server: &ServerState) -> bool {
        server.queued.load(SeqCst) == 0
            && self
                .limit(server)
                .is_none_or(|l| server.served.load(SeqCst) < l)
            && self.in_use(server)
    }

    /// Chooses by the algorithm and takes a slot there. Servers without a free slot, and those
    /// that others already wait for, are passed over.
    pub(super) fn choose(&self, ask: Ask, now_ms: u64) -> Option<Pick> {
        let mut order = self.order.lock();
        let mut desk = Counter {
            backend: self,
            now_ms,
        };
        let order = &mut *order;
        let group = if self.usable_active() > 0 {
            &mut order.active
        } else if self.allbackups {
            &mut order.backup
        } else {
            let first = order.first_backup?;
            return match desk.take(first) {
                true => Some(Pick::Taken(first)),
                false => ask.key.map(|_| Pick::Wait(first)),
            };
        };
        let pick = group.pick(ask, &mut desk)?;
        if self.wants_load
            && let Pick::Taken(chosen) = pick
            && let Some(s) = self.server(chosen)
        {
            group.load(chosen, s.load());
        }
        Some(pick)
    }

    /// Tells the algorithm of a changed load.
    pub(super) fn load_changed(&self, server: &ServerState) {
        if self.wants_load {
            let mut order = self.order.lock();
            let group = if server.backup {
                &mut order.backup
            } else {
                &mut order.active
            };
            group.load(server.index, server.load());
        }
    }

    /// Whether requests of the back end's queue may go to this server: it is usable and in the
    /// group that is chosen from now.
    pub(super) fn in_use(&self, server: &ServerState) -> bool {
        server.usable()
            && (!server.backup
                || (self.usable_active() == 0
                    && (self.allbackups || self.order.lock().first_backup == Some(server.index))))
    }

    /// Applies a change to a server under the order lock and works out the usable set anew.
    fn reorder(&self, server: &ServerState, change: impl FnOnce()) {
        let mut order = self.order.lock();
        change();
        server.generation.fetch_add(1, Relaxed);
        let weight = if server.usable() {
            server.effective_weight()
        } else {
            0
        };
        let group = if server.backup {
            &mut order.backup
        } else {
            &mut order.active
        };
        group.set_weight(server.index, weight, server.load());
        let mut usable = [0u32; 2];
        let mut first = None;
        for s in self.servers.iter().filter(|s| s.usable()) {
            usable[usize::from(s.backup)] += 1;
            if s.backup && first.is_none() {
                first = Some(s.index);
            }
        }
        order.first_backup = first;
        self.usable_active.store(usable[0], SeqCst);
        self.usable_backup.store(usable[1], SeqCst);
    }

    /// Adds a server at run time. It is in maintenance, so nobody is sent there before it is
    /// brought up; its index is that of no other server ever. `None`: there are too many.
    pub fn add(&self, settings: ServerSettings, now_ms: u64) -> Option<Arc<ServerState>> {
        let mut order = self.order.lock();
        let mut queues = self.queues.lock();
        let index = u32::try_from(self.servers.len()).ok()?;
        let server = Arc::new(ServerState::new(index, settings));
        server.arrives();
        server.last_change.store(now_ms, Relaxed);
        order.active.enter(server.facts());
        order.backup.enter(server.facts());
        queues.enter();
        self.servers.push(Arc::clone(&server))?;
        Some(server)
    }

    /// Deletes a server that is in maintenance and that nobody uses or waits for.
    pub fn remove(&self, server: &ServerState) {
        let admin = server.admin() | Admin::REMOVED;
        server.admin.store(admin.bits(), SeqCst);
    }

    /// Takes a deleted server back, as new and as the last of all.
    pub fn restore(&self, server: &ServerState, settings: ServerSettings, now_ms: u64) {
        self.reorder(server, || server.renew(settings, now_ms));
        let order = self.order_of_arrival();
        let all = (0..self.servers.len()).map(|n| nth(&order, n));
        let own = server.index as usize;
        let order = all.filter(|at| *at != own).chain([own]).collect();
        *self.arrivals.lock() = order;
        self.came_back.store(true, Relaxed);
    }

    /// Whether rules may choose this back end.
    pub fn is_published(&self) -> bool {
        self.standing.load(Relaxed) == 0
    }
    /// Lets rules choose this back end, or not.
    pub fn publish(&self, published: bool) {
        match published {
            true => self.standing.fetch_and(!UNPUBLISHED, SeqCst),
            false => self.standing.fetch_or(UNPUBLISHED, SeqCst),
        };
    }
    /// Whether it was deleted at run time.
    pub fn is_removed(&self) -> bool {
        self.standing.load(Relaxed) & DELETED != 0
    }
    /// Deletes it: nothing knows it any more.
    pub fn delete(&self) {
        self.standing.fetch_or(DELETED | UNPUBLISHED, SeqCst);
    }

    /// What checks say changed. Waiting requests are let in where there is room now; the return
    /// value is how many requests left the queue of a server that went down for another server.
    pub fn set_operational(&self, server: &ServerState, to: Operational, now_ms: u64) -> u32 {
        let before = Before::of(self, server);
        let was_running = before.running;
        let fresh = server.operational() == Operational::Stopped && to == Operational::Running;
        let to = match fresh && server.slowstart > 0 {
            true => Operational::Starting,
            false => to,
        };
        self.reorder(server, || {
            server.operational.store(to as u8, SeqCst);
            server.last_change.store(now_ms, Relaxed);
            server.weigh(now_ms);
        });
        before.count(self, server, now_ms);
        self.after_change(server, was_running)
    }

    /// What traffic shows of a server.
    #[cold]
    pub fn observed(&self, server: &ServerState, sight: Sight) {
        let observer = server.observer.as_ref();
        if observer.is_some_and(|o| o.saw(sight)) {
            self.wake.observed(self.id, server.index, sight.words());
        }
    }

    /// What administrators say changed; returns as [`BackendState::set_operational`].
    pub fn set_admin(&self, server: &ServerState, to: Admin, now_ms: u64) -> u32 {
        let before = Before::of(self, server);
        let was_running = before.running;
        self.reorder(server, || {
            let from = server.admin();
            server.set_admin(to);
            // drain is no change of state (observed on 3.4)
            if (from ^ to).intersects(Admin::ANY_MAINT) {
                server.last_change.store(now_ms, Relaxed);
            }
            let back = !was_running && server.running();
            if back && server.slowstart > 0 && server.operational() == Operational::Running {
                server
                    .operational
                    .store(Operational::Starting as u8, SeqCst);
            }
            server.weigh(now_ms);
        });
        before.count(self, server, now_ms);
        self.after_change(server, was_running)
    }

    /// Changes the weight (0 to 256).
    pub fn set_weight(&self, server: &ServerState, weight: u32) {
        self.reorder(server, || {
            server.weight.store(weight, SeqCst);
            server.apply_step();
        });
        self.after_change(server, server.running());
    }

    /// Goes one step up the ramp of `slowstart`; to be called about once a second while
    /// [`ServerState::is_starting`].
    pub fn warm(&self, server: &ServerState, now_ms: u64) {
        let before = server.effective_weight();
        self.reorder(server, || server.weigh(now_ms));
        // more of its places may be used, even where the weight is the same
        if server.effective_weight() != before || self.waiting() > 0 {
            self.dispatch(server.index);
        }
    }

    /// Changes `maxconn` (0: no limit), and `minconn` with it where there was none of its own.
    pub fn set_maxconn(&self, server: &ServerState, maxconn: u32) {
        if server.minconn() == server.maxconn() {
            server.minconn.store(maxconn, SeqCst);
        }
        server.maxconn.store(maxconn, SeqCst);
        self.dispatch(server.index);
    }

    fn after_change(&self, server: &ServerState, was_running: bool) -> u32 {
        if server.is_followed() {
            self.wake.changed(self.id, server.index);
        }
        match (was_running, server.running()) {
            (true, false) if server.shutdown_on_down => {
                self.wake.cut(self.id, server.index, Cut::Down);
            }
            (false, true) if server.shutdown_backup_on_up => {
                for s in self.servers.iter().filter(|s| s.backup) {
                    self.wake.cut(self.id, s.index, Cut::Up);
                }
            }
            _ => {}
        }
        if self.waiting() == 0 {
            return 0;
        }
        let mut requeued = 0;
        if was_running && !server.running() {
            // Maintenance sends everybody away, a failed check only those that may leave (3.4).
            let all = server.admin().intersects(Admin::ANY_MAINT);
            requeued = self.redistribute(server, all);
        }
        if self.is_down() {
            self.give_up();
        }
        // HAProxy leaves requests waiting here until some slot is freed, even when another group
        // of servers has just come into use and stands idle. Nobody relies on that.
        self.dispatch_all();
        requeued
    }
}

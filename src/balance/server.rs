//! What all threads share about a server.

use super::algorithm::Facts;
use super::counters::{LastCheck, ServerCounters};
use super::observe::Observer;
use super::ring::PLACES;
use crate::ir;
use crate::ir::server::Observe;
use bitflags::bitflags;
use parking_lot::Mutex;
use std::net::IpAddr;
use std::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU32, AtomicU64,
    Ordering::{Relaxed, SeqCst},
};

/// Steps of an effective weight within one step of the configured weight, so that slow start can
/// grow finely.
pub const WEIGHT_SCALE: u32 = 16;

/// What checks say about a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Operational {
    /// `DOWN`
    Stopped = 0,
    /// UP again, weight growing (`slowstart`)
    Starting = 1,
    /// `UP`
    Running = 2,
    /// `NOLB`: answers 404 to checks, finishes what persists on it
    Stopping = 3,
}

impl Operational {
    fn from_u8(v: u8) -> Self {
        match v {
            0 => Operational::Stopped,
            1 => Operational::Starting,
            3 => Operational::Stopping,
            _ => Operational::Running,
        }
    }
}

bitflags! {
    /// What administrators say about a server.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Admin: u8 {
        /// Maintenance by the runtime API.
        const MAINT = 1;
        /// Maintenance by `disabled` in the configuration.
        const CONFIG_MAINT = 2;
        /// Maintenance inherited from a tracked server.
        const TRACKED_MAINT = 4;
        /// Maintenance because its name does not resolve.
        const RESOLVE_MAINT = 8;
        /// Drain by the runtime API.
        const DRAIN = 16;
        /// Drain inherited from a tracked server.
        const TRACKED_DRAIN = 32;
        /// Deleted by the runtime API: nothing knows it any more.
        const REMOVED = 64;
        /// Any reason for maintenance.
        const ANY_MAINT = 1 | 2 | 4 | 8 | 64;
        /// Any reason for drain.
        const ANY_DRAIN = 16 | 32;
    }
}

/// What a server is made from.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Its name.
    pub name: Box<str>,
    /// `id`
    pub id: u32,
    /// `weight`, 0 to 256
    pub weight: u32,
    /// `maxconn`; 0: no limit
    pub maxconn: u32,
    /// `minconn`; 0: as maxconn
    pub minconn: u32,
    /// `maxqueue`; 0: no limit
    pub maxqueue: u32,
    /// Value of the persistence cookie (made by the caller for `dynamic`).
    pub cookie: Option<Box<[u8]>>,
    /// `backup`
    pub backup: bool,
    /// `disabled`
    pub disabled: bool,
    /// Has health checks.
    pub checked: bool,
    /// `slowstart`, ms; 0: none
    pub slowstart: u32,
    /// `on-marked-down shutdown-sessions`
    pub shutdown_on_down: bool,
    /// `on-marked-up shutdown-backup-sessions`
    pub shutdown_backup_on_up: bool,
    /// Where its places on the ring begin; `None`: as its `id` says (`hash-key`).
    pub place: Option<u32>,
    /// Has an agent.
    pub agent: bool,
    /// `observe` and `error-limit`
    pub observe: Option<(Observe, u32)>,
    /// `init-state`: the score of its checks, and whether it is up.
    pub begins: Option<(u32, bool)>,
}

impl Default for ServerSettings {
    fn default() -> Self {
        ServerSettings {
            name: "".into(),
            id: 0,
            weight: 1,
            maxconn: 0,
            minconn: 0,
            maxqueue: 0,
            cookie: None,
            backup: false,
            disabled: false,
            checked: false,
            slowstart: 0,
            shutdown_on_down: false,
            shutdown_backup_on_up: false,
            place: None,
            agent: false,
            observe: None,
            begins: None,
        }
    }
}

impl From<&ir::Server> for ServerSettings {
    fn from(s: &ir::Server) -> Self {
        ServerSettings {
            name: s.name.as_str().into(),
            id: s.id,
            weight: s.weight,
            maxconn: s.maxconn.unwrap_or(0),
            minconn: s.minconn.unwrap_or(0),
            maxqueue: s.maxqueue.unwrap_or(0),
            cookie: s.cookie.as_deref().map(Into::into),
            backup: s.backup,
            disabled: s.disabled,
            checked: s.check.is_some(),
            slowstart: s.slowstart.unwrap_or(0),
            shutdown_on_down: s.shutdown_on_down,
            shutdown_backup_on_up: s.shutdown_backup_on_up,
            place: None,
            agent: s.agent.is_some(),
            observe: s.observe.map(|what| (what, s.error_limit)),
            begins: s.init_state.map(|state| {
                let (rise, fall) = s.check.as_ref().map_or((2, 3), |c| (c.rise, c.fall));
                (state.score(rise, fall), state.is_up())
            }),
        }
    }
}

/// One server, shared by all threads.
#[derive(Debug)]
pub struct ServerState {
    /// Its place in [`BackendState::servers`].
    pub index: u32,
    /// Its name.
    pub name: Box<str>,
    /// `id`
    pub id: u32,
    /// Where its places on the ring of `hash-type consistent` begin.
    pub place: u32,
    /// Value of its persistence cookie.
    pub cookie: Option<Box<[u8]>>,
    /// `backup`
    pub backup: bool,
    /// Has health checks.
    pub checked: bool,
    /// `slowstart`, ms; 0: none
    pub slowstart: u32,
    /// `on-marked-down shutdown-sessions`
    pub shutdown_on_down: bool,
    /// `on-marked-up shutdown-backup-sessions`
    pub shutdown_backup_on_up: bool,
    /// Open connections, counted only with `strict-maxconn`.
    open: AtomicU32,
    /// How far `slowstart` has come, percent.
    ramp: AtomicU8,
    /// The share of its weight that it has, in [`WEIGHT_SCALE`]ths.
    step: AtomicU32,
    /// Counts every change of state or weight: who keeps something derived compares it.
    pub generation: AtomicU32,
    /// Sums for statistics.
    pub counters: ServerCounters,
    pub(super) served: AtomicU32,
    pub(super) served_max: AtomicU32,
    /// Requests in its own queue.
    pub(super) queued: AtomicU32,
    pub(super) queued_max: AtomicU32,
    pub(super) maxconn: AtomicU32,
    pub(super) minconn: AtomicU32,
    pub(super) maxqueue: AtomicU32,
    pub(super) operational: AtomicU8,
    pub(super) admin: AtomicU8,
    pub(super) weight: AtomicU32,
    pub(super) effective: AtomicU32,
    pub(super) last_change: AtomicU64,
    score: AtomicU32,
    checks_paused: AtomicBool,
    checking: AtomicBool,
    followed: AtomicBool,
    hurry: AtomicBool,
    /// The task of its checks.
    task: AtomicU64,
    /// `init-state`: the score of its checks with which it begins, and whether it is up then.
    pub begins: Option<(u32, bool)>,
    /// It was added at run time and nobody has brought it up since.
    fresh: AtomicBool,
    /// Counts what traffic shows (`observe`).
    pub observer: Option<Box<Observer>>,
    /// What its agent says; `None` without one.
    pub agent: Option<Box<AgentState>>,
}

/// What the agent of a server says.
#[derive(Debug)]
pub struct AgentState {
    up: AtomicBool,
    spoken: AtomicBool,
    paused: AtomicBool,
    asked: AtomicBool,
    /// The last answer, `None` before it.
    pub last: Mutex<Option<LastCheck>>,
    /// `set server agent-send`, `agent-addr`, `agent-port`
    pub changed: Mutex<AgentChanges>,
}

/// How an administrator has changed the way an agent is asked.
#[derive(Clone, Debug, Default)]
pub struct AgentChanges {
    /// What is sent.
    pub send: Option<Vec<u8>>,
    /// Where it is.
    pub host: Option<IpAddr>,
    /// Its port.
    pub port: Option<u16>,
}

impl AgentState {
    fn new() -> AgentState {
        AgentState {
            up: AtomicBool::new(true),
            spoken: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            asked: AtomicBool::new(false),
            last: Mutex::default(),
            changed: Mutex::default(),
        }
    }
    /// Forgets what it said and how an administrator changed it; it is not asked then.
    fn renew(&self) {
        self.up.store(true, Relaxed);
        self.spoken.store(false, Relaxed);
        self.paused.store(true, Relaxed);
        *self.last.lock() = None;
        *self.changed.lock() = AgentChanges::default();
    }
    /// Whether no task asks it yet; there is to be one from now.
    pub fn wants_task(&self) -> bool {
        !self.asked.swap(true, Relaxed)
    }
    /// The task that asks it has ended.
    pub fn task_ended(&self) {
        self.asked.store(false, Relaxed);
    }
    /// Whether the agent lets the server be used.
    pub fn is_up(&self) -> bool {
        self.up.load(Relaxed)
    }
    /// The agent, or an administrator in its place, decides.
    pub fn set_up(&self, up: bool) {
        self.up.store(up, Relaxed);
    }
    /// Whether it ever said a word.
    pub fn has_spoken(&self) -> bool {
        self.spoken.load(Relaxed)
    }
    /// It says something.
    pub fn speaks(&self) {
        self.spoken.store(true, Relaxed);
    }
    /// Whether an administrator has stopped asking it.
    pub fn is_paused(&self) -> bool {
        self.paused.load(Relaxed)
    }
    /// Stops asking it, or goes on.
    pub fn pause(&self, pause: bool) {
        self.paused.store(pause, Relaxed);
    }
}

impl ServerState {
    pub(super) fn new(index: u32, s: ServerSettings) -> Self {
        // "minconn" alone, or above maxconn, is the limit itself.
        let (minconn, maxconn) = match (s.minconn, s.maxconn) {
            (0, max) => (max, max),
            (min, max) if min >= max => (min, min),
            (min, max) => (min, max),
        };
        let admin = if s.disabled {
            Admin::CONFIG_MAINT
        } else {
            Admin::empty()
        };
        ServerState {
            index,
            name: s.name,
            id: s.id,
            place: s.place.unwrap_or(s.id.wrapping_mul(PLACES)),
            cookie: s.cookie,
            backup: s.backup,
            checked: s.checked,
            slowstart: s.slowstart,
            shutdown_on_down: s.shutdown_on_down,
            shutdown_backup_on_up: s.shutdown_backup_on_up,
            open: AtomicU32::new(0),
            ramp: AtomicU8::new(100),
            step: AtomicU32::new(WEIGHT_SCALE),
            generation: AtomicU32::new(0),
            counters: ServerCounters::default(),
            served: AtomicU32::new(0),
            served_max: AtomicU32::new(0),
            queued: AtomicU32::new(0),
            queued_max: AtomicU32::new(0),
            maxconn: AtomicU32::new(maxconn),
            minconn: AtomicU32::new(minconn),
            maxqueue: AtomicU32::new(s.maxqueue),
            operational: AtomicU8::new(match s.begins {
                Some((_, false)) => Operational::Stopped as u8,
                _ => Operational::Running as u8,
            }),
            admin: AtomicU8::new(admin.bits()),
            weight: AtomicU32::new(s.weight),
            effective: AtomicU32::new(s.weight * WEIGHT_SCALE),
            last_change: AtomicU64::new(0),
            score: AtomicU32::new(s.begins.map_or(0, |(score, _)| score)),
            begins: s.begins,
            fresh: AtomicBool::new(false),
            checks_paused: AtomicBool::new(false),
            checking: AtomicBool::new(false),
            followed: AtomicBool::new(false),
            hurry: AtomicBool::new(false),
            task: AtomicU64::new(0),
            observer: s
                .observe
                .map(|(what, limit)| Box::new(Observer::new(what, limit))),
            agent: s.agent.then(|| Box::new(AgentState::new())),
        }
    }

    /// Forgets everything that happened to it; it is in maintenance then.
    pub(super) fn renew(&self, settings: ServerSettings, now_ms: u64) {
        let new = ServerState::new(self.index, settings);
        for (own, fresh) in [
            (&self.maxconn, &new.maxconn),
            (&self.minconn, &new.minconn),
            (&self.maxqueue, &new.maxqueue),
            (&self.weight, &new.weight),
            (&self.effective, &new.effective),
            (&self.step, &new.step),
            (&self.score, &new.score),
            (&self.served_max, &new.served_max),
            (&self.queued_max, &new.queued_max),
        ] {
            own.store(fresh.load(Relaxed), Relaxed);
        }
        self.operational
            .store(new.operational.load(Relaxed), Relaxed);
        self.ramp.store(100, Relaxed);
        self.last_change.store(now_ms, Relaxed);
        self.checks_paused.store(true, Relaxed);
        self.counters.clear(true);
        *self.counters.last_check.lock() = None;
        if let Some(agent) = &self.agent {
            agent.renew();
        }
        self.admin.store(new.admin().bits(), SeqCst);
        self.arrives();
    }

    /// Requests that hold one of its slots (`scur`, srv_conn of the log).
    pub fn served(&self) -> u32 {
        self.served.load(Relaxed)
    }
    /// The most of them so far (`smax`).
    pub fn served_max(&self) -> u32 {
        self.served_max.load(Relaxed)
    }
    /// Requests in its own queue (`qcur`).
    pub fn queued(&self) -> u32 {
        self.queued.load(Relaxed)
    }
    /// The most of them so far (`qmax`).
    pub fn queued_max(&self) -> u32 {
        self.queued_max.load(Relaxed)
    }
    /// `maxconn`; 0: no limit
    pub fn maxconn(&self) -> u32 {
        self.maxconn.load(Relaxed)
    }
    /// `minconn`
    pub fn minconn(&self) -> u32 {
        self.minconn.load(Relaxed)
    }
    /// `maxqueue`; 0: no limit
    pub fn maxqueue(&self) -> u32 {
        self.maxqueue.load(Relaxed)
    }
    /// What checks say.
    pub fn operational(&self) -> Operational {
        Operational::from_u8(self.operational.load(Relaxed))
    }
    /// What administrators say.
    pub fn admin(&self) -> Admin {
        Admin::from_bits_truncate(self.admin.load(Relaxed))
    }
    /// It was added at run time: in maintenance without ever having entered it.
    pub(super) fn arrives(&self) {
        // one that its line disables has entered maintenance
        let disabled = self.admin().contains(Admin::CONFIG_MAINT);
        self.fresh.store(!disabled, Relaxed);
        self.admin.store(Admin::MAINT.bits(), SeqCst);
    }
    /// Whether it was added at run time and nobody has brought it up since.
    pub fn is_fresh(&self) -> bool {
        self.fresh.load(Relaxed)
    }
    pub(super) fn set_admin(&self, to: Admin) {
        self.fresh.store(false, Relaxed);
        self.admin.store(to.bits(), SeqCst);
    }
    /// Whether it was deleted at run time.
    pub fn is_removed(&self) -> bool {
        self.admin().contains(Admin::REMOVED)
    }
    /// What algorithms are told of it once.
    pub(super) fn facts(&self) -> Facts {
        Facts {
            id: self.id,
            weight: self.weight(),
            place: self.place,
        }
    }
    /// The configured or set weight, 0 to 256.
    pub fn weight(&self) -> u32 {
        self.weight.load(Relaxed)
    }
    /// The weight the algorithm works with, in steps of 1/[`WEIGHT_SCALE`].
    pub fn effective_weight(&self) -> u32 {
        self.effective.load(Relaxed)
    }
    /// Counts a new connection, if `maxconn` allows one more (`strict-maxconn`).
    pub fn open_connection(&self) -> bool {
        let most = self.maxconn();
        let more = |n: u32| (most == 0 || n < most).then_some(n + 1);
        self.open.fetch_update(SeqCst, SeqCst, more).is_ok()
    }
    /// Counts a connection out.
    pub fn close_connection(&self) {
        self.open.fetch_sub(1, SeqCst);
    }
    /// Whether `slowstart` is under way.
    pub fn is_starting(&self) -> bool {
        self.operational() == Operational::Starting
    }
    /// The share of its weight that the algorithm works with (`throttle`), percent.
    pub fn throttle(&self) -> u32 {
        let full = self.weight() * WEIGHT_SCALE;
        match full {
            0 => 100,
            _ => self.effective_weight() * 100 / full,
        }
    }
    /// Works out the effective weight, and ends `slowstart` when its time is over. As in HAProxy
    /// 3.4 there are at most 20 steps, whole seconds count, and each 16th of the weight is reached
    /// when it is begun.
    pub(super) fn weigh(&self, now_ms: u64) {
        let mut share = WEIGHT_SCALE;
        if self.is_starting() {
            let whole = u64::from(self.slowstart.max(1));
            let step = (whole / 20).max(1000);
            let past = now_ms.saturating_sub(self.last_change()) / step * step / 1000 * 1000;
            if past >= whole {
                self.operational.store(Operational::Running as u8, Relaxed);
                self.ramp.store(100, Relaxed);
            } else {
                self.ramp.store((past * 100 / whole) as u8, Relaxed);
                share = ((u64::from(WEIGHT_SCALE) * past + whole) / whole) as u32;
            }
        }
        self.step.store(share, Relaxed);
        self.apply_step();
    }
    /// Works out the effective weight from the weight and the step reached.
    pub(super) fn apply_step(&self) {
        let due = self.weight() * self.step.load(Relaxed);
        self.effective.store(due, Relaxed);
    }
    /// What `slowstart` leaves of a limit.
    pub(super) fn slow_limit(&self, max: u32) -> u32 {
        let share = u64::from(max) * u64::from(self.ramp.load(Relaxed)) / 100;
        u32::try_from(share).unwrap_or(max).max(1)
    }
    /// When its state last changed, ms of `base::clock`.
    pub fn last_change(&self) -> u64 {
        self.last_change.load(Relaxed)
    }
    /// How far its checks have counted it up (`check_health`), 0 to `rise + fall - 1`.
    pub fn score(&self) -> u32 {
        self.score.load(Relaxed)
    }
    /// A check counted, or an administrator decided.
    pub fn set_score(&self, score: u32) {
        self.score.store(score, Relaxed);
    }
    /// Whether an administrator has stopped its checks.
    pub fn checks_paused(&self) -> bool {
        self.checks_paused.load(Relaxed)
    }
    /// Whether other servers follow it (`track`).
    pub fn is_followed(&self) -> bool {
        self.followed.load(Relaxed)
    }
    /// Another server follows it.
    pub fn set_followed(&self) {
        self.followed.store(true, Relaxed);
    }
    /// The task that checks it, as its token.
    pub fn checked_by(&self, task: u64) {
        self.task.store(task, Relaxed);
    }
    /// The task that checks it, as its token; `None`: there is none.
    pub fn check_task(&self) -> Option<u64> {
        Some(self.task.load(Relaxed)).filter(|task| *task != 0)
    }
    /// The next check is to come early; the token of the task to be woken for it.
    pub fn hurry(&self) -> Option<u64> {
        self.hurry.store(true, Relaxed);
        Some(self.task.load(Relaxed)).filter(|task| *task != 0)
    }
    /// Whether the next check is to come early, told once.
    pub fn take_hurry(&self) -> bool {
        self.hurry.swap(false, Relaxed)
    }
    /// Whether it has an agent that is asked.
    pub fn asks_agent(&self) -> bool {
        self.agent.as_ref().is_some_and(|a| !a.is_paused())
    }
    /// Whether its agent keeps it down.
    pub fn held_by_agent(&self) -> bool {
        let agent = self.agent.as_ref();
        agent.is_some_and(|a| !a.is_up() && !a.is_paused())
    }
    /// Whether a check is under way.
    pub fn checking(&self) -> bool {
        self.checking.load(Relaxed)
    }
    /// A check begins or has ended.
    pub fn set_checking(&self, under_way: bool) {
        self.checking.store(under_way, Relaxed);
    }
    /// Stops its checks, or lets them go on.
    pub fn pause_checks(&self, pause: bool) {
        self.checks_paused.store(pause, Relaxed);
    }
    /// Whether the algorithm may choose it: running, not in maintenance or drain, weight above 0.
    pub fn usable(&self) -> bool {
        self.effective_weight() > 0
            && matches!(
                self.operational(),
                Operational::Running | Operational::Starting
            )
            && self.admin().is_empty()
    }
    /// Whether a request that persists on it may go there: anything but `DOWN` and maintenance.
    pub fn running(&self) -> bool {
        self.operational() != Operational::Stopped && !self.admin().intersects(Admin::ANY_MAINT)
    }
    /// What algorithms call its load: requests served and queued.
    pub(super) fn load(&self) -> u32 {
        self.served
            .load(Relaxed)
            .saturating_add(self.queued.load(Relaxed))
    }
}

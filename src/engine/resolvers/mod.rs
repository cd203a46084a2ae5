//! Looks names up while the process runs (`resolvers`; HAProxy configuration manual 5.3): one task
//! on the first thread for each section, which asks for the names of servers again and again and
//! for those of `do-resolve` when they come. What it does in which order was observed on 3.4.

mod line;
mod lookup;
mod servers;
mod services;

use super::reactor::{NEVER, TaskRef, Worker};
use super::shared::Hub;
use super::thread::Thread;
use crate::action::Question;
use crate::balance::counters::Sum;
use crate::ir::resolvers::Families;
use crate::plan::resolvers::ResolversPlan;
use crate::plan::{BackendId, Plan, ServerAddress};
use crate::proto::dns::Kind;
use line::Line;
use lookup::Lookup;
use parking_lot::Mutex;
use servers::User;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, OnceLock};

/// What is counted of one name server (`show resolvers`).
#[derive(Debug, Default)]
pub struct NameserverCounters {
    /// Questions sent.
    pub sent: Sum,
    /// Questions that could not be sent.
    pub send_error: Sum,
    /// Answers with what was asked for.
    pub valid: Sum,
    /// Addresses of servers changed by them.
    pub update: Sum,
    /// Answers without any of it.
    pub any_err: Sum,
    /// `NXDOMAIN`
    pub nx: Sum,
    /// `REFUSED`
    pub refused: Sum,
    /// Other errors.
    pub other: Sum,
    /// Answers that are none.
    pub invalid: Sum,
    /// Answers longer than `accepted_payload_size`.
    pub too_big: Sum,
    /// Answers cut short.
    pub truncated: Sum,
    /// Answers that came too late.
    pub outdated: Sum,
}

impl NameserverCounters {
    /// Names and values in HAProxy's order; what 3.4 never counts is 0.
    pub fn all(&self) -> [(&'static str, u64); 15] {
        [
            ("sent", self.sent.total()),
            ("snd_error", self.send_error.total()),
            ("valid", self.valid.total()),
            ("update", self.update.total()),
            ("cname", 0),
            ("cname_error", 0),
            ("any_err", self.any_err.total()),
            ("nx", self.nx.total()),
            ("timeout", 0),
            ("refused", self.refused.total()),
            ("other", self.other.total()),
            ("invalid", self.invalid.total()),
            ("too_big", self.too_big.total()),
            ("truncated", self.truncated.total()),
            ("outdated", self.outdated.total()),
        ]
    }
}

/// What a section is to do besides its rounds.
enum Order {
    /// Look a name up (`do-resolve`).
    LookUp {
        name: Box<str>,
        kind: Kind,
        reply: Arc<Reply>,
    },
    /// A server has another name (`set server ... fqdn`).
    Renamed(BackendId, u32),
    /// A server does not answer its check: it may have another address by now.
    Hurry(BackendId, u32),
}

/// One section as all threads see it.
pub struct SectionState {
    /// By name server.
    pub counters: Vec<NameserverCounters>,
    orders: Mutex<Vec<Order>>,
    task: OnceLock<u64>,
}

impl SectionState {
    /// Before anything was asked.
    pub fn new(section: &ResolversPlan) -> SectionState {
        let zeros = section.nameservers.iter().map(|_| Default::default());
        SectionState {
            counters: zeros.collect(),
            orders: Mutex::default(),
            task: OnceLock::new(),
        }
    }

    fn order(&self, hub: &Hub, order: Order) {
        self.orders.lock().push(order);
        if let Some(task) = self.task.get() {
            hub.wake_task(TaskRef::from_token(*task));
        }
    }

    /// A server has another name now.
    pub fn renamed(&self, hub: &Hub, backend: BackendId, server: u32) {
        self.order(hub, Order::Renamed(backend, server));
    }
}

/// What comes of a look-up, for the task that waits.
pub struct Reply {
    task: TaskRef,
    found: Mutex<Option<Option<IpAddr>>>,
}

impl Reply {
    /// Waits for it; `None`: no address was found.
    pub async fn wait(&self, w: &'static Worker) -> Option<IpAddr> {
        loop {
            if let Some(found) = *self.found.lock() {
                return found;
            }
            w.park(NEVER).await;
        }
    }

    fn give(&self, hub: &Hub, found: Option<IpAddr>) {
        *self.found.lock() = Some(found);
        hub.wake_task(self.task);
    }
}

/// Asks for a name on behalf of the running task.
pub fn ask(t: &'static Thread, question: &Question) -> Arc<Reply> {
    let reply = Arc::new(Reply {
        task: t.worker.current(),
        found: Mutex::new(None),
    });
    match t.shared.resolvers.get(question.resolvers) {
        Some(section) => section.order(
            &t.shared.hub,
            Order::LookUp {
                name: question.name.clone(),
                kind: question.kind,
                reply: Arc::clone(&reply),
            },
        ),
        None => *reply.found.lock() = Some(None),
    }
    reply
}

/// A server did not answer its check in time: its name is looked up now.
pub fn hurry(t: &'static Thread, backend: BackendId, server: u32, section: usize) {
    if let Some(section) = t.shared.resolvers.get(section) {
        section.order(&t.shared.hub, Order::Hurry(backend, server));
    }
}

/// Starts the tasks if this thread is to have them.
pub fn start(t: &'static Thread) {
    if t.worker.id != 0 {
        return;
    }
    for index in 0..t.shared.plan.resolvers.len() {
        t.worker.spawn(run(t, index));
    }
}

/// How long is believed what was found about the way to IPv6, ms.
const FAMILIES_HOLD: u64 = 30_000;

/// One section at work.
struct Section {
    t: &'static Thread,
    plan: Arc<Plan>,
    index: usize,
    lines: Vec<Line>,
    lookups: Vec<Lookup>,
    /// Servers that have an address again, and are to be told so.
    ready: Vec<User>,
    /// Makes the ids of questions, which nobody may guess.
    ids: RandomState,
    asked: u64,
    /// Whether there is a way to IPv6, and until when that is believed.
    v6: (bool, u64),
}

async fn run(t: &'static Thread, index: usize) {
    let plan = Arc::clone(&t.shared.plan);
    let (Some(own), Some(state)) = (plan.resolvers.get(index), t.shared.resolvers.get(index))
    else {
        return;
    };
    // set once: there is one task
    let _ = state.task.set(t.worker.current().token());
    let most = usize::from(own.settings.payload) + 1;
    let mut section = Section {
        t,
        lines: own.nameservers.iter().map(Line::new).collect(),
        plan: Arc::clone(&plan),
        index,
        lookups: Vec::new(),
        ready: Vec::new(),
        ids: RandomState::new(),
        asked: 0,
        v6: (false, 0),
    };
    section.begin();
    let mut buffer = vec![0u8; most];
    loop {
        for order in std::mem::take(&mut *state.orders.lock()) {
            section.take(order);
        }
        for line in 0..section.lines.len() {
            section.listen(line, &mut buffer);
        }
        let now = t.worker.now_ms();
        let until = section.turn(now);
        section.welcome();
        t.worker.park(until).await;
    }
}

impl Section {
    fn settings(&self) -> Option<&crate::ir::resolvers::Resolvers> {
        self.plan.resolvers.get(self.index).map(|r| &r.settings)
    }

    fn count(&self, line: usize, f: impl Fn(&NameserverCounters)) {
        let all = &self.t.shared.resolvers;
        if let Some(counters) = all.get(self.index).and_then(|s| s.counters.get(line)) {
            f(counters);
        }
    }

    /// The names of servers.
    fn begin(&mut self) {
        let plan = Arc::clone(&self.plan);
        for be in &plan.backends {
            for (server, index) in be.servers.iter().zip(0u32..) {
                let Some(dns) = &server.dns else { continue };
                if dns.resolvers == self.index {
                    let user = User {
                        be: Arc::clone(be),
                        server: index,
                    };
                    match &dns.service {
                        Some(service) => self.enlist(user, service, Kind::Srv),
                        None => self.attach(user),
                    }
                }
            }
        }
    }

    fn take(&mut self, order: Order) {
        let now = self.t.worker.now_ms();
        match order {
            Order::LookUp { name, kind, reply } => self.look_up(&name, kind, reply, now),
            Order::Renamed(backend, server) => {
                if let Some(user) = self.user(backend, server) {
                    self.detach(&user);
                    self.attach(user);
                }
            }
            Order::Hurry(backend, server) => {
                let lookups = self.lookups.iter_mut();
                let mut its = lookups.filter(|l| {
                    let mut users = l.users.iter();
                    users.any(|u| u.be.id == backend && u.server == server)
                });
                if let Some(lookup) = its.next() {
                    lookup.next = now;
                }
            }
        }
    }

    fn user(&self, backend: BackendId, server: u32) -> Option<User> {
        let be = Arc::clone(self.plan.backend(backend)?);
        Some(User { be, server })
    }

    /// What is asked for first where a family is preferred, and whether the other one may follow.
    fn families(&mut self, preferred: Kind) -> (Kind, bool) {
        let (v4, v6) = match self.plan.global.settings.dns_families {
            Families::Only { v4, v6 } => (v4, v6),
            Families::Auto => (true, self.has_v6()),
        };
        match (preferred, v4, v6) {
            (Kind::Srv, ..) => (Kind::Srv, false),
            (kind, true, true) => (kind, true),
            (_, true, false) => (Kind::A, false),
            (_, false, true) => (Kind::Aaaa, false),
            (kind, false, false) => (kind, false),
        }
    }

    /// Whether this machine has a way to IPv6 addresses elsewhere. Nothing is sent.
    fn has_v6(&mut self) -> bool {
        let now = self.t.worker.now_ms();
        if now >= self.v6.1 {
            // an address for documentation (RFC 3849): only a default route leads there
            let anywhere = SocketAddr::from((Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 53));
            let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0));
            let found = socket.is_ok_and(|s| s.connect(anywhere).is_ok());
            self.v6 = (found, now + FAMILIES_HOLD);
        }
        self.v6.0
    }

    /// An id that nobody else can foresee.
    fn id(&mut self) -> u16 {
        self.asked += 1;
        self.ids.hash_one(self.asked) as u16
    }
}

/// The address of a place that has one.
fn ip_of(place: &ServerAddress) -> Option<IpAddr> {
    match place {
        ServerAddress::Inet(a) | ServerAddress::InetMapped(a, _) => Some(a.ip()),
        _ => None,
    }
}

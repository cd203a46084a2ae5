//! Starting and stopping the threads.

use super::check;
use super::http;
use super::listener::{self, Accepted};
use super::reactor::{InboxMessage, Sock, Worker};
use super::session::{self, FuturePool};
use super::shared::{Hub, Shared};
use super::spread::Spread;
use super::thread::Thread;
use crate::ir::proxy::{Mode, Options};
use crate::plan::{FrontendPlan, Plan};
use std::cell::{Cell, OnceCell};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread::JoinHandle;

/// The sockets of one listener: one per thread, or fewer that threads share.
pub struct Listening<'a> {
    /// Index in `Plan::listeners`.
    pub listener: usize,
    /// Bound, listening, non-blocking. The threads that the line lets accept share them out in
    /// order; each accepts from a copy of its own.
    pub sockets: &'a [OwnedFd],
}

/// Starts whatever answers an accepted connection, on the thread it is called on.
pub type Serve = Arc<dyn Fn(&'static Thread, OwnedFd) + Send + Sync>;

/// A socket of the process's own (the runtime API): the first thread accepts and answers.
pub struct Service {
    /// Bound, listening, non-blocking.
    pub socket: OwnedFd,
    /// What answers.
    pub serve: Serve,
}

/// What the engine is started with.
pub struct Config<'a> {
    /// What to execute.
    pub plan: Arc<Plan>,
    /// The hub that the plan's queues were made with.
    pub hub: Arc<Hub>,
    /// Sockets to accept from.
    pub listening: Vec<Listening<'a>>,
    /// Sockets of the process's own.
    pub services: Vec<Service>,
    /// Number of threads, at least 1.
    pub threads: usize,
    /// Most connections of the process; 0: no limit.
    pub maxconn: u32,
    /// Descriptors that this takes.
    pub descriptors: u32,
}

/// The running engine.
pub struct Engine {
    /// What its threads share.
    pub shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

/// Whether the caller runs on one of the engine's threads, which must never wait for the others.
pub(super) fn is_inside() -> bool {
    THREAD.with(|cell| cell.get().is_some())
}

/// Starts the session of an accepted HTTP connection.
type Spawn = dyn Fn(&'static Thread, Accepted, Arc<FrontendPlan>);

thread_local! {
    static THREAD: OnceCell<&'static Thread> = const { OnceCell::new() };
    static HTTP: OnceCell<Box<Spawn>> = const { OnceCell::new() };
}

/// Calls `f` with the thread's own context; does nothing on a thread that is not the engine's.
pub fn with_thread(f: impl FnOnce(&'static Thread)) {
    if let Some(t) = THREAD.with(|cell| cell.get().copied()) {
        f(t);
    }
}

/// Starts the threads.
///
/// # Errors
/// When the system refuses threads, epoll instances, or a socket's copy.
pub fn start(config: Config<'_>) -> io::Result<Engine> {
    let Config {
        plan,
        hub,
        listening,
        services,
        threads,
        maxconn,
        descriptors,
    } = config;
    let mut services = Some(services);
    let threads = threads.max(1);
    let shared = Shared::new(plan, hub, maxconn, descriptors, threads);
    super::log::ring::start(&shared.plan.rings);
    let groups = shared.plan.global.settings.thread_groups.unwrap_or(1);
    let mode = shared.plan.global.settings.tune.listener_multi_queue;
    let mut sockets: Vec<Vec<Accepting>> = (0..threads).map(|_| Vec::new()).collect();
    for l in listening {
        let n = l.sockets.len();
        if n == 0 {
            continue;
        }
        let accepting = match shared.plan.listeners.get(l.listener) {
            Some(plan) => plan.settings.accepting_threads(threads, groups),
            None => (0..threads).collect(),
        };
        let spread = Arc::new(Spread::new(mode, accepting.clone()));
        for (i, thread) in accepting.iter().enumerate() {
            let socket = l.sockets.get(i * n / accepting.len());
            if let (Some(fd), Some(list)) = (socket, sockets.get_mut(*thread)) {
                list.push(Accepting {
                    listener: l.listener,
                    socket: fd.try_clone()?,
                    spread: Arc::clone(&spread),
                });
            }
        }
    }
    let (ready, started) = std::sync::mpsc::channel();
    let mut handles = Vec::with_capacity(threads);
    for (id, sockets) in sockets.into_iter().enumerate() {
        let shared = Arc::clone(&shared);
        let services = services.take().unwrap_or_default();
        let ready = ready.clone();
        let handle = std::thread::Builder::new()
            .name(format!("hapax/{}", id + 1))
            .spawn(move || {
                let worker = match Worker::new(id) {
                    Ok(worker) => worker,
                    Err(e) => {
                        let _ = ready.send(Err(e));
                        return;
                    }
                };
                let t = Thread::new(worker, shared);
                THREAD.with(|cell| {
                    let _ = cell.set(t);
                });
                let _ = ready.send(Ok((id, Arc::clone(worker.inbox()))));
                drop(ready);
                run(t, sockets, services);
            })?;
        handles.push(handle);
    }
    drop(ready);
    let mut inboxes = Vec::new();
    for started in started {
        inboxes.push(started?);
    }
    inboxes.sort_by_key(|(id, _)| *id);
    shared
        .hub
        .start(inboxes.into_iter().map(|(_, inbox)| inbox).collect());
    for inbox in shared.hub.inboxes() {
        // the loops begin once everybody can be reached
        inbox.send(InboxMessage::Run(Box::new(|w: &'static Worker| {
            with_thread(|t| begin(t, w))
        })));
    }
    Ok(Engine {
        shared,
        threads: handles,
    })
}

/// A listening socket of one thread.
struct Accepting {
    listener: usize,
    socket: OwnedFd,
    spread: Arc<Spread>,
}

thread_local! {
    static SOCKETS: Cell<Vec<Accepting>> = const { Cell::new(Vec::new()) };
    static SERVICES: Cell<Vec<Service>> = const { Cell::new(Vec::new()) };
}

fn run(t: &'static Thread, sockets: Vec<Accepting>, services: Vec<Service>) {
    SOCKETS.set(sockets);
    SERVICES.set(services);
    pin(t);
    if let Err(e) = t
        .worker
        .run(t.shared.plan.global.settings.tune.maxpollevents as usize)
    {
        eprintln!(
            "hapax: the event loop of thread {} ended: {e}",
            t.worker.id + 1
        );
    }
}

/// `cpu-map`: the CPUs this thread may run on.
fn pin(t: &'static Thread) {
    use rustix::thread::{CpuSet, sched_setaffinity};
    let number = t.worker.id as u32 + 1;
    for map in &t.shared.plan.global.settings.cpu_map {
        let Some(place) = map.threads.iter().position(|n| *n == number) else {
            continue;
        };
        let mut set = CpuSet::new();
        let cpus = match map.auto {
            true => map.cpus.get(place..=place).unwrap_or_default(),
            false => &map.cpus[..],
        };
        for cpu in cpus {
            if (*cpu as usize) < CpuSet::MAX_CPU {
                set.set(*cpu as usize);
            }
        }
        // a CPU that this machine lacks is no reason not to run
        let _ = sched_setaffinity(None, &set);
    }
}

/// The thread's tasks: one per listening socket, and the keeper of idle connections.
fn begin(t: &'static Thread, w: &'static Worker) {
    let pool = FuturePool::new(http::transaction);
    HTTP.with(|cell| {
        let _ = cell.set(Box::new(move |t, accepted, fe| {
            w.spawn(async move { session::http(listener::session(t, accepted, fe), pool).await });
        }));
    });
    for accepting in SOCKETS.take() {
        let Accepting {
            listener,
            socket,
            spread,
        } = accepting;
        let plan = &t.shared.plan;
        let Some(listener) = plan.listeners.get(listener) else {
            continue;
        };
        let Some(fe) = listener.frontend.and_then(|id| plan.frontend(id)) else {
            continue;
        };
        prepare(&socket, fe, &plan.global.settings.tune);
        let (listener, fe) = (Arc::new(listener.clone()), Arc::clone(fe));
        w.spawn(async move {
            let sock = Sock::new(w, socket);
            listener::accept(t, listener, fe, sock, spread, serve).await;
        });
    }
    for Service { socket, serve } in SERVICES.take() {
        w.spawn(listener::accept_service(t, socket, serve));
    }
    w.spawn(keep_idle_pool(t));
    check::start(t);
    super::warmup::start(t);
    super::resolvers::start(t);
    if w.id == 0 {
        w.spawn(forget_sessions(t));
    }
}

/// Values of `appsession` that have outlived their timeout free their memory, asked for or not.
async fn forget_sessions(t: &'static Thread) {
    let w = t.worker;
    let tables = || {
        t.shared
            .plan
            .backends
            .iter()
            .filter_map(|be| be.appsession.as_ref())
    };
    while tables().next().is_some() {
        w.sleep(1000).await;
        tables().for_each(|table| table.expire(w.now_ms()));
    }
}

/// Options that accepted sockets inherit.
fn prepare(fd: &OwnedFd, fe: &FrontendPlan, tune: &crate::ir::global::Tune) {
    use rustix::net::sockopt;
    // unix sockets know none of these
    let _ = sockopt::set_tcp_nodelay(fd, true);
    if fe.options.contains(Options::CLITCPKA) {
        let _ = super::connect::keep_alive(fd, fe.clitcpka);
    }
    if let Some(n) = tune.rcvbuf_client {
        let _ = sockopt::set_socket_recv_buffer_size(fd, n as usize);
    }
    if let Some(n) = tune.sndbuf_client {
        let _ = sockopt::set_socket_send_buffer_size(fd, n as usize);
    }
    if fe.options.contains(Options::TCP_SMART_ACCEPT) {
        // the answer acknowledges the request, no packet of its own
        let _ = sockopt::set_tcp_quickack(fd, false);
    }
}

/// Starts a session for an accepted connection.
fn serve(t: &'static Thread, accepted: Accepted) {
    let plan = &t.shared.plan;
    let Some(fe) = plan
        .listeners
        .get(accepted.listener as usize)
        .and_then(|l| l.frontend)
        .and_then(|id| plan.frontend(id))
        .cloned()
    else {
        return;
    };
    match fe.mode {
        Mode::Http => HTTP.with(|cell| {
            if let Some(spawn) = cell.get() {
                spawn(t, accepted, fe);
            }
        }),
        _ => {
            t.worker.spawn(async move {
                super::tcp::serve(listener::session(t, accepted, fe)).await;
            });
        }
    }
}

/// How often idle connections are looked at, ms.
const SOON: u32 = 1000;

/// Closes idle server connections: those that the servers closed, and those idle for too long.
async fn keep_idle_pool(t: &'static Thread) {
    let plan = Arc::clone(&t.shared.plan);
    t.idle.watched_by(t.worker.current());
    let mut next = SOON;
    loop {
        let wait = t.idle.needs_keeping().then_some(next);
        t.worker.park(t.worker.after(wait)).await;
        let now = t.worker.now_ms();
        let delay = |backend: usize, server: usize| {
            let server = plan
                .backends
                .get(backend)
                .and_then(|b| b.servers.get(server));
            server.map_or(0, |s| u64::from(s.settings.pool_purge_delay))
        };
        let excess = |backend: usize, server: usize| {
            let Some(be) = plan.backends.get(backend) else {
                return (0, 0);
            };
            let number = u32::try_from(server).unwrap_or(u32::MAX);
            let Some(state) = be.state.server(number) else {
                return (0, 0);
            };
            let need = &state.counters.need;
            need.fade(now, delay(backend, server), state.served());
            let idle: u32 = t.shared.idle.iter().map(|c| c.get(be.id, number)).sum();
            let total = state.served() + idle;
            (total.saturating_sub(need.estimate()), idle)
        };
        let due = t.idle.purge(now, delay, excess);
        let due = due.map_or(SOON, |due| {
            u32::try_from(due.saturating_sub(now)).unwrap_or(SOON)
        });
        next = due.clamp(10, SOON);
    }
}

impl Shared {
    /// Does something on one of the engine's threads, soon.
    pub fn on_a_thread(&self, job: impl FnOnce(&'static Thread) + Send + 'static) {
        if let Some(inbox) = self.hub.inboxes().first() {
            inbox.send(InboxMessage::Run(Box::new(move |_: &'static Worker| {
                with_thread(job);
            })));
        }
    }
}

impl Engine {
    /// Accepts no more; sessions end after their current transaction, or over the time given.
    pub fn soft_stop(&self, spread: crate::ir::global::Spread) {
        let now = crate::base::clock::now_ms();
        self.shared.stopping.begin(spread, now);
        self.wake_all();
    }

    /// Wakes every task of every thread, to look at what changed.
    pub fn wake_all(&self) {
        for inbox in self.shared.hub.inboxes() {
            inbox.send(InboxMessage::Run(Box::new(|w: &'static Worker| {
                w.wake_everyone()
            })));
        }
    }

    /// Ends the threads after their current turn.
    pub fn stop(&self) {
        for inbox in self.shared.hub.inboxes() {
            inbox.send(InboxMessage::Run(Box::new(|w: &'static Worker| w.stop())));
        }
    }

    /// Waits for the threads to end.
    pub fn join(self) {
        for thread in self.threads {
            // a thread that panicked has ended as well
            let _ = thread.join();
        }
    }
}

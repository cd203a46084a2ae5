//! Idle connections to servers, kept per thread (`http-reuse`, `pool-max-conn`,
//! `pool-purge-delay`; HAProxy configuration manual 4.2 and 5.2).

use super::descriptors::Counted;
use super::reactor::{Sock, TaskRef, Worker};
use super::strict::Held;
use crate::base::growing::Growing;
use crate::plan::{BackendId, BackendPlan, Plan};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A connection to a server.
pub struct ServerConn {
    /// The socket.
    pub sock: Sock,
    /// What tells it from others to the same server: [`source::kind`](super::source::kind).
    pub kind: u64,
    /// It is one of the process's descriptors.
    pub counted: Counted,
    /// It is one of those that `strict-maxconn` counts.
    pub strict: Option<Held>,
    /// Requests it has carried, the current one included.
    pub uses: u32,
    /// When it became idle, ms.
    pub idle_since: u64,
    /// The back end that its bytes are counted for.
    pub home: Option<Arc<BackendPlan>>,
    /// Ends as the kernel does it, with what was sent delivered, rather than with a reset.
    pub lingers: bool,
}

impl ServerConn {
    /// Counts the bytes that went over it since this was called before.
    pub fn settle(&self) {
        if let Some(be) = &self.home {
            let (read, written) = self.sock.take_moved();
            be.state.counters.wire_in.add(read);
            be.state.counters.wire_out.add(written);
        }
    }
}

impl Drop for ServerConn {
    fn drop(&mut self) {
        self.settle();
        // who closes first keeps the port pair busy for a minute (TIME-WAIT), and a proxy has no
        // more than some ten thousand ports towards a server: as HAProxy, end with a reset
        if !self.lingers && !self.sock.hung_up() {
            self.sock.reset_on_close();
        }
    }
}

/// Idle connections to one server, the longest idle first.
#[derive(Default)]
struct Idle {
    /// Used once.
    fresh: VecDeque<ServerConn>,
    /// Used again at least once: the server is known to keep its word.
    proven: VecDeque<ServerConn>,
    /// When those that are not needed are looked for, ms; 0: not yet said.
    due: u64,
}

impl Idle {
    fn len(&self) -> usize {
        self.fresh.len() + self.proven.len()
    }
}

/// Takes the first connection of a kind.
fn first(list: &mut VecDeque<ServerConn>, kind: u64) -> Option<ServerConn> {
    let at = list.iter().position(|c| c.kind == kind)?;
    list.remove(at)
}

/// How many idle connections one thread has, by back end and server, for the others to see: those
/// used once in the lower half of a number, those used again in the upper half.
#[derive(Default)]
pub struct IdleCounts(Growing<Growing<AtomicU64>>);

impl IdleCounts {
    /// Zero for every server of a plan.
    pub fn new(plan: &Plan) -> IdleCounts {
        let zeros = |n: usize| (0..n).map(|_| AtomicU64::new(0)).collect();
        IdleCounts(
            plan.backends
                .iter()
                .map(|b| zeros(b.servers.len()))
                .collect(),
        )
    }

    /// How many there are.
    pub fn get(&self, backend: BackendId, server: u32) -> u32 {
        let (fresh, proven) = self.halves(backend, server);
        fresh + proven
    }

    /// How many there are that were used once, and that were used again.
    pub fn halves(&self, backend: BackendId, server: u32) -> (u32, u32) {
        let servers = self.0.get(backend.0 as usize);
        let count = servers.and_then(|s| s.get(server as usize));
        let both = count.map_or(0, |c| c.load(Ordering::Relaxed));
        (both as u32, (both >> 32) as u32)
    }

    fn set(&self, backend: usize, server: usize, list: &Idle) {
        if let Some(count) = self.0.made(backend).and_then(|s| s.made(server)) {
            let both = (list.proven.len() as u64) << 32 | list.fresh.len() as u64;
            count.store(both, Ordering::Relaxed);
        }
    }
}

/// The idle connections of one thread, by back end and server.
pub struct IdlePool {
    counts: Arc<IdleCounts>,
    lists: Growing<Growing<RefCell<Idle>>>,
    total: Cell<usize>,
    /// The keeper has a deadline.
    kept: Cell<bool>,
    /// The task that is woken when a server closes an idle connection.
    keeper: Cell<Option<TaskRef>>,
}

impl IdlePool {
    /// Room for every server of a plan.
    pub fn new(plan: &Plan, counts: Arc<IdleCounts>) -> IdlePool {
        let lists = plan
            .backends
            .iter()
            .map(|b| b.servers.iter().map(|_| RefCell::default()).collect())
            .collect();
        IdlePool {
            counts,
            lists,
            total: Cell::new(0),
            kept: Cell::new(false),
            keeper: Cell::new(None),
        }
    }

    fn list(&self, backend: BackendId, server: u32) -> Option<&RefCell<Idle>> {
        self.lists.made(backend.0 as usize)?.made(server as usize)
    }

    /// The longest idle connection that still lives, of those used again before if there is one;
    /// `proven` asks for such a one only. (HAProxy 3.4 takes them in this order.) Only those of the
    /// same `kind` count.
    pub fn take(
        &self,
        backend: BackendId,
        server: u32,
        kind: u64,
        proven: bool,
    ) -> Option<ServerConn> {
        let mut lists = self.list(backend, server)?.borrow_mut();
        loop {
            let conn = match first(&mut lists.proven, kind) {
                None if proven => return None,
                None => first(&mut lists.fresh, kind)?,
                Some(conn) => conn,
            };
            self.total.set(self.total.get() - 1);
            self.counts.set(backend.0 as usize, server as usize, &lists);
            if conn.sock.is_quiet() {
                conn.sock.adopt();
                return Some(conn);
            }
        }
    }

    /// Keeps a connection, unless there are some like it here and no more are `wanted` (3.4 keeps a
    /// first one always, others as far as they are thought to be needed). After `delay` milliseconds it is looked whether there are too many.
    pub fn put(
        &self,
        worker: &Worker,
        backend: BackendId,
        server: u32,
        conn: ServerConn,
        delay: u64,
        wanted: impl Fn() -> bool,
    ) {
        let Some(list) = self.list(backend, server) else {
            return;
        };
        let mut list = list.borrow_mut();
        if list.due == 0 {
            list.due = conn.idle_since + delay;
        }
        let first =
            |list: &Idle| list.proven.is_empty() && (conn.uses > 1 || list.fresh.is_empty());
        if !first(&list) && !wanted() {
            // those that the server has closed do not count, though the keeper may not have run yet
            let before = list.len();
            list.fresh.retain(|c| !c.sock.hung_up());
            list.proven.retain(|c| !c.sock.hung_up());
            let gone = before - list.len();
            self.total.set(self.total.get() - gone);
            self.counts.set(backend.0 as usize, server as usize, &list);
            if gone == 0 || !first(&list) && !wanted() {
                return;
            }
        }
        conn.sock.watch();
        conn.sock.entrust(self.keeper.get());
        self.total.set(self.total.get() + 1);
        if !self.kept.replace(true)
            && let Some(keeper) = self.keeper.get()
        {
            worker.wake(keeper);
        }
        match conn.uses {
            0 | 1 => list.fresh.push_back(conn),
            _ => list.proven.push_back(conn),
        }
        self.counts.set(backend.0 as usize, server as usize, &list);
    }

    /// Closes what the servers have closed, and every `delay(backend, server)` milliseconds half of
    /// this thread's part of the connections that are too many: `excess(backend, server)` tells
    /// how many, and how many are idle on all threads. Tells when the next of them are due, ms.
    pub fn purge(
        &self,
        now: u64,
        delay: impl Fn(usize, usize) -> u64,
        excess: impl Fn(usize, usize) -> (u32, u32),
    ) -> Option<u64> {
        let mut next: Option<u64> = None;
        for (b, servers) in self.lists.iter().enumerate() {
            for (s, list) in servers.iter().enumerate() {
                let mut list = list.borrow_mut();
                let before = list.len();
                if before == 0 {
                    continue;
                }
                list.fresh.retain(|c| c.sock.is_quiet());
                list.proven.retain(|c| c.sock.is_quiet());
                let kept = list.len();
                if kept == 0 {
                    list.due = 0;
                } else if list.due <= now {
                    list.due = now + delay(b, s);
                    let (excess, idle) = excess(b, s);
                    let own = excess as usize * kept / (idle as usize).max(1);
                    let mut close = own.div_ceil(2).min(kept);
                    let Idle { fresh, proven, .. } = &mut *list;
                    for queue in [fresh, proven] {
                        let first = close.min(queue.len());
                        queue.drain(..first);
                        close -= first;
                    }
                }
                if list.due > 0 {
                    next = Some(next.map_or(list.due, |at| at.min(list.due)));
                }
                self.total.set(self.total.get() - (before - list.len()));
                self.counts.set(b, s, &list);
            }
        }
        next
    }

    /// Closes the longest idle connection of some server, to make room for a new one.
    pub fn give_one_up(&self) {
        for (b, servers) in self.lists.iter().enumerate() {
            for (s, list) in servers.iter().enumerate() {
                let mut list = list.borrow_mut();
                let conn = match list.fresh.pop_front() {
                    None => list.proven.pop_front(),
                    found => found,
                };
                if conn.is_some() {
                    self.total.set(self.total.get() - 1);
                    self.counts.set(b, s, &list);
                    return;
                }
            }
        }
    }

    /// Idle connections of a server on this thread.
    pub fn count(&self, backend: BackendId, server: u32) -> usize {
        self.list(backend, server).map_or(0, |l| l.borrow().len())
    }

    /// The task that calls [`IdlePool::purge`].
    pub fn watched_by(&self, keeper: TaskRef) {
        self.keeper.set(Some(keeper));
    }

    /// Whether the keeper has to look again after a while. Asked by the keeper itself: when
    /// nothing is idle it sleeps until the next [`IdlePool::put`] wakes it.
    pub fn needs_keeping(&self) -> bool {
        self.kept.set(self.total.get() > 0);
        self.kept.get()
    }

    /// Calls something with each server's idle connections: how many were used once, and more than
    /// once.
    pub fn each(&self, mut f: impl FnMut(BackendId, u32, usize, usize)) {
        for (backend, servers) in (0u32..).zip(&self.lists) {
            for (server, list) in (0u32..).zip(servers) {
                let list = list.borrow();
                if list.len() > 0 {
                    f(
                        BackendId(backend),
                        server,
                        list.fresh.len(),
                        list.proven.len(),
                    );
                }
            }
        }
    }

    /// Closes those to one server.
    pub fn forget(&self, backend: BackendId, server: u32) {
        let Some(list) = self.list(backend, server) else {
            return;
        };
        let gone = std::mem::take(&mut *list.borrow_mut());
        self.total.set(self.total.get() - gone.len());
        self.counts
            .set(backend.0 as usize, server as usize, &Idle::default());
    }

    /// Closes all.
    pub fn clear(&self) {
        self.total.set(0);
        for (b, servers) in self.lists.iter().enumerate() {
            for (s, list) in servers.iter().enumerate() {
                *list.borrow_mut() = Idle::default();
                self.counts.set(b, s, &Idle::default());
            }
        }
    }
}

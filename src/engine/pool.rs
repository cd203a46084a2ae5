//! Idle connections to servers, kept per thread (`http-reuse`, `pool-max-conn`,
//! `pool-purge-delay`; HAProxy configuration manual 4.2 and 5.2).

use super::reactor::{Sock, TaskRef, Worker};
use crate::plan::{BackendId, Plan};
use std::cell::{Cell, RefCell};

/// A connection to a server.
pub struct ServerConn {
    /// The socket.
    pub sock: Sock,
    /// Requests it has carried, the current one included.
    pub uses: u32,
    /// When it became idle, ms.
    pub idle_since: u64,
}

/// The idle connections of one thread, the most recent last, by back end and server.
pub struct IdlePool {
    lists: Vec<Vec<RefCell<Vec<ServerConn>>>>,
    total: Cell<usize>,
    /// The task that is woken when a server closes an idle connection.
    keeper: Cell<Option<TaskRef>>,
}

impl IdlePool {
    /// Room for every server of a plan.
    pub fn new(plan: &Plan) -> IdlePool {
        let lists = plan
            .backends
            .iter()
            .map(|b| b.servers.iter().map(|_| RefCell::default()).collect())
            .collect();
        IdlePool {
            lists,
            total: Cell::new(0),
            keeper: Cell::new(None),
        }
    }

    fn list(&self, backend: BackendId, server: u32) -> Option<&RefCell<Vec<ServerConn>>> {
        self.lists.get(backend.0 as usize)?.get(server as usize)
    }

    /// The most recently used connection that still lives; `proven` asks for one that was used
    /// again at least once.
    pub fn take(&self, backend: BackendId, server: u32, proven: bool) -> Option<ServerConn> {
        let mut list = self.list(backend, server)?.borrow_mut();
        while let Some(at) = list.iter().rposition(|c| !proven || c.uses > 1) {
            let conn = list.remove(at);
            self.total.set(self.total.get() - 1);
            if conn.sock.is_quiet() {
                conn.sock.adopt();
                return Some(conn);
            }
        }
        None
    }

    /// Keeps a connection, unless the server already has `max` here.
    pub fn put(
        &self,
        worker: &Worker,
        backend: BackendId,
        server: u32,
        conn: ServerConn,
        max: Option<u32>,
    ) {
        let Some(list) = self.list(backend, server) else {
            return;
        };
        let mut list = list.borrow_mut();
        if max.is_some_and(|max| list.len() >= max as usize) {
            return;
        }
        conn.sock.watch();
        conn.sock.entrust(self.keeper.get());
        if self.total.replace(self.total.get() + 1) == 0
            && let Some(keeper) = self.keeper.get()
        {
            worker.wake(keeper);
        }
        list.push(conn);
    }

    /// Closes what the servers have closed, and half of what was idle longer than `delay(backend,
    /// server)` milliseconds.
    pub fn purge(&self, now: u64, delay: impl Fn(usize, usize) -> u64) {
        for (b, servers) in self.lists.iter().enumerate() {
            for (s, list) in servers.iter().enumerate() {
                let mut list = list.borrow_mut();
                let before = list.len();
                if list.is_empty() {
                    continue;
                }
                list.retain(|c| c.sock.is_quiet());
                let old = list
                    .iter()
                    .take_while(|c| c.idle_since + delay(b, s) <= now)
                    .count();
                list.drain(..old.div_ceil(2));
                self.total.set(self.total.get() - (before - list.len()));
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

    /// Nothing is idle.
    pub fn is_empty(&self) -> bool {
        self.total.get() == 0
    }

    /// Closes all.
    pub fn clear(&self) {
        self.total.set(0);
        for list in self.lists.iter().flatten() {
            list.borrow_mut().clear();
        }
    }
}

//! Idle connections to servers, kept per thread (`http-reuse`, `pool-max-conn`,
//! `pool-purge-delay`; HAProxy configuration manual 4.2 and 5.2).

use super::reactor::{Sock, TaskRef, Worker};
use crate::plan::{BackendId, Plan};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

/// A connection to a server.
pub struct ServerConn {
    /// The socket.
    pub sock: Sock,
    /// Requests it has carried, the current one included.
    pub uses: u32,
    /// When it became idle, ms.
    pub idle_since: u64,
}

/// Idle connections to one server, the longest idle first.
#[derive(Default)]
struct Idle {
    /// Used once.
    fresh: VecDeque<ServerConn>,
    /// Used again at least once: the server is known to keep its word.
    proven: VecDeque<ServerConn>,
}

impl Idle {
    fn len(&self) -> usize {
        self.fresh.len() + self.proven.len()
    }
}

/// The idle connections of one thread, by back end and server.
pub struct IdlePool {
    lists: Vec<Vec<RefCell<Idle>>>,
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

    fn list(&self, backend: BackendId, server: u32) -> Option<&RefCell<Idle>> {
        self.lists.get(backend.0 as usize)?.get(server as usize)
    }

    /// The longest idle connection that still lives, of those used again before if there is one;
    /// `proven` asks for such a one only. (HAProxy 3.4 takes them in this order.)
    pub fn take(&self, backend: BackendId, server: u32, proven: bool) -> Option<ServerConn> {
        let mut lists = self.list(backend, server)?.borrow_mut();
        loop {
            let conn = match lists.proven.pop_front() {
                None if proven => return None,
                None => lists.fresh.pop_front()?,
                Some(conn) => conn,
            };
            self.total.set(self.total.get() - 1);
            if conn.sock.is_quiet() {
                conn.sock.adopt();
                return Some(conn);
            }
        }
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
        match conn.uses {
            0 | 1 => list.fresh.push_back(conn),
            _ => list.proven.push_back(conn),
        }
    }

    /// Closes what the servers have closed, and half of what was idle longer than `delay(backend,
    /// server)` milliseconds.
    pub fn purge(&self, now: u64, delay: impl Fn(usize, usize) -> u64) {
        for (b, servers) in self.lists.iter().enumerate() {
            for (s, list) in servers.iter().enumerate() {
                let mut list = list.borrow_mut();
                let before = list.len();
                if before == 0 {
                    continue;
                }
                let limit = delay(b, s);
                let Idle { fresh, proven } = &mut *list;
                for queue in [fresh, proven] {
                    queue.retain(|c| c.sock.is_quiet());
                    let old = queue
                        .iter()
                        .take_while(|c| c.idle_since + limit <= now)
                        .count();
                    queue.drain(..old.div_ceil(2));
                }
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
            *list.borrow_mut() = Idle::default();
        }
    }
}

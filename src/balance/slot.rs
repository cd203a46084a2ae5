//! What a request asks of a back end and what it gets: a slot, or a place in a queue.

use super::state::{BackendState, ServerState};
use std::sync::Arc;

/// How a waiting request is told to look again.
pub trait Wake: Send + Sync {
    /// `token` is what [`Want::token`] was. Called without any lock held, from any thread; a
    /// token whose request has gone is to be ignored.
    fn wake(&self, token: u64);
    /// Ends what runs on a server (`on-marked-down`, `on-marked-up`). Called as [`Wake::wake`].
    fn cut(&self, backend: u32, server: u32, why: Cut) {
        let _ = (backend, server, why);
    }
    /// Traffic showed too many errors of a server; the words for the last (`observe`). Called as
    /// [`Wake::wake`].
    fn observed(&self, backend: u32, server: u32, last: &'static str) {
        let _ = (backend, server, last);
    }
    /// A server that others follow has changed (`track`). Called as [`Wake::wake`].
    fn changed(&self, backend: u32, server: u32) {
        let _ = (backend, server);
    }
}

/// Why streams are ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Their server went down (`on-marked-down shutdown-sessions`).
    Down,
    /// They run on a backup server, and another one is up (`on-marked-up
    /// shutdown-backup-sessions`).
    Up,
}

/// What a request wants.
#[derive(Clone, Copy, Debug, Default)]
pub struct Want {
    /// The one server it must go to (persistence).
    pub pinned: Option<u32>,
    /// What `balance` hashes of the request, hashed; `None`: nothing, or it has it not.
    pub key: Option<u32>,
    /// The server to leave if another can be had (redispatch).
    pub avoid: Option<u32>,
    /// May leave the queue of its pinned server for another one when that goes down
    /// (`option redispatch`).
    pub redispatch: bool,
    /// Handed to [`Wake::wake`].
    pub token: u64,
    /// Priority class; lower is served first.
    pub class: i16,
    /// Priority offset, ms added to the time of arrival.
    pub offset: i32,
}

/// The answer to a request for a server.
#[derive(Debug)]
pub enum Assigned {
    /// Go.
    Slot(Slot),
    /// Wait to be woken.
    Queued(Waiter),
    /// The pinned server's queue is full (`maxqueue`).
    Full,
    /// There is no server to wait for.
    None,
}

/// A place on a server. Dropping it lets the next request in.
#[derive(Debug)]
pub struct Slot {
    backend: Arc<BackendState>,
    server: u32,
    srv_queue: u32,
    backend_queue: u32,
}

impl Slot {
    /// A slot that is reserved already.
    pub(super) fn new(backend: Arc<BackendState>, server: u32, queues: (u32, u32)) -> Self {
        Slot {
            backend,
            server,
            srv_queue: queues.0,
            backend_queue: queues.1,
        }
    }
    /// Index of the server.
    pub fn index(&self) -> u32 {
        self.server
    }
    /// The server.
    pub fn server(&self) -> &Arc<ServerState> {
        // The index was made by this very back end, whose list never changes.
        &self.backend.servers()[self.server as usize]
    }
    /// The back end.
    pub fn backend(&self) -> &Arc<BackendState> {
        &self.backend
    }
    /// `srv_queue` of the log line: requests let in from the server's queue from arrival on, this
    /// one included; 0 when it did not wait.
    pub fn srv_queue(&self) -> u32 {
        self.srv_queue
    }
    /// `backend_queue` of the log line, alike.
    pub fn backend_queue(&self) -> u32 {
        self.backend_queue
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.backend.release(self.server);
    }
}

/// Where a request stands in a queue.
#[derive(Debug)]
pub struct Waiter {
    backend: Arc<BackendState>,
    id: usize,
    taken: bool,
}

/// What a woken request learns.
#[derive(Debug)]
pub enum Turn {
    /// Not yet.
    Wait,
    /// Go. The waiter is spent.
    Go(Slot),
    /// The server it waited for is gone: ask again, without the pin. The waiter is spent.
    Redispatch,
}

impl Waiter {
    pub(super) fn new(backend: Arc<BackendState>, id: usize) -> Self {
        Waiter {
            backend,
            id,
            taken: false,
        }
    }
    /// Whether its turn has come.
    pub fn turn(&mut self) -> Turn {
        if self.taken {
            return Turn::Redispatch;
        }
        let turn = self.backend.turn(self.id);
        self.taken = !matches!(turn, Turn::Wait);
        turn
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        if !self.taken {
            self.backend.abandon(self.id);
        }
    }
}

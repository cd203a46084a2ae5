//! Slots of servers and the requests that wait for one.
//!
//! A request that must go to one server waits in that server's queue, any other in the back
//! end's. A freed slot goes to the head of the two that is first by (priority class, time,
//! arrival). While nobody waits, taking a slot costs one atomic operation and ending one.
//!
//! A waiting request is told by [`Wake::wake`] that its turn has come and then asks
//! [`Waiter::turn`]. Whoever drops a [`Waiter`] or a [`Slot`] gives back what it holds; so a slot
//! granted to a request that has gone passes on to the next.

use super::algorithm::{Ask, Pick};
pub use super::slot::{Assigned, Slot, Turn, Waiter, Wake, Want};
use super::state::{BackendState, ServerState};
use slab::Slab;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

#[derive(Clone, Copy, Debug)]
enum Place {
    Server(u32),
    Backend,
    Granted(u32),
    Redispatch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    class: i16,
    time: i64,
    arrival: u64,
}

#[derive(Debug)]
struct Entry {
    token: u64,
    place: Place,
    key: Key,
    redispatch: bool,
    /// Counters of the queue's served requests at arrival; then, once granted, the log's numbers.
    srv_queue: u32,
    backend_queue: u32,
}

/// One queue: its requests in order of service.
#[derive(Debug, Default)]
struct Line {
    order: BTreeMap<Key, usize>,
    /// Requests let in so far.
    served: u32,
}

/// The queues of one back end and its servers, under one lock that is taken only when somebody
/// waits or must begin to.
#[derive(Debug)]
pub struct Queues {
    entries: Slab<Entry>,
    servers: Vec<Line>,
    backend: Line,
    arrivals: u64,
}

impl Queues {
    pub(super) fn new(servers: usize) -> Self {
        Queues {
            entries: Slab::new(),
            servers: (0..servers).map(|_| Line::default()).collect(),
            backend: Line::default(),
            arrivals: 0,
        }
    }

    /// Another server, with the next index.
    pub(super) fn enter(&mut self) {
        self.servers.push(Line::default());
    }

    /// Forgets an entry, wherever it stands.
    fn take_out(&mut self, backend: &BackendState, id: usize) -> Option<Entry> {
        let e = self.entries.try_remove(id)?;
        backend.unlink(self, e.place, e.key);
        Some(e)
    }
}

impl std::fmt::Debug for BackendState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackendState")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl BackendState {
    /// Finds a server for a request: the pinned one, or one by the algorithm.
    ///
    /// The caller has counted the request in [`BackendState::sessions`] already (the dynamic
    /// limit of `minconn` depends on it, and HAProxy counts a request out only after its slot is
    /// given back), and has made sure that a pinned server may be used.
    pub fn assign(self: &Arc<Self>, want: &Want, now_ms: u64) -> Assigned {
        match want.pinned {
            Some(i) => match self.server(i) {
                Some(server) => self.assign_pinned(server, want, now_ms),
                None => Assigned::None,
            },
            None => self.assign_any(want, now_ms),
        }
    }

    fn slot(self: &Arc<Self>, server: u32) -> Assigned {
        Assigned::Slot(Slot::new(self.clone(), server, (0, 0)))
    }

    fn assign_pinned(self: &Arc<Self>, server: &ServerState, want: &Want, now_ms: u64) -> Assigned {
        if server.queued.load(Relaxed) == 0 && self.reserve(server) {
            self.load_changed(server);
            return self.slot(server.index);
        }
        let maxqueue = server.maxqueue();
        let mut q = self.queues.lock();
        if maxqueue > 0 && server.queued.load(Relaxed) >= maxqueue {
            return Assigned::Full;
        }
        let id = self.enqueue(&mut q, Place::Server(server.index), want, now_ms);
        if want.redispatch && !server.running() {
            q.take_out(self, id);
            drop(q);
            let want = Want { key: None, ..*want };
            return self.assign_any(&want, now_ms);
        }
        self.settle(q, server.index, id)
    }

    fn assign_any(self: &Arc<Self>, want: &Want, now_ms: u64) -> Assigned {
        let ask = Ask {
            key: want.key,
            avoid: want.avoid,
        };
        // whom a hash sends to a certain server has nothing to do with the others' queue
        if want.key.is_some() || self.queued.load(SeqCst) == 0 {
            match self.choose(ask, now_ms) {
                Some(Pick::Taken(i)) => return self.slot(i),
                Some(Pick::Wait(i)) => {
                    if let Some(server) = self.server(i) {
                        return self.assign_pinned(server, want, now_ms);
                    }
                }
                None => {}
            }
        }
        if self.is_down() {
            return Assigned::None;
        }
        let mut q = self.queues.lock();
        let id = self.enqueue(&mut q, Place::Backend, want, now_ms);
        if self.is_down() {
            // The last server went while this one was on its way into the queue: nobody would
            // wake it.
            q.take_out(self, id);
            return Assigned::None;
        }
        // Counted as waiting now, so whoever ends a request from here on sees it; a slot that was
        // freed before that is found here, for the head of the queue.
        let mut woken = Vec::new();
        while let Some((key, head)) = q.backend.order.first_key_value().map(|(k, v)| (*k, *v)) {
            // Asking the algorithm in vain would change its order: HAProxy asks once.
            if !self.servers().iter().any(|s| self.has_room(s)) {
                break;
            }
            let i = match self.choose(Ask::default(), now_ms) {
                Some(Pick::Taken(i)) => i,
                // `random` may draw full ones only
                _ => match self.servers().iter().find(|s| self.has_room(s)) {
                    Some(s) if self.reserve(s) => s.index,
                    _ => break,
                },
            };
            self.grant(&mut q, i, key, head, false, &mut woken);
        }
        self.finish(q, id, woken)
    }

    /// Lets in who can be let in on a server, then says what became of entry `id`.
    fn settle(
        self: &Arc<Self>,
        mut q: parking_lot::MutexGuard<'_, Queues>,
        server: u32,
        id: usize,
    ) -> Assigned {
        let mut woken = Vec::new();
        self.let_in(&mut q, server, &mut woken);
        self.finish(q, id, woken)
    }

    fn finish(
        self: &Arc<Self>,
        mut q: parking_lot::MutexGuard<'_, Queues>,
        id: usize,
        mut woken: Vec<u64>,
    ) -> Assigned {
        let granted = match q.entries.get(id).map(|e| e.place) {
            Some(Place::Granted(server)) => {
                let e = q.entries.remove(id);
                woken.retain(|t| *t != e.token);
                Some(Slot::new(self.clone(), server, (0, 0)))
            }
            _ => None,
        };
        drop(q);
        self.wake_all(woken);
        match granted {
            Some(slot) => Assigned::Slot(slot),
            None => Assigned::Queued(Waiter::new(self.clone(), id)),
        }
    }

    fn enqueue(&self, q: &mut Queues, place: Place, want: &Want, now_ms: u64) -> usize {
        let arrival = q.arrivals;
        q.arrivals += 1;
        let key = Key {
            class: want.class,
            time: i64::try_from(now_ms)
                .unwrap_or(i64::MAX)
                .saturating_add(want.offset.into()),
            arrival,
        };
        let (mut srv_queue, mut backend_queue) = (0, 0);
        let id = q.entries.vacant_key();
        match place {
            Place::Server(i) => {
                if let (Some(line), Some(s)) = (q.servers.get_mut(i as usize), self.server(i)) {
                    srv_queue = line.served;
                    line.order.insert(key, id);
                    let n = s.queued.fetch_add(1, SeqCst) + 1;
                    s.queued_max.fetch_max(n, Relaxed);
                    self.load_changed(s);
                }
            }
            _ => {
                backend_queue = q.backend.served;
                q.backend.order.insert(key, id);
                let n = self.queued.fetch_add(1, SeqCst) + 1;
                self.queued_max.fetch_max(n, Relaxed);
            }
        }
        self.waiting.fetch_add(1, SeqCst);
        q.entries.insert(Entry {
            token: want.token,
            place,
            key,
            redispatch: want.redispatch,
            srv_queue,
            backend_queue,
        })
    }

    /// Takes an entry out of its line.
    fn unlink(&self, q: &mut Queues, place: Place, key: Key) {
        match place {
            Place::Server(i) => {
                if let (Some(line), Some(s)) = (q.servers.get_mut(i as usize), self.server(i))
                    && line.order.remove(&key).is_some()
                {
                    s.queued.fetch_sub(1, SeqCst);
                    self.waiting.fetch_sub(1, SeqCst);
                    self.load_changed(s);
                }
            }
            Place::Backend => {
                if q.backend.order.remove(&key).is_some() {
                    self.queued.fetch_sub(1, SeqCst);
                    self.waiting.fetch_sub(1, SeqCst);
                }
            }
            Place::Granted(_) | Place::Redispatch => {}
        }
    }

    /// Gives a reserved slot of server `i` to an entry.
    fn grant(&self, q: &mut Queues, i: u32, key: Key, id: usize, own: bool, woken: &mut Vec<u64>) {
        let place = if own {
            Place::Server(i)
        } else {
            Place::Backend
        };
        self.unlink(q, place, key);
        let line = if own {
            q.servers.get_mut(i as usize)
        } else {
            Some(&mut q.backend)
        };
        let served = line.map_or(0, |l| {
            l.served = l.served.wrapping_add(1);
            l.served
        });
        if let Some(e) = q.entries.get_mut(id) {
            if own {
                e.srv_queue = served.wrapping_sub(e.srv_queue);
            } else {
                e.backend_queue = served.wrapping_sub(e.backend_queue);
            }
            e.place = Place::Granted(i);
            woken.push(e.token);
        }
    }

    /// Lets waiting requests in on one server while it has room.
    fn let_in(&self, q: &mut Queues, i: u32, woken: &mut Vec<u64>) {
        let Some(server) = self.server(i) else { return };
        loop {
            let own = if server.running() {
                q.servers
                    .get(i as usize)
                    .and_then(|l| l.order.first_key_value())
                    .map(|(k, v)| (*k, *v, true))
            } else {
                None
            };
            let any = if q.backend.order.is_empty() || !self.in_use(server) {
                None
            } else {
                q.backend
                    .order
                    .first_key_value()
                    .map(|(k, v)| (*k, *v, false))
            };
            let first = match (own, any) {
                (Some(o), Some(a)) => Some(if a.0 < o.0 { a } else { o }),
                (o, a) => o.or(a),
            };
            let Some((key, id, own)) = first else { return };
            if !self.reserve(server) {
                return;
            }
            self.grant(q, i, key, id, own, woken);
            self.load_changed(server);
        }
    }

    /// A server may have room: lets waiting requests in.
    pub(super) fn dispatch(&self, server: u32) {
        if self.waiting.load(SeqCst) == 0 {
            return;
        }
        let mut woken = Vec::new();
        let mut q = self.queues.lock();
        self.let_in(&mut q, server, &mut woken);
        drop(q);
        self.wake_all(woken);
    }

    /// What has become of an entry.
    pub(super) fn turn(self: &Arc<Self>, id: usize) -> Turn {
        let mut q = self.queues.lock();
        match q.entries.get(id).map(|e| e.place) {
            Some(Place::Server(_) | Place::Backend) => Turn::Wait,
            Some(Place::Granted(server)) => {
                let e = q.entries.remove(id);
                drop(q);
                let queues = (e.srv_queue, e.backend_queue);
                Turn::Go(Slot::new(self.clone(), server, queues))
            }
            _ => {
                q.entries.try_remove(id);
                Turn::Redispatch
            }
        }
    }

    pub(super) fn release(&self, server: u32) {
        if let Some(s) = self.server(server) {
            s.served.fetch_sub(1, SeqCst);
            self.load_changed(s);
            self.dispatch(server);
        }
    }

    pub(super) fn abandon(&self, id: usize) {
        let mut q = self.queues.lock();
        let gone = q.take_out(self, id);
        drop(q);
        if let Some(Place::Granted(i)) = gone.map(|e| e.place) {
            self.release(i);
        }
    }

    /// A server went down: requests of its queue that may go elsewhere (`all`: every one) are told
    /// so. Returns how many.
    pub(super) fn redistribute(&self, server: &ServerState, all: bool) -> u32 {
        let mut woken = Vec::new();
        let mut q = self.queues.lock();
        let leaving: Vec<(Key, usize)> = match q.servers.get(server.index as usize) {
            Some(line) => line
                .order
                .iter()
                .filter(|(_, id)| all || q.entries.get(**id).is_some_and(|e| e.redispatch))
                .map(|(k, id)| (*k, *id))
                .collect(),
            None => Vec::new(),
        };
        self.send_away(&mut q, Place::Server(server.index), &leaving, &mut woken);
        drop(q);
        self.wake_all(woken);
        u32::try_from(leaving.len()).unwrap_or(u32::MAX)
    }

    /// No server is left: whoever waits for any of them is told to ask again, and learns it.
    pub(super) fn give_up(&self) {
        let mut woken = Vec::new();
        let mut q = self.queues.lock();
        let leaving: Vec<(Key, usize)> = q.backend.order.iter().map(|(k, id)| (*k, *id)).collect();
        self.send_away(&mut q, Place::Backend, &leaving, &mut woken);
        drop(q);
        self.wake_all(woken);
    }

    fn send_away(
        &self,
        q: &mut Queues,
        from: Place,
        leaving: &[(Key, usize)],
        woken: &mut Vec<u64>,
    ) {
        for (key, id) in leaving {
            self.unlink(q, from, *key);
            if let Some(e) = q.entries.get_mut(*id) {
                e.place = Place::Redispatch;
                woken.push(e.token);
            }
        }
    }

    /// Lets waiting requests in wherever there is room (the usable servers have changed).
    pub(super) fn dispatch_all(&self) {
        for s in self.servers() {
            if self.waiting.load(SeqCst) == 0 {
                return;
            }
            self.dispatch(s.index);
        }
    }

    fn wake_all(&self, woken: Vec<u64>) {
        for token in woken {
            self.wake.wake(token);
        }
    }
}

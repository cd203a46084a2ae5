//! What an algorithm of the `balance` line must be able to do.

use super::hash::HashType;
use super::key::Key;
use crate::sample::view::Eval;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

/// One line of the registry [`super::ALGORITHMS`].
pub struct AlgorithmEntry {
    /// Word of the `balance` line, without what stands in parentheses.
    pub name: &'static str,
    /// Whether [`Algorithm::load`] must be told of every request taken and ended. Costs a lock
    /// per end of request.
    pub wants_load: bool,
    /// No server is meant in particular: after a failure another is asked at once.
    pub any_will_do: bool,
    /// What of a request is hashed, for algorithms that choose by it.
    pub key: Option<KeyFunction>,
    /// Makes one for a group (the active or the backup servers of one back end).
    pub make: fn(&Setup<'_>) -> Box<dyn Algorithm>,
}

/// Works out the hash of a request; `None` where it has not what is asked for.
pub type KeyFunction = fn(&Key, &HashType, &Eval<'_>) -> Option<u32>;

/// What an algorithm is made from.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// The servers of the back end.
    pub servers: &'a [Facts],
    /// `hash-type` and `hash-balance-factor`
    pub hash: &'a HashType,
    /// `random(DRAWS)`, at least 1
    pub draws: u32,
    /// Where `random` begins.
    pub seed: u64,
    /// Where the turns of a table stand; the active and the backup servers share it.
    pub turn: &'a Arc<AtomicUsize>,
}

/// What does not change about a server.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// `id`
    pub id: u32,
    /// `weight` of the file.
    pub weight: u32,
    /// Where its places on the ring begin (`hash-key`).
    pub place: u32,
}

/// What a request asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ask {
    /// The hash of what the algorithm looks at, where the request has it.
    pub key: Option<u32>,
    /// Taken only if nothing else can be.
    pub avoid: Option<u32>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// A place on this server was taken.
    Taken(u32),
    /// The request belongs to this server, which has no place now.
    Wait(u32),
}

/// What an algorithm may ask about the servers while it chooses.
pub trait Desk {
    /// Tries to take a place; a full server, and one that others wait for, has none.
    fn take(&mut self, server: u32) -> bool;
    /// Requests served and queued there.
    fn load(&self, server: u32) -> u32;
    /// Requests served there.
    fn served(&self, server: u32) -> u32;
    /// Requests served in the whole back end.
    fn all_served(&self) -> u32;
    /// It serves as many as its `maxconn` lets it.
    fn full(&self, _server: u32) -> bool {
        false
    }
    /// As many wait for it as its `maxqueue` lets, and it has a `maxconn`.
    fn queue_full(&self, _server: u32) -> bool {
        false
    }
    /// Requests sent there in the last second.
    fn rate(&self, server: u32) -> u32;
}

/// The order of choice within a group of servers: the active ones or the backup ones of a back
/// end. Lives under the back end's order lock, so it must neither block nor wake anybody.
///
/// Servers are named by their index in the back end.
pub trait Algorithm: Send {
    /// Server `server` may be chosen with this effective weight from now on; 0 takes it out.
    /// `load` is its present load, see [`Algorithm::load`].
    fn set_weight(&mut self, server: u32, weight: u32, load: u32);

    /// Another server is there, with the next index and no weight yet.
    fn enter(&mut self, facts: Facts) {
        let _ = facts;
    }

    /// The servers of the file are all in; what is set from now on is a change.
    fn start(&mut self) {}

    /// Chooses a server and takes a place there. `None`: all are full, or the group is empty.
    fn pick(&mut self, ask: Ask, desk: &mut dyn Desk) -> Option<Pick>;

    /// The load (served and queued requests) of a server changed.
    fn load(&mut self, server: u32, load: u32) {
        let _ = (server, load);
    }

    /// Whether no server can be chosen at all.
    fn is_empty(&self) -> bool;
}

//! Which thread serves a connection that a listener accepted (`tune.listener.multi-queue`).

use super::shared::Shared;
use crate::ir::global::MultiQueue;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One listener's threads, and whose turn it is.
#[derive(Debug)]
pub struct Spread {
    mode: MultiQueue,
    threads: Vec<usize>,
    turn: AtomicUsize,
}

impl Spread {
    /// Among the `threads` that may serve the listener's connections.
    pub fn new(mode: MultiQueue, threads: Vec<usize>) -> Spread {
        Spread {
            mode,
            threads,
            turn: AtomicUsize::new(0),
        }
    }

    /// The thread for a connection that `here` accepted; `None`: that one.
    pub fn other(&self, shared: &Shared, here: usize) -> Option<usize> {
        let chosen = match self.mode {
            _ if self.threads.len() < 2 => None,
            MultiQueue::Off => None,
            MultiQueue::Fair => {
                let turn = self.turn.fetch_add(1, Ordering::Relaxed);
                self.threads.get(turn % self.threads.len()).copied()
            }
            MultiQueue::On => self.least_loaded(shared, here),
        };
        chosen.filter(|id| *id != here)
    }

    /// The one with the fewest connections, if `here` has clearly more: moving a connection costs
    /// two system calls.
    fn least_loaded(&self, shared: &Shared, here: usize) -> Option<usize> {
        let mine = shared.loads.get(here)?.cur();
        let loads = self.threads.iter().map(|id| {
            let load = shared.loads.get(*id).map_or(u32::MAX, |g| g.cur());
            (*id, load)
        });
        let (least, load) = loads.min_by_key(|(_, load)| *load)?;
        (load.saturating_add(1) < mine).then_some(least)
    }
}

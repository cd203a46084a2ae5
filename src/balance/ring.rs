//! The ring behind `hash-type consistent` and `random`: every server has places on it in
//! proportion to its weight, and a number belongs to the place that is nearest.

use super::algorithm::{Algorithm, Ask, Desk, Facts, Pick, Setup};
use super::hash::HashAffinity;
use super::server::WEIGHT_SCALE;
use crate::base::hash::avalanche;

/// Places of a server of the greatest weight: where the next server's begin by default.
pub const PLACES: u32 = 256 * WEIGHT_SCALE;

/// Places in order of their numbers.
#[derive(Debug)]
pub(super) struct Ring {
    /// First number of each server's places, before mixing.
    starts: Vec<u32>,
    /// Effective weights by server: as many places it has.
    weights: Vec<u32>,
    /// The greatest weight that each has had.
    rooms: Vec<u32>,
    /// Number, server.
    places: Vec<(u32, u32)>,
    /// Servers whose weight has changed since.
    changed: Vec<u32>,
    /// The number of the place that was served last in turn.
    last: Option<u32>,
}

impl Ring {
    pub(super) fn new(setup: &Setup<'_>) -> Ring {
        Ring {
            starts: setup.servers.iter().map(|s| s.place).collect(),
            weights: vec![0; setup.servers.len()],
            rooms: setup
                .servers
                .iter()
                .map(|s| s.weight * WEIGHT_SCALE)
                .collect(),
            places: Vec::new(),
            changed: Vec::new(),
            last: None,
        }
    }

    /// Another server, with the next index.
    pub(super) fn enter(&mut self, facts: Facts) {
        self.starts.push(facts.place);
        self.weights.push(0);
        self.rooms.push(facts.weight * WEIGHT_SCALE);
    }

    pub(super) fn set_weight(&mut self, server: u32, weight: u32) {
        if let Some(w) = self.weights.get_mut(server as usize)
            && *w != weight
        {
            *w = weight;
            self.changed.push(server);
            if self.last.is_some() {
                // where the turn stands depends on every single change
                self.settle();
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.weights.iter().all(|w| *w == 0)
    }

    pub(super) fn weight(&self, server: u32) -> u32 {
        self.weights.get(server as usize).copied().unwrap_or(0)
    }

    /// Puts changed servers in their places.
    fn settle(&mut self) {
        if self.changed.is_empty() {
            return;
        }
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        self.places
            .retain(|(_, s)| changed.binary_search(s).is_err());
        // a server that grows beyond its weight of before leaves all its places first
        if changed.iter().any(|s| self.weight(*s) > self.room(*s)) {
            self.find_turn();
        }
        let old = self.places.len();
        for server in &changed {
            let start = self.starts.get(*server as usize).copied().unwrap_or(0);
            let places = 0..self.weight(*server);
            self.places
                .extend(places.map(|n| (avalanche(start.wrapping_add(n)), *server)));
        }
        if let Some(new) = self.places.get_mut(old..) {
            new.sort_unstable();
        }
        // two runs in order: merged in one pass
        self.places.sort();
        self.find_turn();
        for server in &changed {
            let weight = self.weight(*server);
            if let Some(room) = self.rooms.get_mut(*server as usize) {
                *room = weight.max(*room);
            }
        }
        changed.clear();
        self.changed = changed;
    }

    fn room(&self, server: u32) -> u32 {
        self.rooms.get(server as usize).copied().unwrap_or(0)
    }

    /// If the place that was served last is gone, the next one counts as served.
    fn find_turn(&mut self) {
        if let Some(last) = self.last {
            let next = self.places.partition_point(|(n, _)| *n < last);
            self.last = self.places.get(next).map(|(n, _)| *n);
        }
    }

    /// The index of the place nearest to a number, around the ring.
    fn nearest(&self, key: u32) -> Option<usize> {
        let last = self.places.len().checked_sub(1)?;
        let after = self.places.partition_point(|(n, _)| *n < key);
        let after = if after > last { 0 } else { after };
        let before = match self.places.get(after) {
            Some((n, _)) if *n == key => after,
            _ => after.checked_sub(1).unwrap_or(last),
        };
        let (next, prev) = (self.places.get(after)?.0, self.places.get(before)?.0);
        let closer = key.wrapping_sub(prev) <= next.wrapping_sub(key);
        Some(if closer { before } else { after })
    }

    /// The server whose place is nearest to a number, or the first one behind it that is neither
    /// avoided nor overloaded; all being so, that of the place where the search ends.
    pub(super) fn owner(
        &mut self,
        key: u32,
        avoid: Option<u32>,
        overloaded: impl Fn(&Ring, u32) -> bool,
    ) -> Option<u32> {
        self.settle();
        let mut at = self.nearest(key)?;
        let mut server = self.places.get(at)?.1;
        let mut rounds = 0;
        while Some(server) == avoid || overloaded(self, server) {
            at += 1;
            if at >= self.places.len() {
                at = 0;
                rounds += 1;
                if rounds > 1 {
                    break;
                }
            }
            server = self.places.get(at)?.1;
        }
        Some(server)
    }

    /// The next one in turn that has room.
    fn next(&mut self, avoid: Option<u32>, desk: &mut dyn Desk) -> Option<u32> {
        self.settle();
        let len = self.places.len();
        let from = match self.last {
            Some(last) => self.places.partition_point(|(n, _)| *n <= last),
            None => 0,
        };
        let mut avoided = None;
        for step in 0..len {
            let (number, server) = *self.places.get((from + step) % len)?;
            if Some(server) == avoid {
                avoided.get_or_insert((number, server));
            } else if desk.take(server) {
                self.last = Some(number);
                return Some(server);
            }
        }
        let (number, server) = avoided.filter(|(_, s)| desk.take(*s))?;
        self.last = Some(number);
        Some(server)
    }

    /// Whether `hash-balance-factor` keeps further requests from a server: it serves its share of
    /// `factor` percent of all requests, the new one included, or more.
    pub(super) fn overloaded(&self, server: u32, factor: u32, desk: &dyn Desk) -> bool {
        let total: u64 = self.weights.iter().map(|w| u64::from(*w)).sum();
        let before: u64 = self
            .weights
            .iter()
            .take(server as usize)
            .map(|w| u64::from(*w))
            .sum();
        let weight = u64::from(self.weight(server));
        let places = (u64::from(desk.all_served()) + 1) * u64::from(factor);
        let places = places.div_ceil(100);
        let (each, left) = (places / total.max(1), places % total.max(1));
        // what does not divide evenly is spread over the weights in the servers' order
        let end = (before + weight) * left / total.max(1);
        let share = weight * each + end - before * left / total.max(1);
        u64::from(desk.served(server)) >= share.max(1)
    }
}

/// `hash-type consistent`
#[derive(Debug)]
pub(super) struct Consistent {
    ring: Ring,
    /// `hash-balance-factor`, percent; 0: none
    factor: u32,
    affinity: HashAffinity,
}

impl Consistent {
    pub(super) fn new(setup: &Setup<'_>) -> Consistent {
        Consistent {
            ring: Ring::new(setup),
            factor: setup.hash.balance_factor,
            affinity: setup.hash.affinity,
        }
    }
}

impl Algorithm for Consistent {
    fn enter(&mut self, facts: Facts) {
        self.ring.enter(facts);
    }

    fn set_weight(&mut self, server: u32, weight: u32, _load: u32) {
        self.ring.set_weight(server, weight);
    }

    fn pick(&mut self, ask: Ask, desk: &mut dyn Desk) -> Option<Pick> {
        let only = self.ring.weights.iter().filter(|w| **w > 0).count() == 1;
        let key = match ask.key {
            Some(key) => key,
            // where there is no choice there is no turn either
            None if only => 0,
            None => return self.ring.next(ask.avoid, desk).map(Pick::Taken),
        };
        let (factor, affinity) = (self.factor, self.affinity);
        let server = self.ring.owner(key, ask.avoid, |ring, s| {
            let left = match affinity {
                HashAffinity::Always => false,
                HashAffinity::Maxconn => desk.full(s),
                HashAffinity::Maxqueue => desk.queue_full(s),
            };
            left || factor > 0 && ring.overloaded(s, factor, desk)
        })?;
        Some(match desk.take(server) {
            true => Pick::Taken(server),
            false => Pick::Wait(server),
        })
    }

    fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }
}

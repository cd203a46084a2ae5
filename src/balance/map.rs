//! The table behind `static-rr` and `hash-type map-based`: as many places as the weights add up
//! to, each given to a server in advance.

use super::algorithm::{Algorithm, Ask, Desk, Pick, Setup};
use super::server::WEIGHT_SCALE;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Places in order, and where the next request without a key begins to look.
#[derive(Debug)]
pub(super) struct Map {
    /// What all weights of the back end's servers, backups too, can be divided by.
    divisor: u32,
    /// Effective weights by server.
    weights: Vec<u32>,
    places: Vec<u32>,
    /// Shared with the other group, as in HAProxy; only touched under the order lock.
    at: Arc<AtomicUsize>,
    stale: bool,
}

impl Map {
    pub(super) fn new(setup: &Setup<'_>) -> Map {
        let weights = setup.servers.iter().map(|s| s.weight);
        Map {
            divisor: weights.fold(0, gcd).max(1) * WEIGHT_SCALE,
            weights: vec![0; setup.servers.len()],
            places: Vec::new(),
            at: setup.turn.clone(),
            stale: false,
        }
    }

    pub(super) fn set_weight(&mut self, server: u32, weight: u32) {
        if let Some(w) = self.weights.get_mut(server as usize)
            && *w != weight
        {
            *w = weight;
            self.stale = true;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.weights.iter().all(|w| *w == 0)
    }

    /// Gives the places away anew if weights have changed.
    fn settle(&mut self) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        self.places.clear();
        let mut owed: Vec<(u32, i64, i64)> = (0u32..)
            .zip(&self.weights)
            .filter(|(_, w)| **w > 0)
            .map(|(i, w)| (i, i64::from(w.div_ceil(self.divisor)), 0))
            .collect();
        let total: i64 = owed.iter().map(|(_, w, _)| w).sum();
        for _ in 0..total {
            for (_, weight, debt) in &mut owed {
                *debt += *weight;
            }
            // the first of those that are owed most whole rounds
            let most = owed.iter().map(|(_, _, debt)| debt.div_euclid(total)).max();
            let next = owed
                .iter_mut()
                .find(|(_, _, debt)| Some(debt.div_euclid(total)) == most);
            if let Some((server, _, debt)) = next {
                *debt -= total;
                self.places.push(*server);
            }
        }
    }

    /// Whose place a number falls on.
    pub(super) fn owner(&mut self, key: u32) -> Option<u32> {
        self.settle();
        let at = (key as usize).checked_rem(self.places.len())?;
        self.places.get(at).copied()
    }

    /// The next one in turn that has room.
    pub(super) fn next(&mut self, avoid: Option<u32>, desk: &mut dyn Desk) -> Option<u32> {
        self.settle();
        let len = self.places.len();
        // behind the last place: only now, for the table may have grown since
        let from = match self.at.load(Relaxed) {
            at if at < len => at,
            _ => 0,
        };
        let mut avoided = None;
        for step in 0..len {
            let at = (from + step) % len;
            let server = *self.places.get(at)?;
            if Some(server) == avoid {
                avoided = Some((at, server));
            } else if desk.take(server) {
                self.at.store(at + 1, Relaxed);
                return Some(server);
            }
        }
        let (at, server) = avoided.filter(|(_, server)| desk.take(*server))?;
        self.at.store(at + 1, Relaxed);
        Some(server)
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    match a {
        0 => b,
        _ => gcd(b % a, a),
    }
}

/// `hash-type map-based`
#[derive(Debug)]
pub(super) struct MapBased(Map);

impl MapBased {
    pub(super) fn new(setup: &Setup<'_>) -> MapBased {
        MapBased(Map::new(setup))
    }
}

impl Algorithm for MapBased {
    fn set_weight(&mut self, server: u32, weight: u32, _load: u32) {
        self.0.set_weight(server, weight);
    }

    fn pick(&mut self, ask: Ask, desk: &mut dyn Desk) -> Option<Pick> {
        let only = self.0.weights.iter().filter(|w| **w > 0).count() == 1;
        let server = match ask.key {
            Some(key) => self.0.owner(key)?,
            // where there is no choice there is no turn either
            None if only => self.0.owner(0)?,
            None => return self.0.next(ask.avoid, desk).map(Pick::Taken),
        };
        Some(match desk.take(server) {
            true => Pick::Taken(server),
            false => Pick::Wait(server),
        })
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

//! `balance random`: as many servers are drawn as `random(DRAWS)` says, in proportion to their
//! weights, and the least loaded of them is taken (configuration manual 4.2 `balance`).

use super::algorithm::{Algorithm, AlgorithmEntry, Ask, Desk, Facts, Pick, Setup};
use super::ring::Ring;

/// Registry line.
pub const ENTRY: AlgorithmEntry = AlgorithmEntry {
    name: "random",
    wants_load: false,
    any_will_do: true,
    key: None,
    make: |setup| Box::new(Random::new(setup)),
};

/// `random` without an argument.
pub const DRAWS: u32 = 2;

/// The state of one group.
#[derive(Debug)]
struct Random {
    ring: Ring,
    draws: u32,
    /// `hash-balance-factor`, percent; 0: none
    factor: u32,
    /// xorshift64*, never 0
    dice: u64,
}

impl Random {
    fn new(setup: &Setup<'_>) -> Random {
        Random {
            ring: Ring::new(setup),
            draws: setup.draws.max(1),
            factor: setup.hash.balance_factor,
            dice: setup.seed | 1,
        }
    }

    fn draw(&mut self) -> u32 {
        self.dice ^= self.dice >> 12;
        self.dice ^= self.dice << 25;
        self.dice ^= self.dice >> 27;
        (self.dice.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
    }

    /// Whether `a` has more to do for its weight than `b`; where both have the same, whether it
    /// got more in the last second.
    fn busier(&self, a: u32, b: u32, desk: &dyn Desk) -> bool {
        let per = |of: u32, by: u32| u64::from(of) * u64::from(self.ring.weight(by));
        let (left, right) = (per(desk.load(a), b), per(desk.load(b), a));
        left > right || left == right && per(desk.rate(a), b) > per(desk.rate(b), a)
    }
}

impl Algorithm for Random {
    fn enter(&mut self, facts: Facts) {
        self.ring.enter(facts);
    }

    fn set_weight(&mut self, server: u32, weight: u32, _load: u32) {
        self.ring.set_weight(server, weight);
    }

    fn pick(&mut self, ask: Ask, desk: &mut dyn Desk) -> Option<Pick> {
        let factor = self.factor;
        let mut best: Option<u32> = None;
        for _ in 0..self.draws {
            let key = self.draw();
            let drawn = self.ring.owner(key, ask.avoid, |ring, s| {
                factor > 0 && ring.overloaded(s, factor, desk)
            })?;
            best = match best {
                Some(b) if b == drawn || !self.busier(b, drawn, desk) => Some(b),
                _ => Some(drawn),
            };
        }
        // a full one sends the request to the back end's queue
        best.filter(|s| desk.take(*s)).map(Pick::Taken)
    }

    fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        Assigned, BackendSettings, BackendState, ServerSettings, Slot, Wake, Want, random,
    };
    use std::sync::Arc;

    struct Nobody;
    impl Wake for Nobody {
        fn wake(&self, _token: u64) {}
    }

    fn backend(weights: &[u32], draws: u32, maxconn: u32) -> Arc<BackendState> {
        let settings = BackendSettings {
            algorithm: &random::ENTRY,
            draws,
            ..BackendSettings::default()
        };
        let servers = (1..).zip(weights).map(|(id, weight)| ServerSettings {
            id,
            weight: *weight,
            maxconn,
            ..ServerSettings::default()
        });
        BackendState::new(settings, servers, Arc::new(Nobody))
    }

    fn slot(b: &Arc<BackendState>) -> Slot {
        match b.assign(&Want::default(), 0) {
            Assigned::Slot(slot) => slot,
            other => panic!("{other:?}"),
        }
    }

    /// 30,000 requests that stay: with two draws the load follows the weights closely.
    #[test]
    fn load_follows_the_weights() {
        let weights = [1, 3, 6, 20];
        let b = backend(&weights, 2, 0);
        let held: Vec<Slot> = (0..30_000).map(|_| slot(&b)).collect();
        for (server, weight) in b.servers().iter().zip(weights) {
            let (got, due) = (server.served(), weight * 1000);
            assert!(got.abs_diff(due) * 100 <= due * 5, "{got} instead of {due}");
        }
        drop(held);
    }

    /// A free place is found even where the draw falls on full servers.
    #[test]
    fn no_place_stays_free() {
        for draws in 1..=3 {
            let b = backend(&[200, 1, 1], draws, 1);
            let held: Vec<Slot> = (0..3).map(|_| slot(&b)).collect();
            assert!(matches!(b.assign(&Want::default(), 0), Assigned::Queued(_)));
            drop(held);
        }
    }
}

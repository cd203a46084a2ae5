//! `balance static-rr`: each server in turn by a table made in advance; weights do not change
//! while running (configuration manual 4.2 `balance`).

use super::algorithm::{Algorithm, AlgorithmEntry, Ask, Desk, Pick};
use super::map::Map;

/// Registry line.
pub const ENTRY: AlgorithmEntry = AlgorithmEntry {
    name: "static-rr",
    wants_load: false,
    any_will_do: true,
    key: None,
    make: |setup| Box::new(StaticRr(Map::new(setup))),
};

/// The state of one group.
#[derive(Debug)]
struct StaticRr(Map);

impl Algorithm for StaticRr {
    fn set_weight(&mut self, server: u32, weight: u32, _load: u32) {
        self.0.set_weight(server, weight);
    }

    fn pick(&mut self, ask: Ask, desk: &mut dyn Desk) -> Option<Pick> {
        self.0.next(ask.avoid, desk).map(Pick::Taken)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

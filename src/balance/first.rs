//! `balance first`: the server of the smallest id that has room (configuration manual 4.2
//! `balance`).

use super::algorithm::{Algorithm, AlgorithmEntry, Ask, Desk, Facts, Pick, Setup};

/// Registry line.
pub const ENTRY: AlgorithmEntry = AlgorithmEntry {
    name: "first",
    wants_load: false,
    any_will_do: true,
    key: None,
    make: |setup| Box::new(First::new(setup)),
};

/// The state of one group.
#[derive(Debug)]
struct First {
    /// Ids by server.
    ids: Vec<u32>,
    /// Usable servers by id.
    order: Vec<u32>,
}

impl First {
    fn new(setup: &Setup<'_>) -> First {
        First {
            ids: setup.servers.iter().map(|s| s.id).collect(),
            order: Vec::new(),
        }
    }

    fn rank(&self, server: u32) -> (u32, u32) {
        let id = self.ids.get(server as usize).copied();
        (id.unwrap_or(u32::MAX), server)
    }
}

impl Algorithm for First {
    fn enter(&mut self, facts: Facts) {
        self.ids.push(facts.id);
    }

    fn set_weight(&mut self, server: u32, weight: u32, _load: u32) {
        let rank = self.rank(server);
        let found = self.order.binary_search_by_key(&rank, |s| self.rank(*s));
        match found {
            Ok(at) if weight == 0 => {
                self.order.remove(at);
            }
            Err(at) if weight > 0 => self.order.insert(at, server),
            _ => {}
        }
    }

    fn pick(&mut self, ask: Ask, desk: &mut dyn Desk) -> Option<Pick> {
        let mut avoided = None;
        for server in &self.order {
            if Some(*server) == ask.avoid {
                avoided = Some(*server);
            } else if desk.take(*server) {
                return Some(Pick::Taken(*server));
            }
        }
        avoided.filter(|s| desk.take(*s)).map(Pick::Taken)
    }

    fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

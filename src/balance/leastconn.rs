//! `balance leastconn`: the server with the fewest requests, served and queued, in proportion to
//! its weight; among equals in turn (configuration manual 4.2 `balance`).

use super::algorithm::{Algorithm, AlgorithmEntry, Ask, Desk, Pick};
use super::ranked::{Key, Ranked};
use super::state::WEIGHT_SCALE;

/// Registry line.
pub const ENTRY: AlgorithmEntry = AlgorithmEntry {
    name: "leastconn",
    wants_load: true,
    any_will_do: true,
    key: None,
    make: |_| Box::<LeastConn>::default(),
};

#[derive(Clone, Copy, Debug, Default)]
struct Member {
    weight: u32,
    load: u32,
    key: Key,
}

/// The state of one group.
#[derive(Debug, Default)]
pub struct LeastConn {
    members: Vec<Member>,
    /// Usable servers, least loaded first, among equals the one that came first.
    order: Ranked,
    arrivals: u64,
}

/// How loaded a server is: an idle one ranks first whatever its weight.
fn rank(load: u32, weight: u32) -> u64 {
    match load {
        0 => 0,
        n => (u64::from(n) + 1) * u64::from(256 * WEIGHT_SCALE) / u64::from(weight.max(1)),
    }
}

impl LeastConn {
    fn place(&mut self, server: u32) {
        self.arrivals += 1;
        let arrival = self.arrivals;
        let Some(m) = self.members.get_mut(server as usize) else {
            return;
        };
        self.order.remove(m.key);
        if m.weight > 0 {
            m.key = (rank(m.load, m.weight), arrival);
            self.order.insert(m.key, server);
        }
    }
}

impl Algorithm for LeastConn {
    fn set_weight(&mut self, server: u32, weight: u32, load: u32) {
        let at = server as usize;
        if self.members.len() <= at {
            self.members.resize(at + 1, Member::default());
        }
        if let Some(m) = self.members.get_mut(at)
            && m.weight != weight
        {
            m.weight = weight;
            m.load = load;
            self.place(server);
        }
    }

    fn pick(&mut self, ask: Ask, desk: &mut dyn Desk) -> Option<Pick> {
        let mut avoided = None;
        for i in self.order.iter() {
            if Some(i) == ask.avoid {
                avoided = ask.avoid;
            } else if desk.take(i) {
                return Some(Pick::Taken(i));
            }
        }
        avoided.filter(|i| desk.take(*i)).map(Pick::Taken)
    }

    fn load(&mut self, server: u32, load: u32) {
        if let Some(m) = self.members.get_mut(server as usize)
            && m.weight > 0
        {
            m.load = load;
            self.place(server);
        }
    }

    fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

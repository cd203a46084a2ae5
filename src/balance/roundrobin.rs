//! `balance roundrobin`: each server in turn, in proportion to its weight, as evenly spread as
//! possible (configuration manual 4.2 `balance`). Weights may change at any time.
//!
//! Turns are counted in rounds. A round has as many turns as the effective weights add up to, so
//! a server of weight `w` is due every `total / w` turns; the fraction is carried. A round begins
//! with every server as a newcomer; newcomers are taken heaviest first, whenever no server is
//! due. A server whose next turn would lie behind the end of the round waits for the next round.
//! The order was compared with HAProxy 3.4's in `fixtures/balance`.

use super::algorithm::{Algorithm, AlgorithmEntry, Ask, Desk, Pick};
use super::ranked::{Key, Ranked};
use super::state::WEIGHT_SCALE;

/// Registry line.
pub const ENTRY: AlgorithmEntry = AlgorithmEntry {
    name: "roundrobin",
    wants_load: false,
    any_will_do: true,
    key: None,
    make: |_| Box::<RoundRobin>::default(),
};

/// Weights are at most 256 steps of [`WEIGHT_SCALE`].
const HEAVIEST: u32 = 256 * WEIGHT_SCALE;

/// Which line a server stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// Not usable.
    Out,
    /// Not yet served in this round; ordered by weight.
    New,
    /// Served in this round and due again in it; ordered by when.
    Due,
    /// Done for this round; ordered by weight.
    Later,
}

#[derive(Clone, Copy, Debug)]
struct Member {
    weight: u32,
    line: Line,
    /// Its key in its line.
    key: Key,
    /// The turn of the round at which it is due.
    due: u32,
    /// What the division `total / weight` left over so far, in parts of `weight`.
    carry: u32,
}

impl Default for Member {
    fn default() -> Self {
        Member {
            weight: 0,
            line: Line::Out,
            key: (0, 0),
            due: 0,
            carry: 0,
        }
    }
}

/// The state of one group.
#[derive(Debug, Default)]
pub struct RoundRobin {
    members: Vec<Member>,
    new: Ranked,
    due: Ranked,
    later: Ranked,
    /// False while the servers of the file are put in.
    started: bool,
    /// Turns taken in this round.
    turn: u32,
    /// Turns of this round: the total weight when it began.
    length: u32,
    /// The total weight now, with which the next round begins.
    total: u32,
    /// Makes keys unique, first come first.
    arrivals: u64,
    /// Reused by `pick`: servers passed over.
    passed: Vec<u32>,
}

impl RoundRobin {
    fn line(&mut self, line: Line) -> Option<&mut Ranked> {
        match line {
            Line::Out => None,
            Line::New => Some(&mut self.new),
            Line::Due => Some(&mut self.due),
            Line::Later => Some(&mut self.later),
        }
    }

    fn leave(&mut self, i: u32) {
        let Some(m) = self.members.get_mut(i as usize) else {
            return;
        };
        let (line, key) = (std::mem::replace(&mut m.line, Line::Out), m.key);
        if let Some(l) = self.line(line) {
            l.remove(key);
        }
    }

    fn join(&mut self, i: u32, line: Line) {
        self.arrivals += 1;
        let arrival = self.arrivals;
        let Some(m) = self.members.get_mut(i as usize) else {
            return;
        };
        let rank = match line {
            // Of two that are due together the one with less weight left to it waits.
            Line::Due => {
                let late = HEAVIEST.saturating_add(m.carry).saturating_sub(m.weight);
                u64::from(m.due) * 256 + u64::from(late / WEIGHT_SCALE)
            }
            _ => HEAVIEST.saturating_sub(m.weight).into(),
        };
        m.line = line;
        m.key = (rank, arrival);
        let key = m.key;
        if let Some(l) = self.line(line) {
            l.insert(key, i);
        }
    }

    /// Puts a server that knows when it is due into its line.
    fn stand(&mut self, i: u32) {
        let Some(m) = self.members.get(i as usize) else {
            return;
        };
        let line = if m.due >= self.length || m.due >= self.total {
            Line::Later
        } else {
            Line::Due
        };
        self.join(i, line);
    }

    /// The server whose turn it is, out of its line and its next turn worked out.
    fn next(&mut self) -> Option<u32> {
        let due = self.due.first();
        let in_time = due.filter(|i| {
            self.members
                .get(*i as usize)
                .is_some_and(|m| m.due <= self.turn)
        });
        let fresh = self.new.first();
        let i = in_time.or(fresh).or(due)?;
        self.leave(i);
        let (turn, total) = (self.turn, self.total);
        let m = self.members.get_mut(i as usize)?;
        if in_time.is_none() && fresh.is_some() {
            m.due = turn;
            m.carry = 0;
        }
        // Members of a line have a weight.
        let weight = m.weight.max(1);
        m.due += total / weight;
        m.carry += total % weight;
        if m.carry >= weight {
            m.carry -= weight;
            m.due += 1;
        }
        self.turn += 1;
        Some(i)
    }

    fn next_round(&mut self) {
        std::mem::swap(&mut self.new, &mut self.later);
        for i in self.new.iter() {
            if let Some(m) = self.members.get_mut(i as usize) {
                m.line = Line::New;
            }
        }
        self.turn = 0;
        self.length = self.total;
    }
}

impl Algorithm for RoundRobin {
    fn start(&mut self) {
        self.started = true;
    }

    fn set_weight(&mut self, server: u32, weight: u32, _load: u32) {
        let at = server as usize;
        if self.members.len() <= at {
            self.members.resize(at + 1, Member::default());
        }
        let Some(m) = self.members.get_mut(at) else {
            return;
        };
        let before = std::mem::replace(&mut m.weight, weight);
        if before == weight {
            return;
        }
        self.total = self.total - before + weight;
        self.leave(server);
        if weight == 0 {
            return;
        }
        if self.started {
            // Whoever comes in or changes is due after its share of the turns that this round
            // and the next have left.
            let due = self.turn + self.total.saturating_sub(self.turn) / weight;
            if let Some(m) = self.members.get_mut(at) {
                m.due = due;
            }
            self.stand(server);
        } else {
            self.length = self.total;
            self.join(server, Line::New);
        }
    }

    fn pick(&mut self, ask: Ask, desk: &mut dyn Desk) -> Option<Pick> {
        if self.total == 0 {
            return None;
        }
        let mut avoided = None;
        let mut switched = false;
        let mut chosen = None;
        self.passed.clear();
        loop {
            let Some(i) = self.next() else {
                if switched {
                    break;
                }
                switched = true;
                self.next_round();
                continue;
            };
            if Some(i) == ask.avoid && avoided.is_none() {
                avoided = Some(i);
                self.passed.push(i);
            } else if desk.take(i) {
                chosen = Some(i);
                break;
            } else {
                self.passed.push(i);
            }
        }
        if chosen.is_none() {
            chosen = avoided.filter(|i| desk.take(*i));
        }
        if let Some(i) = chosen {
            self.stand(i);
        }
        let mut passed = std::mem::take(&mut self.passed);
        while let Some(i) = passed.pop() {
            if Some(i) == chosen {
                continue;
            }
            if switched {
                self.join(i, Line::New);
            } else {
                self.stand(i);
            }
        }
        self.passed = passed;
        chosen.map(Pick::Taken)
    }

    fn is_empty(&self) -> bool {
        self.total == 0
    }
}

//! One deadline per task, in a hierarchy of timer wheels with millisecond ticks.
//!
//! Arming is lazy: a deadline later than the one already linked costs one comparison, since the
//! earlier entry will fire, find the task not due and link it again. A connection that renews its
//! 300 s time-out with every request so touches the wheel once in 300 s. Entries are linked
//! through indices, so that a task that ends leaves nothing behind.

const SLOTS: usize = 256;
const LEVELS: usize = 4;
const NONE: u32 = u32::MAX;

/// "No deadline".
pub const NEVER: u64 = u64::MAX;

#[derive(Clone, Copy)]
struct Node {
    /// When the entry fires, in milliseconds; `NEVER` when it is not linked.
    due: u64,
    prev: u32,
    next: u32,
    bucket: u16,
}

const UNLINKED: Node = Node {
    due: NEVER,
    prev: NONE,
    next: NONE,
    bucket: 0,
};

/// The wheels of one thread; entries are named by small indices (task numbers).
pub struct Wheel {
    /// All entries due at this tick or before have fired.
    now: u64,
    nodes: Vec<Node>,
    heads: Vec<u32>,
    used: [[u64; SLOTS / 64]; LEVELS],
}

impl Wheel {
    /// An empty wheel that begins at `now` milliseconds.
    pub fn new(now: u64) -> Wheel {
        Wheel {
            now,
            nodes: Vec::new(),
            heads: vec![NONE; SLOTS * LEVELS],
            used: [[0; SLOTS / 64]; LEVELS],
        }
    }

    /// Makes sure that `entry` fires at `due` or before.
    #[inline]
    pub fn arm(&mut self, entry: u32, due: u64) {
        match self.nodes.get(entry as usize) {
            Some(node) if node.due <= due => {}
            _ => self.relink(entry, due),
        }
    }

    fn relink(&mut self, entry: u32, due: u64) {
        if due == NEVER {
            return;
        }
        if self.nodes.len() <= entry as usize {
            self.nodes.resize(entry as usize + 1, UNLINKED);
        }
        self.disarm(entry);
        let due = due.max(self.now + 1);
        let delta = due - self.now;
        let mut level = 0;
        while level < LEVELS - 1 && delta >= 1 << (8 * (level + 1)) {
            level += 1;
        }
        // beyond the last wheel's span: its farthest slot, from where the entry is linked again
        let span = (1 << (8 * LEVELS)) - (1 << (8 * (LEVELS - 1)));
        let tick = due.min(self.now + span) >> (8 * level);
        let slot = (tick as usize) % SLOTS;
        let bucket = level * SLOTS + slot;
        let head = std::mem::replace(&mut self.heads[bucket], entry);
        if let Some(first) = self.nodes.get_mut(head as usize) {
            first.prev = entry;
        }
        self.nodes[entry as usize] = Node {
            due,
            prev: NONE,
            next: head,
            bucket: bucket as u16,
        };
        self.used[level][slot / 64] |= 1 << (slot % 64);
    }

    /// Unlinks an entry.
    pub fn disarm(&mut self, entry: u32) {
        let Some(node) = self.nodes.get_mut(entry as usize) else {
            return;
        };
        if node.due == NEVER {
            return;
        }
        let Node {
            prev, next, bucket, ..
        } = std::mem::replace(node, UNLINKED);
        if let Some(n) = self.nodes.get_mut(next as usize) {
            n.prev = prev;
        }
        if let Some(p) = self.nodes.get_mut(prev as usize) {
            p.next = next;
            return;
        }
        self.heads[bucket as usize] = next;
        if next == NONE {
            let (level, slot) = (bucket as usize / SLOTS, bucket as usize % SLOTS);
            self.used[level][slot / 64] &= !(1 << (slot % 64));
        }
    }

    /// Calls `fire` for each entry due at `now` or before; fired entries are unlinked.
    pub fn advance(&mut self, now: u64, mut fire: impl FnMut(u32)) {
        while self.now < now {
            match self.next_tick() {
                Some(next) if next <= now => self.now = next,
                // nothing can happen on the ticks between
                _ => {
                    self.now = now;
                    return;
                }
            }
            for level in (0..LEVELS).rev() {
                if level > 0 && self.now & ((1 << (8 * level)) - 1) != 0 {
                    continue;
                }
                let slot = ((self.now >> (8 * level)) as usize) % SLOTS;
                let mut at = std::mem::replace(&mut self.heads[level * SLOTS + slot], NONE);
                self.used[level][slot / 64] &= !(1 << (slot % 64));
                while let Some(node) = self.nodes.get_mut(at as usize) {
                    let Node { due, next, .. } = std::mem::replace(node, UNLINKED);
                    if due <= self.now {
                        fire(at);
                    } else {
                        self.relink(at, due);
                    }
                    at = next;
                }
            }
        }
    }

    /// The first tick after `now` at which a slot has to be looked at; `None` when all are empty.
    pub fn next_tick(&self) -> Option<u64> {
        let mut best: Option<u64> = None;
        for (level, used) in self.used.iter().enumerate() {
            let here = self.now >> (8 * level);
            let Some(ahead) = first_used(used, (here + 1) as usize % SLOTS) else {
                continue;
            };
            let tick = (here + 1 + ahead as u64) << (8 * level);
            best = Some(best.map_or(tick, |b| b.min(tick)));
        }
        best
    }
}

/// Distance from `slot` to the first used slot at or after it, going round.
fn first_used(used: &[u64; SLOTS / 64], slot: usize) -> Option<usize> {
    let (word, bit) = (slot / 64, slot % 64);
    let first = used[word] >> bit;
    if first != 0 {
        return Some(first.trailing_zeros() as usize);
    }
    for step in 1..=used.len() {
        let w = used[(word + step) % used.len()];
        if w != 0 {
            return Some(64 * step - bit + w.trailing_zeros() as usize);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fired(wheel: &mut Wheel, now: u64) -> Vec<u32> {
        let mut out = Vec::new();
        wheel.advance(now, |e| out.push(e));
        out.sort_unstable();
        out
    }

    #[test]
    fn fires_at_the_tick_and_not_before() {
        let mut w = Wheel::new(1000);
        let dues = [1001, 1256, 66_600, 20_000_000, 6_000_000_000];
        for (entry, due) in (0..).zip(dues) {
            w.arm(entry, due);
            assert_eq!(fired(&mut w, due - 1), []);
            assert_eq!(fired(&mut w, due), [entry]);
        }
        assert_eq!(w.next_tick(), None);
    }

    #[test]
    fn a_later_deadline_leaves_the_entry_where_it_is() {
        let mut w = Wheel::new(0);
        w.arm(7, 100);
        w.arm(7, 300);
        assert_eq!(fired(&mut w, 100), [7]);
        w.arm(7, 300);
        w.arm(7, 200);
        assert_eq!(fired(&mut w, 250), [7]);
        w.arm(7, 300);
        w.disarm(7);
        assert_eq!(fired(&mut w, 1000), []);
    }

    proptest! {
        #[test]
        fn every_entry_fires_once_in_the_step_that_passes_it(
            dues in proptest::collection::vec(1u64..2_000_000, 1..60),
            steps in proptest::collection::vec(1u64..300_000, 1..60),
        ) {
            let mut w = Wheel::new(0);
            for (i, d) in dues.iter().enumerate() {
                w.arm(i as u32, *d);
            }
            let mut now = 0;
            for s in steps {
                let then = now;
                now += s;
                let mut want: Vec<u32> = (0u32..)
                    .zip(&dues)
                    .filter(|(_, d)| **d > then && **d <= now)
                    .map(|(i, _)| i)
                    .collect();
                want.sort_unstable();
                prop_assert_eq!(fired(&mut w, now), want);
            }
        }
    }
}

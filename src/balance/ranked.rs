//! Servers in order of rank: the line in which algorithms keep them.

use std::collections::VecDeque;

/// Rank, then arrival: the smaller key comes first, and no two are equal.
pub(super) type Key = (u64, u64);

/// A sorted line. Most servers leave at the front and come back near the end, where a deque moves
/// little; once grown it never allocates.
#[derive(Debug, Default)]
pub(super) struct Ranked {
    line: VecDeque<(Key, u32)>,
}

impl Ranked {
    /// The first one's server.
    pub(super) fn first(&self) -> Option<u32> {
        self.line.front().map(|(_, server)| *server)
    }
    /// Puts a server in its place.
    pub(super) fn insert(&mut self, key: Key, server: u32) {
        let at = self.line.partition_point(|(k, _)| *k < key);
        self.line.insert(at, (key, server));
    }
    /// Takes the one with this key out.
    pub(super) fn remove(&mut self, key: Key) {
        if let Ok(at) = self.line.binary_search_by(|(k, _)| k.cmp(&key)) {
            self.line.remove(at);
        }
    }
    /// All servers in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.line.iter().map(|(_, server)| *server)
    }
    /// Whether nobody stands in it.
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }
}

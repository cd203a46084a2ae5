//! Places in a list of patterns that have the same key.

/// The numbers of equal patterns in the order of their lines: the first one counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    first: u32,
    more: Vec<u32>,
}

impl Slots {
    pub(super) fn of(slot: u32) -> Slots {
        Slots {
            first: slot,
            more: Vec::new(),
        }
    }

    pub(super) fn first(&self) -> u32 {
        self.first
    }

    pub(super) fn push(&mut self, slot: u32) {
        self.more.push(slot);
    }

    /// Takes one out; true if none is left.
    pub(super) fn remove(&mut self, slot: u32) -> bool {
        if self.first != slot {
            self.more.retain(|s| *s != slot);
            return false;
        }
        if self.more.is_empty() {
            return true;
        }
        self.first = self.more.remove(0);
        false
    }
}

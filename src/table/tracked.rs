//! Entries that connections and requests track (`track-sc0`).

use super::data::Data;
use super::row::Entry;
use super::store::{Place, Table};
use crate::base::clock;
use std::fmt;
use std::sync::Arc;

/// An entry in use; it stays as long as this does.
pub struct Tracked {
    table: Arc<Table>,
    place: Place,
}

impl fmt::Debug for Tracked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tracked({:?})", self.table)
    }
}

impl Tracked {
    pub(super) fn new(table: Arc<Table>, place: Place) -> Tracked {
        Tracked { table, place }
    }
    /// Its table.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }
    /// Looks at it.
    pub fn read<R>(&self, look: impl FnOnce(&Entry<'_>) -> R) -> Option<R> {
        self.table.read_at(self.place, clock::now_ms(), look)
    }
    /// Changes it.
    pub fn change<R>(&self, change: impl FnOnce(&mut Entry<'_>) -> R) -> Option<R> {
        self.table.change_at(self.place, clock::now_ms(), change)
    }
    /// One event: a count and its rate.
    pub fn count(&self, count: Data, rate: Data) {
        self.change(|e| {
            e.add(count, 0, 1);
            e.add(rate, 0, 1);
        });
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.table.leave(self.place, clock::now_ms());
    }
}

/// What one connection, or one stream, tracks: by the numbers of `track-sc`.
#[derive(Debug, Default)]
pub struct Counters {
    tracked: Vec<Option<Tracked>>,
}

impl Counters {
    /// What is tracked under a number.
    pub fn get(&self, number: u32) -> Option<&Tracked> {
        self.tracked.get(number as usize)?.as_ref()
    }
    /// Tracks something under a number.
    pub fn set(&mut self, number: u32, tracked: Tracked) {
        let at = number as usize;
        if self.tracked.len() <= at {
            self.tracked.resize_with(at + 1, || None);
        }
        if let Some(slot) = self.tracked.get_mut(at) {
            *slot = Some(tracked);
        }
    }
    /// Everything tracked.
    pub fn each(&self) -> impl Iterator<Item = &Tracked> {
        self.tracked.iter().flatten()
    }
}

//! A table as all threads share it.

use super::data::Data;
use super::key::{Key, KeyType};
use super::rate::since;
use super::row::{Entry, Layout, Row, TOUCHED};
use super::shard::Shard;
use super::spec::Spec;
use super::tracked::Tracked;
use parking_lot::{Mutex, MutexGuard};
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use xxhash_rust::{xxh32::xxh32, xxh64::xxh64};

/// Shards of a table.
const SHARDS: usize = 64;
/// A full table drops one entry, and one more for so many of its size.
const PURGE_SHARE: u32 = 512;

/// Names that entries refer to by number (`server_key`); 0 is none. They are never forgotten:
/// there are as many as servers.
#[derive(Debug, Default)]
struct Names {
    numbers: HashMap<Box<[u8]>, u32>,
    names: Vec<Box<[u8]>>,
}

/// Who is told of changed entries: the peers' side.
pub trait Watcher: Send + Sync {
    /// The entry changed; its number of change is to be set.
    fn changed(&self, entry: &mut Entry<'_>);
}

/// Where an entry lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub(super) hash: u32,
    pub(super) row: u32,
}

/// A stick table.
pub struct Table {
    spec: Spec,
    /// What rules need besides what `store` says (`server_id` for `stick` rules); only until the
    /// first entry.
    wanted: Mutex<Vec<Data>>,
    layout: OnceLock<Layout>,
    shards: Box<[Mutex<Shard>]>,
    used: AtomicU32,
    seed: u32,
    names: Mutex<Names>,
    watcher: OnceLock<Box<dyn Watcher>>,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({})", self.spec.name)
    }
}

impl Table {
    /// An empty table.
    pub fn new(spec: Spec) -> Arc<Table> {
        Arc::new(Table {
            // HAProxy seeds a hash of 32 bits with the low half of one of 64
            seed: xxh64(spec.name.as_bytes(), 0) as u32,
            spec,
            wanted: Mutex::default(),
            layout: OnceLock::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            used: AtomicU32::new(0),
            names: Mutex::default(),
            watcher: OnceLock::new(),
        })
    }

    /// What its line says.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Makes it store something more; without effect once there are entries.
    pub fn want(&self, data: Data) {
        self.wanted.lock().push(data);
    }

    /// Who is to be told of changes, from now on.
    pub fn watch(&self, watcher: Box<dyn Watcher>) {
        // only peers do, once
        let _ = self.watcher.set(watcher);
    }

    /// How its entries are built.
    pub fn layout(&self) -> &Layout {
        self.layout.get_or_init(|| {
            let mut stored = self.spec.stored.clone();
            for data in self.wanted.lock().iter() {
                if stored.iter().all(|(known, _, _)| known != data) {
                    stored.push((*data, 1, 0));
                }
            }
            Layout::of(&self.spec, &stored)
        })
    }

    /// A key of its type.
    pub fn key<'k>(&self, bytes: &'k [u8]) -> Key<'k> {
        self.spec.key.fit(bytes)
    }

    fn hash(&self, key: &Key<'_>) -> u32 {
        key.hashed(|bytes| xxh32(bytes, self.seed))
    }

    fn shard(&self, hash: u32) -> MutexGuard<'_, Shard> {
        // there are as many as the mask lets through
        self.shards[hash as usize % SHARDS].lock()
    }

    fn is_over(&self, touched: u32, now: u32) -> bool {
        self.spec.expire != 0 && since(touched, now) >= self.spec.expire
    }

    /// Milliseconds that an entry has left.
    fn left(&self, touched: u32, now: u32) -> u32 {
        self.spec.expire.saturating_sub(since(touched, now))
    }

    /// The row of a key, unless it has expired, which removes it.
    fn find(&self, shard: &mut Shard, key: &Key<'_>, hash: u32, now: u32) -> Option<u32> {
        let layout = self.layout();
        let row = shard.find(layout, key, hash)?;
        let entry = shard.entry(layout, row, now)?;
        if entry.users() == 0 && self.is_over(entry.touched(), now) {
            if shard.remove(layout, row, hash) {
                self.used.fetch_sub(1, Ordering::Relaxed);
            }
            return None;
        }
        Some(row)
    }

    /// Removes what has expired at the head of a shard, at most so many.
    fn sweep(&self, shard: &mut Shard, now: u32, most: usize) -> u32 {
        let layout = self.layout();
        let mut removed = 0;
        while (removed as usize) < most
            && let Some((row, touched)) = shard.head(layout)
            && self.is_over(touched, now)
        {
            if !self.drop_row(shard, row) {
                break;
            }
            removed += 1;
        }
        removed
    }

    fn drop_row(&self, shard: &mut Shard, row: u32) -> bool {
        let layout = self.layout();
        let hash = xxh32(shard.key_of(layout, row), self.seed);
        let removed = shard.remove(layout, row, hash);
        if removed {
            self.used.fetch_sub(1, Ordering::Relaxed);
        }
        removed
    }

    /// Removes everything that has expired.
    pub fn expire(&self, now_ms: u64) {
        if self.spec.expire == 0 || self.used.load(Ordering::Relaxed) == 0 {
            return;
        }
        for shard in &self.shards {
            self.sweep(&mut shard.lock(), now_ms as u32, usize::MAX);
        }
    }

    /// Makes room in a full table; no shard may be locked by the caller.
    fn make_room(&self, now: u32) {
        let layout = self.layout();
        let mut heads = Vec::with_capacity(SHARDS);
        let mut swept = 0;
        for (at, shard) in self.shards.iter().enumerate() {
            let mut shard = shard.lock();
            swept += self.sweep(&mut shard, now, usize::MAX);
            if let Some((_, touched)) = shard.head(layout) {
                heads.push((since(touched, now), at));
            }
        }
        if swept > 0 || self.spec.nopurge {
            return;
        }
        heads.sort_unstable_by(|a, b| b.cmp(a));
        let share = self.spec.size / PURGE_SHARE + 1;
        for (_, at) in heads.iter().take(share as usize) {
            let Some(shard) = self.shards.get(*at) else {
                continue;
            };
            let mut shard = shard.lock();
            if let Some((row, _)) = shard.head(layout) {
                self.drop_row(&mut shard, row);
            }
        }
    }

    fn reserve(&self) -> bool {
        let one_more = |used: u32| (used < self.spec.size).then_some(used + 1);
        let order = Ordering::Relaxed;
        self.used.fetch_update(order, order, one_more).is_ok()
    }

    /// The row of a key, made if it is not there. `None`: the table is full.
    fn find_or_insert(
        &self,
        key: &Key<'_>,
        now: u32,
    ) -> Option<(MutexGuard<'_, Shard>, u32, u32, bool)> {
        let hash = self.hash(key);
        for attempt in 0..2 {
            let mut shard = self.shard(hash);
            if let Some(row) = self.find(&mut shard, key, hash, now) {
                return Some((shard, hash, row, false));
            }
            self.sweep(&mut shard, now, 2);
            if self.reserve() {
                let seed = self.seed;
                let row = shard.insert(self.layout(), key, hash, now, |k| xxh32(k, seed));
                return Some((shard, hash, row, true));
            }
            drop(shard);
            if attempt == 0 {
                self.make_room(now);
            }
        }
        None
    }

    fn tell(&self, entry: &mut Entry<'_>) {
        if let Some(watcher) = self.watcher.get() {
            watcher.changed(entry);
        }
    }

    /// Looks an entry up without touching it.
    pub fn read<R>(
        &self,
        key: &Key<'_>,
        now_ms: u64,
        look: impl FnOnce(&Entry<'_>) -> R,
    ) -> Option<R> {
        if self.used.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let (hash, now) = (self.hash(key), now_ms as u32);
        let mut shard = self.shard(hash);
        let row = self.find(&mut shard, key, hash, now)?;
        shard.entry(self.layout(), row, now).map(|e| look(&e))
    }

    /// Changes an entry if it is there, and touches it.
    pub fn change<R>(
        &self,
        key: &Key<'_>,
        now_ms: u64,
        change: impl FnOnce(&mut Entry<'_>) -> R,
    ) -> Option<R> {
        let (hash, now) = (self.hash(key), now_ms as u32);
        let mut shard = self.shard(hash);
        let row = self.find(&mut shard, key, hash, now)?;
        self.changed(&mut shard, row, now, change)
    }

    /// Changes an entry, made if it is not there, and touches it. `None`: the table is full.
    pub fn upsert<R>(
        &self,
        key: &Key<'_>,
        now_ms: u64,
        change: impl FnOnce(&mut Entry<'_>) -> R,
    ) -> Option<R> {
        let now = now_ms as u32;
        let (mut shard, _, row, _) = self.find_or_insert(key, now)?;
        self.changed(&mut shard, row, now, change)
    }

    /// As [`Table::upsert`], for what a peer tells: the entry has so many milliseconds left, and
    /// nobody is told.
    pub fn learn(
        &self,
        key: &Key<'_>,
        now_ms: u64,
        left: Option<u32>,
        change: impl FnOnce(&mut Entry<'_>),
    ) {
        let now = now_ms as u32;
        let Some((mut shard, _, row, _)) = self.find_or_insert(key, now) else {
            return;
        };
        let layout = self.layout();
        if let Some(mut entry) = shard.entry(layout, row, now) {
            change(&mut entry);
        }
        match left.filter(|_| self.spec.expire != 0) {
            Some(left) => {
                let moment = now.wrapping_add(left).wrapping_sub(self.spec.expire);
                shard.touch_at(layout, row, moment);
            }
            None => shard.touch(layout, row, now),
        }
    }

    fn changed<R>(
        &self,
        shard: &mut Shard,
        row: u32,
        now: u32,
        change: impl FnOnce(&mut Entry<'_>) -> R,
    ) -> Option<R> {
        let layout = self.layout();
        shard.touch(layout, row, now);
        let mut entry = shard.entry(layout, row, now)?;
        let result = change(&mut entry);
        self.tell(&mut entry);
        Some(result)
    }

    /// Changes an entry that is tracked, and touches it.
    pub(super) fn change_at<R>(
        &self,
        place: Place,
        now_ms: u64,
        change: impl FnOnce(&mut Entry<'_>) -> R,
    ) -> Option<R> {
        let mut shard = self.shard(place.hash);
        self.changed(&mut shard, place.row, now_ms as u32, change)
    }

    /// Looks at an entry that is tracked.
    pub(super) fn read_at<R>(
        &self,
        place: Place,
        now_ms: u64,
        look: impl FnOnce(&Entry<'_>) -> R,
    ) -> Option<R> {
        let mut shard = self.shard(place.hash);
        let entry = shard.entry(self.layout(), place.row, now_ms as u32)?;
        Some(look(&entry))
    }

    /// Tracks an entry, made if it is not there. `None`: the table is full.
    pub fn track(
        self: &Arc<Self>,
        key: &Key<'_>,
        now_ms: u64,
        begin: impl FnOnce(&mut Entry<'_>),
    ) -> Option<Tracked> {
        let now = now_ms as u32;
        let (mut shard, hash, row, _) = self.find_or_insert(key, now)?;
        shard.enter(self.layout(), row);
        self.changed(&mut shard, row, now, begin);
        drop(shard);
        Some(Tracked::new(self.clone(), Place { hash, row }))
    }

    /// One user fewer.
    pub(super) fn leave(&self, place: Place, now_ms: u64) {
        let (now, layout) = (now_ms as u32, self.layout());
        let mut shard = self.shard(place.hash);
        if let Some(mut entry) = shard.entry(layout, place.row, now) {
            entry.subtract_one(Data::ConnCur);
            self.tell(&mut entry);
        }
        shard.leave(layout, place.row, now);
    }

    /// Removes an entry; false if it is in use.
    pub fn remove(&self, key: &Key<'_>) -> bool {
        let hash = self.hash(key);
        let mut shard = self.shard(hash);
        match shard.find(self.layout(), key, hash) {
            Some(row) => self.drop_row(&mut shard, row),
            None => true,
        }
    }

    /// Removes what is not in use and `which` wants removed.
    pub fn clear(&self, now_ms: u64, which: impl Fn(&Entry<'_>) -> bool) {
        let layout = self.layout();
        for shard in &self.shards {
            let mut shard = shard.lock();
            let rows: Vec<u32> = shard.rows().collect();
            for row in rows {
                let entry = shard.entry(layout, row, now_ms as u32);
                if entry.is_some_and(|e| which(&e)) {
                    self.drop_row(&mut shard, row);
                }
            }
        }
    }

    /// Entries now.
    pub fn used(&self) -> u32 {
        self.used.load(Ordering::Relaxed)
    }

    /// Copies of all entries of one 64th, in the order of their keys; `None` behind the last.
    pub fn rows_of(&self, shard_number: usize, now_ms: u64) -> Option<Vec<Row<'_>>> {
        let (layout, now) = (self.layout(), now_ms as u32);
        let mut shard = self.shards.get(shard_number)?.lock();
        self.sweep(&mut shard, now, usize::MAX);
        let mut rows = Vec::with_capacity(shard.len());
        for row in shard.rows() {
            let Some(words) = shard.copy(layout, row) else {
                continue;
            };
            let touched = words.get(TOUCHED).copied().unwrap_or(0);
            rows.push(Row {
                layout,
                words,
                left: self.left(touched, now),
                pointer: pointer(shard_number, row),
            });
        }
        drop(shard);
        rows.sort_unstable_by(|a, b| a.key().cmp(b.key()));
        Some(rows)
    }

    /// A copy of the entry of a key.
    pub fn row(&self, key: &Key<'_>, now_ms: u64) -> Option<Row<'_>> {
        let (layout, now) = (self.layout(), now_ms as u32);
        let hash = self.hash(key);
        let mut shard = self.shard(hash);
        let row = self.find(&mut shard, key, hash, now)?;
        let words = shard.copy(layout, row)?;
        let touched = words.get(TOUCHED).copied().unwrap_or(0);
        Some(Row {
            layout,
            words,
            left: self.left(touched, now),
            pointer: pointer(hash as usize % SHARDS, row),
        })
    }

    /// The key of the entry that a listing showed under this name.
    pub fn key_at(&self, pointer: u64) -> Option<Vec<u8>> {
        let place = pointer.checked_sub(FIRST)?;
        if !place.is_multiple_of(STEP) {
            return None;
        }
        let place = place / STEP;
        let (row, at) = (place / SHARDS as u64, (place % SHARDS as u64) as usize);
        let row = u32::try_from(row).ok()?;
        let shard = self.shards.get(at)?.lock();
        let key = shard.key_of(self.layout(), row);
        let hash = xxh32(key, self.seed);
        shard.is_live(row, hash).then(|| key.to_vec())
    }

    /// The number of a name for [`Data::ServerKey`].
    pub fn number_of(&self, name: &[u8]) -> u32 {
        let mut names = self.names.lock();
        if let Some(number) = names.numbers.get(name) {
            return *number;
        }
        names.names.push(name.into());
        let number = u32::try_from(names.names.len()).unwrap_or(0);
        names.numbers.insert(name.into(), number);
        number
    }

    /// The name of a number.
    pub fn name_of(&self, number: i64) -> Option<Box<[u8]>> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        self.names.lock().names.get(at).cloned()
    }

    /// `type`
    pub fn key_type(&self) -> KeyType {
        self.spec.key
    }
}

/// Listings call entries by addresses, from here on, so far apart.
const FIRST: u64 = 0x5500_0000_0000;
const STEP: u64 = 0x80;

fn pointer(shard: usize, row: u32) -> u64 {
    FIRST + (u64::from(row) * SHARDS as u64 + shard as u64) * STEP
}

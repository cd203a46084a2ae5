//! A 64th of a table.

use super::key::Key;
use super::row::{Entry, Layout, NEWER, OLDER, TOUCHED, USERS};
use hashbrown::HashTable;

/// Rows of a chunk.
const CHUNK: u32 = 64;
/// No row.
const NONE: u32 = u32::MAX;

/// Rows with an index, and the list of those that are not in use.
#[derive(Debug)]
pub(super) struct Shard {
    index: HashTable<u32>,
    chunks: Vec<Box<[u32]>>,
    /// Rows ever made.
    made: u32,
    /// First row that was given back; its next one stands in it.
    free: u32,
    oldest: u32,
    newest: u32,
}

impl Default for Shard {
    fn default() -> Self {
        Shard {
            index: HashTable::new(),
            chunks: Vec::new(),
            made: 0,
            free: NONE,
            oldest: NONE,
            newest: NONE,
        }
    }
}

/// Spreads 32 bits over the 64 that the index looks at.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Shard {
    /// Entries.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    fn words(&self, layout: &Layout, row: u32) -> Option<&[u32]> {
        let chunk = self.chunks.get((row / CHUNK) as usize)?;
        let at = (row % CHUNK) as usize * layout.stride;
        chunk.get(at..at + layout.stride)
    }

    fn words_mut(&mut self, layout: &Layout, row: u32) -> Option<&mut [u32]> {
        let chunk = self.chunks.get_mut((row / CHUNK) as usize)?;
        let at = (row % CHUNK) as usize * layout.stride;
        chunk.get_mut(at..at + layout.stride)
    }

    fn word(&self, layout: &Layout, row: u32, word: usize) -> u32 {
        let words = self.words(layout, row);
        words.and_then(|w| w.get(word)).copied().unwrap_or(0)
    }

    fn set_word(&mut self, layout: &Layout, row: u32, word: usize, value: u32) {
        if let Some(word) = self.words_mut(layout, row).and_then(|w| w.get_mut(word)) {
            *word = value;
        }
    }

    /// The row of a key.
    pub(super) fn find(&self, layout: &Layout, key: &Key<'_>, hash: u32) -> Option<u32> {
        let same = |row: &u32| {
            let words = self.words(layout, *row);
            words.is_some_and(|w| key.is(layout.key(w)))
        };
        self.index.find(spread(hash), same).copied()
    }

    /// A row as an entry.
    pub(super) fn entry<'e>(
        &'e mut self,
        layout: &'e Layout,
        row: u32,
        now: u32,
    ) -> Option<Entry<'e>> {
        let words = self.words_mut(layout, row)?;
        Some(Entry { layout, words, now })
    }

    /// Makes a row for a key that is not there. It is the newest.
    pub(super) fn insert(
        &mut self,
        layout: &Layout,
        key: &Key<'_>,
        hash: u32,
        now: u32,
        hash_of: impl Fn(&[u8]) -> u32,
    ) -> u32 {
        let row = match self.free {
            NONE => {
                if self.made.is_multiple_of(CHUNK) {
                    let words = CHUNK as usize * layout.stride;
                    self.chunks.push(vec![0; words].into());
                }
                self.made += 1;
                self.made - 1
            }
            row => {
                self.free = self.word(layout, row, NEWER);
                row
            }
        };
        if let Some(words) = self.words_mut(layout, row) {
            words.fill(0);
            let mut whole;
            let bytes = match key.len() == key.bytes().len() {
                true => key.bytes(),
                false => {
                    whole = key.bytes().to_vec();
                    whole.resize(key.len(), 0);
                    &whole
                }
            };
            layout.set_key(words, bytes);
        }
        let Shard { index, chunks, .. } = self;
        index.insert_unique(spread(hash), row, |row| {
            let chunk = chunks.get((*row / CHUNK) as usize);
            let at = (*row % CHUNK) as usize * layout.stride;
            let words = chunk.and_then(|c| c.get(at..at + layout.stride));
            spread(hash_of(layout.key(words.unwrap_or_default())))
        });
        self.set_word(layout, row, TOUCHED, now);
        self.append(layout, row);
        row
    }

    fn append(&mut self, layout: &Layout, row: u32) {
        let last = std::mem::replace(&mut self.newest, row);
        self.set_word(layout, row, OLDER, last);
        self.set_word(layout, row, NEWER, NONE);
        match last {
            NONE => self.oldest = row,
            last => self.set_word(layout, last, NEWER, row),
        }
    }

    fn unlink(&mut self, layout: &Layout, row: u32) {
        let older = self.word(layout, row, OLDER);
        let newer = self.word(layout, row, NEWER);
        match older {
            NONE => self.oldest = newer,
            older => self.set_word(layout, older, NEWER, newer),
        }
        match newer {
            NONE => self.newest = older,
            newer => self.set_word(layout, newer, OLDER, older),
        }
    }

    /// It was used now.
    pub(super) fn touch(&mut self, layout: &Layout, row: u32, now: u32) {
        self.set_word(layout, row, TOUCHED, now);
        if self.word(layout, row, USERS) == 0 && self.newest != row {
            self.unlink(layout, row);
            self.append(layout, row);
        }
    }

    /// It was used at a moment in the past, which counts if it is later than what is known.
    pub(super) fn touch_at(&mut self, layout: &Layout, row: u32, moment: u32) {
        self.set_word(layout, row, TOUCHED, moment);
        if self.word(layout, row, USERS) != 0 {
            return;
        }
        self.unlink(layout, row);
        // from the newest on to the place where it belongs: mostly the end
        let mut newer = NONE;
        let mut older = self.newest;
        while older != NONE
            && moment
                .wrapping_sub(self.word(layout, older, TOUCHED))
                .cast_signed()
                < 0
        {
            newer = older;
            older = self.word(layout, older, OLDER);
        }
        self.set_word(layout, row, OLDER, older);
        self.set_word(layout, row, NEWER, newer);
        match older {
            NONE => self.oldest = row,
            older => self.set_word(layout, older, NEWER, row),
        }
        match newer {
            NONE => self.newest = row,
            newer => self.set_word(layout, newer, OLDER, row),
        }
    }

    /// One more user: it leaves the list.
    pub(super) fn enter(&mut self, layout: &Layout, row: u32) {
        let users = self.word(layout, row, USERS);
        if users == 0 {
            self.unlink(layout, row);
        }
        self.set_word(layout, row, USERS, users.saturating_add(1));
    }

    /// One user fewer; the last one puts it at the list's end.
    pub(super) fn leave(&mut self, layout: &Layout, row: u32, now: u32) {
        let users = self.word(layout, row, USERS).saturating_sub(1);
        self.set_word(layout, row, USERS, users);
        self.set_word(layout, row, TOUCHED, now);
        if users == 0 {
            self.append(layout, row);
        }
    }

    /// Removes a row that is not in use; false if it is.
    pub(super) fn remove(&mut self, layout: &Layout, row: u32, hash: u32) -> bool {
        if self.word(layout, row, USERS) != 0 {
            return false;
        }
        let Ok(found) = self.index.find_entry(spread(hash), |r| *r == row) else {
            return false;
        };
        found.remove();
        self.unlink(layout, row);
        self.set_word(layout, row, NEWER, self.free);
        self.free = row;
        true
    }

    /// The oldest row that is not in use, and when it was touched last.
    pub(super) fn head(&self, layout: &Layout) -> Option<(u32, u32)> {
        (self.oldest != NONE).then(|| (self.oldest, self.word(layout, self.oldest, TOUCHED)))
    }

    /// The key of a row.
    pub(super) fn key_of(&self, layout: &Layout, row: u32) -> &[u8] {
        self.words(layout, row).map_or(&[], |w| layout.key(w))
    }

    /// Whether a row is one of an entry, with its hash.
    pub(super) fn is_live(&self, row: u32, hash: u32) -> bool {
        self.index.find(spread(hash), |r| *r == row).is_some()
    }

    /// All rows, in no order.
    pub(super) fn rows(&self) -> impl Iterator<Item = u32> {
        self.index.iter().copied()
    }

    /// A copy of a row's words.
    pub(super) fn copy(&self, layout: &Layout, row: u32) -> Option<Box<[u32]>> {
        self.words(layout, row).map(Into::into)
    }
}

//! One entry: where its words are, and what can be done with them.

use super::data::{Data, Form, TYPES};
use super::key::KeyType;
use super::rate;
use super::spec::Spec;

/// Words in front of the key.
pub(super) const TOUCHED: usize = 0;
pub(super) const OLDER: usize = 1;
pub(super) const NEWER: usize = 2;
pub(super) const USERS: usize = 3;
const HEAD: usize = 4;
/// Number of the last change that peers are told, in tables with peers.
const UPDATE: usize = 4;

/// Where a data type lies.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// First word; 0: not stored.
    at: u32,
    /// Elements.
    count: u32,
    /// Milliseconds.
    period: u32,
}

/// How the rows of a table are built.
#[derive(Debug)]
pub struct Layout {
    pub(super) key: KeyType,
    slots: [Slot; TYPES],
    key_at: usize,
    /// Words of a row.
    pub(super) stride: usize,
    byte_factor: u32,
    /// Entries have the number of their last change.
    pub(super) shared: bool,
}

impl Layout {
    /// For what a table stores.
    pub(super) fn of(spec: &Spec, stored: &[(Data, u32, u32)]) -> Layout {
        let shared = spec.peers.is_some();
        let key_at = if shared { HEAD + 1 } else { HEAD };
        let length = usize::from(matches!(spec.key, KeyType::Str(_)));
        let mut at = key_at + length + spec.key.size().div_ceil(4);
        let mut slots = [Slot::default(); TYPES];
        for data in Data::all() {
            let Some((_, count, period)) = stored.iter().find(|(d, _, _)| *d == data) else {
                continue;
            };
            if let Some(slot) = slots.get_mut(data.number()) {
                *slot = Slot {
                    at: u32::try_from(at).unwrap_or(0),
                    count: *count,
                    period: *period,
                };
                at += *count as usize * data.form().words();
            }
        }
        Layout {
            key: spec.key,
            slots,
            key_at,
            stride: at,
            byte_factor: spec.byte_factor.max(1),
            shared,
        }
    }

    fn slot(&self, data: Data) -> Option<Slot> {
        let slot = self.slots.get(data.number())?;
        (slot.at != 0).then_some(*slot)
    }

    /// What is stored in order: type, elements, period.
    pub fn stored(&self) -> impl Iterator<Item = (Data, u32, u32)> {
        Data::all().filter_map(|data| {
            let slot = self.slot(data)?;
            Some((data, slot.count, slot.period))
        })
    }

    /// Where an element lies; 0 and 1 of an array stand in for `gpc0`, `gpt0` and so on.
    fn place(&self, data: Data, index: u32) -> Option<(usize, Data, u32)> {
        let of_array = match data {
            Data::Gpc0 => Some((Data::Gpc, 0)),
            Data::Gpc1 => Some((Data::Gpc, 1)),
            Data::Gpc0Rate => Some((Data::GpcRate, 0)),
            Data::Gpc1Rate => Some((Data::GpcRate, 1)),
            Data::Gpt0 => Some((Data::Gpt, 0)),
            _ => None,
        };
        let (slot, data, index) = match (self.slot(data), of_array) {
            (Some(slot), _) => (slot, data, index),
            (None, Some((array, index))) => (self.slot(array)?, array, index),
            (None, None) => return None,
        };
        if index >= slot.count {
            return None;
        }
        let at = slot.at as usize + index as usize * data.form().words();
        Some((at, data, slot.period))
    }

    /// Whether an element is stored.
    pub fn has(&self, data: Data, index: u32) -> bool {
        self.place(data, index).is_some()
    }

    /// Elements of a data type by its own name; 0: not stored.
    pub fn elements(&self, data: Data) -> u32 {
        self.slot(data).map_or(0, |slot| slot.count)
    }

    /// The key of a row.
    pub(super) fn key<'r>(&self, words: &'r [u32]) -> &'r [u8] {
        let (from, length) = match self.key {
            KeyType::Str(_) => {
                let length = words.get(self.key_at).copied().unwrap_or(0);
                (self.key_at + 1, length as usize)
            }
            key => (self.key_at, key.size()),
        };
        let words = words.get(from..).unwrap_or_default();
        bytes_of(words).get(..length).unwrap_or_default()
    }

    /// Enters a key into an empty row.
    pub(super) fn set_key(&self, words: &mut [u32], key: &[u8]) {
        let mut from = self.key_at;
        if matches!(self.key, KeyType::Str(_)) {
            if let Some(word) = words.get_mut(from) {
                *word = u32::try_from(key.len()).unwrap_or(0);
            }
            from += 1;
        }
        let words = words.get_mut(from..).unwrap_or_default();
        for (word, bytes) in words.iter_mut().zip(key.chunks(4)) {
            let mut four = [0; 4];
            for (to, from) in four.iter_mut().zip(bytes) {
                *to = *from;
            }
            *word = u32::from_ne_bytes(four);
        }
    }
}

/// The bytes of words in the machine's order.
fn bytes_of(words: &[u32]) -> &[u8] {
    crate::base::sys::bytes_of_words(words)
}

/// A copy of an entry, to be looked at without the lock.
#[derive(Clone, Debug)]
pub struct Row<'t> {
    pub(super) layout: &'t Layout,
    pub(super) words: Box<[u32]>,
    /// Milliseconds until it expires.
    pub left: u32,
    /// What a listing calls it.
    pub pointer: u64,
}

impl Row<'_> {
    /// Its key.
    pub fn key(&self) -> &[u8] {
        self.layout.key(&self.words)
    }
    /// How many track it.
    pub fn users(&self) -> u32 {
        self.words.get(USERS).copied().unwrap_or(0)
    }
    /// Number of its last change.
    pub fn update(&self) -> u32 {
        self.words.get(UPDATE).copied().unwrap_or(0)
    }
    /// An element at a time; see [`Entry::get`].
    pub fn get(&self, data: Data, index: u32, now: u32) -> Option<i64> {
        get(self.layout, &self.words, data, index, now)
    }
    /// The words of an element as they are.
    pub fn raw(&self, data: Data, index: u32) -> Option<&[u32]> {
        let (at, data, _) = self.layout.place(data, index)?;
        self.words.get(at..at + data.form().words())
    }
}

fn get(layout: &Layout, words: &[u32], data: Data, index: u32, now: u32) -> Option<i64> {
    let (at, data, period) = layout.place(data, index)?;
    Some(match data.form() {
        Form::Count | Form::Name => i64::from(*words.get(at)?),
        Form::Signed => i64::from((*words.get(at)?).cast_signed()),
        Form::Sum => {
            (u64::from(*words.get(at)?) | u64::from(*words.get(at + 1)?) << 32).cast_signed()
        }
        Form::Rate => {
            let three = words.get(at..at + 3)?.try_into().ok()?;
            let blocks = i64::from(rate::read(three, period, now));
            match data.is_byte_rate() {
                true => blocks * i64::from(layout.byte_factor),
                false => blocks,
            }
        }
    })
}

/// An entry under its shard's lock.
#[derive(Debug)]
pub struct Entry<'e> {
    pub(super) layout: &'e Layout,
    pub(super) words: &'e mut [u32],
    /// The present, milliseconds, wrapping.
    pub now: u32,
}

impl Entry<'_> {
    /// How the table's rows are built.
    pub fn layout(&self) -> &Layout {
        self.layout
    }
    /// Its key.
    pub fn key(&self) -> &[u8] {
        self.layout.key(self.words)
    }
    /// How many track it.
    pub fn users(&self) -> u32 {
        self.words.get(USERS).copied().unwrap_or(0)
    }
    /// When it was touched last, milliseconds, wrapping.
    pub fn touched(&self) -> u32 {
        self.words.get(TOUCHED).copied().unwrap_or(0)
    }
    /// Gives it the number of a change.
    pub fn set_update(&mut self, number: u32) {
        if self.layout.shared
            && let Some(word) = self.words.get_mut(UPDATE)
        {
            *word = number;
        }
    }
    /// An element: a number, or the events of the last period. `gpc0`, `gpc1` and `gpt0` (and
    /// their rates) mean the array's first ones in a table that has arrays. `None`: not stored.
    pub fn get(&self, data: Data, index: u32) -> Option<i64> {
        get(self.layout, self.words, data, index, self.now)
    }
    /// Adds to an element (bytes to a rate of bytes); returns what it is now.
    pub fn add(&mut self, data: Data, index: u32, n: u64) -> Option<i64> {
        let (at, kind, period) = self.layout.place(data, index)?;
        let word = self.words.get_mut(at)?;
        match kind.form() {
            Form::Count | Form::Signed | Form::Name => {
                // wraps as HAProxy's
                *word = word.wrapping_add(n as u32);
            }
            Form::Sum => {
                let sum = self.get(data, index)?.cast_unsigned().wrapping_add(n);
                *self.words.get_mut(at)? = sum as u32;
                *self.words.get_mut(at + 1)? = (sum >> 32) as u32;
            }
            Form::Rate => {
                let n = match kind.is_byte_rate() {
                    true => n.div_ceil(u64::from(self.layout.byte_factor)),
                    false => n,
                };
                let n = u32::try_from(n).unwrap_or(u32::MAX);
                let three: &mut [u32; 3] = self.words.get_mut(at..at + 3)?.try_into().ok()?;
                rate::add(three, period, self.now, n);
            }
        }
        self.get(data, index)
    }
    /// One fewer, not below 0.
    pub fn subtract_one(&mut self, data: Data) {
        if let Some((at, _, _)) = self.layout.place(data, 0)
            && let Some(word) = self.words.get_mut(at)
        {
            *word = word.saturating_sub(1);
        }
    }
    /// Sets an element; of a rate, as many events now and none before. False: not stored.
    pub fn set(&mut self, data: Data, index: u32, value: i64) -> bool {
        let Some((at, data, _)) = self.layout.place(data, index) else {
            return false;
        };
        // takes the low bits, as HAProxy does
        let low = value as u32;
        let Some(words) = self.words.get_mut(at..at + data.form().words()) else {
            return false;
        };
        match words {
            [word] => *word = low,
            [word, high] => (*word, *high) = (low, (value >> 32) as u32),
            [start, current, previous] => (*start, *current, *previous) = (self.now, low, 0),
            _ => return false,
        }
        true
    }
    /// Sets the words of an element as they came from a peer.
    pub fn set_raw(&mut self, data: Data, index: u32, raw: &[u32]) {
        if let Some((at, data, _)) = self.layout.place(data, index)
            && let Some(words) = self.words.get_mut(at..at + data.form().words())
            && words.len() == raw.len()
        {
            words.copy_from_slice(raw);
        }
    }
}

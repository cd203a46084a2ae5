//! Samples as keys of stick tables, and what is asked of entries.

use super::args::Arg;
use super::scratch::Scratch;
use super::value::{Sample, Type};
use super::view::Eval;
use crate::base::clock;
use crate::table::{Data, Entry, Key, KeyType, Table, Tracked, rate};
use std::sync::Arc;

/// The type that a sample is cast to for a key.
pub fn key_type(key: KeyType) -> Type {
    match key {
        KeyType::Ip => Type::Ipv4,
        KeyType::Ipv6 => Type::Ipv6,
        KeyType::Integer => Type::Sint,
        KeyType::Str(_) => Type::Str,
        KeyType::Bin(_) => Type::Bin,
    }
}

/// The key that a sample is in a table; `None`: it cannot be cast.
pub fn key<'a>(table: &Table, sample: Sample<'a>, scratch: &'a Scratch) -> Option<Key<'a>> {
    let bytes = match sample.cast(key_type(table.key_type()), scratch)? {
        Sample::V4(a) => scratch.copy(&a.octets()),
        Sample::V6(a) => scratch.copy(&a.octets()),
        // the low 32 bits
        Sample::Int(n) => scratch.copy(&(n as u32).to_le_bytes()),
        Sample::Str(text) | Sample::Bin(text) | Sample::Meth(text) => text,
        Sample::Bool(_) => return None,
    };
    Some(table.key(bytes))
}

/// A key as a sample.
fn sample_of<'a>(kind: KeyType, key: &'a [u8]) -> Option<Sample<'a>> {
    Some(match kind {
        KeyType::Ip => Sample::V4(<[u8; 4]>::try_from(key).ok()?.into()),
        KeyType::Ipv6 => Sample::V6(<[u8; 16]>::try_from(key).ok()?.into()),
        KeyType::Integer => Sample::Int(u32::from_le_bytes(key.try_into().ok()?).into()),
        KeyType::Str(_) => Sample::Str(key),
        KeyType::Bin(_) => Sample::Bin(key),
    })
}

/// What is asked of an entry, or done to it.
#[derive(Clone, Copy, Debug)]
pub enum Ask {
    /// An element of the data.
    Value(Data),
    /// A sum of bytes in kilobytes.
    Kilobytes(Data),
    /// One more, of the rate as well: the new count, else the new rate.
    Increment(Data, Data),
    /// Cleared: what it was.
    Clear(Data),
    /// How many track it.
    Trackers,
    /// Whether there is one.
    Exists,
    /// Milliseconds until it expires.
    Expire,
    /// Milliseconds since it was used.
    Idle,
}

impl Ask {
    fn changes(self) -> bool {
        matches!(self, Ask::Increment(..) | Ask::Clear(_))
    }

    fn read(self, table: &Table, entry: &Entry<'_>, index: u32) -> Option<i64> {
        let idle = || rate::since(entry.touched(), entry.now);
        match self {
            Ask::Value(data) => entry.get(data, index),
            Ask::Kilobytes(data) => Some(entry.get(data, index)? >> 10),
            Ask::Trackers => Some(entry.users().into()),
            Ask::Exists => Some(1),
            Ask::Idle => Some(idle().into()),
            Ask::Expire => Some(table.spec().expire.saturating_sub(idle()).into()),
            Ask::Increment(..) | Ask::Clear(_) => None,
        }
    }

    fn write(self, entry: &mut Entry<'_>, index: u32) -> i64 {
        match self {
            Ask::Increment(count, rate) => {
                let rate = entry.add(rate, index, 1);
                entry.add(count, index, 1).or(rate).unwrap_or(0)
            }
            Ask::Clear(data) => {
                let before = entry.get(data, index);
                entry.set(data, index, 0);
                before.unwrap_or(0)
            }
            _ => 0,
        }
    }
}

/// The table of an argument.
pub fn table(args: &[Arg], i: usize) -> Option<&Arc<Table>> {
    match args.get(i) {
        Some(Arg::Table(table)) => Some(table),
        _ => None,
    }
}

/// Asks the entry of a key. Without one, values are 0, and what changes something makes one.
pub fn of_key(table: &Table, key: &Key<'_>, ask: Ask, index: u32) -> Option<i64> {
    let now = clock::now_ms();
    if ask.changes() {
        return table.upsert(key, now, |e| ask.write(e, index));
    }
    match table.read(key, now, |e| ask.read(table, e, index)) {
        Some(value) => value,
        None if matches!(ask, Ask::Expire | Ask::Idle) => None,
        None => Some(0),
    }
}

/// Asks the entry tracked under a number, or the one of its key in another table, which is not made
/// for that.
pub fn of_tracked(
    e: &Eval<'_>,
    number: u32,
    other: Option<&Arc<Table>>,
    ask: Ask,
    index: u32,
) -> Option<i64> {
    let tracked: &Tracked = e.view.tracked(number)?;
    let own = tracked.table();
    let Some(other) = other.filter(|t| !Arc::ptr_eq(t, own)) else {
        return match ask.changes() {
            true => tracked.change(|entry| ask.write(entry, index)),
            false => tracked.read(|entry| ask.read(own, entry, index))?,
        };
    };
    // a key of another type is in no table
    if other.key_type().name() != own.key_type().name() {
        return None;
    }
    if matches!(ask, Ask::Exists) {
        return Some(1);
    }
    let key = tracked.read(|entry| entry.key().to_vec())?;
    let (key, now) = (other.key(&key), clock::now_ms());
    if ask.changes() {
        return Some(
            other
                .change(&key, now, |e| ask.write(e, index))
                .unwrap_or(0),
        );
    }
    match other.read(&key, now, |e| ask.read(other, e, index)) {
        Some(value) => value,
        None => Some(0),
    }
}

/// The key tracked under a number.
pub fn tracked_key<'a>(e: &Eval<'a>, number: u32) -> Option<Sample<'a>> {
    let tracked = e.view.tracked(number)?;
    let key = tracked.read(|entry| e.scratch.copy(entry.key()))?;
    sample_of(tracked.table().key_type(), key)
}

//! Lists of patterns that ACLs and maps share by name, and that can be edited while running
//! (manual 7.1, 7.3.1 `map`; management guide 9.3 `show map`).
//!
//! A list is read without a lock until it is edited for the first time; from then on under a lock
//! of its own.

use super::pattern::{Method, Operator, Patterns};
use super::scratch::Scratch;
use super::value::{Sample, parse_ip, whole_int};
use bstr::BStr;
use parking_lot::{Mutex, RwLock};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

/// Looks a host name up.
pub type Resolve<'r> = &'r dyn Fn(&[u8]) -> Option<IpAddr>;

/// How an ACL or map reads the keys of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What the keys are.
    pub method: Method,
    /// `-i`
    pub ignore_case: bool,
    /// `-n`
    pub no_dns: bool,
    /// What the values must be.
    pub values: Values,
}

/// What the values of a list are to its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Nothing or any text.
    Text,
    /// Integers.
    Int,
    /// Addresses.
    Ip,
}

impl Values {
    /// A value as a sample.
    pub fn sample(self, text: &[u8]) -> Option<Sample<'_>> {
        match self {
            Values::Text => Some(Sample::Str(text)),
            Values::Int if text.is_empty() => Some(Sample::Int(0)),
            Values::Int => whole_int(text).map(Sample::Int),
            Values::Ip => parse_ip(text).map(Sample::from),
        }
    }
}

/// One line of a list.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The pattern as written.
    pub key: Box<[u8]>,
    /// What a map gives for it.
    pub value: Option<Box<[u8]>>,
}

/// The lines of a list and their indexes, one per way of reading.
#[derive(Clone, Debug, Default)]
struct State {
    entries: Vec<Option<Entry>>,
    live: usize,
    /// Keys to lines; made with the first edit.
    keys: Option<HashMap<Box<[u8]>, Vec<u32>>>,
    indexes: Vec<(Reading, Patterns)>,
}

/// A list of patterns.
#[derive(Debug)]
pub struct Reference {
    /// The file as written; empty for the patterns of an ACL line itself.
    pub name: String,
    /// Lines are keys and values.
    pub is_map: bool,
    id: AtomicU32,
    uses: Mutex<Vec<Use>>,
    readings: Mutex<Vec<Reading>>,
    loaded: OnceLock<State>,
    edited: AtomicBool,
    live: RwLock<State>,
    versions: Mutex<Versions>,
}

/// Who reads a list, for `show map` and `show acl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// `acl`, `map`, `acl 'path'`
    pub what: String,
    /// The configuration's line.
    pub span: crate::base::span::Span,
}

/// An entry that waits: its key, and its value in a map.
type Waiting = (Box<[u8]>, Option<Box<[u8]>>);

/// Lists that wait to take the place of the one in use.
#[derive(Debug, Default)]
struct Versions {
    current: u32,
    next: u32,
    waiting: BTreeMap<u32, Vec<Waiting>>,
}

/// Nothing has set the number yet.
const UNNUMBERED: u32 = u32::MAX;

/// Why an edit was refused.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// No such key.
    Unknown,
    /// The version is not one that was prepared.
    Version,
    /// HAProxy's words about the key or value.
    Wrong(String),
}

/// What one way of reading makes of a sample, for `get map`.
#[derive(Debug)]
pub struct Found {
    /// The way of reading.
    pub reading: Reading,
    /// The line.
    pub entry: Option<Entry>,
}

impl Reference {
    fn new(name: String, is_map: bool) -> Reference {
        Reference {
            name,
            is_map,
            id: AtomicU32::new(UNNUMBERED),
            uses: Mutex::default(),
            readings: Mutex::default(),
            loaded: OnceLock::new(),
            edited: AtomicBool::new(false),
            live: RwLock::default(),
            versions: Mutex::default(),
        }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.id.load(Ordering::Relaxed)
    }

    /// Gives it a number (`-u`).
    pub fn set_id(&self, id: u32) {
        self.id.store(id, Ordering::Relaxed);
    }

    /// Who reads it.
    pub fn uses(&self) -> Vec<Use> {
        self.uses.lock().clone()
    }

    /// Notes a reader; the number of its index.
    pub fn read_as(&self, reading: Reading, by: Use) -> usize {
        self.uses.lock().push(by);
        let mut readings = self.readings.lock();
        if let Some(at) = readings.iter().position(|r| *r == reading) {
            return at;
        }
        readings.push(reading);
        readings.len() - 1
    }

    /// Fills it for the first time. `lines` are keys and values; findings name the number of the
    /// line in it.
    pub fn load<'l>(
        &self,
        lines: impl Iterator<Item = (usize, &'l [u8], Option<&'l [u8]>)>,
        resolve: Resolve<'_>,
    ) -> Vec<(usize, String)> {
        let mut faults = Vec::new();
        let mut state = State::reading(&self.readings.lock());
        for (number, key, value) in lines {
            if let Err(m) = state.add(key, value, None, resolve) {
                faults.push((number, m));
            }
        }
        let _ = self.loaded.set(state);
        faults
    }

    /// Fills it with the words of an ACL line.
    pub fn load_words(
        &self,
        words: &[(&[u8], Option<Operator>)],
        resolve: Resolve<'_>,
    ) -> Result<(), String> {
        let mut state = State::reading(&self.readings.lock());
        let result = words
            .iter()
            .try_for_each(|(word, operator)| state.add(word, None, *operator, resolve));
        let _ = self.loaded.set(state);
        result
    }

    fn read<R>(&self, f: impl FnOnce(&State) -> R) -> Option<R> {
        if self.edited.load(Ordering::Acquire) {
            return Some(f(&self.live.read()));
        }
        self.loaded.get().map(f)
    }

    /// Whether a sample matches a line, read as index `index` says.
    pub fn matches(&self, index: usize, sample: Sample<'_>, scratch: &Scratch) -> bool {
        self.read(|state| {
            let index = state.indexes.get(index);
            index.is_some_and(|(_, patterns)| patterns.matches(sample, scratch))
        })
        .unwrap_or(false)
    }

    /// Calls `f` with the line that decides about a sample, and its regex where it is one.
    pub fn find<R>(
        &self,
        index: usize,
        sample: Sample<'_>,
        scratch: &Scratch,
        f: impl FnOnce(&Entry, Option<&super::regex::Regex>) -> R,
    ) -> Option<R> {
        self.read(|state| {
            let (reading, patterns) = state.indexes.get(index)?;
            let (slot, regex) = match (reading.method, sample) {
                (Method::Reg, Sample::Str(s)) => {
                    let (regex, slot) = patterns.by_regex(s)?;
                    (slot, Some(regex))
                }
                _ => (patterns.find(sample, scratch)?, None),
            };
            Some(f(state.entry(slot)?, regex))
        })?
    }

    /// What each way of reading makes of a text, for `get map` and `get acl`.
    pub fn look_up(&self, text: &[u8]) -> Vec<Found> {
        let scratch = Scratch::new();
        let found = self.read(|state| {
            let one = |(reading, patterns): &(Reading, Patterns)| {
                let sample = Sample::Str(text).cast(reading.method.input(), &scratch);
                let slot = sample.and_then(|s| patterns.find(s, &scratch));
                Found {
                    reading: *reading,
                    entry: slot.and_then(|s| state.entry(s)).cloned(),
                }
            };
            state.indexes.iter().map(one).collect()
        });
        found.unwrap_or_default()
    }

    /// The lines of a version with their numbers, the current ones if none is given.
    pub fn entries(&self, version: Option<u32>) -> Vec<(u32, Entry)> {
        let versions = self.versions.lock();
        match version.filter(|v| *v != versions.current) {
            None => self
                .read(|state| {
                    let numbered = (0..).zip(&state.entries);
                    numbered
                        .filter_map(|(slot, e)| Some((slot, e.clone()?)))
                        .collect()
                })
                .unwrap_or_default(),
            Some(v) => {
                let waiting = versions.waiting.get(&v).into_iter().flatten();
                (0..)
                    .zip(waiting)
                    .map(|(slot, (key, value))| {
                        let entry = Entry {
                            key: key.clone(),
                            value: value.clone(),
                        };
                        (slot, entry)
                    })
                    .collect()
            }
        }
    }

    /// How many lines there are in use.
    pub fn len(&self) -> usize {
        self.read(|state| state.live).unwrap_or(0)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The versions in use and last prepared.
    pub fn versions(&self) -> (u32, u32) {
        let versions = self.versions.lock();
        (versions.current, versions.next)
    }

    /// Runs an edit, making the list editable first.
    fn edit<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        let mut live = self.live.write();
        if !self.edited.load(Ordering::Acquire) {
            *live = self.loaded.get().cloned().unwrap_or_default();
            live.index_keys();
            let result = f(&mut live);
            self.edited.store(true, Ordering::Release);
            return result;
        }
        f(&mut live)
    }

    /// Adds a line.
    pub fn add(&self, key: &[u8], value: Option<&[u8]>) -> Result<(), Refused> {
        self.edit(|state| state.add(key, value, None, &|_| None))
            .map_err(Refused::Wrong)
    }

    /// Adds a line to a version that was prepared.
    pub fn add_to(&self, version: u32, key: &[u8], value: Option<&[u8]>) -> Result<(), Refused> {
        let mut versions = self.versions.lock();
        if version == versions.current {
            drop(versions);
            return self.add(key, value);
        }
        let list = versions.waiting.get_mut(&version).ok_or(Refused::Version)?;
        list.push((key.into(), value.map(Into::into)));
        Ok(())
    }

    /// Gives every line with that key another value.
    pub fn set(&self, key: &[u8], value: &[u8]) -> Result<(), Refused> {
        self.check_value(value)?;
        self.edit(|state| {
            let slots = state.slots(key);
            match slots.is_empty() {
                true => Err(Refused::Unknown),
                false => {
                    slots.iter().for_each(|slot| state.set(*slot, value));
                    Ok(())
                }
            }
        })
    }

    /// Gives the line of that number another value.
    pub fn set_line(&self, slot: u32, value: &[u8]) -> Result<(), Refused> {
        self.check_value(value)?;
        self.edit(|state| match state.entry(slot) {
            None => Err(Refused::Unknown),
            Some(_) => {
                state.set(slot, value);
                Ok(())
            }
        })
    }

    /// Gives the lines with that key a value, or adds one (action `set-map`).
    pub fn set_or_add(&self, key: &[u8], value: &[u8]) -> Result<(), Refused> {
        match self.set(key, value) {
            Err(Refused::Unknown) => self.add(key, Some(value)),
            other => other,
        }
    }

    /// Adds a line unless there is one with that key (action `add-acl`).
    pub fn add_new(&self, key: &[u8]) -> Result<(), Refused> {
        self.edit(|state| match state.slots(key).is_empty() {
            true => state.add(key, None, None, &|_| None),
            false => Ok(()),
        })
        .map_err(Refused::Wrong)
    }

    /// Takes every line with that key out; false if there was none.
    pub fn delete(&self, key: &[u8]) -> bool {
        self.edit(|state| {
            let slots = state.slots(key);
            slots.iter().for_each(|slot| state.delete(*slot));
            !slots.is_empty()
        })
    }

    /// Takes the line of that number out; false if there was none.
    pub fn delete_line(&self, slot: u32) -> bool {
        self.edit(|state| {
            let known = state.entry(slot).is_some();
            state.delete(slot);
            known
        })
    }

    /// Takes every line of a version out, of the current one if none is given.
    pub fn clear(&self, version: Option<u32>) {
        let mut versions = self.versions.lock();
        match version.filter(|v| *v != versions.current) {
            Some(v) => {
                versions.waiting.remove(&v);
            }
            None => {
                let empty = State::reading(&self.readings.lock());
                self.edit(|state| *state = empty.keyed());
            }
        }
    }

    /// Begins a new version; its number.
    pub fn prepare(&self) -> u32 {
        let mut versions = self.versions.lock();
        versions.next = versions.next.wrapping_add(1);
        let next = versions.next;
        versions.waiting.insert(next, Vec::new());
        next
    }

    /// Puts a version that was prepared in the place of the current one.
    pub fn commit(&self, version: u32) -> Result<(), Refused> {
        let mut versions = self.versions.lock();
        let waiting = versions.waiting.remove(&version).ok_or(Refused::Version)?;
        let mut next = State::reading(&self.readings.lock()).keyed();
        for (key, value) in &waiting {
            // Each was checked when it was added.
            let _ = next.add(key, value.as_deref(), None, &|_| None);
        }
        // Older versions are gone, too.
        versions.waiting.retain(|v, _| *v > version);
        versions.current = version;
        self.edit(|state| *state = next);
        Ok(())
    }

    fn check_value(&self, value: &[u8]) -> Result<(), Refused> {
        let readings = self.readings.lock();
        match readings.iter().all(|r| r.values.sample(value).is_some()) {
            true => Ok(()),
            false => Err(Refused::Wrong(unparsable(value))),
        }
    }
}

fn unparsable(value: &[u8]) -> String {
    format!("unable to parse '{}'", BStr::new(value))
}

impl State {
    fn reading(readings: &[Reading]) -> State {
        let index = |r: &Reading| (*r, Patterns::new(r.method));
        State {
            indexes: readings.iter().map(index).collect(),
            ..State::default()
        }
    }

    /// With its keys indexed.
    fn keyed(mut self) -> State {
        self.index_keys();
        self
    }

    fn index_keys(&mut self) {
        let mut keys: HashMap<Box<[u8]>, Vec<u32>> = HashMap::new();
        for (slot, entry) in (0..).zip(&self.entries) {
            if let Some(entry) = entry {
                keys.entry(entry.key.clone()).or_default().push(slot);
            }
        }
        self.keys = Some(keys);
    }

    fn entry(&self, slot: u32) -> Option<&Entry> {
        self.entries.get(slot as usize)?.as_ref()
    }

    /// The lines with that key.
    fn slots(&self, key: &[u8]) -> Vec<u32> {
        let known = self.keys.as_ref().and_then(|keys| keys.get(key));
        known.cloned().unwrap_or_default()
    }

    fn add(
        &mut self,
        key: &[u8],
        value: Option<&[u8]>,
        operator: Option<Operator>,
        resolve: Resolve<'_>,
    ) -> Result<(), String> {
        let slot = u32::try_from(self.entries.len()).map_err(|_| "out of memory")?;
        for at in 0..self.indexes.len() {
            let Some((reading, patterns)) = self.indexes.get_mut(at) else {
                break;
            };
            let none: Resolve<'_> = &|_| None;
            let resolve = if reading.no_dns { none } else { resolve };
            let sound = value.is_none_or(|v| reading.values.sample(v).is_some());
            let added = match sound {
                true => patterns.add(key, slot, reading.ignore_case, operator, resolve),
                false => Err(unparsable(value.unwrap_or_default())),
            };
            if let Err(m) = added {
                for (_, patterns) in self.indexes.iter_mut().take(at) {
                    patterns.remove(key, slot);
                }
                return Err(m);
            }
        }
        if let Some(keys) = &mut self.keys {
            keys.entry(key.into()).or_default().push(slot);
        }
        self.entries.push(Some(Entry {
            key: key.into(),
            value: value.map(Into::into),
        }));
        self.live += 1;
        Ok(())
    }

    fn set(&mut self, slot: u32, value: &[u8]) {
        if let Some(Some(entry)) = self.entries.get_mut(slot as usize) {
            entry.value = Some(value.into());
        }
    }

    fn delete(&mut self, slot: u32) {
        let Some(entry) = self.entries.get_mut(slot as usize).and_then(Option::take) else {
            return;
        };
        self.live -= 1;
        for (_, patterns) in &mut self.indexes {
            patterns.remove(&entry.key, slot);
        }
        if let Some(keys) = &mut self.keys
            && let Some(slots) = keys.get_mut(&entry.key)
        {
            slots.retain(|s| *s != slot);
            if slots.is_empty() {
                keys.remove(&entry.key);
            }
        }
    }
}

/// Every list of a configuration, in the order of their first use.
#[derive(Clone, Debug, Default)]
pub struct References {
    all: Arc<Mutex<Vec<Arc<Reference>>>>,
}

impl References {
    /// The list of that name (as written, without `file@`); true if it is new.
    pub fn named(&self, name: &str, is_map: bool) -> (Arc<Reference>, bool) {
        let name = name.strip_prefix("file@").unwrap_or(name);
        let bare = |n: &str| n.strip_prefix("opt@").unwrap_or(n).to_owned();
        let mut all = self.all.lock();
        let known = all
            .iter()
            .find(|r| !r.name.is_empty() && bare(&r.name) == bare(name));
        match known {
            Some(known) => (known.clone(), false),
            None => {
                let new = Arc::new(Reference::new(name.to_owned(), is_map));
                all.push(new.clone());
                (new, true)
            }
        }
    }

    /// The list of that name, if some line reads it.
    pub fn find(&self, name: &str) -> Option<Arc<Reference>> {
        let bare = |n: &str| n.strip_prefix("opt@").unwrap_or(n).to_owned();
        let wanted = bare(name.strip_prefix("file@").unwrap_or(name));
        let all = self.all.lock();
        let mut named = all.iter().filter(|r| !r.name.is_empty());
        named.find(|r| bare(&r.name) == wanted).cloned()
    }

    /// A list of its own for the words of an ACL line.
    pub fn unnamed(&self) -> Arc<Reference> {
        let new = Arc::new(Reference::new(String::new(), false));
        self.all.lock().push(new.clone());
        new
    }

    /// All of them, each with a number: those without one get the next that is free.
    pub fn numbered(&self) -> Vec<Arc<Reference>> {
        let all = self.all.lock().clone();
        let taken: std::collections::HashSet<u32> = all.iter().map(|r| r.id()).collect();
        let mut free = (0..).filter(|id| !taken.contains(id));
        for reference in &all {
            if reference.id() == UNNUMBERED
                && let Some(id) = free.next()
            {
                reference.set_id(id);
            }
        }
        let mut sorted = all;
        sorted.sort_by_key(|r| r.id());
        sorted
    }
}

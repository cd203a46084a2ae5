//! Texts: exact ones, prefixes, suffixes, parts.

use super::Method;
use super::slots::Slots;
use memchr::memmem::Finder;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Texts of one length and their lines.
type ByText = HashMap<Box<[u8]>, Slots>;

/// Texts by length (prefixes, suffixes, exact ones), or as written (the others), with the numbers
/// of their lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    /// The longest first.
    by_len: Vec<(usize, ByText)>,
    few: Vec<(Box<[u8]>, u32)>,
    finders: Vec<(Finder<'static>, u32)>,
}

/// Up to this many texts are compared one by one.
const FEW: usize = 8;

impl Texts {
    pub(super) fn is_empty(&self) -> bool {
        self.few.is_empty() && self.by_len.is_empty() && self.finders.is_empty()
    }

    pub(super) fn add(&mut self, method: Method, text: Vec<u8>, slot: u32) {
        if method == Method::Sub {
            self.finders.push((Finder::new(&text).into_owned(), slot));
            return;
        }
        let text = trimmed(method, text);
        if !is_hashed(method) || (self.by_len.is_empty() && self.few.len() < FEW) {
            self.few.push((text.into(), slot));
            return;
        }
        for (text, slot) in std::mem::take(&mut self.few) {
            self.insert(text, slot);
        }
        self.insert(text.into(), slot);
    }

    fn insert(&mut self, text: Box<[u8]>, slot: u32) {
        let len = text.len();
        let at = self.by_len.partition_point(|(l, _)| *l > len);
        if self.by_len.get(at).is_none_or(|(l, _)| *l != len) {
            self.by_len.insert(at, (len, HashMap::new()));
        }
        if let Some((_, map)) = self.by_len.get_mut(at) {
            match map.entry(text) {
                Entry::Occupied(mut e) => e.get_mut().push(slot),
                Entry::Vacant(e) => {
                    e.insert(Slots::of(slot));
                }
            }
        }
    }

    /// Takes out what `add` put in.
    pub(super) fn remove(&mut self, method: Method, text: Vec<u8>, slot: u32) {
        self.finders.retain(|(_, s)| *s != slot);
        self.few.retain(|(_, s)| *s != slot);
        let text = trimmed(method, text);
        for (len, map) in &mut self.by_len {
            if *len == text.len()
                && let Some(slots) = map.get_mut(&text[..])
                && slots.remove(slot)
            {
                map.remove(&text[..]);
            }
        }
    }

    /// The line that decides: the longest prefix where `longest`, else the first line that matches.
    pub(super) fn find(&self, method: Method, s: &[u8], longest: bool) -> Option<u32> {
        let part = |len: usize| match method {
            Method::Beg => s.get(..len),
            Method::End => s.get(s.len().checked_sub(len)?..),
            _ => (len == s.len()).then_some(s),
        };
        let among_few = |matches: &dyn Fn(&[u8]) -> bool| {
            let found = self.few.iter().filter(|(t, _)| matches(t));
            match longest {
                // Among equals the first line.
                true => found
                    .reduce(|a, b| if b.0.len() > a.0.len() { b } else { a })
                    .map(|(_, slot)| *slot),
                false => found.map(|(_, slot)| *slot).min(),
            }
        };
        match method {
            Method::Sub => first(&self.finders, |f| f.find(s).is_some()),
            Method::Dir | Method::Dom => first(&self.few, |t| delimited(s, t, delimiters(method))),
            _ => {
                if self.by_len.is_empty() {
                    return among_few(&|t| part(t.len()) == Some(t));
                }
                let mut hits = self
                    .by_len
                    .iter()
                    .filter_map(|(len, map)| Some(map.get(part(*len)?)?.first()));
                match longest {
                    true => hits.next(),
                    false => hits.min(),
                }
            }
        }
    }
}

fn first<T>(list: &[(T, u32)], matches: impl Fn(&T) -> bool) -> Option<u32> {
    list.iter().find(|(t, _)| matches(t)).map(|(_, slot)| *slot)
}

fn is_hashed(method: Method) -> bool {
    matches!(
        method,
        Method::Str | Method::Beg | Method::End | Method::Bin
    )
}

/// Without the delimiters around it, where those decide.
fn trimmed(method: Method, mut text: Vec<u8>) -> Vec<u8> {
    if matches!(method, Method::Dir | Method::Dom) {
        let is_delimiter = |b: &u8| delimiters(method).contains(b);
        let from = text.iter().take_while(|b| is_delimiter(b)).count();
        text.drain(..from);
        while text.last().is_some_and(is_delimiter) {
            text.pop();
        }
    }
    text
}

fn delimiters(method: Method) -> &'static [u8] {
    match method {
        Method::Dir => b"/?",
        _ => b"/?.:",
    }
}

/// Whether `text` stands in `s` between delimiters (or the ends). Nothing is found nowhere.
fn delimited(s: &[u8], text: &[u8], set: &[u8]) -> bool {
    if text.is_empty() {
        return false;
    }
    memchr::memmem::find_iter(s, text).any(|at| {
        let before = at.checked_sub(1).and_then(|i| s.get(i));
        let after = s.get(at + text.len());
        before.is_none_or(|b| set.contains(b)) && after.is_none_or(|b| set.contains(b))
    }) || overlapping(s, text, set)
}

/// `find_iter` skips matches that overlap an earlier one; look at those behind each delimiter too.
fn overlapping(s: &[u8], text: &[u8], set: &[u8]) -> bool {
    s.iter().enumerate().any(|(i, b)| {
        set.contains(b)
            && s.get(i + 1..).is_some_and(|rest| {
                rest.starts_with(text) && rest.get(text.len()).is_none_or(|b| set.contains(b))
            })
    })
}

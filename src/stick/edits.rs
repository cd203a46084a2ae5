//! Changes to headers, worked out on their values and applied by the caller.

use std::ops::Range;

/// Changes to one message. Kept and reused: after the first few messages nothing is allocated.
#[derive(Debug, Default)]
pub struct Edits {
    bytes: Vec<u8>,
    list: Vec<(usize, Option<Range<usize>>)>,
    added: Vec<(&'static str, Range<usize>)>,
}

impl Edits {
    /// Forgets everything, keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.list.clear();
        self.added.clear();
    }
    /// Nothing to do.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && self.added.is_empty()
    }
    /// The changed headers: the identifier the caller gave, and the new value or `None` for
    /// "delete". Each header at most once, in the order in which they were given.
    pub fn changes(&self) -> impl Iterator<Item = (usize, Option<&[u8]>)> {
        self.list
            .iter()
            .map(|(h, r)| (*h, r.as_ref().map(|r| self.text(r))))
    }
    /// Headers to append: name in lower case, value.
    pub fn additions(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.added.iter().map(|(n, r)| (*n, self.text(r)))
    }
    fn text(&self, r: &Range<usize>) -> &[u8] {
        self.bytes.get(r.clone()).unwrap_or_default()
    }
    /// Begins a new value for a header; [`Draft::keep`] makes it one.
    pub(super) fn draft(&mut self) -> Draft<'_> {
        let start = self.bytes.len();
        Draft { edits: self, start }
    }
    /// A header goes.
    pub(super) fn delete(&mut self, header: usize) {
        self.list.push((header, None));
    }
    /// A header comes, with the value that `write` appends.
    pub(super) fn add(&mut self, name: &'static str, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.added.push((name, start..self.bytes.len()));
    }
}

/// A value in the making.
#[derive(Debug)]
pub(super) struct Draft<'e> {
    edits: &'e mut Edits,
    start: usize,
}

impl Draft<'_> {
    pub(super) fn text(&self) -> &[u8] {
        self.edits.bytes.get(self.start..).unwrap_or_default()
    }
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.edits.bytes.extend_from_slice(bytes);
    }
    pub(super) fn trim_end(&mut self) {
        while matches!(self.text().last(), Some(b' ' | b'\t')) {
            self.edits.bytes.pop();
        }
    }
    /// The header gets this value.
    pub(super) fn keep(self, header: usize) {
        let range = self.start..self.edits.bytes.len();
        self.edits.list.push((header, Some(range)));
    }
    /// Nothing comes of it.
    pub(super) fn discard(self) {
        self.edits.bytes.truncate(self.start);
    }
}

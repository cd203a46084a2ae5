//! The parts of a `Cookie` or `Set-Cookie` header, as tolerantly as HAProxy reads them.

use std::ops::Range;

/// One `name=value` of a header, as ranges into its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Crumb {
    pub(super) name: Range<usize>,
    /// `None`: no `=`.
    pub(super) value: Option<Range<usize>>,
    /// The separator behind it, or the end of the header.
    pub(super) end: usize,
}

/// Reads a `Cookie` header: parts separated by `;` or `,`.
#[derive(Clone, Debug)]
pub(super) struct Crumbs<'a> {
    text: &'a [u8],
    at: usize,
    comma: bool,
}

impl<'a> Crumbs<'a> {
    /// The parts of a request's header.
    pub(super) fn of_request(text: &'a [u8]) -> Self {
        Crumbs {
            text,
            at: 0,
            comma: true,
        }
    }
    fn byte(&self, i: usize) -> Option<u8> {
        self.text.get(i).copied()
    }
    fn is_space(&self, i: usize) -> bool {
        matches!(self.byte(i), Some(b' ' | b'\t'))
    }
    fn separator(&self, b: u8) -> bool {
        b == b';' || (self.comma && b == b',')
    }
    /// The end of a value that begins at `i`: the next separator outside quotes.
    fn value_end(&self, mut i: usize) -> usize {
        let mut quoted = false;
        while let Some(b) = self.byte(i) {
            if b == b'\\' && quoted {
                i += 1;
            } else if b == b'"' {
                quoted = !quoted;
            } else if !quoted && self.separator(b) {
                break;
            }
            i += 1;
        }
        i.min(self.text.len())
    }
    fn trimmed(&self, start: usize, mut end: usize) -> Range<usize> {
        while end > start && self.is_space(end - 1) {
            end -= 1;
        }
        start..end
    }
}

impl Iterator for Crumbs<'_> {
    type Item = Crumb;
    fn next(&mut self) -> Option<Crumb> {
        let mut i = self.at;
        while self.is_space(i) {
            i += 1;
        }
        if i >= self.text.len() {
            return None;
        }
        let start = i;
        while let Some(b) = self.byte(i) {
            if b == b'=' || self.separator(b) {
                break;
            }
            i += 1;
        }
        let name = self.trimmed(start, i);
        let (value, end) = if self.byte(i) == Some(b'=') {
            i += 1;
            while self.is_space(i) {
                i += 1;
            }
            let end = self.value_end(i);
            (Some(self.trimmed(i, end)), end)
        } else {
            (None, i)
        };
        self.at = end + 1;
        Some(Crumb { name, value, end })
    }
}

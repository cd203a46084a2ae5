//! The parts of a `Cookie` or `Set-Cookie` header, as tolerantly as HAProxy reads them.
//!
//! Parts are separated by `;` or `,`. Quotes protect separators within a value, a backslash a
//! quote within quotes. A part whose name begins with `$` says something about the part before it
//! (RFC 2109) and shares its fate. Observed on HAProxy 3.4, see `fixtures/stick`.

use std::ops::Range;

/// One part of a header, as ranges into its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Crumb {
    /// Its separator, or 0 for the first part, which may have one as well.
    pub(super) start: usize,
    /// Its name, without the spaces around it.
    pub(super) name: Range<usize>,
    /// Its value, without the spaces around it; `None`: no `=`.
    pub(super) value: Option<Range<usize>>,
    /// The next separator, or the end of the header.
    pub(super) end: usize,
}

impl Crumb {
    /// Whether spaces stand around the `=`.
    pub(super) fn is_loose(&self) -> bool {
        self.value
            .as_ref()
            .is_some_and(|v| v.start != self.name.end + 1)
    }
}

fn is_space(b: Option<&u8>) -> bool {
    matches!(b, Some(b' ' | b'\t'))
}

fn is_separator(b: u8) -> bool {
    matches!(b, b';' | b',')
}

/// The first place from `at` on that is no space.
pub(super) fn skip_spaces(text: &[u8], mut at: usize) -> usize {
    while is_space(text.get(at)) {
        at += 1;
    }
    at
}

fn trim_end(text: &[u8], start: usize, mut end: usize) -> Range<usize> {
    while end > start && is_space(text.get(end - 1)) {
        end -= 1;
    }
    start..end
}

/// The part whose name may begin at `from`; its separator is at `start`.
fn read(text: &[u8], start: usize, from: usize) -> Crumb {
    let begin = skip_spaces(text, from);
    let mut at = begin;
    while let Some(b) = text.get(at) {
        if *b == b'=' || is_separator(*b) {
            break;
        }
        at += 1;
    }
    let name = trim_end(text, begin, at);
    if text.get(at) != Some(&b'=') {
        return Crumb {
            start,
            name,
            value: None,
            end: at,
        };
    }
    let begin = skip_spaces(text, at + 1);
    at = begin;
    let mut quoted = false;
    while let Some(b) = text.get(at) {
        match b {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b if !quoted && is_separator(*b) => break,
            _ => {}
        }
        at += 1;
    }
    let end = at.min(text.len());
    Crumb {
        start,
        name,
        value: Some(trim_end(text, begin, end)),
        end,
    }
}

/// The first part of a `Set-Cookie` header: the cookie itself.
pub(super) fn set_cookie(text: &[u8]) -> Crumb {
    read(text, 0, 0)
}

/// Reads the parts of a `Cookie` header.
#[derive(Clone, Debug)]
pub(super) struct Crumbs<'a> {
    text: &'a [u8],
    at: usize,
    done: bool,
}

impl<'a> Crumbs<'a> {
    /// All parts of a header, empty ones included.
    pub(super) fn new(text: &'a [u8]) -> Self {
        Crumbs {
            text,
            at: 0,
            done: text.is_empty(),
        }
    }
}

impl Iterator for Crumbs<'_> {
    type Item = Crumb;
    fn next(&mut self) -> Option<Crumb> {
        if self.done {
            return None;
        }
        let start = self.at;
        let separated = self.text.get(start).is_some_and(|b| is_separator(*b));
        let crumb = read(self.text, start, start + usize::from(separated));
        self.at = crumb.end;
        self.done = crumb.end >= self.text.len();
        Some(crumb)
    }
}

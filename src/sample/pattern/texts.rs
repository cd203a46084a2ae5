//! Texts: exact ones, prefixes, suffixes, parts.

use super::Method;
use memchr::memmem::Finder;
use std::collections::HashSet;

/// Texts by length (prefixes, suffixes, exact ones), or as written (the others).
#[derive(Debug, Default)]
pub(super) struct Texts {
    by_len: Vec<(usize, HashSet<Box<[u8]>>)>,
    few: Vec<Box<[u8]>>,
    finders: Vec<Finder<'static>>,
}

/// Up to this many texts are compared one by one.
const FEW: usize = 8;

impl Texts {
    pub(super) fn is_empty(&self) -> bool {
        self.few.is_empty() && self.by_len.is_empty()
    }

    pub(super) fn add(&mut self, method: Method, mut text: Vec<u8>) {
        match method {
            Method::Sub => self.finders.push(Finder::new(&text).into_owned()),
            Method::Dir | Method::Dom => {
                let is_delimiter = |b: &u8| delimiters(method).contains(b);
                let from = text.iter().take_while(|b| is_delimiter(b)).count();
                text.drain(..from);
                while text.last().is_some_and(is_delimiter) {
                    text.pop();
                }
            }
            _ => {}
        }
        let hashed = matches!(
            method,
            Method::Str | Method::Beg | Method::End | Method::Bin
        );
        if hashed && (!self.by_len.is_empty() || self.few.len() >= FEW) {
            for t in self.few.drain(..).chain([text.into()]) {
                match self.by_len.iter_mut().find(|(len, _)| *len == t.len()) {
                    Some((_, set)) => {
                        set.insert(t);
                    }
                    None => self.by_len.push((t.len(), HashSet::from([t]))),
                }
            }
            return;
        }
        self.few.push(text.into());
    }

    pub(super) fn matches(&self, method: Method, s: &[u8]) -> bool {
        match method {
            Method::Str | Method::Bin => {
                self.few.iter().any(|t| &t[..] == s) || self.has(s.len(), s)
            }
            Method::Beg => {
                self.few.iter().any(|t| s.starts_with(t))
                    || self
                        .by_len
                        .iter()
                        .any(|(len, set)| s.get(..*len).is_some_and(|p| set.contains(p)))
            }
            Method::End => {
                self.few.iter().any(|t| s.ends_with(t))
                    || self.by_len.iter().any(|(len, set)| {
                        s.len()
                            .checked_sub(*len)
                            .and_then(|at| s.get(at..))
                            .is_some_and(|p| set.contains(p))
                    })
            }
            Method::Sub => self.finders.iter().any(|f| f.find(s).is_some()),
            Method::Dir | Method::Dom => {
                self.few.iter().any(|t| delimited(s, t, delimiters(method)))
            }
            _ => false,
        }
    }

    fn has(&self, len: usize, s: &[u8]) -> bool {
        self.by_len
            .iter()
            .any(|(l, set)| *l == len && set.contains(s))
    }
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

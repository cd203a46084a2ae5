//! What a configuration is before any keyword is understood: sections of lines of words.

use crate::base::span::{Sources, Span};
use bstr::{BStr, BString};

/// One argument of a line after unquoting and expansion of environment variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its bytes. A keyword is compared as bytes; HAProxy's words need not be UTF-8.
    pub text: BString,
    /// Where it stood, quotes included.
    pub span: Span,
}

impl Word {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.text
    }
    /// The word for comparisons and messages, printable whatever its bytes.
    pub fn display(&self) -> &BStr {
        BStr::new(&self.text[..])
    }
    /// The word as text; `None` when it is not UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.text).ok()
    }
    /// The place of some of its bytes: exact when the word stands unquoted and unexpanded in its
    /// line, else that of the whole word.
    pub fn bytes_span(&self, start: usize, end: usize) -> Span {
        let length = self.span.end.saturating_sub(self.span.start) as usize;
        if length != self.text.len() || end > length {
            return self.span;
        }
        let column = |at: usize| self.span.start + u32::try_from(at).unwrap_or_default();
        Span {
            start: column(start),
            end: column(end),
            ..self.span
        }
    }
    /// Whether the word is exactly this keyword.
    pub fn is(&self, keyword: &str) -> bool {
        self.text == keyword.as_bytes()
    }
}

/// One line: `words[0]` is the keyword (after a leading `no` or `default`, which set `prefix`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// `no` / `default` before the keyword.
    pub prefix: Option<Prefix>,
    /// The words, keyword first; never empty.
    pub words: Vec<Word>,
    /// The whole line.
    pub span: Span,
}

impl Directive {
    /// The word at a place, the keyword being 0.
    pub fn word(&self, at: usize) -> Option<&Word> {
        self.words.get(at)
    }
    /// Whether its first words are these.
    pub fn begins(&self, names: &[&str]) -> bool {
        self.words.len() >= names.len() && self.words.iter().zip(names).all(|(w, n)| w.is(n))
    }
    /// The keyword.
    pub fn keyword(&self) -> &Word {
        &self.words[0]
    }
    /// The place of the words from `from` to the end.
    pub fn tail_span(&self, from: usize) -> Span {
        match (self.words.get(from), self.words.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            _ => self.span,
        }
    }
}

/// The two words that may stand before a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// `no`
    No,
    /// `default`
    Default,
}

/// A section: its head line and the lines below it, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The head line (`global`, `frontend NAME`, `defaults NAME from OTHER`, ...).
    pub head: Directive,
    /// The lines up to the next section.
    pub lines: Vec<Directive>,
}

impl Section {
    /// `global`, `defaults`, `frontend`, ...
    pub fn kind(&self) -> &Word {
        &self.head.words[0]
    }
}

/// A whole configuration: all files in order. Lines before any section head are reported by the
/// reader and dropped.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// The files.
    pub sources: Sources,
    /// The sections in order.
    pub sections: Vec<Section>,
}

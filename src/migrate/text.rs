//! A configuration file as lines that can be rewritten: what is not touched keeps its bytes.

use crate::base::span::FileId;
use crate::config::directive::Word;
use crate::config::environment::Environment;
use crate::config::lex::{self, Place};
use crate::config::print;
use crate::grammar;

/// One physical line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its number in the file as it was read, from 1; of an added line, that of the line that
    /// caused it.
    pub origin: u32,
    /// Its bytes without LF and CR.
    pub raw: Vec<u8>,
    /// Whether a CR stood before its LF.
    cr: bool,
    /// Its words; none for blank lines, comments, and lines that cannot be read.
    pub words: Vec<Word>,
}

impl Line {
    fn new(origin: u32, raw: &[u8], cr: bool) -> Line {
        let place = Place {
            file: FileId(0),
            name: "",
            line: origin,
            section: &[],
        };
        // Variables stay as they are written; what they stand for is no business of a rewrite.
        let words = lex::line(raw, place, &Environment::default()).unwrap_or_default();
        Line {
            origin,
            raw: raw.to_vec(),
            cr,
            words,
        }
    }

    /// The word at an index, decoded; empty beyond the end.
    pub fn word(&self, index: usize) -> &[u8] {
        self.words.get(index).map(Word::bytes).unwrap_or_default()
    }

    /// Where the keyword stands: 1 after `no` or `default`.
    pub fn keyword_at(&self) -> usize {
        usize::from(matches!(self.word(0), b"no" | b"default") && self.words.len() > 1)
    }

    /// Whether the line has this keyword of one or more words, whatever prefix.
    pub fn is(&self, keyword: &str) -> bool {
        let at = self.keyword_at();
        keyword
            .split(' ')
            .enumerate()
            .all(|(n, word)| self.word(at + n) == word.as_bytes())
    }

    /// Index of the first word after a keyword of so many words.
    pub fn after(&self, keyword: &str) -> usize {
        self.keyword_at() + keyword.split(' ').count()
    }

    /// A word as it is written, quotes and variables included.
    pub fn raw_word(&self, index: usize) -> &[u8] {
        let span = self.words.get(index).map(|w| w.span);
        let span = span.map_or(0..0, |s| s.start as usize..s.end as usize);
        self.raw.get(span).unwrap_or_default()
    }

    /// The text from a word to the end of the last one, as written.
    pub fn raw_from(&self, index: usize) -> &[u8] {
        let (Some(first), Some(last)) = (self.words.get(index), self.words.last()) else {
            return b"";
        };
        let span = first.span.start as usize..last.span.end as usize;
        self.raw.get(span).unwrap_or_default()
    }

    /// The blanks before the first word.
    pub fn indent(&self) -> &[u8] {
        let end = self.words.first().map_or(0, |w| w.span.start as usize);
        self.raw.get(..end).unwrap_or_default()
    }

    /// What follows the last word: blanks and a comment.
    pub fn tail(&self) -> &[u8] {
        let end = self.words.last().map_or(0, |w| w.span.end as usize);
        self.raw.get(end..).unwrap_or_default()
    }

    /// The comment at its end, `#` included; empty without one.
    pub fn comment(&self) -> &[u8] {
        self.tail().trim_ascii()
    }

    /// The line with the words of that range replaced by a text.
    pub fn with(&self, words: std::ops::Range<usize>, text: &[u8]) -> Vec<u8> {
        let (Some(first), Some(last)) = (
            self.words.get(words.start),
            words.end.checked_sub(1).and_then(|n| self.words.get(n)),
        ) else {
            return self.raw.clone();
        };
        let (mut start, mut end) = (first.span.start as usize, last.span.end as usize);
        if text.is_empty() {
            // A blank goes with the words.
            let blank = |at: usize| self.raw.get(at).is_some_and(|b| matches!(b, b' ' | b'\t'));
            match words.end < self.words.len() {
                true => end += usize::from(blank(end)),
                false => {
                    while start > 0 && blank(start - 1) {
                        start -= 1;
                    }
                }
            }
        }
        let mut line = self.raw.get(..start).unwrap_or_default().to_vec();
        line.extend_from_slice(text);
        line.extend_from_slice(self.raw.get(end..).unwrap_or_default());
        line
    }

    /// Other words in its place: its indentation and comment stay.
    pub fn instead(&self, text: &[u8]) -> Vec<u8> {
        [self.indent(), text, self.tail()].concat()
    }

    /// A further line below it.
    pub fn below(&self, text: &[u8]) -> Vec<u8> {
        [self.indent(), text].concat()
    }
}

/// A section: its head line and those below it.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Index of the head line.
    pub head: usize,
    /// One past its last line.
    pub end: usize,
}

/// A whole file.
#[derive(Clone, Debug)]
pub struct Text {
    /// Its lines.
    pub lines: Vec<Line>,
    /// Whether the last line has its LF.
    pub terminated: bool,
}

impl Text {
    /// Cuts a file.
    pub fn parse(bytes: &[u8]) -> Text {
        let terminated = bytes.is_empty() || bytes.ends_with(b"\n");
        let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let mut lines = Vec::new();
        if !bytes.is_empty() {
            for (n, raw) in body.split(|b| *b == b'\n').enumerate() {
                let number = u32::try_from(n + 1).unwrap_or(u32::MAX);
                let cut = raw.strip_suffix(b"\r");
                lines.push(Line::new(number, cut.unwrap_or(raw), cut.is_some()));
            }
        }
        Text { lines, terminated }
    }

    /// The file again.
    pub fn render(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (n, line) in self.lines.iter().enumerate() {
            out.extend_from_slice(&line.raw);
            if line.cr {
                out.push(b'\r');
            }
            if self.terminated || n + 1 < self.lines.len() {
                out.push(b'\n');
            }
        }
        out
    }

    /// The line of an index.
    pub fn line(&self, index: usize) -> Option<&Line> {
        self.lines.get(index)
    }

    /// Its sections in order.
    pub fn sections(&self) -> Vec<Section> {
        let mut found: Vec<Section> = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            if line.words.is_empty() || grammar::section(line.word(0)).is_none() {
                continue;
            }
            // Some words are a keyword in one section and begin another elsewhere.
            let kind = found.last().and_then(|s| self.line(s.head));
            let kind = kind.map(|l| String::from_utf8_lossy(l.word(0)).into_owned());
            if kind.is_some_and(|k| grammar::keyword(&k, line.word(0)).is_some()) {
                continue;
            }
            if let Some(last) = found.last_mut() {
                last.end = index;
            }
            found.push(Section {
                head: index,
                end: self.lines.len(),
            });
        }
        found
    }

    /// The kind of a section: `global`, `frontend`, ...
    pub fn kind(&self, section: &Section) -> &[u8] {
        self.line(section.head).map_or(b"", |l| l.word(0))
    }

    /// The name of a section; empty without one.
    pub fn name(&self, section: &Section) -> &[u8] {
        self.line(section.head).map_or(b"", |l| l.word(1))
    }

    /// The lines of a section below its head, with their indexes.
    pub fn body(&self, section: &Section) -> impl DoubleEndedIterator<Item = (usize, &Line)> {
        (section.head + 1..section.end).filter_map(|n| Some((n, self.line(n)?)))
    }

    /// Sections of these kinds.
    pub fn sections_of(&self, kinds: &[&str]) -> Vec<Section> {
        let mut sections = self.sections();
        sections.retain(|s| kinds.iter().any(|k| k.as_bytes() == self.kind(s)));
        sections
    }

    /// Every line that stands in a section of these kinds, heads left out, with its section.
    pub fn lines_in(&self, kinds: &[&str]) -> Vec<(Section, usize, &Line)> {
        let sections = self.sections_of(kinds);
        let lines = sections.into_iter().flat_map(|section| {
            let body: Vec<_> = self.body(&section).collect();
            body.into_iter().map(move |(at, line)| (section, at, line))
        });
        lines
            .filter(|(_, _, line)| !line.words.is_empty())
            .collect()
    }

    /// The defaults section that a proxy section takes over, if there is one in this file.
    pub fn defaults_of(&self, proxy: &Section) -> Option<Section> {
        let head = self.line(proxy.head)?;
        let from = (0..head.words.len()).find(|n| head.word(*n) == b"from");
        let before = self.sections_of(&["defaults"]);
        let mut before = before.into_iter().filter(|s| s.head < proxy.head);
        match from {
            Some(n) => before.find(|s| self.name(s) == head.word(n + 1)),
            None => before.next_back(),
        }
    }

    /// The first line with a keyword in a section, or in the defaults that it takes over.
    pub fn setting(&self, proxy: &Section, keyword: &str) -> Option<&Line> {
        let last = |s: &Section| self.body(s).rfind(|(_, l)| l.is(keyword));
        let own = last(proxy).map(|(_, l)| l);
        own.or_else(|| last(&self.defaults_of(proxy)?).map(|(_, l)| l))
    }

    /// Whether a proxy section speaks HTTP.
    pub fn is_http(&self, proxy: &Section) -> bool {
        self.setting(proxy, "mode")
            .is_some_and(|l| l.word(1) == b"http")
    }

    /// Puts lines in the place of one, or before it.
    pub(super) fn splice(&mut self, at: usize, remove: bool, origin: u32, new: &[Vec<u8>]) {
        let cr = self.lines.get(at.min(self.lines.len().saturating_sub(1)));
        let cr = cr.is_some_and(|l| l.cr);
        let end = at + usize::from(remove);
        if end > self.lines.len() {
            return;
        }
        let new: Vec<Line> = new.iter().map(|raw| Line::new(origin, raw, cr)).collect();
        self.lines.splice(at..end, new);
    }
}

/// A log format that gives nothing: 3.4 takes no empty word.
pub const NOTHING: &str = "%[str()]";

/// Writes a word so that it is read as these bytes again.
pub fn quoted(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    print::word(bytes, &mut out);
    out
}

/// Writes a text as the log format of a rule: `%` is doubled, and an empty one is spelt out.
pub fn log_format(text: &str) -> Vec<u8> {
    match text.is_empty() {
        true => NOTHING.as_bytes().to_vec(),
        false => quoted(text.replace('%', "%%").as_bytes()),
    }
}

/// Words with a blank between them; what is empty is left out.
pub fn join(parts: &[&[u8]]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::new();
    for part in parts.iter().filter(|p| !p.is_empty()) {
        if !out.is_empty() {
            out.push(b' ');
        }
        out.extend_from_slice(part);
    }
    out
}

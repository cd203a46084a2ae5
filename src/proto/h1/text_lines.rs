//! Start line and header lines as text, for the rules of old files that rewrite them.
//!
//! Names are lower-cased as they are parsed; a message that is asked to beforehand keeps them as
//! they were written ([`Message::keep_spelling`]).

use super::field::{EDITED, HeaderId, Text};
use super::message::Message;
use super::scan::{self, TOKEN, trim};

/// Names as they were written.
#[derive(Debug, Default)]
pub(super) struct Spelling {
    /// The received bytes.
    received: Vec<u8>,
    /// Names that edits wrote, by where they stand in the edit buffer.
    written: Vec<(u32, Box<[u8]>)>,
}

impl Spelling {
    /// Forgets all names.
    pub(super) fn clear(&mut self) {
        self.received.clear();
        self.written.clear();
    }

    /// Takes over bytes not parsed yet.
    pub(super) fn follow(&mut self, received: &[u8]) {
        let new = received.get(self.received.len()..).unwrap_or_default();
        self.received.extend_from_slice(new);
    }

    /// Remembers a name that an edit wrote at `at`.
    pub(super) fn wrote(&mut self, at: Text, name: &[u8]) {
        self.written.push((at.off, name.into()));
    }

    fn name(&self, at: Text) -> Option<&[u8]> {
        if !at.is_edited() {
            return self.received.get(at.off as usize..at.end() as usize);
        }
        let found = self.written.iter().find(|(off, _)| *off == at.off);
        found.map(|(_, name)| &**name)
    }
}

/// A text that is no start line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoStartLine;

impl Message {
    /// Asks for names as written; before the first byte is parsed.
    pub fn keep_spelling(&mut self) {
        self.spelling.get_or_insert_default();
    }

    /// Writes the start line, without its end, into `out`.
    pub fn start_line_text(&self, out: &mut Vec<u8>) {
        let head = &self.head;
        let parts = match head.method.len {
            0 => [head.version_text, head.status_text, head.reason],
            _ => [head.method, head.target, head.version_text],
        };
        out.clear();
        for (i, part) in parts.into_iter().enumerate() {
            if i > 0 {
                out.push(b' ');
            }
            out.extend_from_slice(self.text(part));
        }
    }

    /// Writes the header line at an index of [`fields`](Message::fields), without its end, into
    /// `out`: as it was received, blanks included, if nothing changed it.
    pub fn line_text(&self, index: usize, out: &mut Vec<u8>) {
        out.clear();
        let Some(field) = self.head.fields.get(index) else {
            return;
        };
        let spelled = self.spelling.as_ref().and_then(|s| s.name(field.name));
        out.extend_from_slice(spelled.unwrap_or_else(|| self.text(field.name)));
        if field.name.is_edited() || field.value.is_edited() {
            out.extend_from_slice(b": ");
            out.extend_from_slice(self.text(field.value));
            return;
        }
        let rest = self.received().get(field.name.end() as usize..);
        let rest = rest.unwrap_or_default();
        // an empty value is noted behind its line
        let value_end = match field.value.len {
            0 => 1,
            _ => (field.value.end() - field.name.end()) as usize,
        };
        let behind = rest.get(value_end..).unwrap_or_default();
        let blanks = behind.iter().position(|b| !matches!(b, b' ' | b'\t'));
        let end = value_end + blanks.unwrap_or_default();
        out.extend_from_slice(rest.get(..end).unwrap_or_default());
    }

    /// Replaces the start line. Lines behind the first become header lines in front of the others.
    pub fn replace_start_line(&mut self, text: &[u8]) -> Result<(), NoStartLine> {
        let (line, more) = match text.iter().position(|b| *b == b'\n') {
            Some(at) => text.split_at(at),
            None => (text, &[][..]),
        };
        let mut words = line
            .split(|b| matches!(b, b' ' | b'\t' | b'\r'))
            .filter(|w| !w.is_empty());
        let mut word = || words.next().ok_or(NoStartLine);
        let (first, second) = (word()?, word()?);
        if self.head.method.len == 0 {
            let status = scan::decimal(second)
                .and_then(|n| u16::try_from(n).ok())
                .filter(|s| (100..1000).contains(s));
            if !first.starts_with(b"HTTP/") {
                return Err(NoStartLine);
            }
            self.set_status(status.ok_or(NoStartLine)?);
            let behind = |text: &[u8], word: &[u8]| {
                let at = text.windows(word.len()).position(|w| w == word);
                text.get(at.unwrap_or_default() + word.len()..)
                    .map(<[u8]>::to_vec)
            };
            let rest = behind(line, first).and_then(|rest| behind(&rest, second));
            let rest = rest.unwrap_or_default();
            let reason = trim(rest.trim_ascii_end());
            self.set_reason(reason);
        } else {
            let version = word()?;
            let whole = |text: &[u8], end: usize| end == text.len();
            let sound = whole(first, scan::skip(first, 0, TOKEN))
                && whole(second, scan::skip_target(second, 0))
                && version.starts_with(b"HTTP/")
                && words.next().is_none();
            if !sound {
                return Err(NoStartLine);
            }
            if first != self.method() {
                self.set_method(first);
            }
            if second != self.target() {
                self.set_target(second);
            }
        }
        self.insert_lines(0, more);
        Ok(())
    }

    /// Replaces the header line at an index by the lines of `text`; tells how many stand there now.
    /// What is no header line is left out.
    pub fn replace_line(&mut self, index: usize, text: &[u8]) -> usize {
        self.remove_at(index);
        self.insert_lines(index, text)
    }

    /// Adds the lines of `text` behind the others.
    pub fn add_lines(&mut self, text: &[u8]) {
        self.insert_lines(self.head.fields.len(), text);
    }

    fn insert_lines(&mut self, index: usize, text: &[u8]) -> usize {
        let mut added = 0;
        for line in text.split(|b| *b == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let name_end = scan::skip(line, 0, TOKEN);
            let (name, rest) = line.split_at(name_end);
            let Some(value) = rest.strip_prefix(b":").filter(|_| !name.is_empty()) else {
                continue;
            };
            if value.iter().any(|b| matches!(b, 0 | b'\r')) {
                continue;
            }
            added += usize::from(self.insert_header(index + added, name, trim(value)));
        }
        added
    }

    fn insert_header(&mut self, index: usize, name: &[u8], value: &[u8]) -> bool {
        let Some(field) = self.new_field(name, value) else {
            return false;
        };
        let fields = &mut self.head.fields;
        if field.id == HeaderId::Host {
            fields.retain(|f| f.id != HeaderId::Host);
        }
        fields.insert(index.min(fields.len()), field);
        self.follow_host(field);
        if let Some(spelling) = &mut self.spelling {
            debug_assert!(field.name.off & EDITED != 0);
            spelling.wrote(field.name, name);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, Parsed, RequestContext};
    use super::*;

    fn request(text: &str) -> Message {
        let mut m = Message::with_capacity(4096);
        m.keep_spelling();
        let (first, second) = text.as_bytes().split_at(text.len() / 2);
        m.feed(first);
        m.parse_request(&Limits::default());
        m.feed(second);
        assert_eq!(m.parse_request(&Limits::default()), Parsed::Done);
        m
    }

    fn lines(m: &Message) -> Vec<String> {
        let mut out = Vec::new();
        m.start_line_text(&mut out);
        let mut all = vec![String::from_utf8_lossy(&out).into_owned()];
        for i in 0..m.fields().len() {
            m.line_text(i, &mut out);
            all.push(String::from_utf8_lossy(&out).into_owned());
        }
        all
    }

    #[test]
    fn lines_are_as_received() {
        let m = request("GET /a HTTP/1.1\r\nHost:  x \r\nX-Fold: a\r\n b\r\nx-Two:\r\n\r\n");
        let all = ["GET /a HTTP/1.1", "Host:  x ", "X-Fold: a   b", "x-Two:"];
        assert_eq!(lines(&m), all);
    }

    #[test]
    fn lines_are_replaced() {
        let mut m = request("GET /a HTTP/1.1\r\nHost: x\r\nA: 1\r\nB: 2\r\n\r\n");
        assert_eq!(m.replace_line(1, b"A-New: <1>\r\nA-More:2\nnone"), 2);
        assert_eq!(m.replace_start_line(b"PUT /b HTTP/1.0\nFirst: 1"), Ok(()));
        m.add_lines(b"Last: 1");
        let all = [
            "PUT /b HTTP/1.1",
            "First: 1",
            "Host: x",
            "A-New: <1>",
            "A-More: 2",
            "B: 2",
            "Last: 1",
        ];
        assert_eq!(lines(&m), all);
        assert_eq!(m.header(b"a-new"), Some(&b"<1>"[..]));
        for bad in ["GET /a", "GET /a b HTTP/1.1", "", "G(T / HTTP/1.1"] {
            assert_eq!(m.replace_start_line(bad.as_bytes()), Err(NoStartLine));
        }
    }

    #[test]
    fn status_lines_are_replaced() {
        let mut m = Message::with_capacity(4096);
        m.feed(b"HTTP/1.1 200 OK\r\nA: 1\r\n\r\n");
        let context = RequestContext::default();
        m.parse_response(&Limits::default(), context);
        assert_eq!(m.replace_start_line(b"HTTP/1.1 404 Not  here"), Ok(()));
        assert_eq!(lines(&m)[0], "HTTP/1.1 404 Not  here");
        assert_eq!(m.replace_start_line(b"HTTP/1.1 204"), Ok(()));
        assert_eq!(lines(&m)[0], "HTTP/1.1 204 ");
        assert_eq!(m.replace_start_line(b"HTTP/1.1 abc"), Err(NoStartLine));
    }
}

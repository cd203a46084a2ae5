//! The trailer section behind the last chunk (RFC 9112 section 7.1.2).

use super::encode::CaseMap;
use super::head::{Head, Side, State};
use super::limits::{Limits, Parsed};

/// Collects a trailer section and writes it as HAProxy 3.4 does: names in lower case, fields that
/// frame or route a message left out.
#[derive(Debug, Default)]
pub struct Trailers {
    buf: Vec<u8>,
    edits: Vec<u8>,
    head: Head,
}

impl Trailers {
    /// Forgets everything; the allocations stay.
    pub fn clear(&mut self) {
        self.buf.clear();
        self.edits.clear();
        self.head.clear();
    }

    /// Takes bytes behind [`super::ChunkEvent::Trailers`]; returns how many belong to the section
    /// (all of them unless `Done`).
    pub fn feed(&mut self, input: &[u8], limits: &Limits) -> (usize, Parsed) {
        if self.head.state == State::Start {
            self.head.state = State::LineStart;
            self.head.past_start_line = true;
        }
        let had = self.buf.len();
        self.buf.extend_from_slice(input);
        let parsed = self
            .head
            .parse(&mut self.buf, &mut self.edits, limits, Side::Trailers);
        match parsed {
            Parsed::Done => {
                let used = self.head.pos - had;
                self.buf.truncate(self.head.pos);
                (used, parsed)
            }
            _ => (input.len(), parsed),
        }
    }

    /// Nothing but the empty line was sent.
    pub fn is_empty(&self) -> bool {
        self.head.fields.is_empty()
    }

    /// What the fields count for in logs and statistics (observed): names and values, and one for
    /// the section.
    pub fn weight(&self) -> u64 {
        let fields = self.head.fields.iter();
        1 + fields
            .map(|f| u64::from(f.name.len + f.value.len))
            .sum::<u64>()
    }

    /// Appends the fields and the empty line.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.encode_adjusted(out, None);
    }

    /// The same with [`EncodeOptions::case`](super::EncodeOptions::case).
    pub fn encode_adjusted(&self, out: &mut Vec<u8>, case: Option<&CaseMap>) {
        for field in &self.head.fields {
            let name = field.name.of(&self.buf, &self.edits);
            out.extend_from_slice(case.map_or(name, |map| map.adjust(name)));
            out.extend_from_slice(b": ");
            out.extend_from_slice(field.value.of(&self.buf, &self.edits));
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"\r\n");
    }
}

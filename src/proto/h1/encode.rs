//! Writing heads as HAProxy 3.4 does.
//!
//! Names go out in lower case, `name: value` CR LF, in the order received, generated fields last.
//! A version above 1.1 becomes 1.1; 1.0 stays 1.0 in both directions. A message with the `upgrade`
//! token gets no other (observed, also with `option httpclose`).

use super::comma::comma_list;
use super::field::{Field, HeaderId};
use super::message::Message;
use super::reason::reason_phrase;

/// What the `Connection` field tells the receiver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Persist {
    /// The connection stays open: said only where the version does not imply it.
    #[default]
    KeepAlive,
    /// The connection closes after this message: said only where the version does not imply it.
    Close,
    /// Nothing is said (1xx, tunnels).
    Silent,
}

/// How to write a head.
#[derive(Clone, Copy, Debug)]
pub struct EncodeOptions<'a> {
    /// What becomes of the connection that the head is written to.
    pub persist: Persist,
    /// For responses: the client spoke HTTP/1.1.
    pub peer_http11: bool,
    /// `h1-case-adjust`, where an option of the proxy turns it on for this side.
    pub case: Option<&'a CaseMap>,
}

impl Default for EncodeOptions<'_> {
    fn default() -> Self {
        EncodeOptions {
            persist: Persist::KeepAlive,
            peer_http11: true,
            case: None,
        }
    }
}

/// `h1-case-adjust`: how to write which names.
#[derive(Clone, Debug, Default)]
pub struct CaseMap {
    sorted: Vec<(Vec<u8>, Vec<u8>)>,
}

impl CaseMap {
    /// A map from pairs of lower-case and adjusted names.
    pub fn new(pairs: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> CaseMap {
        let mut sorted: Vec<_> = pairs.into_iter().collect();
        sorted.sort();
        CaseMap { sorted }
    }

    /// How to write a lower-case name.
    pub fn adjust<'a>(&'a self, lower: &'a [u8]) -> &'a [u8] {
        match self
            .sorted
            .binary_search_by(|(from, _)| from.as_slice().cmp(lower))
        {
            Ok(at) => self.sorted.get(at).map_or(lower, |(_, to)| to),
            Err(_) => lower,
        }
    }
}

impl Message {
    /// Appends the request's head, empty line included.
    pub fn encode_request(&self, out: &mut Vec<u8>, options: &EncodeOptions) {
        out.reserve(self.head.pos + self.edits.len() + 64);
        let mut run = Run::default();
        if self.head.start_line_end > 0 {
            run = Run {
                from: self.head.start,
                to: self.head.start_line_end,
            };
        } else {
            out.extend_from_slice(self.method());
            out.push(b' ');
            out.extend_from_slice(self.target());
            out.push(b' ');
            self.encode_version(out);
            out.extend_from_slice(b"\r\n");
        }
        self.encode_fields(out, run, options);
        match (options.persist, self.is_http11()) {
            _ if self.head.connection.upgrade => {}
            (Persist::Close, true) => self.connection_line(out, options, b"close"),
            (Persist::KeepAlive, false) => self.connection_line(out, options, b"keep-alive"),
            _ => {}
        }
        out.extend_from_slice(b"\r\n");
    }

    /// Appends the response's head, empty line included.
    pub fn encode_response(&self, out: &mut Vec<u8>, options: &EncodeOptions) {
        out.reserve(self.head.pos + self.edits.len() + 64);
        let mut run = Run::default();
        if self.head.start_line_end > 0 {
            run = Run {
                from: self.head.start,
                to: self.head.start_line_end,
            };
        } else {
            self.encode_version(out);
            out.push(b' ');
            out.extend_from_slice(self.text(self.head.status_text));
            out.push(b' ');
            match self.reason() {
                b"" => out.extend_from_slice(reason_phrase(self.head.status).as_bytes()),
                reason => out.extend_from_slice(reason),
            }
            out.extend_from_slice(b"\r\n");
        }
        self.encode_fields(out, run, options);
        match (options.persist, self.is_http11()) {
            _ if self.head.connection.upgrade => {}
            (Persist::Close, true) => self.connection_line(out, options, b"close"),
            (Persist::KeepAlive, false) => self.connection_line(out, options, b"keep-alive"),
            (Persist::KeepAlive, true) if !options.peer_http11 => {
                self.connection_line(out, options, b"keep-alive");
            }
            _ => {}
        }
        out.extend_from_slice(b"\r\n");
    }

    fn encode_version(&self, out: &mut Vec<u8>) {
        if self.is_http11() {
            out.extend_from_slice(b"HTTP/1.1");
        } else {
            out.extend_from_slice(self.text(self.head.version_text));
        }
    }

    fn connection_line(&self, out: &mut Vec<u8>, options: &EncodeOptions, value: &[u8]) {
        let name = HeaderId::Connection.name().as_bytes();
        out.extend_from_slice(options.case.map_or(name, |map| map.adjust(name)));
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }

    /// Writes the fields; neighbouring lines that stand as they are sent are copied at once.
    fn encode_fields(&self, out: &mut Vec<u8>, mut run: Run, options: &EncodeOptions) {
        let received = self.received();
        for field in &self.head.fields {
            if let (true, None) = (field.verbatim, options.case) {
                let (from, to) = (field.name.off as usize, field.value.end() as usize + 2);
                if run.to != from {
                    run.flush(received, out);
                    run.from = from;
                }
                run.to = to;
            } else {
                run.flush(received, out);
                run = Run::default();
                self.encode_field(out, field, options);
            }
        }
        run.flush(received, out);
    }

    fn encode_field(&self, out: &mut Vec<u8>, field: &Field, options: &EncodeOptions) {
        let mut value = self.text(field.value);
        if field.id == HeaderId::Te {
            // Only the promise to read trailers is passed on; the match is on the end of a member
            // (observed).
            if !comma_list(value).any(|member| member.ends_with(b"trailers")) {
                return;
            }
            value = b"trailers";
        }
        let name = self.text(field.name);
        out.extend_from_slice(options.case.map_or(name, |map| map.adjust(name)));
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
}

/// A stretch of received bytes to copy.
#[derive(Clone, Copy, Default)]
struct Run {
    from: usize,
    to: usize,
}

impl Run {
    fn flush(self, received: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(received.get(self.from..self.to).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BodyLength, Limits, Parsed, RequestContext};
    use super::*;

    fn request(text: &[u8]) -> Message {
        let mut m = Message::with_capacity(16384);
        m.feed(text);
        assert_eq!(m.parse_request(&Limits::default()), Parsed::Done);
        m
    }

    fn sent(m: &Message, persist: Persist) -> String {
        let mut out = Vec::new();
        m.encode_request(
            &mut out,
            &EncodeOptions {
                persist,
                ..Default::default()
            },
        );
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn names_in_lower_case_and_hop_tokens_gone() {
        let m = request(
            b"GET /a?b HTTP/1.1\r\nHost: x\r\nConnection:keep-alive, Foo\r\nA:  b \r\n\r\n",
        );
        assert_eq!(
            (m.path(), m.query(), m.host()),
            (&b"/a"[..], &b"b"[..], Some(&b"x"[..]))
        );
        assert_eq!(m.body(), BodyLength::None);
        assert_eq!(
            sent(&m, Persist::Close),
            "GET /a?b HTTP/1.1\r\nhost: x\r\nconnection: Foo\r\na: b\r\nconnection: close\r\n\r\n"
        );
    }

    #[test]
    fn edits() {
        let mut m = request(b"GET http://h/a?b HTTP/1.1\r\nHost: h\r\nX: 1\r\nY: 2\r\n\r\n");
        m.set_path(b"/new");
        m.set_query(b"q=1");
        m.set_header(b"X", b"3");
        m.add_header(b"New", b"n");
        assert_eq!(
            sent(&m, Persist::KeepAlive),
            "GET http://h/new?q=1 HTTP/1.1\r\nhost: h\r\ny: 2\r\nx: 3\r\nnew: n\r\n\r\n"
        );
    }

    #[test]
    fn response_versions() {
        let mut m = Message::with_capacity(1024);
        m.feed(b"HTTP/1.0 304\r\nContent-Length: 5\r\n\r\n");
        let parsed = m.parse_response(&Limits::default(), RequestContext::default());
        assert_eq!((parsed, m.body()), (Parsed::Done, BodyLength::None));
        let mut out = Vec::new();
        m.encode_response(&mut out, &EncodeOptions::default());
        assert_eq!(
            out,
            b"HTTP/1.0 304 Not Modified\r\ncontent-length: 5\r\nconnection: keep-alive\r\n\r\n"
        );
    }
}

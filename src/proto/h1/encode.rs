//! Writing heads as HAProxy 3.4 does.
//!
//! Names go out in lower case, `name: value` CR LF, in the order received, generated fields last.
//! A version above 1.1 becomes 1.1; 1.0 stays 1.0 in both directions. A message with the `upgrade`
//! token gets no other (observed, also with `option httpclose`).

use super::comma::comma_list;
use super::field::{Field, HeaderId};
use super::framing::BodyLength;
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
            out.extend_from_slice(self.sent_target());
            out.push(b' ');
            self.encode_version(out);
            out.extend_from_slice(b"\r\n");
        }
        self.encode_fields(out, run, options);
        match (options.persist, self.is_http11()) {
            _ if self.says_upgrade() => {}
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
            _ if self.says_upgrade() => {}
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
        self.encode_line(out, options, HeaderId::Connection.name().as_bytes(), value);
    }

    fn encode_line(&self, out: &mut Vec<u8>, options: &EncodeOptions, name: &[u8], value: &[u8]) {
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
                if self.is_sent(field) {
                    self.encode_field(out, field, options);
                }
            }
        }
        run.flush(received, out);
        if self.head.reduced {
            self.encode_lost_framing(out, options);
        }
    }

    /// Whether a field may go out: not if it would contradict how the body is framed, and for
    /// `Upgrade` only if the message asks for one (responses: always).
    fn is_sent(&self, field: &Field) -> bool {
        match field.id {
            HeaderId::TransferEncoding => self.head.chunked,
            HeaderId::ContentLength => {
                let bodiless = self.body == BodyLength::None && self.head.method.len > 0;
                !self.head.chunked && (!bodiless || self.text(field.value) == b"0")
            }
            HeaderId::Upgrade => self.head.connection.upgrade || self.head.method.len == 0,
            _ => true,
        }
    }

    /// A rule may have removed the field that frames the body. HAProxy drops the body then; it is
    /// safer to say how the bytes that follow are framed.
    fn encode_lost_framing(&self, out: &mut Vec<u8>, options: &EncodeOptions) {
        let has = |id| self.head.fields.iter().any(|f| f.id == id);
        let (id, value) = match self.body {
            _ if self.head.chunked => (HeaderId::TransferEncoding, Vec::from(b"chunked")),
            BodyLength::Chunked => (HeaderId::TransferEncoding, Vec::from(b"chunked")),
            BodyLength::Length(n) => (HeaderId::ContentLength, n.to_string().into_bytes()),
            _ => return,
        };
        if !has(id) {
            self.encode_line(out, options, id.name().as_bytes(), &value);
        }
    }

    /// The `Connection` field asks for an upgrade.
    fn says_upgrade(&self) -> bool {
        self.head.connection.upgrade
            && self
                .values(HeaderId::Connection)
                .flat_map(comma_list)
                .any(|word| word.eq_ignore_ascii_case(b"upgrade"))
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
        self.encode_line(out, options, self.text(field.name), value);
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
    use super::super::{Limits, Parsed, RequestContext};
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

    /// What the server gets after an edit; recorded from HAProxy 3.4.0 with rules that do the same.
    #[test]
    fn edits_as_rules_make_them() {
        type Edit = fn(&mut Message);
        let cases: &[(&str, Edit, &str)] = &[
            (
                "GET /\nHost: a",
                |m| m.set_header(b"Connection", b"close"),
                "GET /\nhost: a\nconnection: close",
            ),
            (
                "GET /\nHost: a",
                |m| m.set_header(b"Connection", b"keep-alive,foo"),
                "GET /\nhost: a\nconnection: foo",
            ),
            (
                "GET /\nHost: a",
                |m| m.set_header(b"Connection", b"upgrade"),
                "GET /\nhost: a\nconnection: upgrade",
            ),
            (
                "GET /\nHost: a",
                |m| m.set_header(b"Upgrade", b"foo"),
                "GET /\nhost: a",
            ),
            (
                "GET /\nHost: a\nConnection: upgrade\nUpgrade: foo",
                |m| m.set_header(b"Connection", b"close"),
                "GET /\nhost: a\nupgrade: foo\nconnection: close",
            ),
            (
                "GET /\nHost: a\nConnection: upgrade\nUpgrade: foo",
                |m| {
                    m.del_header(b"connection");
                },
                "GET /\nhost: a\nupgrade: foo",
            ),
            (
                "GET /\nHost: a\nTE: x",
                |m| m.set_header(b"TE", b"gzip"),
                "GET /\nhost: a",
            ),
            (
                "GET /\nHost: a",
                |m| m.set_header(b"Transfer-Encoding", b"chunked"),
                "GET /\nhost: a",
            ),
            (
                "GET /\nHost: a",
                |m| m.set_uri(b"http://u@z:81"),
                "GET http://u@z:81\nhost: u@z:81",
            ),
            (
                "GET /\nHost: a",
                |m| m.set_uri(b"z:80"),
                "GET z:80\nhost: z:80",
            ),
            (
                "GET /\nX: y",
                |m| m.set_uri(b"http://z:80/q"),
                "GET http://z:80/q\nx: y",
            ),
            (
                "GET http://a/h\nHost: a",
                |m| m.set_header(b"Host", b"y"),
                "GET http://y/h\nhost: y",
            ),
            (
                "GET http://a/h\nHost: a",
                |m| m.add_header(b"Host", b"y"),
                "GET http://y/h\nhost: a\nhost: y",
            ),
            (
                "GET http://a/h\nHost: a",
                |m| {
                    m.del_header(b"Host");
                },
                "GET http://a/h",
            ),
            (
                "GET http://a/p\nHost: a",
                |m| m.set_path(b"q"),
                "GET http://aq\nhost: a",
            ),
            (
                "GET /q?x\nHost: a",
                |m| m.set_query(b""),
                "GET /q?\nhost: a",
            ),
            ("GET /q\nHost: a", |m| m.set_query(b""), "GET /q\nhost: a"),
            (
                "GET /q\nHost: a",
                |m| m.set_query(b"a=b"),
                "GET /q?a=b\nhost: a",
            ),
            (
                "GET /q?z\nHost: a",
                |m| m.set_path(b"/x?y"),
                "GET /x?y?z\nhost: a",
            ),
            (
                "POST /\nTransfer-Encoding: chunked",
                |m| m.set_header(b"Content-Length", b"5"),
                "POST /\ntransfer-encoding: chunked",
            ),
            // Not as HAProxy, which drops the body here: see `encode_lost_framing`.
            (
                "POST /\nTransfer-Encoding: chunked",
                |m| {
                    m.del_header(b"transfer-encoding");
                },
                "POST /\ntransfer-encoding: chunked",
            ),
            (
                "POST /\nContent-Length: 3",
                |m| {
                    m.del_header(b"content-length");
                },
                "POST /\ncontent-length: 3",
            ),
            // HAProxy answers 500 here.
            (
                "GET /\nHost: a",
                |m| m.set_header(b"Content-Length", b"5"),
                "GET /\nhost: a",
            ),
        ];
        for (received, edit, expected) in cases {
            let (line, rest) = received.split_once('\n').unwrap_or((received, ""));
            let text = format!("{line} HTTP/1.1\n{rest}\n\n").replace('\n', "\r\n");
            let mut m = request(text.as_bytes());
            edit(&mut m);
            let persist = match m.closes_server() {
                true => Persist::Close,
                false => Persist::KeepAlive,
            };
            let got = sent(&m, persist);
            let (line, rest) = expected.split_once('\n').unwrap_or((expected, ""));
            let rest = if rest.is_empty() {
                "\n"
            } else {
                &format!("{rest}\n\n")
            };
            assert_eq!(
                got,
                format!("{line} HTTP/1.1\n{rest}").replace('\n', "\r\n"),
                "{received}"
            );
        }
    }

    #[test]
    fn adjusted_case() {
        let pairs = ["host HoSt", "connection CONNECTION", "x-foo X-FOO"];
        let map = CaseMap::new(pairs.iter().filter_map(|p| {
            let (from, to) = p.split_once(' ')?;
            Some((from.into(), to.into()))
        }));
        let m = request(b"GET / HTTP/1.0\r\nHost: a\r\nX-Foo: 1\r\nBar: 2\r\n\r\n");
        let mut out = Vec::new();
        let options = EncodeOptions {
            case: Some(&map),
            ..Default::default()
        };
        m.encode_request(&mut out, &options);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "GET / HTTP/1.0\r\nHoSt: a\r\nX-FOO: 1\r\nbar: 2\r\nCONNECTION: keep-alive\r\n\r\n"
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

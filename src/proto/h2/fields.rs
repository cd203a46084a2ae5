//! A decoded field list, on its way to being the head of an HTTP/1 message.
//!
//! What 3.4 refuses here (observed): names that are no lower-case tokens, values with NUL, CR or
//! LF, fields that belong to one connection of HTTP/1, pseudo-header fields that are unknown,
//! double, late or of the other direction, a target that cannot be written, a length that is no
//! number or contradicts the end of the stream. The stream ends then; the block is decoded to its
//! end all the same, since the table of the compression must stay in step.

use crate::proto::h1;

/// What a field list is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The head of a request.
    #[default]
    Request,
    /// The head of a response.
    Response,
    /// The end of a message.
    Trailers,
}

/// How the body that follows a head is to be written as HTTP/1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Body {
    /// There is none.
    #[default]
    None,
    /// So many bytes.
    Length(u64),
    /// Nobody knows how much: in chunks.
    Chunked,
    /// As it comes: a tunnel.
    Raw,
}

/// What was asked, as far as the response depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    /// For something with a body.
    #[default]
    Any,
    /// HEAD.
    Head,
    /// CONNECT.
    Connect,
    /// An upgrade to another protocol, which goes as an extended CONNECT.
    Upgrade,
}

/// What a granted upgrade is answered with in HTTP/1.
#[derive(Clone, Copy, Debug)]
pub struct Switch<'a> {
    /// The protocol asked for.
    pub protocol: &'a [u8],
    /// `Sec-WebSocket-Accept`, if there was a key.
    pub accept: Option<&'a [u8]>,
}

/// The key of a WebSocket handshake that HTTP/2 knows nothing of (any 16 bytes will do: it tells a
/// server that understands from one that does not, and 101 does so here).
pub const WEBSOCKET_KEY: &[u8] = b"aGFwYXggaHR0cC8yIGtleQ==";

/// What a server says to [`WEBSOCKET_KEY`] (RFC 6455 section 4.2.2).
pub const WEBSOCKET_ACCEPT: &[u8] = b"+vLRuPD3w3Zlzn5/eI2N5/t2Ecs=";

/// Pseudo-header fields, by bits.
mod pseudo {
    pub const METHOD: u8 = 1;
    pub const SCHEME: u8 = 2;
    pub const AUTHORITY: u8 = 4;
    pub const PATH: u8 = 8;
    pub const STATUS: u8 = 16;
    pub const PROTOCOL: u8 = 32;
}

/// A field list; used again and again.
#[derive(Debug, Default)]
pub struct Fields {
    kind: Kind,
    seen: u8,
    method: Vec<u8>,
    scheme: Vec<u8>,
    authority: Vec<u8>,
    path: Vec<u8>,
    status: Vec<u8>,
    protocol: Vec<u8>,
    /// The lines, as HTTP/1 has them.
    lines: Vec<u8>,
    cookie: Vec<u8>,
    count: usize,
    host: bool,
    regular: bool,
    length: Option<u64>,
    bad: bool,
}

impl Fields {
    /// Begins a new list.
    pub fn begin(&mut self, kind: Kind) {
        self.kind = kind;
        for text in [
            &mut self.method,
            &mut self.scheme,
            &mut self.authority,
            &mut self.path,
            &mut self.status,
            &mut self.protocol,
            &mut self.lines,
            &mut self.cookie,
        ] {
            text.clear();
        }
        (self.seen, self.count, self.length) = (0, 0, None);
        (self.host, self.regular, self.bad) = (false, false, false);
    }

    /// Takes one field in.
    pub fn field(&mut self, name: &[u8], value: &[u8]) {
        if value.iter().any(|b| matches!(b, 0 | b'\r' | b'\n')) {
            self.bad = true;
            return;
        }
        if let [b':', name @ ..] = name {
            return self.pseudo(name, value);
        }
        self.regular = true;
        if !name.iter().all(|&b| is_name(b)) {
            self.bad = true;
            return;
        }
        let value = value.trim_ascii();
        match name {
            b"connection" | b"proxy-connection" | b"keep-alive" | b"upgrade"
            | b"transfer-encoding" => {
                self.bad = true;
                return;
            }
            b"te" if value != b"trailers" => {
                self.bad = true;
                return;
            }
            b"content-length" if self.kind != Kind::Trailers => match self.note_length(value) {
                Some(true) => {}
                Some(false) => return,
                None => {
                    self.bad = true;
                    return;
                }
            },
            b"host" if self.kind == Kind::Request => {
                if self.seen & pseudo::AUTHORITY != 0 || std::mem::replace(&mut self.host, true) {
                    return;
                }
                self.bad |= !h1::is_host(value);
            }
            b"cookie" if self.kind == Kind::Request => {
                if !self.cookie.is_empty() {
                    self.cookie.extend_from_slice(b"; ");
                }
                self.cookie.extend_from_slice(value);
                return;
            }
            _ => {}
        }
        self.count += 1;
        self.lines.extend_from_slice(name);
        self.lines.extend_from_slice(b": ");
        self.lines.extend_from_slice(value);
        self.lines.extend_from_slice(b"\r\n");
    }

    fn pseudo(&mut self, name: &[u8], value: &[u8]) {
        let (bit, into) = match name {
            b"method" => (pseudo::METHOD, &mut self.method),
            b"scheme" => (pseudo::SCHEME, &mut self.scheme),
            b"authority" => (pseudo::AUTHORITY, &mut self.authority),
            b"path" => (pseudo::PATH, &mut self.path),
            b"status" => (pseudo::STATUS, &mut self.status),
            b"protocol" => (pseudo::PROTOCOL, &mut self.protocol),
            _ => {
                self.bad = true;
                return;
            }
        };
        let fits = match self.kind {
            Kind::Request => bit != pseudo::STATUS,
            Kind::Response => bit == pseudo::STATUS,
            Kind::Trailers => false,
        };
        if !fits || self.regular || self.seen & bit != 0 {
            self.bad = true;
            return;
        }
        self.seen |= bit;
        into.extend_from_slice(value);
    }

    /// Notes a length; false if it is known already, `None` if it is no number or another one.
    fn note_length(&mut self, value: &[u8]) -> Option<bool> {
        let known = self.length.is_some();
        for member in value.split(|b| *b == b',') {
            let digits = std::str::from_utf8(member.trim_ascii()).ok()?;
            if !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let n: u64 = digits.parse().ok()?;
            if self.length.is_some_and(|old| old != n) {
                return None;
            }
            self.length = Some(n);
        }
        Some(!known)
    }

    fn has(&self, bits: u8) -> bool {
        self.seen & bits == bits
    }

    /// Writes the head of a request; `most` lines are allowed, the first one included. `None`:
    /// the stream is to end with a fault.
    pub fn request(&mut self, ends: bool, most: usize, out: &mut Vec<u8>) -> Option<(Body, Asked)> {
        if self.bad || !self.has(pseudo::METHOD) {
            return None;
        }
        let connects = self.method == b"CONNECT";
        let extended = self.has(pseudo::PROTOCOL);
        if extended && !connects {
            return None;
        }
        let plain = connects && !extended;
        let needed = match plain {
            true => pseudo::AUTHORITY,
            false => pseudo::SCHEME | pseudo::PATH,
        };
        if !self.has(needed) || plain && self.seen & (pseudo::SCHEME | pseudo::PATH) != 0 {
            return None;
        }
        let authority = self.has(pseudo::AUTHORITY);
        if authority && !h1::is_host(&self.authority) {
            return None;
        }
        if !plain {
            let path = &self.path;
            let form = path.first() == Some(&b'/') || path == b"*";
            if !form || path.iter().any(|b| *b <= b' ' || matches!(b, b'#' | 0x7f)) {
                return None;
            }
        }
        if ends && self.length.is_some_and(|n| n > 0) {
            return None;
        }
        if !self.cookie.is_empty() {
            self.count += 1;
        }
        if self.count + usize::from(authority) + 1 > most {
            return None;
        }
        let method: &[u8] = if extended { b"GET" } else { &self.method };
        out.extend_from_slice(method);
        out.push(b' ');
        if plain {
            out.extend_from_slice(&self.authority);
        } else {
            let whole = authority && !self.authority.is_empty();
            let scheme = |b: &u8| b.is_ascii_alphanumeric() || b"+-.".contains(b);
            if !self.scheme.iter().all(scheme) {
                // no target at all: this one is answered, with 400 (observed)
                out.push(b'#');
            } else if whole {
                out.extend_from_slice(&self.scheme);
                out.extend_from_slice(b"://");
                out.extend_from_slice(&self.authority);
            }
            if !whole || self.path != b"*" {
                out.extend_from_slice(&self.path);
            }
        }
        out.extend_from_slice(b" HTTP/2.0\r\n");
        if authority {
            line(out, b"host", &self.authority);
        }
        out.extend_from_slice(&self.lines);
        if !self.cookie.is_empty() {
            line(out, b"cookie", &self.cookie);
        }
        let asked = match self.method.as_slice() {
            _ if extended => Asked::Upgrade,
            b"CONNECT" => Asked::Connect,
            b"HEAD" => Asked::Head,
            _ => Asked::Any,
        };
        let body = if extended {
            line(out, b"upgrade", &self.protocol);
            line(out, b"connection", b"upgrade");
            if self.protocol.eq_ignore_ascii_case(b"websocket") {
                line(out, b"sec-websocket-key", WEBSOCKET_KEY);
            }
            Body::Raw
        } else if plain {
            Body::Raw
        } else if ends {
            Body::None
        } else if let Some(n) = self.length {
            Body::Length(n)
        } else {
            line(out, b"transfer-encoding", b"chunked");
            Body::Chunked
        };
        out.extend_from_slice(b"\r\n");
        Some((body, asked))
    }

    /// Writes the head of a response to what was `asked`; tells its status and how its body is
    /// written. `None`: the stream is to end with a fault.
    pub fn response(
        &mut self,
        ends: bool,
        asked: Asked,
        switch: Option<Switch<'_>>,
        out: &mut Vec<u8>,
    ) -> Option<(u16, Body)> {
        let status: [u8; 3] = self.status.as_slice().try_into().ok()?;
        if self.bad || !status.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = status.iter().fold(0, |n, d| n * 10 + u16::from(d - b'0'));
        if number < 100 || number == 101 {
            return None;
        }
        let interim = number < 200;
        let success = (200..300).contains(&number);
        if interim && ends {
            return None;
        }
        if let (Asked::Upgrade, Some(switch), true) = (asked, switch, success) {
            out.extend_from_slice(b"HTTP/1.1 101 Switching Protocols\r\n");
            out.extend_from_slice(&self.lines);
            line(out, b"upgrade", switch.protocol);
            line(out, b"connection", b"upgrade");
            if let Some(accept) = switch.accept {
                line(out, b"sec-websocket-accept", accept);
            }
            out.extend_from_slice(b"\r\n");
            return Some((101, Body::Raw));
        }
        out.extend_from_slice(b"HTTP/2.0 ");
        out.extend_from_slice(&status);
        out.extend_from_slice(b" \r\n");
        out.extend_from_slice(&self.lines);
        let bodiless = asked == Asked::Head || matches!(number, 204 | 304);
        if ends && !bodiless && self.length.is_some_and(|n| n > 0) {
            return None;
        }
        let body = match self.length {
            _ if interim || bodiless => Body::None,
            _ if asked == Asked::Connect && success => Body::Raw,
            None if ends => {
                // as 3.4: that it is empty was not known to its head
                line(out, b"transfer-encoding", b"chunked");
                out.extend_from_slice(b"\r\n0");
                Body::None
            }
            _ if ends => Body::None,
            Some(n) => Body::Length(n),
            None => {
                line(out, b"transfer-encoding", b"chunked");
                Body::Chunked
            }
        };
        let empty = out.ends_with(b"\r\n0");
        out.extend_from_slice(if empty { b"\r\n\r\n" } else { b"\r\n" });
        Some((number, body))
    }

    /// Writes trailers as they stand behind the last chunk. `None`: a fault.
    pub fn trailers(&mut self, out: &mut Vec<u8>) -> Option<()> {
        if self.bad {
            return None;
        }
        out.extend_from_slice(&self.lines);
        out.extend_from_slice(b"\r\n");
        Some(())
    }
}

fn line(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// A byte of a field name: a token's, no capital letter.
fn is_name(b: u8) -> bool {
    matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'!' | b'#'..=b'\'' | b'*' | b'+' | b'^' | b'`' | b'|' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(list: &[(&str, &str)], ends: bool) -> Option<(String, Body)> {
        let mut fields = Fields::default();
        fields.begin(Kind::Request);
        for (name, value) in list {
            fields.field(name.as_bytes(), value.as_bytes());
        }
        let mut out = Vec::new();
        let (body, _) = fields.request(ends, 101, &mut out)?;
        Some((String::from_utf8(out).unwrap(), body))
    }

    const GET: [(&str, &str); 4] = [
        (":method", "GET"),
        (":scheme", "https"),
        (":path", "/a"),
        (":authority", "h"),
    ];

    #[test]
    fn a_request() {
        let more = [
            GET.as_slice(),
            &[
                ("cookie", "a=1"),
                ("host", "other"),
                ("x", " 1 "),
                ("cookie", "b=2"),
            ],
        ]
        .concat();
        let (text, body) = request(&more, true).unwrap();
        assert_eq!(
            text,
            "GET https://h/a HTTP/2.0\r\nhost: h\r\nx: 1\r\ncookie: a=1; b=2\r\n\r\n"
        );
        assert_eq!(body, Body::None);
        let (text, body) = request(&GET, false).unwrap();
        assert!(
            text.ends_with("host: h\r\ntransfer-encoding: chunked\r\n\r\n"),
            "{text}"
        );
        assert_eq!(body, Body::Chunked);
    }

    /// Recorded from HAProxy 3.4.0: it ends these streams with PROTOCOL_ERROR.
    #[test]
    fn refused() {
        for more in [
            ("X-A", "b"),
            ("connection", "close"),
            ("upgrade", "h2c"),
            ("te", "gzip"),
            ("transfer-encoding", "chunked"),
            ("keep-alive", "3"),
            ("proxy-connection", "3"),
            ("x", "a\nb"),
            ("x", "a\0b"),
            ("x y", ""),
            (":path", "/x"),
            (":foo", "/x"),
            (":status", "200"),
            ("content-length", "x"),
            ("content-length", "5"),
            ("content-length", "0,"),
            ("content-length", ""),
        ] {
            let list = [GET.as_slice(), &[more]].concat();
            assert_eq!(request(&list, true), None, "{more:?}");
        }
        for path in ["", "/a#b", "/a b", "abc"] {
            let list = [(":method", "GET"), (":scheme", "https"), (":path", path)];
            assert_eq!(request(&list, true), None, "{path:?}");
        }
        for authority in ["a b", "u@a", "a/b"] {
            let list = [GET.get(..3).unwrap(), &[(":authority", authority)]].concat();
            assert_eq!(request(&list, true), None, "{authority:?}");
        }
    }

    #[test]
    fn connects() {
        let list = [(":method", "CONNECT"), (":authority", "a:443")];
        let (text, body) = request(&list, false).unwrap();
        assert_eq!(
            (text.as_str(), body),
            ("CONNECT a:443 HTTP/2.0\r\nhost: a:443\r\n\r\n", Body::Raw)
        );
    }

    #[test]
    fn a_response() {
        let mut fields = Fields::default();
        fields.begin(Kind::Response);
        fields.field(b":status", b"200");
        fields.field(b"a", b"b");
        let mut out = Vec::new();
        let made = fields.response(false, Asked::Any, None, &mut out);
        assert_eq!(made, Some((200, Body::Chunked)));
        assert_eq!(
            out,
            b"HTTP/2.0 200 \r\na: b\r\ntransfer-encoding: chunked\r\n\r\n"
        );
    }
}

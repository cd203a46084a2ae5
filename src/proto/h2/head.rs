//! The head of an HTTP/1 message as a field block.
//!
//! The text is what this program writes for an HTTP/1 peer ([`Message`](crate::proto::h1::Message)
//! or a page of errors), so its lines are taken as they are: no folding, no faults.

use super::fields::Body;
use super::hpack::{self, write_field, write_named, write_status};

/// The lines behind the first, up to the empty one.
fn lines(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let end = memchr::memchr(b'\n', rest)?;
            let line = rest.get(..end)?.trim_ascii_end();
            rest = rest.get(end + 1..)?;
            if line.is_empty() {
                return None;
            }
            if let Some(colon) = memchr::memchr(b':', line) {
                let (name, value) = line.split_at_checked(colon)?;
                return Some((name, value.get(1..)?.trim_ascii_start()));
            }
        }
    })
}

/// What of an HTTP/1 connection means nothing here.
fn is_hop(name: &[u8]) -> bool {
    let hops: &[&[u8]] = match (name.len(), name.first().map(|b| b | 0x20)) {
        (10, Some(b'c')) => &[b"connection"],
        (10, Some(b'k')) => &[b"keep-alive"],
        (7, Some(b'u')) => &[b"upgrade"],
        (16, Some(b'p')) => &[b"proxy-connection"],
        (17, Some(b't')) => &[b"transfer-encoding"],
        _ => return false,
    };
    hops.iter().any(|hop| name.eq_ignore_ascii_case(hop))
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// How the body behind a head is framed, as far as its fields tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framing {
    /// `Content-Length`
    pub length: Option<u64>,
    /// `Transfer-Encoding`
    pub chunked: bool,
}

impl Framing {
    fn note(&mut self, name: &[u8], value: &[u8]) {
        if name.len() == 14 && name.eq_ignore_ascii_case(b"content-length") {
            self.length = number(value);
        } else if name.len() == 17 && name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.chunked = true;
        }
    }

    /// The body, where the fields alone decide; `open` if they say nothing.
    pub fn body(self, open: Body) -> Body {
        match self {
            Framing { chunked: true, .. } => Body::Chunked,
            Framing {
                length: Some(0), ..
            } => Body::None,
            Framing {
                length: Some(n), ..
            } => Body::Length(n),
            _ => open,
        }
    }
}

/// Appends the block of a response and tells its status and framing; `None` if there is no status
/// line. A granted WebSocket (101) is `switched` to what HTTP/2 says instead (RFC 8441 section 5).
pub fn response(text: &[u8], switched: bool, out: &mut Vec<u8>) -> Option<(u16, Framing)> {
    let end = memchr::memchr(b'\n', text)?;
    let status = text.get(9..12).filter(|_| end > 11)?;
    let code = u16::try_from(number(status)?).ok()?;
    let switched = switched && code == 101;
    write_status(out, if switched { b"200" } else { status });
    let mut framing = Framing {
        length: None,
        chunked: false,
    };
    for (name, value) in lines(text.get(end + 1..)?) {
        framing.note(name, value);
        let drops = is_hop(name) || switched && name.eq_ignore_ascii_case(b"sec-websocket-accept");
        if !drops {
            write_field(out, name, value);
        }
    }
    Some((code, framing))
}

/// A request in pieces that its block needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a [u8],
    /// The framing.
    pub framing: Framing,
    /// The protocol that it asks to change to.
    pub upgrade: Option<&'a [u8]>,
    /// The key of a WebSocket handshake.
    pub websocket_key: Option<&'a [u8]>,
}

/// Appends the block of a request; `None` if there is no request line. As with 3.4, only a target
/// with a scheme has an authority of its own; the scheme of others is said to be `https`.
pub fn request<'a>(text: &'a [u8], out: &mut Vec<u8>) -> Option<Request<'a>> {
    let end = memchr::memchr(b'\n', text)?;
    let mut words = text.get(..end)?.split(|b| *b == b' ');
    let (method, target) = (words.next()?, words.next()?);
    let fields = text.get(end + 1..)?;
    let mut made = Request {
        method,
        framing: Framing {
            length: None,
            chunked: false,
        },
        upgrade: None,
        websocket_key: None,
    };
    let mut upgrades = false;
    for (name, value) in lines(fields) {
        if name.eq_ignore_ascii_case(b"sec-websocket-key") {
            made.websocket_key = Some(value);
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            made.upgrade = Some(value);
        } else if name.eq_ignore_ascii_case(b"connection") {
            upgrades |= value
                .split(|b| *b == b',')
                .any(|word| word.trim_ascii().eq_ignore_ascii_case(b"upgrade"));
        }
    }
    made.upgrade = made.upgrade.filter(|_| upgrades);
    made.websocket_key = made.websocket_key.filter(|_| made.upgrade.is_some());
    let extended = made.upgrade;
    let (scheme, authority, path) = split(target);
    match method {
        _ if extended.is_some() => write_named(out, 2, b"CONNECT"),
        b"GET" => hpack::write_known(out, 2),
        b"POST" => hpack::write_known(out, 3),
        other => write_named(out, 2, other),
    }
    if let Some(protocol) = extended {
        write_field(out, b":protocol", protocol);
    }
    let connects = method == b"CONNECT";
    if !connects {
        match scheme {
            Some(b"https") => hpack::write_known(out, 7),
            Some(b"http") => hpack::write_known(out, 6),
            Some(other) => write_named(out, 6, other),
            None => hpack::write_known(out, 7),
        }
        if let Some(authority) = authority {
            write_named(out, 1, authority);
        }
        match path {
            b"/" => hpack::write_known(out, 4),
            b"" if method == b"OPTIONS" => write_named(out, 4, b"*"),
            b"" => hpack::write_known(out, 4),
            path => write_named(out, 4, path),
        }
    }
    if connects {
        write_named(out, 1, target);
    }
    let told = connects || authority.is_some();
    for (name, value) in lines(fields) {
        made.framing.note(name, value);
        let drops = is_hop(name)
            || told && name.eq_ignore_ascii_case(b"host")
            || extended.is_some() && name.eq_ignore_ascii_case(b"sec-websocket-key");
        if !drops {
            write_field(out, name, value);
        }
    }
    Some(made)
}

/// Scheme, authority, and path with query.
fn split(target: &[u8]) -> (Option<&[u8]>, Option<&[u8]>, &[u8]) {
    if matches!(target.first(), Some(b'/' | b'*')) {
        return (None, None, target);
    }
    let Some(at) = target.windows(3).position(|w| w == b"://") else {
        return (None, None, target);
    };
    let (scheme, rest) = target.split_at_checked(at).unwrap_or_default();
    let rest = rest.get(3..).unwrap_or_default();
    let end = rest
        .iter()
        .position(|b| matches!(b, b'/' | b'?'))
        .unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or_default();
    (Some(scheme), Some(authority), path)
}

/// Appends the block of trailers, given as lines up to an empty one.
pub fn trailers(text: &[u8], out: &mut Vec<u8>) {
    for (name, value) in lines(text) {
        if !is_hop(name) {
            write_field(out, name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::hpack::Decoder;
    use super::*;

    fn read(block: &[u8]) -> String {
        let mut text = String::new();
        Decoder::new(0)
            .decode(block, |n, v| {
                text += &format!(
                    "{}={} ",
                    String::from_utf8_lossy(n),
                    String::from_utf8_lossy(v)
                );
            })
            .unwrap();
        text
    }

    #[test]
    fn responses() {
        let mut out = Vec::new();
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\nA:b\r\n\r\nhello";
        let (status, framing) = response(text, false, &mut out).unwrap();
        assert_eq!((status, framing.body(Body::Raw)), (200, Body::Length(5)));
        assert_eq!(read(&out), ":status=200 content-length=5 a=b ");
        out.clear();
        let text = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: x\r\nb: c\r\n\r\n";
        response(text, true, &mut out).unwrap();
        assert_eq!(read(&out), ":status=200 b=c ");
    }

    #[test]
    fn requests() {
        let mut out = Vec::new();
        let text = b"POST /a?b HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\nx: y\r\n\r\n";
        let made = request(text, &mut out).unwrap();
        assert_eq!(made.framing.body(Body::None), Body::Chunked);
        assert_eq!(
            read(&out),
            ":method=POST :scheme=https :path=/a?b host=h x=y "
        );
        out.clear();
        request(b"GET http://h/x HTTP/1.1\r\nhost: h\r\n\r\n", &mut out).unwrap();
        assert_eq!(
            read(&out),
            ":method=GET :scheme=http :authority=h :path=/x "
        );
        out.clear();
        request(b"CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n", &mut out).unwrap();
        assert_eq!(read(&out), ":method=CONNECT :authority=a:1 ");
        out.clear();
        let text = b"GET /ws HTTP/1.1\r\nhost: h\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: k\r\nsec-websocket-version: 13\r\n\r\n";
        let made = request(text, &mut out).unwrap();
        assert_eq!(made.websocket_key, Some(&b"k"[..]));
        assert_eq!(
            read(&out),
            ":method=CONNECT :protocol=websocket :scheme=https :path=/ws host=h sec-websocket-version=13 "
        );
    }
}

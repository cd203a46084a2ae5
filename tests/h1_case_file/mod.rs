//! Reader of `fixtures/h1/*.cases`; each file's head explains the form.
#![allow(clippy::expect_used, reason = "a malformed file must fail the test")]

use std::collections::HashMap;

/// One recorded exchange.
#[derive(Debug, Default)]
pub struct Case {
    /// The group's title.
    pub group: String,
    /// Line of the file that the case begins at.
    pub line: usize,
    /// What the client sends.
    pub request: Vec<u8>,
    /// What the server answers to each complete request.
    pub response: Vec<u8>,
    /// The server closes its side after the answer.
    pub server_closes: bool,
    /// What each server connection received.
    pub server: Vec<Vec<u8>>,
    /// What the client received.
    pub client: Vec<u8>,
    /// The client connection was closed by the proxy.
    pub client_closed: bool,
}

/// Reads a whole file; panics with the line number where it is malformed.
pub fn read(text: &str) -> Vec<Case> {
    let mut names: HashMap<String, Vec<u8>> = HashMap::new();
    let mut cases: Vec<Case> = Vec::new();
    let mut group = String::new();
    for (at, line) in text.lines().enumerate() {
        let Some(kind) = line.chars().next() else {
            continue;
        };
        let rest = line[1..].strip_prefix(' ').unwrap_or(&line[1..]);
        let bytes = |rest: &str| unescape(rest, &names, at + 1);
        if kind == '>' {
            cases.push(Case {
                group: group.clone(),
                line: at + 1,
                request: bytes(rest),
                response: names.get("ok").cloned().unwrap_or_default(),
                ..Case::default()
            });
            continue;
        }
        let case = cases.last_mut();
        match (kind, case) {
            ('#', _) => {}
            ('=', _) => group = rest.to_owned(),
            ('@', _) => {
                let (name, value) = line[1..].split_once(' ').expect("name and bytes");
                names.insert(name.to_owned(), bytes(value));
            }
            ('<', Some(case)) => case.response = bytes(rest),
            ('!', Some(case)) => case.server_closes = true,
            ('s', Some(case)) => case.server.push(bytes(rest)),
            ('c', Some(case)) => case.client = bytes(rest),
            ('C', Some(case)) => {
                case.client = bytes(rest);
                case.client_closed = true;
            }
            _ => panic!("line {}: {line}", at + 1),
        }
    }
    cases
}

fn unescape(text: &str, names: &HashMap<String, Vec<u8>>, line: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c != '\\' {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let kind = rest.chars().next().unwrap_or_else(|| panic!("line {line}"));
        rest = &rest[kind.len_utf8()..];
        match kind {
            'r' => out.push(b'\r'),
            'n' => out.push(b'\n'),
            't' => out.push(b'\t'),
            '\\' => out.push(b'\\'),
            'x' => {
                out.push(u8::from_str_radix(&rest[..2], 16).expect("two digits"));
                rest = &rest[2..];
            }
            '(' => {
                let (name, tail) = rest.split_once(')').expect("closing parenthesis");
                out.extend_from_slice(&names[name]);
                rest = tail;
            }
            '{' => {
                let (inner, tail) = rest.split_once('}').expect("closing brace");
                let (count, unit) = inner.split_once(':').expect("count and text");
                let unit = unescape(unit, names, line);
                out.extend(unit.repeat(count.parse().expect("count")));
                rest = tail;
            }
            other => panic!("line {line}: \\{other}"),
        }
    }
    out
}

/// The same bytes with every chunked body decoded, since chunks may be cut differently: what counts
/// is the data, the trailers and whether the end was reached.
pub fn without_chunking(mut stream: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = find(stream, b"\r\n\r\n") {
        let head = &stream[..end + 4];
        out.extend_from_slice(head);
        stream = &stream[end + 4..];
        if find(head, b"\r\ntransfer-encoding: chunked\r\n").is_some()
            && let Some((data, rest)) = decode(stream)
        {
            out.extend_from_slice(b"<<");
            out.extend_from_slice(&data);
            out.extend_from_slice(b">>");
            stream = rest;
        } else if let Some(next) = next_head(stream) {
            out.extend_from_slice(&stream[..next]);
            stream = &stream[next..];
        }
    }
    out.extend_from_slice(stream);
    out
}

/// Where the next response begins behind a body of known length.
fn next_head(stream: &[u8]) -> Option<usize> {
    find(stream, b"HTTP/1.")
}

/// Data, then the trailer section if the end was reached, and what follows.
fn decode(mut stream: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut data = Vec::new();
    loop {
        let Some(end) = find(stream, b"\r\n") else {
            return stream.is_empty().then_some((data, stream));
        };
        let size = std::str::from_utf8(&stream[..end]).ok()?;
        let size = usize::from_str_radix(size, 16).ok()?;
        stream = &stream[end + 2..];
        if size == 0 {
            let trailers = match stream.starts_with(b"\r\n") {
                true => 2,
                false => find(stream, b"\r\n\r\n")? + 4,
            };
            data.extend_from_slice(b"|");
            data.extend_from_slice(&stream[..trailers]);
            return Some((data, &stream[trailers..]));
        }
        if stream.len() < size.saturating_add(2) {
            data.extend_from_slice(&stream[..stream.len().min(size)]);
            return Some((data, &[]));
        }
        data.extend_from_slice(&stream[..size]);
        stream = &stream[size + 2..];
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|w| w == what)
}

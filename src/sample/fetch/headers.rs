//! Header fields of either message (manual 7.3.6).

use super::{Cursor, Example, Fetch, HEADERS, REQUEST_HEADERS, RESPONSE_HEADERS};
use crate::proto::h1::Message;
use crate::sample::args::{Arg, Kind, int, text};
use crate::sample::compile::Compile;
use crate::sample::value::{Sample, Type, loose_int, parse_host};
use crate::sample::view::{Direction, Eval};

const REQUEST: Option<Direction> = Some(Direction::Request);
const RESPONSE: Option<Direction> = Some(Direction::Response);

macro_rules! value {
    ($name:literal, $source:expr, $direction:expr, $full:literal, [$($example:expr),*]) => {
        Fetch {
            name: $name,
            args: &[Kind::Str, Kind::Int],
            required: 0,
            out: Type::Str,
            source: &$source,
            check: Some(occurrence),
            eval: |args, e, c| field(args, e, c, $direction, $full).map(Sample::Str),
            doc: "A value of a header field: the last one, or by its number (negative: from the \
                  end). ACLs test every one.",
            examples: &[$($example),*],
        }
    };
}

macro_rules! count {
    ($name:literal, $source:expr, $direction:expr, $full:literal, [$($example:expr),*]) => {
        Fetch {
            name: $name,
            args: &[Kind::Str],
            required: 0,
            out: Type::Sint,
            source: &$source,
            check: None,
            eval: |args, e, _| {
                let message = message(e, $direction)?;
                let mut n = 0i64;
                for value in fields(message, text(args, 0)) {
                    let mut at = Some(0);
                    while let Some(from) = at {
                        n += 1;
                        at = if $full { None } else { member(value, from).1 };
                    }
                }
                Some(Sample::Int(n))
            },
            doc: "How many values a header field has.",
            examples: &[$($example),*],
        }
    };
}

macro_rules! address {
    ($name:literal, $source:expr, $direction:expr, [$($example:expr),*]) => {
        Fetch {
            name: $name,
            args: &[Kind::Str, Kind::Int],
            required: 0,
            out: Type::Addr,
            source: &$source,
            check: Some(occurrence),
            eval: |args, e, c| loop {
                let value = field(args, e, c, $direction, false)?;
                match parse_host(value) {
                    Some(ip) => return Some(ip.into()),
                    // Of several values, those that are no address are passed over.
                    None if c.more => {}
                    None => return None,
                }
            },
            doc: "A value of a header field as an address; an IPv4 one may have a port.",
            examples: &[$($example),*],
        }
    };
}

macro_rules! number {
    ($name:literal, $source:expr, $direction:expr, [$($example:expr),*]) => {
        Fetch {
            name: $name,
            args: &[Kind::Str, Kind::Int],
            required: 0,
            out: Type::Sint,
            source: &$source,
            check: Some(occurrence),
            eval: |args, e, c| {
                field(args, e, c, $direction, false).map(|v| Sample::Int(loose_int(v)))
            },
            doc: "A value of a header field as a number.",
            examples: &[$($example),*],
        }
    };
}

macro_rules! names {
    ($name:literal, $source:expr, $direction:expr, [$($example:expr),*]) => {
        Fetch {
            name: $name,
            args: &[Kind::Str],
            required: 0,
            out: Type::Str,
            source: &$source,
            check: None,
            eval: |args, e, _| {
                let delimiter = text(args, 0).first().copied().unwrap_or(b',');
                let mut out = e.scratch.buffer();
                for (name, _) in message(e, $direction)?.headers() {
                    if !out.is_empty() {
                        out.push(delimiter);
                    }
                    out.extend_from_slice(name);
                }
                Some(Sample::Str(out.into_bump_slice()))
            },
            doc: "The names of all header fields, separated by a comma or the character given.",
            examples: &[$($example),*],
        }
    };
}

macro_rules! block {
    ($name:literal, $source:expr, $direction:expr, [$($example:expr),*]) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::Bin,
            source: &$source,
            check: None,
            eval: |_, e, _| {
                let mut out = e.scratch.buffer();
                for (name, value) in message(e, $direction)?.headers() {
                    for part in [name, b": ", value, b"\r\n"] {
                        out.extend_from_slice(part);
                    }
                }
                out.extend_from_slice(b"\r\n");
                Some(Sample::Bin(out.into_bump_slice()))
            },
            doc: "All header fields and the empty line, as text.",
            examples: &[$($example),*],
        }
    };
}

const LIST: &str = "GET / HTTP/1.1\r\nHost: h\r\nX: a, b ,,\"c,d\",\r\nX: e";

pub(super) static FETCHES: &[Fetch] = &[
    value!(
        "hdr",
        HEADERS,
        None,
        false,
        [Example::of("hdr(host)", "www.example.com")]
    ),
    value!(
        "req.hdr",
        REQUEST_HEADERS,
        REQUEST,
        false,
        [
            Example::of("req.hdr(User-Agent)", "curl/8"),
            Example::on(LIST, "req.hdr(x)", "e"),
            Example::on(LIST, "req.hdr(x,2)", "b"),
            Example::on(LIST, "req.hdr(x,4)", "\"c,d\""),
            Example::on(LIST, "req.hdr(x,-3)", "\"c,d\""),
            Example::none("req.hdr(x-none)")
        ]
    ),
    value!(
        "res.hdr",
        RESPONSE_HEADERS,
        RESPONSE,
        false,
        [Example::of("res.hdr(server)", "origin")]
    ),
    value!(
        "shdr",
        RESPONSE_HEADERS,
        RESPONSE,
        false,
        [Example::of("shdr(server)", "origin")]
    ),
    value!(
        "req.fhdr",
        REQUEST_HEADERS,
        REQUEST,
        true,
        [
            Example::on(LIST, "req.fhdr(x,1)", "a, b ,,\"c,d\","),
            Example::on(LIST, "req.fhdr(x)", "e")
        ]
    ),
    value!(
        "res.fhdr",
        RESPONSE_HEADERS,
        RESPONSE,
        true,
        [Example::of("res.fhdr(server)", "origin")]
    ),
    count!(
        "hdr_cnt",
        REQUEST_HEADERS,
        REQUEST,
        false,
        [Example::on(LIST, "hdr_cnt(x)", "6")]
    ),
    count!(
        "req.hdr_cnt",
        REQUEST_HEADERS,
        REQUEST,
        false,
        [Example::on(LIST, "req.hdr_cnt(x)", "6")]
    ),
    count!(
        "req.fhdr_cnt",
        REQUEST_HEADERS,
        REQUEST,
        true,
        [Example::on(LIST, "req.fhdr_cnt(x)", "2")]
    ),
    count!(
        "res.hdr_cnt",
        RESPONSE_HEADERS,
        RESPONSE,
        false,
        [Example::of("res.hdr_cnt(server)", "1")]
    ),
    count!(
        "shdr_cnt",
        RESPONSE_HEADERS,
        RESPONSE,
        false,
        [Example::of("shdr_cnt(server)", "1")]
    ),
    count!(
        "res.fhdr_cnt",
        RESPONSE_HEADERS,
        RESPONSE,
        true,
        [Example::of("res.fhdr_cnt", "3")]
    ),
    address!(
        "hdr_ip",
        REQUEST_HEADERS,
        REQUEST,
        [Example::on(
            "GET / HTTP/1.1\r\nHost: h\r\nX: 1.2.3.4, 5.6.7.8:80",
            "hdr_ip(x)",
            "5.6.7.8"
        )]
    ),
    address!(
        "req.hdr_ip",
        REQUEST_HEADERS,
        REQUEST,
        [Example::on(
            "GET / HTTP/1.1\r\nHost: h\r\nX: 1.2.3.4, ::1",
            "req.hdr_ip(x,1)",
            "1.2.3.4"
        )]
    ),
    address!(
        "res.hdr_ip",
        RESPONSE_HEADERS,
        RESPONSE,
        [Example::none("res.hdr_ip(x)")]
    ),
    address!(
        "shdr_ip",
        RESPONSE_HEADERS,
        RESPONSE,
        [Example::none("shdr_ip(x)")]
    ),
    number!(
        "hdr_val",
        REQUEST_HEADERS,
        REQUEST,
        [Example::on(
            "GET / HTTP/1.1\r\nHost: h\r\nX: 12a",
            "hdr_val(x)",
            "12"
        )]
    ),
    number!(
        "req.hdr_val",
        REQUEST_HEADERS,
        REQUEST,
        [Example::on(
            "GET / HTTP/1.1\r\nHost: h\r\nX: -5",
            "req.hdr_val(x)",
            "-5"
        )]
    ),
    number!(
        "res.hdr_val",
        RESPONSE_HEADERS,
        RESPONSE,
        [Example::of("res.hdr_val(content-length)", "2")]
    ),
    number!(
        "shdr_val",
        RESPONSE_HEADERS,
        RESPONSE,
        [Example::of("shdr_val(content-length)", "2")]
    ),
    names!(
        "req.hdr_names",
        REQUEST_HEADERS,
        REQUEST,
        [Example::of("req.hdr_names(-)", "host-user-agent-cookie")]
    ),
    names!(
        "res.hdr_names",
        RESPONSE_HEADERS,
        RESPONSE,
        [Example::of(
            "res.hdr_names",
            "server,set-cookie,content-length"
        )]
    ),
    block!(
        "req.hdrs",
        REQUEST_HEADERS,
        REQUEST,
        [Example::on(
            "GET / HTTP/1.1\r\nHost: h\r\nX: a",
            "req.hdrs",
            "host: h\r\nx: a\r\n\r\n"
        )]
    ),
    block!(
        "res.hdrs",
        RESPONSE_HEADERS,
        RESPONSE,
        [Example::of(
            "res.hdrs",
            "server: origin\r\nset-cookie: sid=xyz; path=/\r\ncontent-length: 2\r\n\r\n"
        )]
    ),
];

fn message<'a>(e: &Eval<'a>, direction: Option<Direction>) -> Option<&'a Message> {
    match direction.unwrap_or(e.direction) {
        Direction::Request => e.view.request(),
        Direction::Response => e.view.response(),
    }
}

/// Values of all fields of a name; of all fields if it is empty.
fn fields<'a>(message: &'a Message, name: &'a [u8]) -> impl DoubleEndedIterator<Item = &'a [u8]> {
    message
        .fields()
        .iter()
        .filter(move |f| name.is_empty() || message.name(f).eq_ignore_ascii_case(name))
        .map(|f| message.value(f))
}

/// The member of a comma-separated value that begins at `from`, trimmed, and where the next one
/// begins. Commas in quotes do not separate.
fn member(value: &[u8], from: usize) -> (&[u8], Option<usize>) {
    let rest = value.get(from..).unwrap_or_default();
    if memchr::memchr2(b',', b'"', rest).is_none() {
        return (rest.trim_ascii(), None);
    }
    let (mut quoted, mut escaped) = (false, false);
    let end = rest.iter().position(|&b| {
        if escaped {
            escaped = false;
        } else if quoted && b == b'\\' {
            escaped = true;
        } else if b == b'"' {
            quoted = !quoted;
        }
        b == b',' && !quoted
    });
    match end {
        Some(at) => (
            rest.get(..at).unwrap_or_default().trim_ascii(),
            Some(from + at + 1),
        ),
        None => (rest.trim_ascii(), None),
    }
}

/// The value that the arguments and the cursor mean.
fn field<'a>(
    args: &'a [Arg],
    e: &Eval<'a>,
    cursor: &mut Cursor,
    direction: Option<Direction>,
    full: bool,
) -> Option<&'a [u8]> {
    let message = message(e, direction)?;
    let name = text(args, 0);
    let value = match int(args, 1).unwrap_or(0) {
        0 if cursor.all => next_field(message, name, cursor, full),
        n @ 1.. => nth(message, name, n, full),
        0 => from_end(message, name, 1, full),
        n => from_end(message, name, n.unsigned_abs(), full),
    };
    // blanks around it can only come from rules
    value.map(<[u8]>::trim_ascii)
}

/// The next of all values.
fn next_field<'a>(
    message: &'a Message,
    name: &'a [u8],
    cursor: &mut Cursor,
    full: bool,
) -> Option<&'a [u8]> {
    cursor.more = false;
    for (i, f) in message
        .fields()
        .iter()
        .enumerate()
        .skip(cursor.field as usize)
    {
        if !name.is_empty() && !message.name(f).eq_ignore_ascii_case(name) {
            continue;
        }
        let value = message.value(f);
        let from = match i == cursor.field as usize {
            true => cursor.offset as usize,
            false => 0,
        };
        let (found, next) = match full {
            true => (value, None),
            false => member(value, from),
        };
        (cursor.field, cursor.offset) = match next {
            Some(at) => (u32::try_from(i).ok()?, u32::try_from(at).ok()?),
            None => (u32::try_from(i).ok()? + 1, 0),
        };
        cursor.more = true;
        return Some(found);
    }
    None
}

fn nth<'a>(message: &'a Message, name: &'a [u8], mut n: i64, full: bool) -> Option<&'a [u8]> {
    for value in fields(message, name) {
        let mut at = Some(0);
        while let Some(from) = at {
            let (found, next) = match full {
                true => (value, None),
                false => member(value, from),
            };
            n -= 1;
            if n == 0 {
                return Some(found);
            }
            at = next;
        }
    }
    None
}

fn from_end<'a>(message: &'a Message, name: &'a [u8], mut n: u64, full: bool) -> Option<&'a [u8]> {
    for value in fields(message, name).rev() {
        if full {
            n -= 1;
            if n == 0 {
                return Some(value);
            }
            continue;
        }
        // Members can only be found from the left: count, then walk again.
        let mut count = 0u64;
        let mut at = Some(0);
        let mut last: &[u8] = &[];
        while let Some(from) = at {
            (last, at) = member(value, from);
            count += 1;
        }
        if n == 1 {
            return Some(last);
        }
        if n <= count {
            let mut at = Some(0);
            let mut left = count - n + 1;
            while let Some(from) = at {
                let (found, next) = member(value, from);
                left -= 1;
                if left == 0 {
                    return Some(found);
                }
                at = next;
            }
        }
        n -= count;
    }
    None
}

/// `occurrence` may count at most ten from the end.
#[allow(clippy::ptr_arg, reason = "the signature of a check")]
fn occurrence(args: &mut Vec<Arg>, _: &mut Compile<'_>) -> Result<(), String> {
    match int(args, 1) {
        Some(n) if n < -10 => Err("header occurrence must be >= -10".into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        // Recorded from HAProxy 3.4.
        for (text, want) in [
            ("1.2.3.4", Some("1.2.3.4")),
            ("1.2.3.4:80", Some("1.2.3.4")),
            ("01.2.3.4", Some("1.2.3.4")),
            ("::1", Some("::1")),
            ("[::1]:80", None),
            ("1.2.3.4x", None),
            ("1.2.3.4:x", None),
            ("1.2.3", None),
        ] {
            let got = parse_host(text.as_bytes()).map(|ip| ip.to_string());
            assert_eq!(got.as_deref(), want, "{text}");
        }
    }

    #[test]
    fn members() {
        assert_eq!(member(b"a, b", 0), (&b"a"[..], Some(2)));
        assert_eq!(member(b"\"a,b", 0), (&b"\"a,b"[..], None));
        assert_eq!(member(b"\"a\\\",b\", c", 0), (&b"\"a\\\",b\""[..], Some(8)));
    }
}

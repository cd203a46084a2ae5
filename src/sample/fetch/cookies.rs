//! Cookies of requests and responses (manual 7.3.6).

use super::{Cursor, Example, Fetch, HEADERS, REQUEST_HEADERS, RESPONSE_HEADERS};
use crate::proto::h1::Message;
use crate::sample::args::{Arg, Kind, text};
use crate::sample::value::{Sample, Type, loose_int};
use crate::sample::view::{Direction, Eval};

const REQUEST: Option<Direction> = Some(Direction::Request);
const RESPONSE: Option<Direction> = Some(Direction::Response);

macro_rules! cookie {
    ($name:literal, $out:ident, $source:expr, $direction:expr, |$v:ident| $value:expr, [$($example:expr),*]) => {
        Fetch {
            name: $name,
            args: &[Kind::Str],
            required: 0,
            out: Type::$out,
            source: &$source,
            check: None,
            eval: |args, e, c| {
                let $v = value(args, e, c, $direction)?;
                $value
            },
            doc: "The last value of a cookie (the first cookie's if no name is given). ACLs test \
                  every one.",
            examples: &[$($example),*],
        }
    };
}

macro_rules! count {
    ($name:literal, $source:expr, $direction:expr, [$($example:expr),*]) => {
        Fetch {
            name: $name,
            args: &[Kind::Str],
            required: 0,
            out: Type::Sint,
            source: &$source,
            check: None,
            eval: |args, e, _| {
                let mut all = Pairs::new(e, $direction, text(args, 0), (0, 0))?;
                let mut n = 0;
                while let Some((name, _)) = all.next() {
                    if text(args, 0).is_empty() || name == text(args, 0) {
                        n += 1;
                    }
                }
                Some(Sample::Int(n))
            },
            doc: "How often a cookie (any, if no name is given) stands in the message.",
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
                let mut all = Pairs::new(e, $direction, b"", (0, 0))?;
                let mut out = e.scratch.buffer();
                while let Some((name, _)) = all.next() {
                    if !out.is_empty() {
                        out.push(delimiter);
                    }
                    out.extend_from_slice(name);
                }
                Some(Sample::Str(out.into_bump_slice()))
            },
            doc: "The names of all cookies, separated by a comma or the character given.",
            examples: &[$($example),*],
        }
    };
}

const MANY: &str =
    "GET / HTTP/1.1\r\nHost: h\r\nCookie: a=1; b= 2 ; c=\"x=;y\" ;d=a=b;e=;;=z; g\r\nCookie: a=6";

pub(super) static FETCHES: &[Fetch] = &[
    cookie!(
        "cook",
        Str,
        REQUEST_HEADERS,
        REQUEST,
        |v| Some(Sample::Str(v)),
        [Example::of("cook(a)", "1")]
    ),
    cookie!(
        "cookie",
        Str,
        HEADERS,
        None,
        |v| Some(Sample::Str(v)),
        [Example::of("cookie(a)", "1")]
    ),
    cookie!(
        "req.cook",
        Str,
        REQUEST_HEADERS,
        REQUEST,
        |v| Some(Sample::Str(v)),
        [
            Example::on(MANY, "req.cook(a)", "6"),
            Example::on(MANY, "req.cook(b)", "2"),
            Example::on(MANY, "req.cook(c)", "\"x=;y\""),
            Example::on(MANY, "req.cook(d)", "a=b"),
            Example::on(MANY, "req.cook(e)", ""),
            Example::on(MANY, "req.cook", "1"),
            Example::none("req.cook(x)")
        ]
    ),
    cookie!(
        "res.cook",
        Str,
        RESPONSE_HEADERS,
        RESPONSE,
        |v| Some(Sample::Str(v)),
        [
            Example::of("res.cook(sid)", "xyz"),
            Example::none("res.cook(path)")
        ]
    ),
    cookie!(
        "scook",
        Str,
        RESPONSE_HEADERS,
        RESPONSE,
        |v| Some(Sample::Str(v)),
        [Example::of("scook(sid)", "xyz")]
    ),
    cookie!(
        "cook_val",
        Sint,
        REQUEST_HEADERS,
        REQUEST,
        |v| Some(Sample::Int(loose_int(v))),
        [Example::of("cook_val(a)", "1")]
    ),
    cookie!(
        "req.cook_val",
        Sint,
        REQUEST_HEADERS,
        REQUEST,
        |v| Some(Sample::Int(loose_int(v))),
        [Example::of("req.cook_val(a)", "1")]
    ),
    cookie!(
        "res.cook_val",
        Sint,
        RESPONSE_HEADERS,
        RESPONSE,
        |v| Some(Sample::Int(loose_int(v))),
        [Example::of("res.cook_val(sid)", "0")]
    ),
    cookie!(
        "scook_val",
        Sint,
        RESPONSE_HEADERS,
        RESPONSE,
        |v| Some(Sample::Int(loose_int(v))),
        [Example::of("scook_val(sid)", "0")]
    ),
    count!(
        "cook_cnt",
        REQUEST_HEADERS,
        REQUEST,
        [Example::of("cook_cnt", "2")]
    ),
    count!(
        "req.cook_cnt",
        REQUEST_HEADERS,
        REQUEST,
        [
            Example::on(MANY, "req.cook_cnt(a)", "2"),
            Example::on(MANY, "req.cook_cnt", "7"),
            Example::on(MANY, "req.cook_cnt(z)", "0")
        ]
    ),
    count!(
        "res.cook_cnt",
        RESPONSE_HEADERS,
        RESPONSE,
        [Example::of("res.cook_cnt", "1")]
    ),
    count!(
        "scook_cnt",
        RESPONSE_HEADERS,
        RESPONSE,
        [Example::of("scook_cnt(sid)", "1")]
    ),
    names!(
        "req.cook_names",
        REQUEST_HEADERS,
        REQUEST,
        [Example::on(MANY, "req.cook_names", "a,b,c,d,e,,a")]
    ),
    names!(
        "res.cook_names",
        RESPONSE_HEADERS,
        RESPONSE,
        [Example::of("res.cook_names", "sid")]
    ),
];

fn value<'a>(
    args: &'a [Arg],
    e: &Eval<'a>,
    cursor: &mut Cursor,
    direction: Option<Direction>,
) -> Option<&'a [u8]> {
    let wanted = text(args, 0);
    let mut all = Pairs::new(e, direction, wanted, (cursor.field, cursor.offset))?;
    let mut last = None;
    cursor.more = false;
    while let Some((name, value)) = all.next() {
        if !wanted.is_empty() && name != wanted {
            continue;
        }
        if cursor.all {
            (cursor.field, cursor.offset) = all.position()?;
            cursor.more = true;
            return Some(value);
        }
        if wanted.is_empty() {
            return Some(value);
        }
        last = Some(value);
    }
    last
}

/// The `name=value` pairs of all Cookie fields, or the first one of each Set-Cookie field.
struct Pairs<'a> {
    message: &'a Message,
    response: bool,
    least: usize,
    field: usize,
    offset: usize,
}

impl<'a> Pairs<'a> {
    /// For cookies of a name (any, if it is empty). As HAProxy, it does not look at the end of a
    /// field that has no room for the name and a value of one byte.
    fn new(
        e: &Eval<'a>,
        direction: Option<Direction>,
        name: &[u8],
        from: (u32, u32),
    ) -> Option<Self> {
        let direction = direction.unwrap_or(e.direction);
        let message = match direction {
            Direction::Request => e.view.request(),
            Direction::Response => e.view.response(),
        };
        Some(Pairs {
            message: message?,
            response: direction == Direction::Response,
            least: name.len() + 2,
            field: from.0 as usize,
            offset: from.1 as usize,
        })
    }

    fn position(&self) -> Option<(u32, u32)> {
        Some((self.field.try_into().ok()?, self.offset.try_into().ok()?))
    }

    fn next(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let header: &[u8] = if self.response {
            b"set-cookie"
        } else {
            b"cookie"
        };
        let message = self.message;
        while let Some(field) = message.fields().get(self.field) {
            if !message.name(field).eq_ignore_ascii_case(header) {
                self.field += 1;
                self.offset = 0;
                continue;
            }
            while let Some(rest) = message
                .value(field)
                .get(self.offset..)
                .filter(|r| r.len() >= self.least)
            {
                let end = pair_end(rest);
                let pair = rest.get(..end).unwrap_or_default();
                self.offset += end + 1;
                if self.response {
                    // What follows are attributes.
                    self.offset = usize::MAX;
                }
                if let Some(eq) = memchr::memchr(b'=', pair) {
                    let (name, value) = pair.split_at(eq);
                    let value = value.get(1..).unwrap_or_default();
                    return Some((name.trim_ascii(), value.trim_ascii()));
                }
            }
            self.field += 1;
            self.offset = 0;
        }
        None
    }
}

/// Where a pair ends: at the `;` or `,` outside quotes.
fn pair_end(text: &[u8]) -> usize {
    let mut quoted = false;
    text.iter()
        .position(|&b| {
            quoted ^= b == b'"';
            !quoted && (b == b';' || b == b',')
        })
        .unwrap_or(text.len())
}

//! What the request's body says, and heads in binary form (manual 7.3.6).

use super::{Cursor, Example, Fetch, REQUEST_HEADERS, RESPONSE_HEADERS};
use crate::proto::h1::{BodyLength, Message};
use crate::sample::args::{Arg, Kind, text};
use crate::sample::value::{Sample, Type};
use crate::sample::view::Eval;

macro_rules! size {
    ($name:literal, $source:expr, |$e:ident| $message:expr, $body:expr) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::Sint,
            source: &$source,
            check: None,
            eval: |_, $e, _| size($message?, $body.unwrap_or_default()),
            doc: "Bytes of the body as announced; of a chunked one, what is there so far.",
            examples: &[],
        }
    };
}

macro_rules! head {
    ($name:literal, $source:expr, |$e:ident| $message:expr) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::Bin,
            source: &$source,
            check: None,
            eval: |_, $e, _| Some(binary($message?, $e)),
            doc: "The header fields: for each the length and the text of name and value, then \
                  two zero bytes. Lengths are variable-length integers as SPOE has them.",
            examples: &[],
        }
    };
}

pub(super) static FETCHES: &[Fetch] = &[
    size!(
        "req.body_size",
        REQUEST_HEADERS,
        |e| e.view.request(),
        e.view.request_body()
    ),
    size!(
        "res.body_size",
        RESPONSE_HEADERS,
        |e| e.view.response(),
        e.view.response_body()
    ),
    head!("req.hdrs_bin", REQUEST_HEADERS, |e| e.view.request()),
    head!("res.hdrs_bin", RESPONSE_HEADERS, |e| e.view.response()),
    Fetch {
        name: "req.body_param",
        args: &[Kind::Str, Kind::Str],
        required: 0,
        out: Type::Bin,
        source: &REQUEST_HEADERS,
        check: None,
        eval: parameter,
        doc: "A parameter of a form in the request's body, not decoded. Arguments: name (any if \
              empty), and `i` to ignore case.",
        examples: &[Example::none("req.body_param(a)")],
    },
];

fn size<'a>(message: &Message, received: &[u8]) -> Option<Sample<'a>> {
    let size = match message.body() {
        BodyLength::Length(n) => n,
        _ => received.len() as u64,
    };
    i64::try_from(size).ok().map(Sample::Int)
}

/// A length as SPOE writes it: below 240 one byte, else its low bits first.
fn push_length(out: &mut bumpalo::collections::Vec<'_, u8>, length: usize) {
    let mut rest = match length {
        0..240 => return out.push(length as u8),
        _ => {
            out.push((length | 240) as u8);
            (length - 240) >> 4
        }
    };
    while rest >= 128 {
        out.push((rest | 128) as u8);
        rest = (rest - 128) >> 7;
    }
    out.push(rest as u8);
}

fn binary<'a>(message: &Message, e: &Eval<'a>) -> Sample<'a> {
    let mut out = e.scratch.buffer();
    for (name, value) in message.headers() {
        for text in [name, value] {
            push_length(&mut out, text.len());
            out.extend_from_slice(text);
        }
    }
    out.extend_from_slice(&[0, 0]);
    Sample::Bin(out.into_bump_slice())
}

/// The (next) value of a parameter.
fn parameter<'a>(args: &[Arg], e: &Eval<'a>, cursor: &mut Cursor) -> Option<Sample<'a>> {
    let name = text(args, 0);
    let ignore_case = text(args, 1).first() == Some(&b'i');
    let body = e.view.request_body()?;
    let mut at = cursor.offset as usize;
    cursor.more = false;
    while let Some(rest) = body.get(at..).filter(|r| !r.is_empty()) {
        let end = rest.iter().position(|b| matches!(b, b'&' | b';'));
        let pair = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        at += pair.len() + 1;
        let Some(equals) = memchr::memchr(b'=', pair) else {
            continue;
        };
        let (found, value) = pair.split_at(equals);
        let same = name.is_empty()
            || match ignore_case {
                true => found.eq_ignore_ascii_case(name),
                false => found == name,
            };
        if same {
            cursor.offset = u32::try_from(at).ok()?;
            cursor.more = cursor.all && at < body.len();
            return value.get(1..).map(Sample::Bin);
        }
    }
    None
}

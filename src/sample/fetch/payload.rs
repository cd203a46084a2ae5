//! Bytes as they are received (manual 7.3.5).

use super::{BUFFER, Cursor, Example, Fetch, REQUEST, REQUEST_BUFFER, RESPONSE_BUFFER};
use crate::sample::args::{Arg, Kind, int};
use crate::sample::value::{Sample, Type};
use crate::sample::view::{Direction, Eval};

macro_rules! payload {
    ($name:literal, $source:expr, $direction:expr) => {
        Fetch {
            name: $name,
            args: &[Kind::Int, Kind::Int],
            required: 2,
            out: Type::Bin,
            source: &$source,
            check: None,
            eval: |args, e, c| part(args, e, c, $direction),
            doc: "Bytes of the buffer from an offset on; length 0: all there is.",
            examples: &[],
        }
    };
}

macro_rules! length {
    ($name:literal, $source:expr, $direction:expr) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::Sint,
            source: &$source,
            check: None,
            eval: |_, e, c| {
                c.not_yet = !e.last;
                let len = bytes(e, $direction)?.len();
                i64::try_from(len).ok().map(Sample::Int)
            },
            doc: "The number of bytes in the buffer.",
            examples: &[],
        }
    };
}

macro_rules! is_http {
    ($name:literal) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::Bool,
            source: &REQUEST,
            check: None,
            eval: |_, e, c| {
                let parsed = e.view.request().is_some();
                c.not_yet = !parsed && !e.last;
                parsed.then_some(Sample::Bool(true))
            },
            doc: "True once the data is a whole HTTP request head.",
            examples: &[Example::of($name, "1")],
        }
    };
}

pub(super) static FETCHES: &[Fetch] = &[
    payload!("payload", BUFFER, None),
    payload!("req.payload", REQUEST_BUFFER, Some(Direction::Request)),
    payload!("res.payload", RESPONSE_BUFFER, Some(Direction::Response)),
    length!("req.len", REQUEST_BUFFER, Some(Direction::Request)),
    length!("req_len", REQUEST_BUFFER, Some(Direction::Request)),
    length!("res.len", RESPONSE_BUFFER, Some(Direction::Response)),
    is_http!("req.proto_http"),
    is_http!("req_proto_http"),
];

fn bytes<'a>(e: &Eval<'a>, direction: Option<Direction>) -> Option<&'a [u8]> {
    match direction.unwrap_or(e.direction) {
        Direction::Request => e.view.request_buffer(),
        Direction::Response => e.view.response_buffer(),
    }
}

fn part<'a>(
    args: &[Arg],
    e: &Eval<'a>,
    cursor: &mut Cursor,
    direction: Option<Direction>,
) -> Option<Sample<'a>> {
    let offset = usize::try_from(int(args, 0)?).ok()?;
    let len = usize::try_from(int(args, 1)?).ok()?;
    let buffer = bytes(e, direction)?;
    let end = match len {
        0 => buffer.len(),
        _ => offset.checked_add(len)?,
    };
    let found = buffer.get(offset..end).filter(|b| !b.is_empty());
    cursor.not_yet = !e.last && (found.is_none() || len == 0);
    found.map(Sample::Bin)
}

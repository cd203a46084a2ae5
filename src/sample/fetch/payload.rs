//! Bytes as they are received (manual 7.3.5).

use super::{BUFFER, Cursor, Example, Fetch, REQUEST, REQUEST_BUFFER, RESPONSE_BUFFER};
use crate::sample::args::{Arg, Kind, int, text};
use crate::sample::compile::Compile;
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

macro_rules! prefixed {
    ($name:literal, $source:expr, $direction:expr) => {
        Fetch {
            name: $name,
            args: &[Kind::Int, Kind::Int, Kind::Str],
            required: 2,
            out: Type::Bin,
            source: &$source,
            check: Some(check_prefixed),
            eval: |args, e, c| after_length(args, e, c, $direction),
            doc: "Bytes of the buffer whose number stands in front of them: offset and size of \
                  that number, and where they begin (behind it; `+N`, `-N` from there).",
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
    prefixed!("payload_lv", BUFFER, None),
    prefixed!("req.payload_lv", REQUEST_BUFFER, Some(Direction::Request)),
    prefixed!("res.payload_lv", RESPONSE_BUFFER, Some(Direction::Response)),
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

/// The third argument becomes the place that the bytes begin at.
fn check_prefixed(args: &mut Vec<Arg>, _: &mut Compile<'_>) -> Result<(), String> {
    let offset = int(args, 0).unwrap_or_default();
    let size = int(args, 1).unwrap_or_default();
    if size <= 0 {
        return Err("payload length must be > 0".into());
    }
    let behind = offset + size;
    let said = text(args, 2);
    let begin = match std::str::from_utf8(said)
        .ok()
        .map(|s| (s, s.parse::<i64>()))
    {
        Some(("", _)) => behind,
        Some((s, Ok(n))) if s.starts_with(['+', '-']) => {
            if behind + n < 0 {
                return Err("payload offset too negative".into());
            }
            behind + n
        }
        Some((_, Ok(n))) => n,
        _ => {
            return Err("payload offset2 is not a number".into());
        }
    };
    args.truncate(2);
    args.push(Arg::Int(begin));
    Ok(())
}

fn after_length<'a>(
    args: &[Arg],
    e: &Eval<'a>,
    cursor: &mut Cursor,
    direction: Option<Direction>,
) -> Option<Sample<'a>> {
    let place = |i| usize::try_from(int(args, i)?).ok();
    let (offset, size, begin) = (place(0)?, place(1)?, place(2)?);
    let buffer = bytes(e, direction)?;
    let number = buffer.get(offset..offset.checked_add(size)?);
    let length = number.map(|n| n.iter().fold(0usize, |sum, b| sum << 8 | usize::from(*b)));
    let end = length.and_then(|length| begin.checked_add(length));
    let found = end.and_then(|end| buffer.get(begin..end));
    cursor.not_yet = !e.last && found.is_none();
    found.filter(|b| !b.is_empty()).map(Sample::Bin)
}

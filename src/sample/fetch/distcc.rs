//! Messages of distcc (manual 7.3.5): tokens of four letters with a number in eight hexadecimal
//! digits, behind some of which stand so many bytes.

use super::{BUFFER, Cursor, Example, Fetch};
use crate::sample::args::{Arg, Kind, int, text};
use crate::sample::value::{Sample, Type};
use crate::sample::view::{Direction, Eval};

pub(super) static FETCHES: &[Fetch] = &[
    Fetch {
        name: "distcc_body",
        args: &[Kind::Str, Kind::Int],
        required: 1,
        out: Type::Bin,
        source: &BUFFER,
        check: None,
        eval: |args, e, cursor| {
            let (length, rest) = find(args, e, cursor)?;
            if rest.len() < length {
                cursor.not_yet = !e.last;
            }
            Some(Sample::Bin(rest.get(..length).unwrap_or(rest)))
        },
        doc: "The bytes behind a token of a distcc message, of its first or another occurrence.",
        examples: &[Example::none("distcc_body(ARGV)")],
    },
    Fetch {
        name: "distcc_param",
        args: &[Kind::Str, Kind::Int],
        required: 1,
        out: Type::Sint,
        source: &BUFFER,
        check: None,
        eval: |args, e, cursor| {
            let (parameter, _) = find(args, e, cursor)?;
            i64::try_from(parameter).ok().map(Sample::Int)
        },
        doc: "The number of a token of a distcc message, of its first or another occurrence.",
        examples: &[Example::none("distcc_param(DIST)")],
    },
];

/// The number of the token that the arguments name, and what was received behind it.
fn find<'a>(args: &[Arg], e: &Eval<'a>, cursor: &mut Cursor) -> Option<(usize, &'a [u8])> {
    let buffer = match e.direction {
        Direction::Request => e.view.request_buffer(),
        Direction::Response => e.view.response_buffer(),
    };
    cursor.not_yet = !e.last;
    let mut wanted = int(args, 1).unwrap_or(0).max(1);
    let mut rest = buffer?;
    loop {
        let (head, behind) = rest.split_first_chunk::<12>()?;
        let (token, digits) = head.split_at_checked(4)?;
        let Some(number) = hex(digits) else {
            // no distcc: more bytes will not help
            cursor.not_yet = false;
            return None;
        };
        if token == text(args, 0) {
            wanted -= 1;
            if wanted == 0 {
                cursor.not_yet = false;
                return Some((number, behind));
            }
        }
        let body = match token {
            b"DIST" | b"ARGC" | b"NFIL" | b"DONE" | b"STAT" => 0,
            _ => number,
        };
        rest = behind.get(body..)?;
    }
}

fn hex(digits: &[u8]) -> Option<usize> {
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

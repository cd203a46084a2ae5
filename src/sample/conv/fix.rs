//! Messages of the Financial Information eXchange protocol (manual 7.3.1; fixtrading.org).

use super::{Conv, Example};
use crate::sample::args::{Arg, Kind, int, text};
use crate::sample::value::{Sample, Type};
use bstr::BStr;

const NAMED: &[(&str, i64)] = &[
    ("BeginString", 8),
    ("BodyLength", 9),
    ("MsgType", 35),
    ("SenderCompID", 49),
    ("TargetCompID", 56),
    ("CheckSum", 10),
];

const VERSIONS: &[&[u8]] = &[
    b"FIX.4.0",
    b"FIX.4.1",
    b"FIX.4.2",
    b"FIX.4.3",
    b"FIX.4.4",
    b"FIXT.1.1",
];

pub(super) static CONVS: &[Conv] = &[
    Conv {
        name: "fix_is_valid",
        args: &[],
        required: 0,
        input: Type::Bin,
        out: Type::Bool,
        check: None,
        eval: |_, v, _| {
            let Sample::Bin(s) = v else { return None };
            match check(s) {
                Verdict::Valid => Some(Sample::Bool(true)),
                Verdict::Invalid => Some(Sample::Bool(false)),
                Verdict::Unfinished => None,
            }
        },
        doc: "Whether data is a whole and sound message.",
        examples: &[Example::of(
            "bin(393d4649582e342e3401393d350133353d410131303d31383101),fix_is_valid",
            "0",
        )],
    },
    Conv {
        name: "fix_tag_value",
        args: &[Kind::Str],
        required: 1,
        input: Type::Bin,
        out: Type::Bin,
        check: Some(|args, _| {
            let word = text(args, 0);
            let named = NAMED.iter().find(|(n, _)| n.as_bytes() == word);
            let number = match named {
                Some((_, number)) => Some(*number),
                None => std::str::from_utf8(word).ok().and_then(|w| w.parse().ok()),
            };
            let number =
                number.ok_or_else(|| format!("Unknown FIX tag name '{}'", BStr::new(word)))?;
            *args = vec![Arg::Int(number)];
            Ok(())
        }),
        eval: |args, v, _| {
            let Sample::Bin(s) = v else { return None };
            let wanted = int(args, 0)?;
            let mut rest = s;
            loop {
                match field(rest) {
                    Field::Of { tag, value, .. } if tag == wanted => {
                        return Some(Sample::Bin(value)).filter(|_| !value.is_empty());
                    }
                    Field::Of { rest: after, .. } => rest = after,
                    Field::Bad | Field::Unfinished => return None,
                }
            }
        },
        doc: "The value of a field, by its number or one of the names BeginString, BodyLength, \
              MsgType, SenderCompID, TargetCompID, CheckSum.",
        examples: &[Example::of(
            "bin(383d4649582e342e3401393d3501),fix_tag_value(BeginString)",
            "FIX.4.4",
        )],
    },
];

enum Field<'s> {
    Of {
        tag: i64,
        value: &'s [u8],
        rest: &'s [u8],
    },
    Bad,
    Unfinished,
}

/// The field at the beginning: `TAG=VALUE`, ended by the byte 1.
fn field(s: &[u8]) -> Field<'_> {
    let Some(end) = memchr::memchr(1, s) else {
        return Field::Unfinished;
    };
    let text = s.get(..end).unwrap_or_default();
    let rest = s.get(end + 1..).unwrap_or_default();
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (tag, behind) = text.split_at(digits);
    let tag = std::str::from_utf8(tag).ok().and_then(|t| t.parse().ok());
    match (tag, behind) {
        (Some(tag), [b'=', value @ ..]) => Field::Of { tag, value, rest },
        _ => Field::Bad,
    }
}

enum Verdict {
    Valid,
    Invalid,
    Unfinished,
}

/// BeginString, BodyLength and MsgType first, CheckSum last.
fn check(s: &[u8]) -> Verdict {
    // No sound message is shorter.
    if s.len() < 26 {
        return Verdict::Unfinished;
    }
    let mut rest = s;
    let mut body_at = 0;
    let mut body_len = 0;
    for number in 0.. {
        let at = s.len() - rest.len();
        let (tag, value, after) = match field(rest) {
            Field::Of { tag, value, rest } => (tag, value, rest),
            Field::Bad => return Verdict::Invalid,
            Field::Unfinished => return Verdict::Unfinished,
        };
        let sound = match (number, tag) {
            (0, 8) => VERSIONS.contains(&value),
            (1, 9) => {
                body_at = s.len() - after.len();
                let len = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok());
                body_len = len.unwrap_or(usize::MAX);
                len.is_some()
            }
            (2, 35) => true,
            (0..=2, _) => false,
            (_, 10) => {
                let sum = s.iter().take(at).fold(0u8, |sum, b| sum.wrapping_add(*b));
                let said = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok());
                let good = body_at.checked_add(body_len) == Some(at)
                    && value.len() == 3
                    && said == Some(u16::from(sum))
                    && after.is_empty();
                return if good {
                    Verdict::Valid
                } else {
                    Verdict::Invalid
                };
            }
            _ => true,
        };
        if !sound {
            return Verdict::Invalid;
        }
        rest = after;
    }
    Verdict::Invalid
}

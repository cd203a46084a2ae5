//! `json`: text as the inside of a JSON string (manual 7.3.1; RFC 8259 section 7).

use super::{Conv, Example};
use crate::sample::args::{Arg, Kind, int, text};
use crate::sample::scratch::BUFSIZE;
use crate::sample::value::{Sample, Type};

/// How the input is read; kept as an argument.
const ASCII: i64 = 0;
const UTF8: i64 = 1;
/// Drops what is wrong.
const SILENT: i64 = 2;
/// Takes characters that are longer than need be.
const PERMISSIVE: i64 = 4;

pub(super) static CONVS: &[Conv] = &[Conv {
    name: "json",
    args: &[Kind::Str],
    required: 1,
    input: Type::Str,
    out: Type::Str,
    check: Some(|args, _| {
        let mode = match text(args, 0) {
            b"" | b"ascii" => ASCII,
            b"utf8" => UTF8,
            b"utf8s" => UTF8 | SILENT,
            b"utf8p" => UTF8 | PERMISSIVE,
            b"utf8ps" => UTF8 | PERMISSIVE | SILENT,
            _ => {
                return Err(
                    "Unexpected input code type. Allowed value are 'ascii', 'utf8', 'utf8s', \
                     'utf8p' and 'utf8ps'"
                        .into(),
                );
            }
        };
        *args = vec![Arg::Int(mode)];
        Ok(())
    }),
    eval: |args, v, e| {
        let Sample::Str(s) = v else { return None };
        let mode = int(args, 0)?;
        let mut out = e.scratch.buffer();
        let mut rest = s;
        while let [first, tail @ ..] = rest {
            let code = match mode {
                ASCII => {
                    rest = tail;
                    u32::from(*first)
                }
                _ => {
                    let (read, after) = character(rest);
                    rest = after;
                    match read {
                        Read::Good(code) if code <= 0xffff => code,
                        Read::Long(code) if mode & PERMISSIVE != 0 && code <= 0xffff => code,
                        _ if mode & SILENT != 0 => continue,
                        _ => return None,
                    }
                }
            };
            let short = match code {
                0x22 => b'"',
                0x5c => b'\\',
                0x2f => b'/',
                0x08 => b'b',
                0x0c => b'f',
                0x0a => b'n',
                0x0d => b'r',
                0x09 => b't',
                _ => 0,
            };
            match (short, u8::try_from(code)) {
                (0, Ok(plain @ 0x20..=0x7e)) => out.push(plain),
                (0, _) => {
                    out.extend_from_slice(b"\\u");
                    for shift in [12, 8, 4, 0] {
                        let digit = (code >> shift & 15) as usize;
                        out.push(b"0123456789abcdef".get(digit).copied().unwrap_or(b'0'));
                    }
                }
                (short, _) => out.extend_from_slice(&[b'\\', short]),
            }
            if out.len() >= BUFSIZE {
                return None;
            }
        }
        Some(Sample::Str(out.into_bump_slice()))
    },
    doc: "Text escaped for a JSON string; the argument says how it is encoded: ascii, utf8, or \
          utf8 with s (drops faults) and p (takes characters longer than need be).",
    examples: &[
        Example::of("'str(\"a/b\"),json(ascii)'", "a\\/b"),
        Example::of("bin(c3a90a),json(utf8)", "\\u00e9\\n"),
        Example::none("bin(ff61),json(utf8)"),
        Example::of("bin(ff61),json(utf8s)", "a"),
    ],
}];

/// What stands at the beginning of a text.
enum Read {
    /// A character.
    Good(u32),
    /// A character in more bytes than it needs.
    Long(u32),
    /// Nothing of UTF-8.
    Bad,
}

/// The first character and what follows it (RFC 3629, with the five and six bytes of before).
fn character(s: &[u8]) -> (Read, &[u8]) {
    let Some((&first, rest)) = s.split_first() else {
        return (Read::Bad, s);
    };
    let (more, mut code) = match first {
        0..=0x7f => return (Read::Good(first.into()), rest),
        0xc0..=0xdf => (1, u32::from(first & 0x1f)),
        0xe0..=0xef => (2, u32::from(first & 0x0f)),
        0xf0..=0xf7 => (3, u32::from(first & 0x07)),
        0xf8..=0xfb => (4, u32::from(first & 0x03)),
        0xfc..=0xfd => (5, u32::from(first & 0x01)),
        _ => return (Read::Bad, rest),
    };
    let mut rest = rest;
    for _ in 0..more {
        match rest.split_first() {
            Some((next, after)) if next & 0xc0 == 0x80 => {
                code = code << 6 | u32::from(next & 0x3f);
                rest = after;
            }
            _ => return (Read::Bad, rest),
        }
    }
    let needed = match code {
        0..=0x7f => 0,
        0x80..=0x7ff => 1,
        0x800..=0xffff => 2,
        0x1_0000..=0x1f_ffff => 3,
        0x20_0000..=0x3ff_ffff => 4,
        _ => 5,
    };
    let read = match code {
        0xd800..=0xdfff | 0xfffe | 0xffff => Read::Bad,
        _ if more > needed => Read::Long(code),
        _ => Read::Good(code),
    };
    (read, rest)
}

//! Bytes shown as digits (manual 7.3.1).

use super::{Conv, Example};
use crate::sample::args::{Arg, Kind, int, text};
use crate::sample::compile::Compile;
use crate::sample::scratch::BUFSIZE;
use crate::sample::value::{Sample, Type};
use std::io::Write;

macro_rules! decimal {
    ($name:literal, $number:path, $doc:literal, [$($expr:literal = $want:literal),+]) => {
        Conv {
            name: $name,
            args: &[Kind::Str, Kind::Int, Kind::Int],
            required: 1,
            input: Type::Bin,
            out: Type::Str,
            check: Some(decimal_sizes),
            eval: |args, v, e| {
                let Sample::Bin(s) = v else { return None };
                let mut out = e.scratch.buffer();
                chunks(args, s, |chunk, out| {
                    let n = $number(chunk);
                    let mut digits = [0u8; 20];
                    let mut room = &mut digits[..];
                    let _ = write!(room, "{n}");
                    let len = 20 - room.len();
                    out.extend_from_slice(digits.get(..len).unwrap_or_default());
                }, &mut out);
                Some(Sample::Str(out.into_bump_slice()))
            },
            doc: $doc,
            examples: &[$(Example::of($expr, $want)),+],
        }
    };
}

pub(super) static CONVS: &[Conv] = &[
    Conv {
        name: "base2",
        args: &[],
        required: 0,
        input: Type::Bin,
        out: Type::Str,
        check: None,
        eval: |_, v, e| {
            let Sample::Bin(s) = v else { return None };
            let mut out = e.scratch.buffer();
            for b in s.iter().take(BUFSIZE / 8 - 1) {
                out.extend((0..8).map(|bit| b'0' + (b >> (7 - bit) & 1)));
            }
            Some(Sample::Str(out.into_bump_slice()))
        },
        doc: "Eight binary digits per byte.",
        examples: &[Example::of("bin(0a80),base2", "0000101010000000")],
    },
    Conv {
        name: "be2hex",
        args: &[Kind::Str, Kind::Int, Kind::Int],
        required: 1,
        input: Type::Bin,
        out: Type::Str,
        check: Some(|args, _| {
            // No argument at all is all of it as one chunk.
            let plain = args.len() <= 1 && text(args, 0).is_empty();
            let size = int(args, 1).unwrap_or(0);
            if size <= 0 && !plain {
                return Err(format!("chunk_size needs to be positive ({size})"));
            }
            truncation(args)
        }),
        eval: |args, v, e| {
            let Sample::Bin(s) = v else { return None };
            // digits that do not fit a buffer are nothing; with separators they are cut
            if s.len() * 2 > BUFSIZE {
                return None;
            }
            let mut out = e.scratch.buffer();
            chunks(
                args,
                s,
                |chunk, out| {
                    for b in chunk {
                        for n in [b >> 4, b & 15] {
                            out.push(
                                b"0123456789ABCDEF"
                                    .get(usize::from(n))
                                    .copied()
                                    .unwrap_or(0),
                            );
                        }
                    }
                },
                &mut out,
            );
            Some(Sample::Str(out.into_bump_slice()))
        },
        doc: "Two hexadecimal digits per byte, with a separator between chunks of some bytes; 1 \
              leaves an incomplete chunk out.",
        examples: &[
            Example::of("bin(01020304050607),be2hex(:,2)", "0102:0304:0506:07"),
            Example::of("bin(01020304050607),be2hex(--,2,1)", "0102--0304--0506"),
            Example::of("bin(0102),be2hex", "0102"),
        ],
    },
    decimal!(
        "be2dec",
        big_endian,
        "A decimal number per chunk of up to 8 bytes, the greatest first; 1 leaves an incomplete \
         chunk out.",
        [
            "bin(01020304050607),be2dec(:,2)" = "258:772:1286:7",
            "bin(7f000001),be2dec(.,1)" = "127.0.0.1"
        ]
    ),
    decimal!(
        "le2dec",
        little_endian,
        "A decimal number per chunk of up to 8 bytes, the least first; 1 leaves an incomplete \
         chunk out.",
        ["bin(01020304050607),le2dec(-,2,1)" = "513-1027-1541"]
    ),
];

fn big_endian(chunk: &[u8]) -> u64 {
    chunk.iter().fold(0, |n, b| n << 8 | u64::from(*b))
}

/// As HAProxy, bytes are shifted as numbers of 32 bits: the fifth joins the first, and the
/// fourth's sign goes on.
fn little_endian(chunk: &[u8]) -> u64 {
    let mut n = 0i64;
    for (b, shift) in chunk.iter().zip((0u32..).step_by(8)) {
        n |= i64::from(i32::from(*b).wrapping_shl(shift));
    }
    n.cast_unsigned()
}

#[allow(clippy::ptr_arg, reason = "the signature of a check")]
fn decimal_sizes(args: &mut Vec<Arg>, _: &mut Compile<'_>) -> Result<(), String> {
    match int(args, 1).unwrap_or(0) {
        1..=8 => truncation(args),
        n => Err(format!("chunk_size out of [1..8] range ({n})")),
    }
}

fn truncation(args: &[Arg]) -> Result<(), String> {
    match int(args, 2) {
        None | Some(0 | 1) => Ok(()),
        Some(n) => Err(format!("Unsupported truncate value ({n})")),
    }
}

type Buffer<'b> = bumpalo::collections::Vec<'b, u8>;

/// Shows each chunk, with the separator between them; what would not fit a buffer is left out.
fn chunks<'b>(args: &[Arg], s: &[u8], show: impl Fn(&[u8], &mut Buffer<'b>), out: &mut Buffer<'b>) {
    let size = int(args, 1)
        .and_then(|n| usize::try_from(n).ok())
        .filter(|n| *n > 0)
        .unwrap_or(s.len().max(1));
    let separator = text(args, 0);
    for (i, chunk) in s.chunks(size).enumerate() {
        if chunk.len() < size && int(args, 2) == Some(1) {
            break;
        }
        let before = out.len();
        if i > 0 {
            out.extend_from_slice(separator);
        }
        show(chunk, out);
        if out.len() >= BUFSIZE && s.len() * 2 != BUFSIZE {
            out.truncate(before);
            break;
        }
    }
}

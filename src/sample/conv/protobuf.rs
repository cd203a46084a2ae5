//! Fields of Protocol Buffers messages, plain or in gRPC frames (manual 7.3.1;
//! protobuf.dev/programming-guides/encoding).

use super::{Conv, Example};
use crate::sample::args::{Arg, Kind, int, text};
use crate::sample::value::{Sample, Type};
use bstr::BStr;

macro_rules! message {
    ($name:literal, $from:expr, $doc:literal, [$($expr:literal = $want:literal),+]) => {
        Conv {
            name: $name,
            args: &[Kind::FieldNumber, Kind::Str],
            required: 1,
            input: Type::Bin,
            out: Type::Bin,
            check: Some(|args, _| kind(args)),
            eval: |args, v, _| match v {
                Sample::Bin(s) => field(args, $from(s)?),
                _ => None,
            },
            doc: $doc,
            examples: &[$(Example::of($expr, $want)),+],
        }
    };
}

pub(super) static CONVS: &[Conv] = &[
    message!(
        "protobuf",
        Some,
        "A field by its numbers (`48.59.1`), as bytes or, with a type, as a number.",
        [
            "bin(089601),protobuf(1,int32)" = "150",
            "bin(1a03089601),protobuf(3.1,int32)" = "150"
        ]
    ),
    message!(
        "ungrpc",
        frame,
        "As `protobuf`, in a gRPC frame.",
        ["bin(0000000003089601),ungrpc(1,int32)" = "150"]
    ),
];

/// What a gRPC frame carries: a byte and four of length are in front.
fn frame(s: &[u8]) -> Option<&[u8]> {
    let (head, rest) = s.split_first_chunk::<5>()?;
    let [_, len @ ..] = head;
    rest.get(..usize::try_from(u32::from_be_bytes(*len)).ok()?)
}

/// How a number is to be read; its place is kept as an argument.
const KINDS: &[(&str, Wire)] = &[
    ("int32", Wire::Varint),
    ("uint32", Wire::Varint),
    ("sint32", Wire::Zigzag),
    ("int64", Wire::Varint),
    ("uint64", Wire::Varint),
    ("sint64", Wire::Zigzag),
    ("bool", Wire::Varint),
    ("enum", Wire::Varint),
    ("fixed64", Wire::Fixed64),
    ("sfixed64", Wire::Fixed64),
    ("double", Wire::Double),
    ("fixed32", Wire::Fixed32),
    ("sfixed32", Wire::Signed32),
    ("float", Wire::Float),
];

#[derive(Clone, Copy)]
enum Wire {
    Varint,
    Zigzag,
    Fixed64,
    Double,
    Fixed32,
    Signed32,
    Float,
}

impl Wire {
    /// The number of its kind in a tag.
    fn tag(self) -> u64 {
        match self {
            Wire::Varint | Wire::Zigzag => 0,
            Wire::Fixed64 | Wire::Double => 1,
            Wire::Fixed32 | Wire::Signed32 | Wire::Float => 5,
        }
    }
}

fn kind(args: &mut [Arg]) -> Result<(), String> {
    let Some(Arg::Str(name)) = args.get(1) else {
        return Ok(());
    };
    let at = KINDS.iter().position(|(n, _)| n.as_bytes() == &name[..]);
    let at = at.and_then(|at| i64::try_from(at).ok());
    let shown = BStr::new(&name[..]);
    let at = at.ok_or_else(|| format!("Wrong protocol buffer type '{shown}'"))?;
    if let Some(arg) = args.get_mut(1) {
        *arg = Arg::Int(at);
    }
    Ok(())
}

fn field<'a>(args: &[Arg], s: &'a [u8]) -> Option<Sample<'a>> {
    let wanted = int(args, 1)
        .and_then(|at| KINDS.get(usize::try_from(at).ok()?))
        .map(|(_, wire)| *wire);
    let mut message = s;
    let mut numbers = text(args, 0).split(|b| *b == b'.').peekable();
    while let Some(number) = numbers.next() {
        let number: u64 = std::str::from_utf8(number).ok()?.parse().ok()?;
        let is_last = numbers.peek().is_none();
        let (tag, value) = find(message, number)?;
        match (is_last, wanted) {
            (true, Some(wire)) => {
                if wire.tag() != tag {
                    return None;
                }
                return decode(wire, value).map(Sample::Int);
            }
            (true, None) => return Some(Sample::Bin(value)),
            (false, _) if tag == 2 => message = value,
            (false, _) => return None,
        }
    }
    None
}

/// Kind and bytes of the first field of that number.
fn find(mut s: &[u8], wanted: u64) -> Option<(u64, &[u8])> {
    loop {
        let (key, rest) = varint(s)?;
        let (number, tag) = (key >> 3, key & 7);
        let (value, rest) = match tag {
            0 => {
                let (_, after) = varint(rest)?;
                rest.split_at(rest.len() - after.len())
            }
            1 => rest.split_at_checked(8)?,
            5 => rest.split_at_checked(4)?,
            2 => {
                let (len, after) = varint(rest)?;
                after.split_at_checked(usize::try_from(len).ok()?)?
            }
            _ => return None,
        };
        if number == wanted {
            return Some((tag, value));
        }
        s = rest;
    }
}

/// A number of variable length, at most ten bytes.
fn varint(s: &[u8]) -> Option<(u64, &[u8])> {
    let mut n = 0u64;
    for (i, b) in s.iter().take(10).enumerate() {
        n |= u64::from(b & 0x7f).checked_shl(7 * u32::try_from(i).ok()?)?;
        if b & 0x80 == 0 {
            return Some((n, s.get(i + 1..)?));
        }
    }
    None
}

/// A number without its fraction; what 64 bits cannot hold is as in HAProxy on x86-64.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "as said"
)]
fn whole(n: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if n >= 2.0 * LIMIT {
        return 0;
    }
    if n >= LIMIT {
        return (n as u64).cast_signed();
    }
    if n.is_nan() { i64::MIN } else { n as i64 }
}

fn decode(wire: Wire, value: &[u8]) -> Option<i64> {
    Some(match wire {
        Wire::Varint => varint(value)?.0.cast_signed(),
        Wire::Zigzag => {
            let n = varint(value)?.0;
            (n >> 1).cast_signed() ^ -(n & 1).cast_signed()
        }
        Wire::Fixed64 => u64::from_le_bytes(value.try_into().ok()?).cast_signed(),
        Wire::Double => whole(f64::from_le_bytes(value.try_into().ok()?)),
        Wire::Fixed32 => u32::from_le_bytes(value.try_into().ok()?).into(),
        Wire::Signed32 => i32::from_le_bytes(value.try_into().ok()?).into(),
        Wire::Float => whole(f32::from_le_bytes(value.try_into().ok()?).into()),
    })
}

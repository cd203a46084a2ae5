//! Hexadecimal and base64 (manual 7.3.1).

use super::{Conv, Example};
use crate::sample::value::{Sample, Type};

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

macro_rules! coding {
    ($name:literal, $in:ident => $out:ident, |$s:ident, $buffer:ident| $run:expr, $doc:literal, [$($example:expr),*]) => {
        Conv {
            name: $name,
            args: &[],
            required: 0,
            input: Type::$in,
            out: Type::$out,
            check: None,
            eval: |_, v, e| {
                let Sample::$in($s) = v else { return None };
                let mut $buffer = e.scratch.buffer();
                $run
                Some(Sample::$out($buffer.into_bump_slice()))
            },
            doc: $doc,
            examples: &[$($example),*],
        }
    };
}

pub(super) static CONVS: &[Conv] = &[
    coding!("hex", Bin => Str, |s, out| {
        for b in s {
            out.extend_from_slice(&[digit(b >> 4), digit(b & 15)]);
        }
    }, "Two hexadecimal digits per byte.", [Example::of("str(abc),hex", "616263")]),
    Conv {
        name: "hex2i",
        args: &[],
        required: 0,
        input: Type::Str,
        out: Type::Sint,
        check: None,
        eval: |_, v, _| {
            let Sample::Str(s) = v else { return None };
            let value = s.iter().map_while(|b| char::from(*b).to_digit(16));
            let value = value.fold(0i64, |n, d| n.wrapping_shl(4) | i64::from(d));
            Some(Sample::Int(value))
        },
        doc: "The number that hexadecimal digits are.",
        examples: &[Example::of("str(ff),hex2i", "255")],
    },
    coding!("base64", Bin => Str, |s, out| {
        encode(s, STANDARD, true, &mut |b| out.push(b));
    }, "Base64 (RFC 4648).", [Example::of("'str(ab?>),base64'", "YWI/Pg==")]),
    coding!("ub64enc", Bin => Str, |s, out| {
        encode(s, URL, false, &mut |b| out.push(b));
    }, "Base64 for URLs, without padding.", [Example::of("'str(ab?>),ub64enc'", "YWI_Pg")]),
    coding!("b64dec", Str => Bin, |s, out| {
        if s.len() % 4 != 0 {
            return None;
        }
        decode(s, STANDARD, &mut |b| out.push(b))?;
    }, "Decodes base64.", [Example::of("str(YWJj),b64dec", "abc"), Example::none("str(YWI_Pg),b64dec")]),
    coding!("ub64dec", Str => Bin, |s, out| {
        decode(s, URL, &mut |b| out.push(b))?;
    }, "Decodes base64 for URLs.", [Example::of("str(YWI_Pg),ub64dec", "ab?>")]),
];

fn digit(nibble: u8) -> u8 {
    b"0123456789ABCDEF"
        .get(usize::from(nibble))
        .copied()
        .unwrap_or(b'0')
}

/// Encodes; `pad` completes the last group with `=`.
fn encode(bytes: &[u8], alphabet: &[u8; 64], pad: bool, push: &mut dyn FnMut(u8)) {
    for group in bytes.chunks(3) {
        let mut bits = 0u32;
        for i in 0..3 {
            bits = bits << 8 | u32::from(group.get(i).copied().unwrap_or(0));
        }
        for i in 0..4 {
            if i <= group.len() {
                let at = (bits >> (18 - 6 * i) & 63) as usize;
                push(alphabet.get(at).copied().unwrap_or(b'='));
            } else if pad {
                push(b'=');
            }
        }
    }
}

/// Decodes; `None` for anything that is not of the alphabet, padding at the end apart.
fn decode(text: &[u8], alphabet: &[u8; 64], push: &mut dyn FnMut(u8)) -> Option<()> {
    let padding = text
        .iter()
        .rev()
        .take(2)
        .take_while(|b| **b == b'=')
        .count();
    let text = text.get(..text.len() - padding)?;
    for group in text.chunks(4) {
        let mut bits = 0u32;
        for i in 0..4 {
            let value = match group.get(i) {
                Some(b) => u32::try_from(alphabet.iter().position(|a| a == b)?).ok()?,
                None => 0,
            };
            bits = bits << 6 | value;
        }
        let bytes = bits.to_be_bytes();
        for b in bytes.get(1..group.len())? {
            push(*b);
        }
    }
    Some(())
}

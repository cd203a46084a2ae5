//! Hexadecimal and base64 (manual 7.3.1).

use super::{Conv, Example};
use crate::sample::scratch::BUFSIZE;
use crate::sample::value::{Sample, Type};

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Whether the base64 of data fits a buffer, which nothing longer leaves.
fn fits(s: &[u8]) -> Option<()> {
    (s.len().div_ceil(3) * 4 < BUFSIZE).then_some(())
}

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
        if s.len() * 2 > BUFSIZE {
            return None;
        }
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
            // More than 16 digits push the first ones out, as in HAProxy.
            s.iter()
                .try_fold(0i64, |n, b| {
                    let digit = char::from(*b).to_digit(16)?;
                    Some(n.wrapping_shl(4) | i64::from(digit))
                })
                .map(Sample::Int)
        },
        doc: "The number that hexadecimal digits are.",
        examples: &[Example::of("str(ff),hex2i", "255")],
    },
    coding!("base64", Bin => Str, |s, out| {
        fits(s)?;
        encode(s, STANDARD, true, &mut |b| out.push(b));
    }, "Base64 (RFC 4648).", [Example::of("'str(ab?>),base64'", "YWI/Pg==")]),
    coding!("ub64enc", Bin => Str, |s, out| {
        fits(s)?;
        encode(s, URL, false, &mut |b| out.push(b));
    }, "Base64 for URLs, without padding.", [Example::of("'str(ab?>),ub64enc'", "YWI_Pg")]),
    coding!("b64dec", Str => Bin, |s, out| {
        decode_padded(s, &mut |b| out.push(b))?;
    }, "Decodes base64.", [Example::of("str(YWJj),b64dec", "abc"), Example::none("str(YWI_Pg),b64dec")]),
    coding!("ub64dec", Str => Bin, |s, out| {
        decode_url(s, &mut |b| out.push(b))?;
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

/// Encodes as padded base64, as the converter `base64` does.
pub fn to_base64(bytes: &[u8], push: &mut dyn FnMut(u8)) {
    encode(bytes, STANDARD, true, push);
}

/// Decodes padded base64, as the converter `b64dec` does.
pub fn from_base64(text: &[u8], push: &mut dyn FnMut(u8)) -> Option<()> {
    decode_padded(text, push)
}

/// Decodes base64 for URLs, as the converter `ub64dec` does.
pub(super) fn from_base64_url(text: &[u8], push: &mut dyn FnMut(u8)) -> Option<()> {
    decode_url(text, push)
}

/// Decodes whole groups of four, each of which may end with one or two `=`; `None` for anything
/// else.
fn decode_padded(text: &[u8], push: &mut dyn FnMut(u8)) -> Option<()> {
    for group in text.chunks(4) {
        let padding = group
            .iter()
            .rev()
            .take(2)
            .take_while(|b| **b == b'=')
            .count();
        if group.len() != 4 {
            return None;
        }
        decode_group(group.get(..4 - padding)?, STANDARD, push)?;
    }
    Some(())
}

/// Decodes without padding; a `=` counts as 63, as in HAProxy. `None` for anything that is not of
/// the alphabet and for a single digit at the end.
fn decode_url(text: &[u8], push: &mut dyn FnMut(u8)) -> Option<()> {
    if text.len() % 4 == 1 {
        return None;
    }
    text.chunks(4)
        .try_for_each(|group| decode_group(group, URL, push))
}

/// Decodes two to four digits to one to three bytes.
fn decode_group(group: &[u8], alphabet: &[u8; 64], push: &mut dyn FnMut(u8)) -> Option<()> {
    let mut bits = 0u32;
    for i in 0..4 {
        let value = match group.get(i) {
            Some(b'=') if alphabet == URL => 63,
            Some(b) => u32::try_from(alphabet.iter().position(|a| a == b)?).ok()?,
            None => 0,
        };
        bits = bits << 6 | value;
    }
    for b in bits.to_be_bytes().get(1..group.len())? {
        push(*b);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding() {
        // Recorded from HAProxy 3.4: input, as base64, as base64 for URLs.
        type Bytes = Option<&'static [u8]>;
        let cases: [(&str, Bytes, Bytes); 10] = [
            (
                "ab==cdef",
                Some(b"\x69\x71\xd7\x9f"),
                Some(b"\x69\xbf\xff\x71\xd7\x9f"),
            ),
            ("ab==", Some(b"\x69"), Some(b"\x69\xbf\xff")),
            ("abc=", Some(b"\x69\xb7"), Some(b"\x69\xb7\x3f")),
            ("a===", None, Some(b"\x6b\xff\xff")),
            ("a=bc", None, Some(b"\x6b\xf6\xdc")),
            ("abcd=", None, None),
            ("ab", None, Some(b"\x69")),
            ("abc.", None, None),
            ("A_-B", None, Some(b"\x03\xff\x81")),
            ("A+/B", Some(b"\x03\xef\xc1"), None),
        ];
        for (text, padded, url) in cases {
            let mut out = Vec::new();
            let done = decode_padded(text.as_bytes(), &mut |b| out.push(b));
            assert_eq!(done.map(|()| &out[..]), padded, "{text}");
            let mut out = Vec::new();
            let done = decode_url(text.as_bytes(), &mut |b| out.push(b));
            assert_eq!(done.map(|()| &out[..]), url, "{text}");
        }
    }
}

//! URL coding (manual 7.3.1).

use super::{Conv, Example};
use crate::sample::args::{Kind, int, text};
use crate::sample::value::{Sample, Type};

pub(super) static CONVS: &[Conv] = &[
    Conv {
        name: "url_dec",
        args: &[Kind::Int],
        required: 0,
        input: Type::Str,
        out: Type::Str,
        check: None,
        eval: |args, v, e| {
            let Sample::Str(s) = v else { return None };
            if memchr::memchr2(b'%', b'+', s).is_none() {
                return Some(Sample::Str(s));
            }
            let mut in_query = int(args, 0).unwrap_or(0) != 0;
            let mut out = e.scratch.buffer();
            let mut at = 0;
            while let Some(&b) = s.get(at) {
                at += 1;
                out.push(match b {
                    b'+' if in_query => b' ',
                    b'%' => {
                        let hex = std::str::from_utf8(s.get(at..at + 2)?).ok()?;
                        at += 2;
                        u8::from_str_radix(hex, 16).ok()?
                    }
                    _ => {
                        in_query |= b == b'?';
                        b
                    }
                });
            }
            Some(Sample::Str(out.into_bump_slice()))
        },
        doc: "Decodes `%` escapes, and `+` behind the `?` (everywhere with a non-zero argument).",
        examples: &[
            Example::of("str(a%20b+c?d+e),url_dec", "a b+c?d e"),
            Example::of("str(a+b),url_dec(1)", "a b"),
            Example::none("str(a%zz),url_dec"),
        ],
    },
    Conv {
        name: "url_enc",
        args: &[Kind::Str],
        required: 1,
        input: Type::Str,
        out: Type::Str,
        check: Some(|args, _| match text(args, 0) {
            b"" | b"query" => Ok(()),
            _ => Err("Unexpected encode type. Allowed value is 'query'".into()),
        }),
        eval: |_, v, e| {
            let Sample::Str(s) = v else { return None };
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
            let mut out = e.scratch.buffer();
            for &b in s {
                if plain(b) {
                    out.push(b);
                } else {
                    const HEX: &[u8; 16] = b"0123456789ABCDEF";
                    let digit = |n: u8| HEX.get(usize::from(n)).copied().unwrap_or(b'0');
                    out.extend_from_slice(&[b'%', digit(b >> 4), digit(b & 15)]);
                }
            }
            Some(Sample::Str(out.into_bump_slice()))
        },
        doc: "Encodes all but letters, digits and `-._~` as `%` escapes.",
        examples: &[Example::of("'str(a b/c~),url_enc'", "a%20b%2Fc~")],
    },
];

//! JSON Web Tokens (manual 7.3.1; RFC 7515, RFC 7519).

use super::encodings::from_base64_url;
use super::{Conv, Example, json_query};
use crate::sample::args::{Kind, text};
use crate::sample::value::{Sample, Type};

macro_rules! part {
    ($name:literal, $index:literal, $doc:literal, [$($expr:literal = $want:literal),+]) => {
        Conv {
            name: $name,
            args: &[Kind::Str, Kind::Str],
            required: 0,
            input: Type::Bin,
            out: Type::Any,
            check: Some(|args, _| match args.is_empty() {
                true => Ok(()),
                false => json_query::check(args),
            }),
            eval: |args, v, e| {
                let Sample::Bin(token) = v else { return None };
                let mut parts = token.split(|b| *b == b'.');
                let part = parts.nth($index)?;
                // how many parts there are does not matter to HAProxy
                let mut out = e.scratch.buffer();
                from_base64_url(part, &mut |b| out.push(b))?;
                let out = out.into_bump_slice();
                match text(args, 0) {
                    [] => Some(Sample::Str(out)),
                    _ => json_query::query(args, out, e),
                }
            },
            doc: $doc,
            examples: &[$(Example::of($expr, $want)),+],
        }
    };
}

pub(super) static CONVS: &[Conv] = &[
    part!(
        "jwt_header_query",
        0,
        "The header of a token, or the value at a path in it.",
        [
            "str(eyJhbGciOiJub25lIn0.e30.),jwt_header_query($.alg)" = "none",
            "str(eyJhbGciOiJub25lIn0.e30.),jwt_header_query" = "{\"alg\":\"none\"}"
        ]
    ),
    part!(
        "jwt_payload_query",
        1,
        "The payload of a signed token, or the value at a path in it.",
        ["str(e30.eyJhIjoxfQ.),jwt_payload_query($.a,int)" = "1"]
    ),
];

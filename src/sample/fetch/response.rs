//! The response's status line and body (manual 7.3.6).

use super::{Example, Fetch, RESPONSE, RESPONSE_HEADERS};
use crate::sample::value::{Sample, Type};
use crate::sample::view::Eval;

macro_rules! simple {
    ($name:literal, $out:ident, $source:expr, |$e:ident| $eval:expr, $doc:literal, $value:literal) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::$out,
            source: &$source,
            check: None,
            eval: |_, $e, _| $eval,
            doc: $doc,
            examples: &[Example::of($name, $value)],
        }
    };
}

pub(super) static FETCHES: &[Fetch] = &[
    simple!(
        "status",
        Sint,
        RESPONSE,
        |e| status(e),
        "The response's status.",
        "200"
    ),
    simple!(
        "txn.status",
        Sint,
        RESPONSE,
        |e| status(e),
        "The status sent to the client.",
        "200"
    ),
    simple!(
        "res.ver",
        Str,
        RESPONSE,
        |e| version(e),
        "The response's HTTP version.",
        "1.1"
    ),
    simple!(
        "resp_ver",
        Str,
        RESPONSE,
        |e| version(e),
        "The response's HTTP version.",
        "1.1"
    ),
    simple!(
        "res.body",
        Bin,
        RESPONSE_HEADERS,
        |e| Some(Sample::Bin(e.view.response_body().unwrap_or_default())),
        "The response's body as far as it is received.",
        ""
    ),
    simple!(
        "res.body_len",
        Sint,
        RESPONSE_HEADERS,
        |e| i64::try_from(e.view.response_body().map_or(0, <[u8]>::len))
            .ok()
            .map(Sample::Int),
        "How much of the response's body is received.",
        "0"
    ),
];

fn status<'a>(e: &Eval<'a>) -> Option<Sample<'a>> {
    e.view.response().map(|r| Sample::Int(r.status().into()))
}

fn version<'a>(e: &Eval<'a>) -> Option<Sample<'a>> {
    Some(Sample::Str(match e.view.response()?.version() {
        (1, 0) => b"1.0",
        (2, _) => b"2.0",
        (3, _) => b"3.0",
        _ => b"1.1",
    }))
}

//! What is remembered of the request and status lines (manual 7.3.6).

use super::{Example, Fetch, REQUEST, RESPONSE};
use crate::proto::h1::Message;
use crate::sample::args::{Arg, Kind};
use crate::sample::value::{Sample, Type};
use crate::sample::view::{Direction, Eval};

macro_rules! simple {
    ($name:literal, |$e:ident| $eval:expr, $doc:literal, [$($example:expr),*]) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::Str,
            source: &REQUEST,
            check: None,
            eval: |_, $e, _| $eval.map(Sample::Str),
            doc: $doc,
            examples: &[$($example),*],
        }
    };
}

macro_rules! slot {
    ($name:literal, $source:expr, $direction:expr, $doc:literal, [$($example:expr),*]) => {
        Fetch {
            name: $name,
            args: &[Kind::Int],
            required: 1,
            out: Type::Str,
            source: $source,
            check: None,
            eval: |args, e, _| slot(args, e, $direction),
            doc: $doc,
            examples: &[$($example),*],
        }
    };
}

fn slot<'a>(args: &[Arg], e: &Eval<'a>, direction: Direction) -> Option<Sample<'a>> {
    let Some(Arg::Int(n)) = args.first() else {
        return None;
    };
    let slot = usize::try_from(*n).ok()?;
    let scratch = e.scratch;
    let copy = |value: &[u8]| scratch.copy(value);
    e.view
        .captures()?
        .with(direction, slot, copy)
        .map(Sample::Str)
}

pub(super) static FETCHES: &[Fetch] = &[
    slot!(
        "capture.req.hdr",
        &REQUEST,
        Direction::Request,
        "What was captured from the request into a slot.",
        [
            Example::of("capture.req.hdr(0)", "first"),
            Example::none("capture.req.hdr(1)"),
            Example::none("capture.req.hdr(-1)")
        ]
    ),
    slot!(
        "capture.res.hdr",
        &RESPONSE,
        Direction::Response,
        "What was captured from the response into a slot.",
        []
    ),
    simple!(
        "capture.req.method",
        |e| e.view.request().map(|r| r.received_method()),
        "The method as received.",
        [Example::of("capture.req.method", "GET")]
    ),
    simple!(
        "capture.req.uri",
        |e| {
            let path = path_of(remembered_target(e, e.view.request()?));
            (!path.is_empty()).then_some(path)
        },
        "Path and query string as received.",
        [
            Example::of("capture.req.uri", "/a/b.html?q=1&r=two&q=3"),
            Example::on(
                "GET http://h:81/x?y HTTP/1.1\r\nHost: h:81",
                "capture.req.uri",
                "/x?y"
            )
        ]
    ),
    simple!(
        "capture.req.ver",
        |e| e.view.request().map(|r| version(r.version())),
        "The request's version: `HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`.",
        [Example::of("capture.req.ver", "HTTP/1.1")]
    ),
    simple!(
        "capture.res.ver",
        |e| e.view.response().map(|r| version(r.version())),
        "The response's version: `HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`.",
        [Example::of("capture.res.ver", "HTTP/1.1")]
    ),
];

fn version(version: (u8, u8)) -> &'static [u8] {
    match version {
        (1, 0) => b"HTTP/1.0",
        (2, _) => b"HTTP/2.0",
        _ => b"HTTP/1.1",
    }
}

/// The target as far as it is remembered (`tune.http.logurilen` counts from the line's begin).
pub fn remembered_target<'a>(e: &Eval<'_>, request: &'a Message) -> &'a [u8] {
    let target = request.received_target();
    let left = e
        .view
        .uri_len()
        .saturating_sub(request.received_method().len() + 1);
    target.get(..left).unwrap_or(target)
}

/// A target without scheme and authority; empty if it is nothing else.
pub fn path_of(target: &[u8]) -> &[u8] {
    if target.starts_with(b"/") {
        return target;
    }
    let Some(at) = memchr::memmem::find(target, b"://") else {
        return &[];
    };
    let rest = target.get(at + 3..).unwrap_or_default();
    let slash = memchr::memchr(b'/', rest).unwrap_or(rest.len());
    rest.get(slash..).unwrap_or_default()
}

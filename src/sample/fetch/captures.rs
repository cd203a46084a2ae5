//! What is remembered of the request and status lines (manual 7.3.6).

use super::{Example, Fetch, REQUEST};
use crate::sample::value::{Sample, Type};

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

pub(super) static FETCHES: &[Fetch] = &[
    simple!(
        "capture.req.method",
        |e| e.view.request().map(|r| r.received_method()),
        "The method as received.",
        [Example::of("capture.req.method", "GET")]
    ),
    simple!(
        "capture.req.uri",
        |e| {
            let target = e.view.request()?.received_target();
            let path = path_of(target);
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
        "The request's version: `HTTP/1.0` or `HTTP/1.1`.",
        [Example::of("capture.req.ver", "HTTP/1.1")]
    ),
    simple!(
        "capture.res.ver",
        |e| e.view.response().map(|r| version(r.version())),
        "The response's version: `HTTP/1.0` or `HTTP/1.1`.",
        [Example::of("capture.res.ver", "HTTP/1.1")]
    ),
];

fn version(version: (u8, u8)) -> &'static [u8] {
    match version {
        (1, 0) => b"HTTP/1.0",
        _ => b"HTTP/1.1",
    }
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

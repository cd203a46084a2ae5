//! The request line and its target (manual 7.3.6).

use super::{Cursor, Example, Fetch, REQUEST, REQUEST_HEADERS};
use crate::proto::h1::{Message, Method};
use crate::sample::args::{Arg, Kind, text};
use crate::sample::compile::Compile;
use crate::sample::value::{Sample, Type, loose_int};
use crate::sample::view::Eval;
use std::net::Ipv4Addr;

macro_rules! simple {
    ($name:literal, $out:ident, $source:expr, |$e:ident| $eval:expr, $doc:literal, [$($example:expr),*]) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::$out,
            source: &$source,
            check: None,
            eval: |_, $e, _| $eval,
            doc: $doc,
            examples: &[$($example),*],
        }
    };
}

macro_rules! parameter {
    ($name:literal, $out:ident, |$s:ident| $value:expr, [$($example:expr),*]) => {
        Fetch {
            name: $name,
            args: &[Kind::Str, Kind::Str, Kind::Str],
            required: 0,
            out: Type::$out,
            source: &REQUEST_HEADERS,
            check: Some(parameter_args),
            eval: |args, e, c| {
                let $s = url_parameter(args, e, c)?;
                $value
            },
            doc: "A parameter of the query string, not decoded. Arguments: name (any if empty), \
                  the character that begins the list (`?`), and `i` to ignore case.",
            examples: &[$($example),*],
        }
    };
}

pub(super) static FETCHES: &[Fetch] = &[
    simple!(
        "method",
        Meth,
        REQUEST,
        |e| e.view.request().map(|r| Sample::Meth(method(r))),
        "The method.",
        [Example::of("method", "GET")]
    ),
    simple!(
        "path",
        Str,
        REQUEST_HEADERS,
        |e| path(e).map(Sample::Str),
        "The target's path: from the first `/` up to the `?`.",
        [
            Example::of("path", "/a/b.html"),
            Example::on("GET http://h:81/x?y HTTP/1.1\r\nHost: h:81", "path", "/x")
        ]
    ),
    simple!(
        "pathq",
        Str,
        REQUEST_HEADERS,
        |e| {
            path(e)?;
            e.view.request().map(|r| Sample::Str(r.path_and_query()))
        },
        "The path with the query string.",
        [Example::of("pathq", "/a/b.html?q=1&r=two&q=3")]
    ),
    Fetch {
        name: "query",
        args: &[Kind::Str],
        required: 0,
        out: Type::Str,
        source: &REQUEST_HEADERS,
        check: Some(|args, _| match text(args, 0) {
            b"" => {
                args.clear();
                Ok(())
            }
            b"with_qm" => Ok(()),
            other => Err(format!(
                "'{}' is not a supported option",
                bstr::BStr::new(other)
            )),
        }),
        eval: |args, e, _| {
            let both = e.view.request()?.path_and_query();
            let at = memchr::memchr(b'?', both)?;
            // A lone `?` is no query string to show.
            let with_mark = !args.is_empty() && at + 1 < both.len();
            both.get(at + usize::from(!with_mark)..).map(Sample::Str)
        },
        doc: "What follows the first `?` of the target; with `with_qm` the `?` as well.",
        examples: &[
            Example::of("query", "q=1&r=two&q=3"),
            Example::of("query(with_qm)", "?q=1&r=two&q=3"),
        ],
    },
    simple!(
        "url",
        Str,
        REQUEST_HEADERS,
        |e| e.view.request().map(|r| Sample::Str(r.target())),
        "The target as received.",
        [Example::of("url", "/a/b.html?q=1&r=two&q=3")]
    ),
    simple!(
        "url_ip",
        Ipv4,
        REQUEST_HEADERS,
        |e| url_address(e).map(|a| Sample::V4(a.0)),
        "The IPv4 address in an absolute target.",
        [Example::on(
            "GET http://1.2.3.4:81/x HTTP/1.1\r\nHost: 1.2.3.4:81",
            "url_ip",
            "1.2.3.4"
        )]
    ),
    simple!(
        "url_port",
        Sint,
        REQUEST_HEADERS,
        |e| url_address(e).map(|a| Sample::Int(a.1)),
        "The port behind the address in an absolute target, 80 if it has none.",
        [Example::on(
            "GET http://1.2.3.4:81/x HTTP/1.1\r\nHost: 1.2.3.4:81",
            "url_port",
            "81"
        )]
    ),
    simple!(
        "base",
        Str,
        REQUEST_HEADERS,
        |e| base(e, path(e)),
        "The first Host field followed by the path.",
        [Example::of("base", "www.example.com/a/b.html")]
    ),
    simple!(
        "baseq",
        Str,
        REQUEST_HEADERS,
        |e| base(
            e,
            path(e).and_then(|_| e.view.request().map(|r| r.path_and_query()))
        ),
        "The first Host field followed by path and query string.",
        [Example::of(
            "baseq",
            "www.example.com/a/b.html?q=1&r=two&q=3"
        )]
    ),
    simple!(
        "req.ver",
        Str,
        REQUEST,
        |e| version(e),
        "The request's HTTP version (`1.1`).",
        [Example::of("req.ver", "1.1")]
    ),
    simple!(
        "req_ver",
        Str,
        REQUEST,
        |e| version(e),
        "The request's HTTP version (`1.1`).",
        [Example::of("req_ver", "1.1")]
    ),
    simple!(
        "http_first_req",
        Bool,
        REQUEST,
        |e| Some(Sample::Bool(e.view.first_request())),
        "Whether this is the first request of its connection.",
        [Example::of("http_first_req", "1")]
    ),
    simple!(
        "req.body",
        Bin,
        REQUEST_HEADERS,
        |e| Some(Sample::Bin(e.view.request_body().unwrap_or_default())),
        "The request's body as far as it is received.",
        [Example::of("req.body", "")]
    ),
    simple!(
        "req.body_len",
        Sint,
        REQUEST_HEADERS,
        |e| i64::try_from(e.view.request_body().map_or(0, <[u8]>::len))
            .ok()
            .map(Sample::Int),
        "How much of the request's body is received.",
        [Example::of("req.body_len", "0")]
    ),
    parameter!(
        "url_param",
        Str,
        |s| Some(Sample::Str(s)),
        [Example::of("url_param(r)", "two")]
    ),
    parameter!(
        "urlp",
        Str,
        |s| Some(Sample::Str(s)),
        [
            Example::of("urlp(q)", "1"),
            Example::of("urlp(R,?,i)", "two"),
            Example::none("urlp(x)"),
            Example::on(
                "GET /p;z=9;b=7?a=1 HTTP/1.1\r\nHost: h",
                "urlp(b,;)",
                "7?a=1"
            )
        ]
    ),
    parameter!(
        "urlp_val",
        Sint,
        |s| Some(Sample::Int(loose_int(s))),
        [Example::of("urlp_val(q)", "1")]
    ),
];

/// The method; a change by `set-method` only shows where the method received is none that HTTP
/// defines, as in HAProxy.
fn method(request: &Message) -> &[u8] {
    match Method::of(request.received_method()) {
        Method::Other => request.method(),
        _ => request.received_method(),
    }
}

/// The path, if the target has one (`*` and authorities have none).
pub(super) fn path<'a>(e: &Eval<'a>) -> Option<&'a [u8]> {
    e.view.request().map(|r| r.path()).filter(|p| !p.is_empty())
}

pub(super) fn base<'a>(e: &Eval<'a>, rest: Option<&[u8]>) -> Option<Sample<'a>> {
    let host = e.view.request()?.host();
    if host.is_none() && rest.is_none() {
        return None;
    }
    let mut out = e.scratch.buffer();
    out.extend_from_slice(host.unwrap_or_default());
    out.extend_from_slice(rest.unwrap_or_default());
    Some(Sample::Str(out.into_bump_slice()))
}

fn version<'a>(e: &Eval<'a>) -> Option<Sample<'a>> {
    Some(Sample::Str(match e.view.request()?.version() {
        (1, 0) => b"1.0",
        (1, 1) => b"1.1",
        (2, _) => b"2.0",
        (3, _) => b"3.0",
        (0, 9) => b"0.9",
        (a, b) => e
            .scratch
            .copy(&[b'0'.wrapping_add(a % 10), b'.', b'0'.wrapping_add(b % 10)]),
    }))
}

/// Address and port of an absolute target whose host is an IPv4 address.
fn url_address(e: &Eval<'_>) -> Option<(Ipv4Addr, i64)> {
    let request = e.view.request()?;
    if request.target().first() == Some(&b'/') {
        return None;
    }
    let authority = std::str::from_utf8(request.authority()).ok()?;
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    Some((host.parse().ok()?, port.parse::<u16>().ok()?.into()))
}

fn parameter_args(args: &mut Vec<Arg>, _: &mut Compile<'_>) -> Result<(), String> {
    let name = text(args, 0).to_vec();
    let start = text(args, 1).first().copied().unwrap_or(b'?');
    let ignore_case = text(args, 2).first() == Some(&b'i');
    *args = vec![
        Arg::Str(name.into()),
        Arg::Int(start.into()),
        Arg::Int(ignore_case.into()),
    ];
    Ok(())
}

/// The (next) value of a parameter: `&`, `;` and the list's first character separate them.
fn url_parameter<'a>(args: &'a [Arg], e: &Eval<'a>, cursor: &mut Cursor) -> Option<&'a [u8]> {
    let [Arg::Str(name), Arg::Int(start), Arg::Int(ignore_case)] = args else {
        return None;
    };
    let start = u8::try_from(*start).ok()?;
    let target = e.view.request()?.target();
    let mut at = match cursor.offset {
        0 => memchr::memchr(start, target)? + 1,
        n => n as usize,
    };
    cursor.more = false;
    while let Some(rest) = target.get(at..).filter(|r| !r.is_empty()) {
        let end = rest
            .iter()
            .position(|&b| b == b'&' || b == b';' || b == start)
            .unwrap_or(rest.len());
        let pair = rest.get(..end).unwrap_or_default();
        at += end + 1;
        let Some(eq) = memchr::memchr(b'=', pair) else {
            continue;
        };
        let (found, value) = pair.split_at(eq);
        let same = name.is_empty()
            || match ignore_case {
                0 => found == &name[..],
                _ => found.eq_ignore_ascii_case(name),
            };
        if same {
            cursor.offset = u32::try_from(at).ok()?;
            cursor.more = cursor.all && at < target.len();
            return value.get(1..);
        }
    }
    None
}

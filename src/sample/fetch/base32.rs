//! Hashes of what a request asks for, for tables (manual 7.3.6).

use super::request::{base, path};
use super::{Example, Fetch, REQUEST_HEADERS};
use crate::base::hash::{avalanche, sdbm};
use crate::sample::value::{Sample, Type};
use crate::sample::view::Eval;
use std::net::IpAddr;

/// The hash of the first Host field and the path; with `query`, the query string too.
fn hash(e: &Eval<'_>, query: bool) -> Option<u32> {
    let request = e.view.request()?;
    let rest = match query {
        true => path(e).map(|_| request.path_and_query()),
        false => path(e),
    };
    match base(e, rest)? {
        Sample::Str(text) => Some(avalanche(sdbm(text))),
        _ => None,
    }
}

fn with_source<'a>(e: &Eval<'a>, query: bool) -> Option<Sample<'a>> {
    let hash = hash(e, query)?.to_be_bytes();
    let mut out = e.scratch.buffer();
    out.extend_from_slice(&hash);
    match e.view.src()?.ip().to_canonical() {
        IpAddr::V4(ip) => out.extend_from_slice(&ip.octets()),
        IpAddr::V6(ip) => out.extend_from_slice(&ip.octets()),
    }
    Some(Sample::Bin(out.into_bump_slice()))
}

macro_rules! fetch {
    ($name:literal, $out:ident, |$e:ident| $value:expr, $doc:literal, $example:literal = $shown:literal) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::$out,
            source: &REQUEST_HEADERS,
            check: None,
            eval: |_, $e, _| $value,
            doc: $doc,
            examples: &[Example::on(
                "GET /bar?x=1 HTTP/1.1\r\nHost: foo",
                $example,
                $shown,
            )],
        }
    };
}

pub(super) static FETCHES: &[Fetch] = &[
    fetch!(
        "base32",
        Sint,
        |e| hash(e, false).map(|h| Sample::Int(h.into())),
        "A hash of the first Host field followed by the path.",
        "base32" = "4032428857"
    ),
    fetch!(
        "base32+src",
        Bin,
        |e| with_source(e, false),
        "base32 followed by the client's address.",
        "base32+src,hex" = "F059FB39C0000207"
    ),
    fetch!(
        "url32",
        Sint,
        |e| hash(e, true).map(|h| Sample::Int(h.into())),
        "A hash of the first Host field followed by path and query string.",
        "url32" = "2718548196"
    ),
    fetch!(
        "url32+src",
        Bin,
        |e| with_source(e, true),
        "url32 followed by the client's address.",
        "url32+src,hex" = "A209C0E4C0000207"
    ),
];

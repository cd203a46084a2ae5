//! TLS hellos and RDP cookies in raw bytes that pass by (manual 7.3.5).

use super::{CLIENT, Cursor, Example, Fetch, REQUEST_BUFFER, RESPONSE_BUFFER};
use crate::proto::rdp;
use crate::proto::tls_hello::{self, ClientHello, Extension, Found};
use crate::sample::args::{Arg, Kind, text};
use crate::sample::value::{Sample, Type};
use crate::sample::view::Eval;

/// Hands on what is there; tells the cursor if more bytes may change that.
fn decided<T>(found: Found<T>, e: &Eval<'_>, cursor: &mut Cursor) -> Option<T> {
    match found {
        Found::Yes(value) => Some(value),
        Found::No => None,
        Found::More => {
            cursor.not_yet = !e.last;
            None
        }
    }
}

/// A part of the client's hello.
fn of_hello<'a, T>(
    e: &Eval<'a>,
    cursor: &mut Cursor,
    whole: bool,
    part: impl FnOnce(&ClientHello<'a>) -> Option<T>,
) -> Option<T> {
    let buffer = e.view.request_buffer()?;
    let hello = decided(tls_hello::client_hello(buffer, whole), e, cursor)?;
    part(&hello)
}

fn message_type<'a>(buffer: &[u8], e: &Eval<'_>, cursor: &mut Cursor) -> Option<Sample<'a>> {
    let kind = decided(tls_hello::message_type(buffer), e, cursor)?;
    Some(Sample::Int(kind.into()))
}

macro_rules! fetches {
    ($($name:literal $out:ident $source:ident |$e:ident, $c:ident| $value:expr, $doc:literal;)*) => {
        pub(super) static FETCHES: &[Fetch] = &[$(Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::$out,
            source: &$source,
            check: None,
            eval: |_, $e, $c| $value,
            doc: $doc,
            examples: &[Example::none($name)],
        }),*];
    };
}

fetches! {
    "req.ssl_hello_type" Sint REQUEST_BUFFER |e, c| message_type(e.view.request_buffer()?, e, c),
        "1 once a whole TLS client hello was received.";
    "req_ssl_hello_type" Sint REQUEST_BUFFER |e, c| message_type(e.view.request_buffer()?, e, c),
        "As req.ssl_hello_type.";
    "res.ssl_hello_type" Sint RESPONSE_BUFFER |e, c| message_type(e.view.response_buffer()?, e, c),
        "2 once a whole TLS server hello was received.";
    "rep_ssl_hello_type" Sint RESPONSE_BUFFER |e, c| message_type(e.view.response_buffer()?, e, c),
        "As res.ssl_hello_type.";
    "req.ssl_sni" Str REQUEST_BUFFER |e, c| of_hello(e, c, false, |h| h.server_name().map(Sample::Str)),
        "The server's name in a TLS client hello.";
    "req_ssl_sni" Str REQUEST_BUFFER |e, c| of_hello(e, c, false, |h| h.server_name().map(Sample::Str)),
        "As req.ssl_sni.";
    "req.ssl_alpn" Str REQUEST_BUFFER |e, c| of_hello(e, c, false, |h| h.protocol().map(Sample::Str)),
        "The first protocol that a TLS client hello offers.";
    "req.ssl_ver" Sint REQUEST_BUFFER |e, c| version(e, c),
        "The version in a TLS client hello: major times 65536 plus minor.";
    "req_ssl_ver" Sint REQUEST_BUFFER |e, c| version(e, c),
        "As req.ssl_ver.";
    "req.ssl_ec_ext" Bool REQUEST_BUFFER
        |e, c| of_hello(e, c, true, |h| h.extension(Extension::Groups).map(|_| Sample::Bool(true))),
        "Whether a TLS client hello names elliptic curves.";
    "req.ssl_st_ext" Sint REQUEST_BUFFER |e, c| of_hello(e, c, true, |h| {
            let ticket = h.extension(Extension::SessionTicket);
            Some(Sample::Int(ticket.map_or(0, |t| 1 + i64::from(!t.is_empty()))))
        }),
        "Session ticket in a TLS client hello: 0 none, 1 an empty one, 2 one.";
    "req.ssl_cipherlist" Bin CLIENT |e, c| of_hello(e, c, true, |h| Some(Sample::Bin(h.ciphers))),
        "The cipher suites that a TLS client hello offers.";
    "req.ssl_sigalgs" Bin CLIENT
        |e, c| of_hello(e, c, true, |h| h.list(Extension::SignatureAlgorithms).map(Sample::Bin)),
        "The signature algorithms that a TLS client hello offers.";
    "req.ssl_supported_groups" Bin CLIENT
        |e, c| of_hello(e, c, true, |h| h.list(Extension::Groups).map(Sample::Bin)),
        "The groups that a TLS client hello offers.";
    "req.ssl_keyshare_groups" Bin CLIENT |e, c| of_hello(e, c, true, |h| {
            let mut out = e.scratch.buffer();
            h.key_share_groups().for_each(|group| out.extend_from_slice(group));
            (!out.is_empty()).then(|| Sample::Bin(out.into_bump_slice()))
        }),
        "The groups that a TLS client hello brings keys for.";
}

fn version<'a>(e: &Eval<'_>, cursor: &mut Cursor) -> Option<Sample<'a>> {
    let found = tls_hello::version(e.view.request_buffer()?);
    let (major, minor) = decided(found, e, cursor)?;
    Some(Sample::Int(i64::from(major) << 16 | i64::from(minor)))
}

/// The value of the RDP cookie that the argument names.
fn rdp_cookie<'a>(args: &[Arg], e: &Eval<'a>, cursor: &mut Cursor) -> Option<&'a [u8]> {
    let packet = e.view.request_buffer()?;
    let name = Some(text(args, 0)).filter(|n| !n.is_empty());
    let found = rdp::cookie(packet, name);
    cursor.not_yet = found.is_none() && !e.last && !rdp::is_decided(packet);
    found
}

macro_rules! rdp {
    ($name:literal, $count:literal) => {
        [
            Fetch {
                name: $name,
                args: &[Kind::Str],
                required: 0,
                out: Type::Str,
                source: &REQUEST_BUFFER,
                check: None,
                eval: |args, e, c| rdp_cookie(args, e, c).map(Sample::Str),
                doc: "The value of a cookie in the first packet of RDP.",
                examples: &[Example::none($name)],
            },
            Fetch {
                name: $count,
                args: &[Kind::Str],
                required: 0,
                out: Type::Sint,
                source: &REQUEST_BUFFER,
                check: None,
                eval: |args, e, c| {
                    let found = rdp_cookie(args, e, c).is_some();
                    let decided = found || !c.not_yet;
                    // shorter ones have no room for any
                    let room = e.view.request_buffer()?.len() > 18;
                    (decided && room).then(|| Sample::Int(found.into()))
                },
                doc: "Whether the first packet of RDP has a cookie: 0 or 1.",
                examples: &[],
            },
        ]
    };
}

pub(super) static RDP: &[Fetch] = &rdp!("req.rdp_cookie", "req.rdp_cookie_cnt");
pub(super) static OLD_RDP: &[Fetch] = &rdp!("rdp_cookie", "rdp_cookie_cnt");

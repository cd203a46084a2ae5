//! What TLS agreed upon with the client and with the server (manual 7.3.4).

use super::{CLIENT_CONNECTION, Example, Fetch, FetchFn, SERVER_CONNECTION, Source};
use crate::proto::tls_hello::{self, ClientHello, Extension, Found};
use crate::sample::args::{Arg, Kind};
use crate::sample::value::{Sample, Type};
use crate::sample::view::{Eval, TlsFacts};

const fn fetch(
    name: &'static str,
    args: &'static [Kind],
    out: Type,
    source: &'static Source,
    eval: FetchFn,
    doc: &'static str,
) -> Fetch {
    Fetch {
        name,
        args,
        required: 0,
        out,
        source,
        check: None,
        eval,
        doc,
        examples: &[],
    }
}

macro_rules! fetches {
    ($list:ident $source:ident $side:ident:
        $($name:literal $out:ident |$e:ident, $tls:ident| $value:expr, $doc:literal;)*) => {
        pub(super) static $list: &[Fetch] = &[$(Fetch {
            examples: &[Example::none($name)],
            ..fetch($name, &[], Type::$out, &$source, |_, $e, _| {
                let $tls = $e.view.$side()?;
                $value
            }, $doc)
        }),*];
    };
}

fn text(value: Option<&[u8]>) -> Option<Sample<'_>> {
    value.map(Sample::Str)
}

fetches! { FETCHES CLIENT_CONNECTION tls:
    "ssl_fc_sni" Str |_e, tls| tls.sni.as_deref().map(|n| Sample::Str(n.as_bytes())),
        "The name that the client asked for.";
    "ssl_fc_protocol" Str |_e, tls| Some(Sample::Str(tls.version.as_bytes())),
        "The version, such as TLSv1.3.";
    "ssl_fc_cipher" Str |e, tls| cipher(e, tls),
        "The suite of ciphers, by OpenSSL's name.";
    "ssl_fc_alpn" Str |_e, tls| text(tls.alpn.as_deref()),
        "The protocol agreed upon.";
    "ssl_fc_npn" Str |_e, _tls| None,
        "The protocol agreed upon in a way that nobody uses any more.";
    "ssl_fc_alg_keysize" Sint |_e, tls| key_size(tls),
        "Bits of the cipher's key.";
    "ssl_fc_use_keysize" Sint |_e, tls| key_size(tls),
        "Bits of the cipher's key in use.";
    "ssl_fc_curve" Str |_e, tls| group(tls),
        "The group that keys were agreed upon with, by OpenSSL's name.";
    "ssl_fc_crtname" Str |_e, tls| tls.file.as_deref().map(|f| Sample::Str(f.as_bytes())),
        "The name of the certificate's file.";
    "ssl_fc_has_early" Bool |_e, _tls| Some(Sample::Bool(false)),
        "Whether the request came before the handshake was over: hapax takes none.";
    "ssl_fc_early_rcvd" Bool |_e, _tls| Some(Sample::Bool(false)),
        "Whether data came before the handshake was over: hapax takes none.";
    "ssl_fc_err" Sint |_e, _tls| Some(Sample::Int(0)),
        "What went wrong in the handshake: nothing, where a connection stands.";
    "ssl_fc_client_random" Bin |_e, tls| client_random(tls).map(Sample::Bin),
        "The random number of the client's hello.";
    "ssl_fc_has_crt" Bool |_e, tls| Some(Sample::Bool(tls.certificate.is_some() && !tls.resumed)),
        "Whether the client showed a certificate on this very connection.";
    "ssl_c_used" Bool |_e, tls| Some(Sample::Bool(tls.certificate.is_some())),
        "Whether the client showed a certificate.";
    "ssl_c_verify" Sint |_e, tls| Some(Sample::Int(tls.verify.into())),
        "What is wrong with the client's certificate, by OpenSSL's number; 0: nothing.";
    "ssl_c_err" Sint |_e, tls| Some(Sample::Int(tls.own_error.into())),
        "What was found first of the client's certificate itself.";
    "ssl_c_ca_err" Sint |_e, tls| Some(Sample::Int(tls.above_error.into())),
        "What was found first of a certificate above the client's.";
    "ssl_c_ca_err_depth" Sint |_e, tls| Some(Sample::Int(tls.above_depth.into())),
        "How far above the client's certificate that was.";
    "ssl_fc_protocol_hello_id" Sint |_e, tls| {
        let hello = tls.hello.as_deref()?;
        let Found::Yes((major, minor)) = tls_hello::version(hello) else {
            return None;
        };
        Some(Sample::Int(i64::from(major) << 8 | i64::from(minor)))
    },
        "The version in the client's hello (tune.ssl.capture-buffer-size).";
    "ssl_fc_cipherlist_xxh" Sint |_e, tls| {
        let list = cut(hello(tls)?.ciphers, tls);
        Some(Sample::Int(xxhash_rust::xxh64::xxh64(list, 0).cast_signed()))
    },
        "A hash of the suites in the client's hello (tune.ssl.capture-buffer-size).";
}

fetches! { SERVERS SERVER_CONNECTION server_tls:
    "ssl_bc" Bool |_e, _tls| Some(Sample::Bool(true)),
        "Whether the server is spoken to in TLS.";
    "ssl_bc_protocol" Str |_e, tls| Some(Sample::Str(tls.version.as_bytes())),
        "The version spoken with the server.";
    "ssl_bc_cipher" Str |e, tls| cipher(e, tls),
        "The suite of ciphers agreed upon with the server, by OpenSSL's name.";
    "ssl_bc_alpn" Str |_e, tls| text(tls.alpn.as_deref()),
        "The protocol agreed upon with the server.";
    "ssl_bc_npn" Str |_e, _tls| None,
        "The protocol agreed upon in a way that nobody uses any more.";
    "ssl_bc_alg_keysize" Sint |_e, tls| key_size(tls),
        "Bits of the cipher's key.";
    "ssl_bc_use_keysize" Sint |_e, tls| key_size(tls),
        "Bits of the cipher's key in use.";
    "ssl_bc_is_resumed" Bool |_e, tls| Some(Sample::Bool(tls.resumed)),
        "Whether the session with the server was resumed.";
    "ssl_bc_curve" Str |_e, tls| group(tls),
        "The group that keys were agreed upon with, by OpenSSL's name.";
    "ssl_bc_err" Sint |_e, _tls| Some(Sample::Int(0)),
        "What went wrong in the handshake: nothing, where a connection stands.";
    "ssl_bc_client_random" Bin |_e, tls| client_random(tls).map(Sample::Bin),
        "The random number of the own hello (tune.ssl.keylog).";
}

/// The name of the connection's suite of ciphers, as OpenSSL calls it.
pub fn cipher<'a>(_: &Eval<'a>, tls: &'a TlsFacts) -> Option<Sample<'a>> {
    Some(Sample::Str(tls.suite_name()?.as_bytes()))
}

fn key_size<'a>(tls: &TlsFacts) -> Option<Sample<'a>> {
    let small = tls.suite_name()?.contains("128");
    Some(Sample::Int(if small { 128 } else { 256 }))
}

fn group<'a>(tls: &TlsFacts) -> Option<Sample<'a>> {
    (!tls.group.is_empty()).then_some(Sample::Str(tls.group.as_bytes()))
}

fn client_random(tls: &TlsFacts) -> Option<&[u8]> {
    let own = tls.client_random.as_ref().map(|r| &r[..]);
    own.or_else(|| secret(tls, ""))
}

fn secret<'a>(tls: &'a TlsFacts, label: &str) -> Option<&'a [u8]> {
    let found = tls.secrets.iter().find(|(l, _)| **l == *label);
    found.map(|(_, secret)| &**secret)
}

fn hello(tls: &TlsFacts) -> Option<ClientHello<'_>> {
    match tls_hello::client_hello(tls.hello.as_deref()?, true) {
        Found::Yes(hello) => Some(hello),
        _ => None,
    }
}

/// As much of a list as `tune.ssl.capture-buffer-size` lets be seen.
fn cut<'a>(list: &'a [u8], tls: &TlsFacts) -> &'a [u8] {
    list.get(..tls.capture).unwrap_or(list)
}

/// A list of two-byte numbers; with the argument 1 without those that mean nothing (RFC 8701).
fn numbers<'a>(
    args: &[Arg],
    e: &Eval<'a>,
    of: impl FnOnce(&ClientHello<'a>) -> Option<&'a [u8]>,
) -> Option<&'a [u8]> {
    let tls = e.view.tls()?;
    let list = cut(of(&hello(tls)?)?, tls);
    if !matches!(args.first(), Some(Arg::Int(1))) {
        return Some(list);
    }
    let means = |pair: &&[u8]| !matches!(pair, [a, b] if a == b && a & 0x0f == 0x0a);
    let kept = list.chunks(2).filter(means).flatten().copied();
    Some(e.scratch.copy(&kept.collect::<Vec<u8>>()))
}

macro_rules! lists {
    ($($name:literal $out:ident |$h:ident| $list:expr, $doc:literal;)*) => {
        pub(super) static LISTS: &[Fetch] = &[$(
            fetch($name, &[Kind::Int], Type::$out, &CLIENT_CONNECTION, |args, e, _| {
                numbers(args, e, |$h| $list).map(Sample::Bin)
            }, $doc)
        ),*, fetch("ssl_fc_extlist_bin", &[Kind::Int], Type::Str, &CLIENT_CONNECTION,
            |args, e, _| {
                let all = e.scratch.copy(&hello(e.view.tls()?)?.extension_numbers());
                numbers(args, e, |_| Some(all)).map(Sample::Bin)
            },
            "The extensions of the client's hello."),
        fetch("ssl_fc_ecformats_bin", &[], Type::Str, &CLIENT_CONNECTION, |_, e, _| {
            let tls = e.view.tls()?;
            let list = hello(tls)?.extension(Extension::PointFormats)?;
            Some(Sample::Bin(cut(list.get(1..)?, tls)))
        }, "The point formats in the client's hello."),
        fetch("ssl_fc_cipherlist_hex", &[Kind::Int], Type::Bin, &CLIENT_CONNECTION,
            |args, e, _| {
                let list = numbers(args, e, |h| Some(h.ciphers))?;
                let text = crate::proto::x509::text::hex(list);
                Some(Sample::Str(e.scratch.copy(text.as_bytes())))
            },
            "The suites in the client's hello, in hexadecimal digits."),
        ];
    };
}

lists! {
    "ssl_fc_cipherlist_bin" Str |h| Some(h.ciphers),
        "The suites in the client's hello.";
    "ssl_fc_eclist_bin" Str |h| h.list(Extension::Groups),
        "The groups in the client's hello.";
    "ssl_fc_sigalgs_bin" Bin |h| h.list(Extension::SignatureAlgorithms),
        "The signature algorithms in the client's hello.";
    "ssl_fc_supported_versions_bin" Bin |h| {
        let list = h.extension(Extension::SupportedVersions)?;
        list.get(1..)
    },
        "The versions in the client's hello.";
}

macro_rules! secrets {
    ($($client:literal $server:literal $label:literal;)*) => {
        pub(super) static SECRETS: &[Fetch] = &[$(
            fetch($client, &[], Type::Str, &CLIENT_CONNECTION, |_, e, _| {
                shown(e, e.view.tls()?, $label)
            }, "A secret of the connection with the client (tune.ssl.keylog)."),
            fetch($server, &[], Type::Str, &CLIENT_CONNECTION, |_, e, _| {
                shown(e, e.view.server_tls()?, $label)
            }, "A secret of the connection with the server (tune.ssl.keylog)."),
        )*];
    };
}

/// A secret in hexadecimal digits, lower case.
fn shown<'a>(e: &Eval<'a>, tls: &TlsFacts, label: &str) -> Option<Sample<'a>> {
    let text = crate::proto::x509::text::hex(secret(tls, label)?).to_ascii_lowercase();
    Some(Sample::Str(e.scratch.copy(text.as_bytes())))
}

secrets! {
    "ssl_fc_client_early_traffic_secret" "ssl_bc_client_early_traffic_secret"
        "CLIENT_EARLY_TRAFFIC_SECRET";
    "ssl_fc_client_handshake_traffic_secret" "ssl_bc_client_handshake_traffic_secret"
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
    "ssl_fc_server_handshake_traffic_secret" "ssl_bc_server_handshake_traffic_secret"
        "SERVER_HANDSHAKE_TRAFFIC_SECRET";
    "ssl_fc_client_traffic_secret_0" "ssl_bc_client_traffic_secret_0"
        "CLIENT_TRAFFIC_SECRET_0";
    "ssl_fc_server_traffic_secret_0" "ssl_bc_server_traffic_secret_0"
        "SERVER_TRAFFIC_SECRET_0";
    "ssl_fc_exporter_secret" "ssl_bc_exporter_secret" "EXPORTER_SECRET";
    "ssl_fc_early_exporter_secret" "ssl_bc_early_exporter_secret" "EARLY_EXPORTER_SECRET";
}

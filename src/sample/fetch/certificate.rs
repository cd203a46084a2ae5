//! Certificates: the client's (`ssl_c_`), the one shown to it (`ssl_f_`), the server's (`ssl_s_`)
//! (manual 7.3.4).

use super::{CLIENT_CONNECTION, Example, Fetch};
use crate::proto::x509::{self, X509Certificate, chain, name, ocsp, text};
use crate::sample::args::{Arg, Kind};
use crate::sample::value::{Sample, Type};
use crate::sample::view::Eval;
use sha1::Digest;
use x509_parser::prelude::X509Name;

type Find = for<'a> fn(&Eval<'a>) -> Option<&'a [u8]>;

fn client<'a>(e: &Eval<'a>) -> Option<&'a [u8]> {
    e.view.tls()?.certificate.as_deref()
}

fn own<'a>(e: &Eval<'a>) -> Option<&'a [u8]> {
    let first = e.view.tls()?.own.as_ref()?.cert.first();
    first.map(|der| der.as_ref())
}

fn server<'a>(e: &Eval<'a>) -> Option<&'a [u8]> {
    e.view.server_tls()?.certificate.as_deref()
}

fn parsed<'a>(e: &Eval<'a>, find: Find) -> Option<X509Certificate<'a>> {
    x509::parse(find(e)?)
}

const DN: &[Kind] = &[Kind::Str, Kind::Int, Kind::Str];

macro_rules! of {
    ($prefix:literal $name:literal, [], $out:ident, |$a:pat_param, $e:ident| $value:expr, $doc:literal) => {
        Fetch {
            name: concat!($prefix, $name),
            args: &[],
            required: 0,
            out: Type::$out,
            source: &CLIENT_CONNECTION,
            check: None,
            eval: |$a, $e, _| $value,
            doc: $doc,
            examples: &[Example::none(concat!($prefix, $name))],
        }
    };
}
macro_rules! certificates {
    ($list:ident $find:ident $prefix:literal) => {
        pub(super) static $list: &[Fetch] = &[
    of!($prefix "der", [], Bin, |_, e| $find(e).map(Sample::Bin),
                "The certificate in DER."),
    of!($prefix "sha1", [], Bin, |_, e| {
                Some(Sample::Bin(e.scratch.copy(&sha1::Sha1::digest($find(e)?))))
            }, "The SHA-1 fingerprint of the certificate."),
    of!($prefix "serial", [], Bin, |_, e| {
                let c = parsed(e, $find)?;
                Some(Sample::Bin(e.scratch.copy(text::serial(c.raw_serial()))))
            }, "The serial number of the certificate."),
    of!($prefix "version", [], Sint, |_, e| {
                Some(Sample::Int(i64::from(parsed(e, $find)?.version().0) + 1))
            }, "The version of the certificate: 1 or 3."),
    of!($prefix "notbefore", [], Str, |_, e| {
                let date = text::compact_time(parsed(e, $find)?.validity().not_before)?;
                Some(Sample::Str(e.scratch.copy(date.as_bytes())))
            }, "When the certificate begins to be valid, YYMMDDhhmmss[Z]."),
    of!($prefix "notafter", [], Str, |_, e| {
                let date = text::compact_time(parsed(e, $find)?.validity().not_after)?;
                Some(Sample::Str(e.scratch.copy(date.as_bytes())))
            }, "When the certificate ends to be valid."),
    of!($prefix "key_alg", [], Str, |_, e| {
                let name = text::key_algorithm(&parsed(e, $find)?)?;
                Some(Sample::Str(name.as_bytes()))
            }, "The kind of key of the certificate, by OpenSSL's name."),
    of!($prefix "sig_alg", [], Str, |_, e| {
                let c = parsed(e, $find)?;
                let oid = c.signature_algorithm.algorithm.to_id_string();
                Some(Sample::Str(text::signature(&oid, false)?.as_bytes()))
            }, "How the certificate is signed, by OpenSSL's name."),
            Fetch {
                args: DN,
        ..of!($prefix "s_dn", [], Str, |a, e| {
                    let c = parsed(e, $find)?;
                    distinguished(c.subject(), a, e)
                }, "The subject of the certificate, or one of its entries.")
            },
            Fetch {
                args: DN,
        ..of!($prefix "i_dn", [], Str, |a, e| {
                    let c = parsed(e, $find)?;
                    distinguished(c.issuer(), a, e)
                }, "The issuer of the certificate, or one of its entries.")
            },
        ];
    };
}

certificates! { CLIENTS client "ssl_c_" }
certificates! { OWN own "ssl_f_" }
certificates! { SERVERS server "ssl_s_" }

pub(super) static CHAINS: &[Fetch] = &[
    of!("ssl_c_" "chain_der", [], Bin, |_, e| {
        let tls = e.view.tls()?;
        client(e)?;
        Some(Sample::Bin(e.scratch.copy(&tls.intermediates.concat())))
    }, "What the client sent along with its certificate, in DER."),
    of!("ssl_s_" "chain_der", [], Bin, |_, e| {
        let tls = e.view.server_tls()?;
        let whole = [server(e)?, &tls.intermediates.concat()].concat();
        Some(Sample::Bin(e.scratch.copy(&whole)))
    }, "The server's certificate and what it sent along, in DER."),
    of!("ssl_c_" "san", [], Str, |_, e| {
        let names = text::alternative_names(&parsed(e, client)?);
        (!names.is_empty()).then(|| Sample::Str(e.scratch.copy(names.as_bytes())))
    }, "The alternative names of the client's certificate."),
    Fetch {
        args: DN,
        ..of!("ssl_c_" "r_dn", [], Str, |a, e| {
            let tls = e.view.tls()?;
            let sent: Vec<&[u8]> = tls.intermediates.iter().map(|c| &**c).collect();
            let trust = tls.trust.as_deref()?;
            let root = chain::root(trust, client(e)?, &sent, ocsp::now())?;
            let root = x509::parse(root)?;
            distinguished(root.subject(), a, e)
        }, "The subject of the root that the client's certificate leads to.")
    },
];

/// `/C=FR/O=HAProxy/CN=client`, the entry of an attribute (`CN`, or its n-th, counted from the
/// end when negative), or with `rfc2253` the whole in that form.
fn distinguished<'a>(dn: &X509Name<'_>, args: &'a [Arg], e: &Eval<'a>) -> Option<Sample<'a>> {
    let wanted = args.first().map(Arg::bytes).unwrap_or_default();
    if !wanted.is_empty() {
        let at = match args.get(1) {
            Some(Arg::Int(n)) => *n,
            _ => 1,
        };
        let entries = name::entries(dn);
        let mut same = entries.iter().filter(|(n, _)| n.as_bytes() == wanted);
        let index = |n: i64| usize::try_from(n.unsigned_abs().saturating_sub(1)).ok();
        let found = match at < 0 {
            true => same.rev().nth(index(at)?),
            false => same.nth(index(at.max(1))?),
        };
        return Some(Sample::Str(e.scratch.copy(found?.1)));
    }
    let whole = match args.get(2).map(Arg::bytes) {
        Some(b"rfc2253") => name::rfc2253(dn),
        _ => name::one_line(dn),
    };
    Some(Sample::Str(e.scratch.copy(&whole)))
}

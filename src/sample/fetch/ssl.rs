//! What TLS agreed upon with the client (manual 7.3.4).

use super::{CLIENT_CONNECTION, Example, Fetch};
use crate::sample::args::Arg;
use crate::sample::value::{Sample, Type};
use crate::sample::view::{Eval, TlsFacts};
use sha1::Digest;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};

macro_rules! fetches {
    ($($name:literal $out:ident |$e:ident, $tls:ident| $value:expr, $doc:literal;)*) => {
        pub(super) static FETCHES: &[Fetch] = &[$(Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::$out,
            source: &CLIENT_CONNECTION,
            check: None,
            eval: |_, $e, _| {
                let $tls = $e.view.tls()?;
                $value
            },
            doc: $doc,
            examples: &[Example::none($name)],
        }),*];
    };
}

macro_rules! certificate {
    ($name:literal $out:ident |$e:ident, $c:ident| $value:expr, $doc:literal) => {
        Fetch {
            name: $name,
            args: &[],
            required: 0,
            out: Type::$out,
            source: &CLIENT_CONNECTION,
            check: None,
            eval: |_, $e, _| {
                let $c = parsed($e)?;
                $value
            },
            doc: $doc,
            examples: &[Example::none($name)],
        }
    };
}

fetches! {
    "ssl_fc_sni" Str |_e, tls| tls.sni.as_deref().map(|n| Sample::Str(n.as_bytes())),
        "The name that the client asked for.";
    "ssl_fc_has_sni" Bool |_e, tls| Some(Sample::Bool(tls.sni.is_some())),
        "Whether the client asked for a name.";
    "ssl_fc_protocol" Str |_e, tls| Some(Sample::Str(tls.version.as_bytes())),
        "The version, such as TLSv1.3.";
    "ssl_fc_cipher" Str |e, tls| cipher(e, tls),
        "The suite of ciphers, by OpenSSL's name.";
    "ssl_fc_alpn" Str |_e, tls| tls.alpn.as_deref().map(Sample::Str),
        "The protocol agreed upon.";
    "ssl_fc_alg_keysize" Sint |_e, tls| key_size(tls),
        "Bits of the cipher's key.";
    "ssl_fc_use_keysize" Sint |_e, tls| key_size(tls),
        "Bits of the cipher's key in use.";
    "ssl_fc_is_resumed" Bool |_e, tls| Some(Sample::Bool(tls.resumed)),
        "Whether the session was resumed.";
    "ssl_fc_has_crt" Bool |_e, tls| Some(Sample::Bool(tls.certificate.is_some() && !tls.resumed)),
        "Whether the client showed a certificate on this very connection.";
    "ssl_c_used" Bool |_e, tls| Some(Sample::Bool(tls.certificate.is_some())),
        "Whether the client showed a certificate.";
    "ssl_c_verify" Sint |_e, tls| Some(Sample::Int(tls.verify.into())),
        "What is wrong with the client's certificate, by OpenSSL's number; 0: nothing.";
    "ssl_c_err" Sint |_e, tls| Some(Sample::Int(tls.verify.into())),
        "What is wrong with the client's certificate or one above it.";
    "ssl_c_ca_err" Sint |_e, tls| Some(Sample::Int(tls.verify.into())),
        "As ssl_c_err: where in the chain the error is cannot be told, so that a rule refuses rather more.";
    "ssl_c_der" Bin |_e, tls| tls.certificate.as_deref().map(Sample::Bin),
        "The client's certificate in DER.";
    "ssl_c_sha1" Bin |e, tls| {
        let der = tls.certificate.as_deref()?;
        Some(Sample::Bin(e.scratch.copy(&sha1::Sha1::digest(der))))
    },
        "The SHA-1 fingerprint of the client's certificate.";
}

pub(super) static CERTIFICATES: &[Fetch] = &[
    certificate!("ssl_c_serial" Bin |e, c| Some(Sample::Bin(e.scratch.copy(c.raw_serial()))),
        "The serial number of the client's certificate."),
    certificate!("ssl_c_version" Sint |_e, c| Some(Sample::Int(i64::from(c.version().0) + 1)),
        "The version of the client's certificate: 1 or 3."),
    certificate!("ssl_c_notbefore" Str |e, c| date(e, c.validity().not_before),
        "When the client's certificate begins to be valid, YYMMDDhhmmss[Z]."),
    certificate!("ssl_c_notafter" Str |e, c| date(e, c.validity().not_after),
        "When the client's certificate ends to be valid."),
    certificate!("ssl_c_key_alg" Str |_e, c| {
        Some(Sample::Str(match c.public_key().algorithm.algorithm.to_id_string().as_str() {
            "1.2.840.113549.1.1.1" => b"rsaEncryption",
            "1.2.840.10045.2.1" => b"id-ecPublicKey",
            "1.3.101.112" => b"ED25519",
            _ => return None,
        }))
    }, "The kind of key of the client's certificate, by OpenSSL's name."),
    certificate!("ssl_c_sig_alg" Str |_e, c| {
        signature_name(&c).map(|n| Sample::Str(n.as_bytes()))
    }, "How the client's certificate is signed, by OpenSSL's name."),
    name(
        "ssl_c_s_dn",
        |a, e, _| {
            let c = parsed(e)?;
            distinguished(c.subject(), a, e)
        },
        "The subject of the client's certificate, or one of its entries.",
    ),
    name(
        "ssl_c_i_dn",
        |a, e, _| {
            let c = parsed(e)?;
            distinguished(c.issuer(), a, e)
        },
        "The issuer of the client's certificate, or one of its entries.",
    ),
];

const fn name(name: &'static str, eval: super::FetchFn, doc: &'static str) -> Fetch {
    use crate::sample::args::Kind::{Int, Str};
    Fetch {
        name,
        args: &[Str, Int, Str],
        required: 0,
        out: Type::Str,
        source: &CLIENT_CONNECTION,
        check: None,
        eval,
        doc,
        examples: &[],
    }
}

fn parsed<'a>(e: &Eval<'a>) -> Option<X509Certificate<'a>> {
    let der = e.view.tls()?.certificate.as_deref()?;
    X509Certificate::from_der(der).ok().map(|(_, c)| c)
}

/// The name of the connection's suite of ciphers, as OpenSSL calls it.
pub fn cipher<'a>(_: &Eval<'a>, tls: &'a TlsFacts) -> Option<Sample<'a>> {
    Some(Sample::Str(tls.suite_name()?.as_bytes()))
}

fn key_size<'a>(tls: &TlsFacts) -> Option<Sample<'a>> {
    let small = tls.suite_name()?.contains("128");
    Some(Sample::Int(if small { 128 } else { 256 }))
}

/// As in the certificate: two digits of the year until 2049.
fn date<'a>(e: &Eval<'a>, time: x509_parser::time::ASN1Time) -> Option<Sample<'a>> {
    let d = crate::base::clock::civil(u64::try_from(time.timestamp()).ok()?);
    let year = match d.year {
        1950..2050 => format!("{:02}", d.year % 100),
        year => format!("{year:04}"),
    };
    let text = format!(
        "{year}{:02}{:02}{:02}{:02}{:02}Z",
        d.month, d.day, d.hour, d.minute, d.second
    );
    Some(Sample::Str(e.scratch.copy(text.as_bytes())))
}

/// OpenSSL's name of how a certificate is signed.
pub fn signature_name(c: &X509Certificate<'_>) -> Option<&'static str> {
    let id = c.signature_algorithm.algorithm.to_id_string();
    Some(match id.as_str() {
        "1.2.840.113549.1.1.5" => "RSA-SHA1",
        "1.2.840.113549.1.1.11" => "RSA-SHA256",
        "1.2.840.113549.1.1.12" => "RSA-SHA384",
        "1.2.840.113549.1.1.13" => "RSA-SHA512",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.3.101.112" => "ED25519",
        _ => return None,
    })
}

/// The key of a certificate by kind and bits, as HAProxy writes it (`RSA2048`, `EC256`).
pub fn key_name(c: &X509Certificate<'_>) -> Option<String> {
    use x509_parser::public_key::PublicKey;
    let key = c.public_key().parsed().ok()?;
    let bits = key.key_size();
    match key {
        PublicKey::RSA(_) => Some(format!("RSA{bits}")),
        PublicKey::EC(_) => Some(format!("EC{bits}")),
        PublicKey::DSA(_) => Some(format!("DSA{bits}")),
        _ => None,
    }
}

/// OpenSSL's short name of an attribute.
fn short_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "street",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "title",
        "2.5.4.42" => "GN",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        _ => return None,
    })
}

/// `/C=FR/O=HAProxy/CN=client`, the entry of an attribute (`CN`, or its n-th, counted from the
/// end when negative), or with `rfc2253` the whole in that form.
fn distinguished<'a>(name: &X509Name<'_>, args: &'a [Arg], e: &Eval<'a>) -> Option<Sample<'a>> {
    let entries: Vec<(String, &[u8])> = name
        .iter_attributes()
        .map(|a| {
            let oid = a.attr_type().to_id_string();
            let short = short_name(&oid).map_or(oid, str::to_owned);
            (short, a.as_slice())
        })
        .collect();
    let wanted = args.first().map(Arg::bytes).unwrap_or_default();
    let mut out = e.scratch.buffer();
    if !wanted.is_empty() {
        let at = match args.get(1) {
            Some(Arg::Int(n)) => *n,
            _ => 1,
        };
        let mut same = entries.iter().filter(|(n, _)| n.as_bytes() == wanted);
        let index = |n: i64| usize::try_from(n.unsigned_abs().saturating_sub(1)).ok();
        let found = if at < 0 {
            same.rev().nth(index(at)?)
        } else {
            same.nth(index(at.max(1))?)
        };
        out.extend_from_slice(found?.1);
    } else if args.get(2).map(Arg::bytes) == Some(b"rfc2253") {
        for (i, (short, value)) in entries.iter().rev().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            out.extend_from_slice(short.as_bytes());
            out.push(b'=');
            out.extend_from_slice(value);
        }
    } else {
        for (short, value) in &entries {
            out.push(b'/');
            out.extend_from_slice(short.as_bytes());
            out.push(b'=');
            out.extend_from_slice(value);
        }
    }
    Some(Sample::Str(out.into_bump_slice()))
}

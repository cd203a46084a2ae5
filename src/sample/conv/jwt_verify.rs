//! `jwt_verify`, `jwt_verify_cert`: signatures of JSON Web Tokens (manual 7.3.1; RFC 7515,
//! RFC 7518 section 3).

use super::encodings::from_base64_url;
use super::{Conv, Example};
use crate::sample::args::{Arg, Kind, text};
use crate::sample::compile::Compile;
use crate::sample::keys::{Signature, Wanted, WantedKind};
use crate::sample::value::{Sample, Type};
use crate::sample::vars;
use crate::sample::view::Eval;
use hmac::{Hmac, Mac};
use sha2::{Sha256, Sha384, Sha512};

/// What is found wrong, by HAProxy's numbers.
const UNKNOWN_ALGORITHM: i64 = -1;
const UNMANAGED_ALGORITHM: i64 = -2;
const INVALID_TOKEN: i64 = -3;
const UNKNOWN_KEY: i64 = -5;
const UNAVAILABLE: i64 = -7;

/// How a token is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    None,
    Hmac(u16),
    Key(Signature),
}

fn algorithm(name: &[u8]) -> Option<Algorithm> {
    if name == b"none" {
        return Some(Algorithm::None);
    }
    let (kind, bits) = name.split_at_checked(2)?;
    let bits = match bits {
        b"256" => 256,
        b"384" => 384,
        b"512" => 512,
        _ => return None,
    };
    Some(match kind {
        b"HS" => Algorithm::Hmac(bits),
        b"RS" => Algorithm::Key(Signature::Rsa(bits)),
        b"PS" => Algorithm::Key(Signature::RsaPss(bits)),
        b"ES" => Algorithm::Key(Signature::Ec(bits)),
        _ => return None,
    })
}

pub(super) static CONVS: &[Conv] = &[
    Conv {
        name: "jwt_verify",
        args: &[Kind::Str, Kind::Str],
        required: 2,
        input: Type::Bin,
        out: Type::Sint,
        check: Some(|args, cx| prepare(args, cx, false)),
        eval: |args, v, e| verify(args, v, e, false).map(Sample::Int),
        doc: "Whether the signature of a token holds: 1, 0, or what is wrong with token or key. \
              The algorithm and the secret or the file of the public key are constants or \
              variables.",
        examples: &[
            Example::of(
                "str(eyJhbGciOiJIUzI1NiJ9.e30.XmNK3GpH3Ys_7wsYBfq4C3M6goz71I7dTgUkuIa5lyQ),\
                 jwt_verify(HS256,secret)",
                "1",
            ),
            Example::of("str(a.b.YWJj),jwt_verify(HS256,secret)", "0"),
            Example::none("str(a.b.YWJj),jwt_verify(txn.none,secret)"),
        ],
    },
    Conv {
        name: "jwt_verify_cert",
        args: &[Kind::Str, Kind::Str],
        required: 2,
        input: Type::Bin,
        out: Type::Sint,
        check: Some(|args, cx| prepare(args, cx, true)),
        eval: |args, v, e| verify(args, v, e, true).map(Sample::Int),
        doc: "As jwt_verify, with the public key of a certificate.",
        examples: &[Example::none(
            "str(a.b.YWJj),jwt_verify_cert(RS256,txn.none)",
        )],
    },
];

/// Names of variables become variables; files are noted for `plan`.
fn prepare(args: &mut Vec<Arg>, cx: &mut Compile<'_>, certificate: bool) -> Result<(), String> {
    let name = text(args, 0).to_vec();
    let known = match vars::intern(&name) {
        Ok((scope, id)) => {
            if let Some(arg) = args.first_mut() {
                *arg = Arg::Var(scope, id);
            }
            None
        }
        Err(_) => match algorithm(&name) {
            Some(Algorithm::Hmac(_)) if certificate => {
                return Err("HMAC-signed tokens can't be processed by this converter".into());
            }
            Some(known) => Some(known),
            None => {
                return Err(format!("unknown JWT algorithm: {}", bstr::BStr::new(&name)));
            }
        },
    };
    if let Ok((scope, id)) = vars::intern(text(args, 1)) {
        if let Some(arg) = args.get_mut(1) {
            *arg = Arg::Var(scope, id);
        }
    } else if !matches!(known, Some(Algorithm::Hmac(_))) {
        cx.keys.want(Wanted {
            name: bstr::BStr::new(text(args, 1)).to_string(),
            span: cx.span,
            kind: match certificate {
                true => WantedKind::Certificate,
                false => WantedKind::Public {
                    required: known.is_some(),
                },
            },
            context: cx.context.clone(),
        });
    }
    args.push(Arg::Keys(cx.keys.clone()));
    Ok(())
}

/// The text of a prepared argument.
pub(super) fn word<'a>(arg: Option<&'a Arg>, e: &Eval<'a>) -> Option<&'a [u8]> {
    match arg? {
        Arg::Str(s) => Some(s),
        Arg::Var(scope, id) => match vars::read(e, *scope, *id)?.cast(Type::Str, e.scratch)? {
            Sample::Str(s) => Some(s),
            _ => None,
        },
        _ => None,
    }
}

fn verify<'a>(args: &'a [Arg], v: Sample<'a>, e: &Eval<'a>, certificate: bool) -> Option<i64> {
    let Sample::Bin(token) = v else { return None };
    let name = word(args.first(), e)?;
    let key = word(args.get(1), e)?;
    let Some(Arg::Keys(keys)) = args.get(2) else {
        return None;
    };
    let Some(algorithm) = algorithm(name) else {
        return Some(UNKNOWN_ALGORITHM);
    };
    let mut dots = memchr::memchr_iter(b'.', token);
    let (Some(_), Some(last), None) = (dots.next(), dots.next(), dots.next()) else {
        return Some(INVALID_TOKEN);
    };
    let (signed, rest) = token.split_at(last);
    let encoded = rest.get(1..).unwrap_or_default();
    if algorithm == Algorithm::None {
        return Some(if encoded.is_empty() { 1 } else { INVALID_TOKEN });
    }
    let mut signature = e.scratch.buffer();
    if encoded.is_empty() || from_base64_url(encoded, &mut |b| signature.push(b)).is_none() {
        return Some(INVALID_TOKEN);
    }
    let by = match algorithm {
        Algorithm::None => return None,
        Algorithm::Hmac(_) if certificate => return Some(UNMANAGED_ALGORITHM),
        Algorithm::Hmac(bits) => {
            let whole = signature.len() == usize::from(bits / 8);
            let same = whole
                && match bits {
                    256 => is_mac::<Hmac<Sha256>>(key, signed, &signature),
                    384 => is_mac::<Hmac<Sha384>>(key, signed, &signature),
                    _ => is_mac::<Hmac<Sha512>>(key, signed, &signature),
                };
            return Some(same.into());
        }
        Algorithm::Key(Signature::Ec(bits)) => {
            // two numbers of the curve's length (RFC 7518 section 3.4)
            let length = if bits == 512 {
                132
            } else {
                usize::from(bits / 4)
            };
            if signature.len() != length {
                return Some(INVALID_TOKEN);
            }
            Signature::Ec(bits)
        }
        Algorithm::Key(by) => by,
    };
    Some(match certificate {
        true => match keys.certificate(key) {
            None => UNKNOWN_KEY,
            Some(found) if !found.usable => UNAVAILABLE,
            Some(found) => match &found.public {
                Some(key) => key.verifies(by, signed, &signature).into(),
                None => UNKNOWN_KEY,
            },
        },
        false => match keys.public(key) {
            Some(key) => key.verifies(by, signed, &signature).into(),
            None => UNKNOWN_KEY,
        },
    })
}

/// Whether a MAC (RFC 2104) is that of a text under a key.
pub(super) fn is_mac<M: Mac + hmac::digest::KeyInit>(key: &[u8], text: &[u8], mac: &[u8]) -> bool {
    let Ok(mut made) = <M as Mac>::new_from_slice(key) else {
        return false;
    };
    made.update(text);
    made.verify_truncated_left(mac).is_ok()
}

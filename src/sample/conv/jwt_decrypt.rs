//! `jwt_decrypt_secret`, `jwt_decrypt_cert`, `jwt_decrypt_jwk`: encrypted JSON Web Tokens (manual
//! 7.3.1; RFC 7516, RFC 7518 sections 4 and 5).

use super::aes::{Gcm, decrypt_cbc};
use super::encodings::from_base64_url;
use super::json_query::string_at;
use super::jwt_verify::{is_mac, word};
use super::{Conv, Example, keyed};
use crate::sample::args::{Arg, Kind, text};
use crate::sample::compile::Compile;
use crate::sample::keys::{CURVES, Keys, PrivateKey, Wanted, WantedKind};
use crate::sample::value::{Sample, Type};
use crate::sample::vars;
use crate::sample::view::Eval;
use ::aes::cipher::{BlockDecrypt, BlockSizeUser, KeyInit, consts::U16};
use ::aes::{Aes128, Aes192, Aes256};
use aws_lc_rs::agreement::{self, UnparsedPublicKey};
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey,
};
use hmac::Hmac;
use sha2::{Digest, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

/// What a token is decrypted with.
enum Key<'a> {
    Secret(&'a [u8]),
    /// Of a JSON Web Key.
    Octets(Vec<u8>),
    Private(PrivateKey),
}

impl Key<'_> {
    fn secret(&self) -> Option<&[u8]> {
        match self {
            Key::Secret(secret) => Some(secret),
            Key::Octets(secret) => Some(secret),
            Key::Private(_) => None,
        }
    }
}

macro_rules! conv {
    ($name:literal, $prepare:expr, $key:expr, $doc:literal, [$($example:expr),*]) => {
        Conv {
            name: $name,
            args: &[Kind::Str],
            required: 1,
            input: Type::Bin,
            out: Type::Bin,
            check: Some(|args, cx| {
                $prepare(args, cx)?;
                args.push(Arg::Keys(cx.keys.clone()));
                Ok(())
            }),
            eval: |args, v, e| {
                let Sample::Bin(token) = v else { return None };
                let Some(Arg::Keys(keys)) = args.get(1) else {
                    return None;
                };
                let key = $key(args, keys, e)?;
                let content = decrypt(token, &key, keys)?;
                Some(Sample::Bin(e.scratch.copy(&content)))
            },
            doc: $doc,
            examples: &[$($example),*],
        }
    };
}

pub(super) static CONVS: &[Conv] = &[
    conv!(
        "jwt_decrypt_secret",
        prepare_secret,
        secret,
        "The content of an encrypted token, by a secret in base64 or a variable that holds one.",
        [
            Example::of(
                "str(eyJhbGciOiAiZGlyIiwgImVuYyI6ICJBMjU2R0NNIn0..hxCk0nP4aVNpgfb7.inlyAZtUzDCTpD_9iuWx.Pyu90cmgkXenMIVu9RUp8w),\
                 jwt_decrypt_secret(ZMpktzGq1g6/r4fKVdnx9OaYr4HjxPjIs7l7SwAsgsg=)",
                "Setec Astronomy"
            ),
            Example::none("str(a.b.c.d.e),jwt_decrypt_secret(YWJj)")
        ]
    ),
    conv!(
        "jwt_decrypt_cert",
        prepare_certificate,
        of_certificate,
        "The content of an encrypted token, by the private key of a certificate.",
        [Example::none("str(a.b.c.d.e),jwt_decrypt_cert(txn.none)")]
    ),
    conv!(
        "jwt_decrypt_jwk",
        prepare_jwk,
        of_jwk,
        "The content of an encrypted token, by a JSON Web Key (RFC 7517) or a variable that holds \
         one.",
        [Example::none("str(a.b.c.d.e),jwt_decrypt_jwk(txn.none)")]
    ),
];

fn prepare_secret(args: &mut [Arg], _: &mut Compile<'_>) -> Result<(), String> {
    let Some(arg) = args.first_mut() else {
        return Ok(());
    };
    // the only converter that says this without a space in front of the colon
    keyed::prepare(Some(arg), "secret").map_err(|m| m.replacen(" : ", ": ", 1))
}

fn secret<'a>(args: &'a [Arg], _: &Keys, e: &Eval<'a>) -> Option<Key<'a>> {
    keyed::bytes(args.first(), e).map(Key::Secret)
}

/// The name of a variable becomes the variable.
fn variable(args: &mut [Arg]) -> bool {
    let Ok((scope, id)) = vars::intern(text(args, 0)) else {
        return false;
    };
    if let Some(arg) = args.first_mut() {
        *arg = Arg::Var(scope, id);
    }
    true
}

fn prepare_certificate(args: &mut [Arg], cx: &mut Compile<'_>) -> Result<(), String> {
    if !variable(args) {
        cx.keys.want(Wanted {
            name: bstr::BStr::new(text(args, 0)).to_string(),
            span: cx.span,
            kind: WantedKind::Decryption,
            context: cx.context.clone(),
        });
    }
    Ok(())
}

fn of_certificate<'a>(args: &'a [Arg], keys: &Keys, e: &Eval<'a>) -> Option<Key<'a>> {
    let found = keys.certificate(word(args.first(), e)?)?;
    let private = found.private.clone().filter(|_| found.usable)?;
    Some(Key::Private(private))
}

fn prepare_jwk(args: &mut [Arg], _: &mut Compile<'_>) -> Result<(), String> {
    if variable(args) {
        return Ok(());
    }
    match parse_jwk(text(args, 0)) {
        // a key that is not base64 only shows when it is used
        Ok(_) | Err(NOT_BASE64) => Ok(()),
        Err(m) => Err(m.into()),
    }
}

fn of_jwk<'a>(args: &'a [Arg], _: &Keys, e: &Eval<'a>) -> Option<Key<'a>> {
    parse_jwk(word(args.first(), e)?).ok()
}

const NOT_BASE64: &str = "not base64";

/// Reads a JSON Web Key; the error is HAProxy's.
fn parse_jwk<'a>(json: &[u8]) -> Result<Key<'a>, &'static str> {
    let kind = string_at(json, b".kty");
    match kind.as_deref() {
        None => Err("Missing key type (expected 'oct', 'RSA' or 'EC')"),
        Some(b"oct") => {
            let secret = string_at(json, b".k").ok_or("Missing 'k' field in JWK")?;
            Ok(Key::Octets(decoded(&secret).ok_or(NOT_BASE64)?))
        }
        Some(b"RSA") => rsa_jwk(json).ok_or("Failed to parse RSA JWK"),
        Some(b"EC") => ec_jwk(json).ok_or("Failed to parse EC JWK"),
        Some(_) => Err("Unmanaged key type (expected 'oct', 'RSA' or 'EC'"),
    }
}

fn rsa_jwk<'a>(json: &[u8]) -> Option<Key<'a>> {
    const FIELDS: [&[u8]; 8] = [b".n", b".e", b".d", b".p", b".q", b".dp", b".dq", b".qi"];
    let mut numbers: [Vec<u8>; 8] = Default::default();
    for (number, field) in numbers.iter_mut().zip(FIELDS) {
        *number = decoded_at(json, field)?;
    }
    PrivateKey::of_numbers(&numbers).map(Key::Private)
}

fn ec_jwk<'a>(json: &[u8]) -> Option<Key<'a>> {
    let curve = string_at(json, b".crv")?;
    let number = decoded_at(json, b".d")?;
    PrivateKey::of_number(&curve, &number).map(Key::Private)
}

fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    from_base64_url(text, &mut |b| out.push(b))?;
    Some(out)
}

/// A field of a JSON object whose text is base64.
fn decoded_at(json: &[u8], path: &[u8]) -> Option<Vec<u8>> {
    decoded(&string_at(json, path)?)
}

/// The content of a token of five parts: header, wrapped key, nonce, content, tag.
fn decrypt(token: &[u8], key: &Key<'_>, keys: &Keys) -> Option<Vec<u8>> {
    let mut parts = token.split(|b| *b == b'.');
    let aad = parts.next()?;
    let [wrapped, nonce, content, tag] = [(); 4].map(|()| parts.next().and_then(decoded));
    if parts.next().is_some() {
        return None;
    }
    let header = decoded(aad)?;
    let algorithm = keys.algorithm(&string_at(&header, b".alg")?)?;
    let encoding = keys.encoding(&string_at(&header, b".enc")?)?;
    let content_key = content_key(algorithm, encoding, &header, &wrapped?, key)?;
    open(encoding, &content_key, &nonce?, aad, content?, &tag?)
}

/// Bytes of the key of an encoding.
fn key_length(encoding: &str) -> usize {
    let bits = encoding.get(1..4).and_then(|n| n.parse::<usize>().ok());
    // a CBC key begins with as many bytes for the MAC
    bits.unwrap_or(0) / if encoding.contains("CBC") { 4 } else { 8 }
}

/// Unwraps the key that the content is encrypted with (RFC 7518 section 4).
fn content_key(
    algorithm: &str,
    encoding: &str,
    header: &[u8],
    wrapped: &[u8],
    key: &Key<'_>,
) -> Option<Vec<u8>> {
    let length = key_length(encoding);
    match (algorithm, key) {
        ("dir", _) => {
            let secret = key.secret()?;
            // only a plain secret minds a wrapped key that has no business there (seen on 3.4)
            let right = wrapped.is_empty() || !matches!(key, Key::Secret(_));
            (right && secret.len() == length).then(|| secret.to_vec())
        }
        ("A128KW", _) => unwrap::<Aes128>(key.secret()?, wrapped),
        ("A192KW", _) => unwrap::<Aes192>(key.secret()?, wrapped),
        ("A256KW", _) => unwrap::<Aes256>(key.secret()?, wrapped),
        ("A128GCMKW" | "A192GCMKW" | "A256GCMKW", _) => {
            let bits = algorithm.get(1..4)?.parse().ok()?;
            let nonce = decoded_at(header, b".iv")?;
            let tag = decoded_at(header, b".tag")?;
            open_gcm(bits, key.secret()?, &nonce, &[], wrapped.to_vec(), &tag)
        }
        ("RSA1_5" | "RSA-OAEP" | "RSA-OAEP-256", Key::Private(PrivateKey::Rsa(key))) => {
            let key = (**key).clone();
            let mut out = vec![0; key.key_size_bytes()];
            let made = match algorithm {
                "RSA1_5" => {
                    let key = Pkcs1PrivateDecryptingKey::new(key).ok()?;
                    key.decrypt(wrapped, &mut out)
                }
                "RSA-OAEP" => {
                    let key = OaepPrivateDecryptingKey::new(key).ok()?;
                    key.decrypt(&OAEP_SHA1_MGF1SHA1, wrapped, &mut out, None)
                }
                _ => {
                    let key = OaepPrivateDecryptingKey::new(key).ok()?;
                    key.decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut out, None)
                }
            };
            Some(made.ok()?.to_vec())
        }
        (_, Key::Private(PrivateKey::Ec(key))) => {
            let agreed = |name: &str, length| agreed_key(header, key, name, length);
            match algorithm {
                "ECDH-ES" => agreed(encoding, length),
                "ECDH-ES+A128KW" => unwrap::<Aes128>(&agreed(algorithm, 16)?, wrapped),
                "ECDH-ES+A192KW" => unwrap::<Aes192>(&agreed(algorithm, 24)?, wrapped),
                "ECDH-ES+A256KW" => unwrap::<Aes256>(&agreed(algorithm, 32)?, wrapped),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The key that sender and receiver agree upon (RFC 7518 section 4.6).
fn agreed_key(
    header: &[u8],
    key: &agreement::PrivateKey,
    name: &str,
    length: usize,
) -> Option<Vec<u8>> {
    let curve = string_at(header, b".epk.crv")?;
    let (_, size, curve) = CURVES.iter().find(|(n, _, _)| n.as_bytes() == curve)?;
    let mut point = vec![4u8];
    for field in [&b".epk.x"[..], b".epk.y"] {
        let number = decoded_at(header, field)?;
        point.resize(point.len() + size.checked_sub(number.len())?, 0);
        point.extend(number);
    }
    let optional = |field| decoded_at(header, field).unwrap_or_default();
    let parties = [optional(b".apu"), optional(b".apv")];
    let peer = UnparsedPublicKey::new(curve, &point);
    agreement::agree(key, peer, (), |secret| {
        let mut out = Vec::new();
        for round in 1u32.. {
            if out.len() >= length {
                break;
            }
            let mut hash = Sha256::new();
            hash.update(round.to_be_bytes());
            hash.update(secret);
            for text in [name.as_bytes(), &parties[0], &parties[1]] {
                hash.update(u32::try_from(text.len()).unwrap_or(0).to_be_bytes());
                hash.update(text);
            }
            hash.update(u32::try_from(length * 8).unwrap_or(0).to_be_bytes());
            out.extend_from_slice(&hash.finalize());
        }
        out.truncate(length);
        Ok(out)
    })
    .ok()
}

/// AES key unwrap (RFC 3394 section 2.2.2).
fn unwrap<C>(key: &[u8], wrapped: &[u8]) -> Option<Vec<u8>>
where
    C: KeyInit + BlockDecrypt + BlockSizeUser<BlockSize = U16>,
{
    let (check, content) = wrapped.split_first_chunk::<8>()?;
    if content.len() < 16 || !content.len().is_multiple_of(8) || key.len() != C::key_size() {
        return None;
    }
    let cipher = C::new_from_slice(key).ok()?;
    let mut check = u64::from_be_bytes(*check);
    let mut out = content.to_vec();
    let mut step = 6 * u64::try_from(out.len() / 8).ok()?;
    for _ in 0..6 {
        for part in out.chunks_mut(8).rev() {
            let mut block = [0u8; 16];
            let (first, second) = block.split_at_mut(8);
            first.copy_from_slice(&(check ^ step).to_be_bytes());
            second.copy_from_slice(part);
            cipher.decrypt_block((&mut block).into());
            let (first, second) = block.split_at(8);
            check = u64::from_be_bytes(first.try_into().ok()?);
            part.copy_from_slice(second);
            step -= 1;
        }
    }
    (check == 0xa6a6_a6a6_a6a6_a6a6).then_some(out)
}

/// Decrypts what a tag vouches for (RFC 7518 section 5).
fn open(
    encoding: &str,
    key: &[u8],
    nonce: &[u8],
    aad: &[u8],
    mut content: Vec<u8>,
    tag: &[u8],
) -> Option<Vec<u8>> {
    if key.len() != key_length(encoding) {
        return None;
    }
    let bits = encoding.get(1..4)?.parse().ok()?;
    if !encoding.contains("CBC") {
        return open_gcm(bits, key, nonce, aad, content, tag);
    }
    let (mac_key, key) = key.split_at_checked(key.len() / 2)?;
    let bits_of_aad = u64::try_from(aad.len()).ok()? * 8;
    let signed = [aad, nonce, &content, &bits_of_aad.to_be_bytes()].concat();
    let iv: &[u8; 16] = nonce.try_into().ok()?;
    let vouched = tag.len() == mac_key.len()
        && match bits {
            128 => is_mac::<Hmac<Sha256>>(mac_key, &signed, tag),
            192 => is_mac::<Hmac<Sha384>>(mac_key, &signed, tag),
            _ => is_mac::<Hmac<Sha512>>(mac_key, &signed, tag),
        };
    if !vouched {
        return None;
    }
    let plain = match bits {
        128 => decrypt_cbc::<Aes128>(key, iv, &mut content),
        192 => decrypt_cbc::<Aes192>(key, iv, &mut content),
        _ => decrypt_cbc::<Aes256>(key, iv, &mut content),
    }?;
    Some(plain.to_vec())
}

fn open_gcm(
    bits: i64,
    key: &[u8],
    nonce: &[u8],
    aad: &[u8],
    mut content: Vec<u8>,
    tag: &[u8],
) -> Option<Vec<u8>> {
    if usize::try_from(bits / 8) != Ok(key.len()) {
        return None;
    }
    let gcm = Gcm {
        bits,
        key,
        nonce,
        aad,
    };
    let mut made = [0u8; 16];
    gcm.run(&mut content, &mut made, false)?;
    bool::from(made[..].ct_eq(tag)).then_some(content)
}

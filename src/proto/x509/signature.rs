//! Signatures of certificates, of revocation lists and in handshakes, verified with any key that
//! OpenSSL would verify them with, weak ones too: whether a key is good enough is another question.

use aws_lc_rs::signature::{self as lc, UnparsedPublicKey, VerificationAlgorithm};
use rustls::SignatureScheme;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// Digests in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Digest {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// Elliptic curves in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
    P521,
}

fn curve(key: &SubjectPublicKeyInfo<'_>) -> Option<Curve> {
    let oid = key.algorithm.parameters.as_ref()?.as_oid().ok()?;
    Some(match oid.to_id_string().as_str() {
        "1.2.840.10045.3.1.7" => Curve::P256,
        "1.3.132.0.34" => Curve::P384,
        "1.3.132.0.35" => Curve::P521,
        _ => return None,
    })
}

fn rsa(digest: Digest) -> &'static dyn VerificationAlgorithm {
    match digest {
        Digest::Sha1 => &lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        Digest::Sha256 => &lc::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        Digest::Sha384 => &lc::RSA_PKCS1_2048_8192_SHA384,
        Digest::Sha512 => &lc::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    }
}

fn pss(digest: Digest) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match digest {
        Digest::Sha1 => return None,
        Digest::Sha256 => &lc::RSA_PSS_2048_8192_SHA256,
        Digest::Sha384 => &lc::RSA_PSS_2048_8192_SHA384,
        Digest::Sha512 => &lc::RSA_PSS_2048_8192_SHA512,
    })
}

fn ecdsa(curve: Curve, digest: Digest) -> &'static dyn VerificationAlgorithm {
    match (curve, digest) {
        (Curve::P256, Digest::Sha1) => &lc::ECDSA_P256_SHA1_ASN1,
        (Curve::P256, Digest::Sha256) => &lc::ECDSA_P256_SHA256_ASN1,
        (Curve::P256, Digest::Sha384) => &lc::ECDSA_P256_SHA384_ASN1,
        (Curve::P256, Digest::Sha512) => &lc::ECDSA_P256_SHA512_ASN1,
        (Curve::P384, Digest::Sha1 | Digest::Sha256) => &lc::ECDSA_P384_SHA256_ASN1,
        (Curve::P384, Digest::Sha384) => &lc::ECDSA_P384_SHA384_ASN1,
        (Curve::P384, Digest::Sha512) => &lc::ECDSA_P384_SHA512_ASN1,
        (Curve::P521, Digest::Sha1) => &lc::ECDSA_P521_SHA1_ASN1,
        (Curve::P521, Digest::Sha256) => &lc::ECDSA_P521_SHA256_ASN1,
        (Curve::P521, Digest::Sha384) => &lc::ECDSA_P521_SHA384_ASN1,
        (Curve::P521, Digest::Sha512) => &lc::ECDSA_P521_SHA512_ASN1,
    }
}

fn checked(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &SubjectPublicKeyInfo<'_>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let key = UnparsedPublicKey::new(algorithm, key.subject_public_key.data.as_ref());
    key.verify(message, signature).is_ok()
}

/// Whether an issuer's key made the signature of a certificate or a list, by the number of the
/// algorithm. One that is not known has made none.
pub fn is_by(
    key: &SubjectPublicKeyInfo<'_>,
    algorithm: &x509_parser::x509::AlgorithmIdentifier<'_>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let ec = |digest| curve(key).map(|c| ecdsa(c, digest));
    let algorithm = match algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.5" => Some(rsa(Digest::Sha1)),
        "1.2.840.113549.1.1.11" => Some(rsa(Digest::Sha256)),
        "1.2.840.113549.1.1.12" => Some(rsa(Digest::Sha384)),
        "1.2.840.113549.1.1.13" => Some(rsa(Digest::Sha512)),
        // the parameters name the digest: whichever of them fits
        "1.2.840.113549.1.1.10" => {
            let digests = [Digest::Sha256, Digest::Sha384, Digest::Sha512];
            let mut all = digests.into_iter().filter_map(pss);
            return all.any(|a| checked(a, key, message, signature));
        }
        "1.2.840.10045.4.1" => ec(Digest::Sha1),
        "1.2.840.10045.4.3.2" => ec(Digest::Sha256),
        "1.2.840.10045.4.3.3" => ec(Digest::Sha384),
        "1.2.840.10045.4.3.4" => ec(Digest::Sha512),
        "1.3.101.112" => Some(&lc::ED25519 as &dyn VerificationAlgorithm),
        _ => None,
    };
    algorithm.is_some_and(|a| checked(a, key, message, signature))
}

/// Whether a certificate's key made the signature of a handshake (RFC 8446 4.4.3, RFC 5246 7.4.8).
/// `tls13`: an elliptic curve must be the one that the scheme names.
pub fn of_handshake(
    key: &SubjectPublicKeyInfo<'_>,
    scheme: SignatureScheme,
    tls13: bool,
    message: &[u8],
    signature: &[u8],
) -> bool {
    use SignatureScheme as S;
    let ec = |named: Curve, digest| match curve(key) {
        Some(found) if !tls13 || found == named => Some(ecdsa(found, digest)),
        _ => None,
    };
    let pkcs1 = |digest| (!tls13).then(|| rsa(digest));
    let algorithm = match scheme {
        S::RSA_PKCS1_SHA256 => pkcs1(Digest::Sha256),
        S::RSA_PKCS1_SHA384 => pkcs1(Digest::Sha384),
        S::RSA_PKCS1_SHA512 => pkcs1(Digest::Sha512),
        S::RSA_PSS_SHA256 => pss(Digest::Sha256),
        S::RSA_PSS_SHA384 => pss(Digest::Sha384),
        S::RSA_PSS_SHA512 => pss(Digest::Sha512),
        S::ECDSA_NISTP256_SHA256 => ec(Curve::P256, Digest::Sha256),
        S::ECDSA_NISTP384_SHA384 => ec(Curve::P384, Digest::Sha384),
        S::ECDSA_NISTP521_SHA512 => ec(Curve::P521, Digest::Sha512),
        S::ED25519 => Some(&lc::ED25519 as &dyn VerificationAlgorithm),
        _ => None,
    };
    algorithm.is_some_and(|a| checked(a, key, message, signature))
}

/// Bits of security of a key (NIST SP 800-57): what OpenSSL's levels count.
pub fn strength(key: &SubjectPublicKeyInfo<'_>) -> u32 {
    let Ok(parsed) = key.parsed() else {
        return u32::MAX;
    };
    let bits = parsed.key_size();
    match parsed {
        PublicKey::RSA(_) | PublicKey::DSA(_) => match bits {
            15360.. => 256,
            7680.. => 192,
            3072.. => 128,
            2048.. => 112,
            1024.. => 80,
            _ => 0,
        },
        PublicKey::EC(_) => u32::try_from(bits / 2).unwrap_or(u32::MAX),
        _ => u32::MAX,
    }
}

/// Bits of security of the digest of a signature.
pub fn digest_strength(oid: &str) -> u32 {
    match oid {
        "1.2.840.113549.1.1.4" => 39,
        "1.2.840.113549.1.1.5" | "1.2.840.10045.4.1" => 63,
        _ => u32::MAX,
    }
}

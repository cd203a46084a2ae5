//! OpenSSL's names of signature schemes (`sigalgs`, `client-sigalgs`), mapped onto rustls's.

use rustls::sign::{Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme as S};
use std::sync::Arc;

/// Names as RFC 8446 has them, and OpenSSL's older ones.
static NAMES: &[(&str, &str, Option<S>)] = &[
    (
        "ecdsa_secp256r1_sha256",
        "ECDSA+SHA256",
        Some(S::ECDSA_NISTP256_SHA256),
    ),
    (
        "ecdsa_secp384r1_sha384",
        "ECDSA+SHA384",
        Some(S::ECDSA_NISTP384_SHA384),
    ),
    (
        "ecdsa_secp521r1_sha512",
        "ECDSA+SHA512",
        Some(S::ECDSA_NISTP521_SHA512),
    ),
    ("ed25519", "ED25519", Some(S::ED25519)),
    ("ed448", "ED448", None),
    (
        "rsa_pss_rsae_sha256",
        "RSA-PSS+SHA256",
        Some(S::RSA_PSS_SHA256),
    ),
    (
        "rsa_pss_rsae_sha384",
        "RSA-PSS+SHA384",
        Some(S::RSA_PSS_SHA384),
    ),
    (
        "rsa_pss_rsae_sha512",
        "RSA-PSS+SHA512",
        Some(S::RSA_PSS_SHA512),
    ),
    ("rsa_pss_pss_sha256", "PSS+SHA256", None),
    ("rsa_pss_pss_sha384", "PSS+SHA384", None),
    ("rsa_pss_pss_sha512", "PSS+SHA512", None),
    ("rsa_pkcs1_sha256", "RSA+SHA256", Some(S::RSA_PKCS1_SHA256)),
    ("rsa_pkcs1_sha384", "RSA+SHA384", Some(S::RSA_PKCS1_SHA384)),
    ("rsa_pkcs1_sha512", "RSA+SHA512", Some(S::RSA_PKCS1_SHA512)),
    ("rsa_pkcs1_sha224", "RSA+SHA224", None),
    ("rsa_pkcs1_sha1", "RSA+SHA1", None),
    ("ecdsa_sha224", "ECDSA+SHA224", None),
    ("ecdsa_sha1", "ECDSA+SHA1", None),
    ("dsa_sha256", "DSA+SHA256", None),
    ("dsa_sha1", "DSA+SHA1", None),
];

/// The schemes of a list; `None`: a name in it is nobody's, or none is left.
pub fn read(list: &str) -> Option<Vec<S>> {
    let mut schemes = Vec::new();
    for word in list.split(':').filter(|w| !w.is_empty()) {
        let (_, _, scheme) = NAMES
            .iter()
            .find(|(new, old, _)| *new == word || *old == word)?;
        schemes.extend(*scheme);
    }
    (!schemes.is_empty()).then_some(schemes)
}

/// A key that signs in some of its ways only.
#[derive(Debug)]
pub struct Limited {
    /// The key.
    pub key: Arc<dyn SigningKey>,
    /// The ways, the preferred first.
    pub schemes: Vec<S>,
}

impl SigningKey for Limited {
    fn choose_scheme(&self, offered: &[S]) -> Option<Box<dyn Signer>> {
        let wanted = self.schemes.iter().filter(|s| offered.contains(s));
        let both: Vec<S> = wanted.copied().collect();
        self.key.choose_scheme(&both)
    }
    fn algorithm(&self) -> SignatureAlgorithm {
        self.key.algorithm()
    }
    fn public_key(&self) -> Option<rustls::pki_types::SubjectPublicKeyInfoDer<'_>> {
        self.key.public_key()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        assert_eq!(
            read("rsa_pss_rsae_sha384:ECDSA+SHA256:ecdsa_sha1"),
            Some(vec![S::RSA_PSS_SHA384, S::ECDSA_NISTP256_SHA256])
        );
        assert_eq!(read("foo"), None);
        assert_eq!(read("rsa_pkcs1_sha1"), None);
    }
}

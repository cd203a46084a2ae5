//! Keys that JSON Web Tokens are verified and decrypted with, by the name that the configuration
//! or a variable gives: public keys, which are read once, and certificates, which may change while
//! the process runs.

use crate::base::span::Span;
use aws_lc_rs::agreement;
use aws_lc_rs::rsa::PrivateDecryptingKey;
use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use parking_lot::{Mutex, RwLock};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use x509_parser::oid_registry::{OID_KEY_TYPE_EC_PUBLIC_KEY, OID_PKCS1_RSAENCRYPTION};
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo, X509Certificate};

/// What tokens may be encrypted with (`jwt.decrypt_alg_list`; RFC 7518 section 4.1).
pub const ALGORITHMS: [&str; 14] = [
    "RSA1_5",
    "RSA-OAEP",
    "RSA-OAEP-256",
    "A128KW",
    "A192KW",
    "A256KW",
    "dir",
    "ECDH-ES",
    "ECDH-ES+A128KW",
    "ECDH-ES+A192KW",
    "ECDH-ES+A256KW",
    "A128GCMKW",
    "A192GCMKW",
    "A256GCMKW",
];

/// What their content may be encrypted with (`jwt.decrypt_enc_list`; RFC 7518 section 5.1).
pub const ENCODINGS: [&str; 6] = [
    "A128CBC-HS256",
    "A192CBC-HS384",
    "A256CBC-HS512",
    "A128GCM",
    "A192GCM",
    "A256GCM",
];

/// What a configuration line asks for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The file, or the name in a `crt-store`.
    pub name: String,
    /// Where.
    pub span: Span,
    /// For what.
    pub kind: WantedKind,
    /// What HAProxy puts in front of a fault of the line.
    pub context: String,
}

/// What a key is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantedKind {
    /// A file with a public key: `jwt_verify`. Without `required` it may be a secret after all.
    Public {
        /// It must be there.
        required: bool,
    },
    /// A certificate to verify with, loaded for that if nothing else loads it.
    Certificate,
    /// A certificate to decrypt with, which something else must load.
    Decryption,
}

/// All keys of a configuration.
#[derive(Debug, Default)]
pub struct Keys {
    wanted: Mutex<Vec<Wanted>>,
    public: RwLock<BTreeMap<String, Arc<PublicKey>>>,
    certificates: RwLock<BTreeMap<String, Arc<Certificate>>>,
    /// Bits of `ALGORITHMS` and `ENCODINGS` that are refused.
    refused: (AtomicU32, AtomicU32),
}

/// A certificate.
#[derive(Debug)]
pub struct Certificate {
    /// Tokens may be verified and decrypted with it (`jwt on`).
    pub usable: bool,
    /// Its public key, if its kind is known.
    pub public: Option<PublicKey>,
    /// The private key that belongs to it, if it is there and its kind is known.
    pub private: Option<PrivateKey>,
}

impl Keys {
    /// With HAProxy's defaults: RSA1_5 is refused.
    pub fn new() -> Keys {
        let keys = Keys::default();
        keys.refused.0.store(1, Ordering::Relaxed);
        keys
    }

    /// Notes what `plan` has to load.
    pub fn want(&self, wanted: Wanted) {
        self.wanted.lock().push(wanted);
    }

    /// What is to be loaded.
    pub fn wanted(&self) -> Vec<Wanted> {
        self.wanted.lock().clone()
    }

    /// Adds a public key under the name of its file.
    pub fn add_public(&self, name: &str, key: PublicKey) {
        self.public.write().insert(name.to_owned(), Arc::new(key));
    }

    /// Adds or replaces a certificate.
    pub fn set_certificate(&self, name: &str, certificate: Certificate) {
        let mut all = self.certificates.write();
        all.insert(name.to_owned(), Arc::new(certificate));
    }

    /// Whether a certificate of that name is known.
    pub fn has_certificate(&self, name: &str) -> bool {
        self.certificates.read().contains_key(name)
    }

    /// Names of the certificates that may be used, in order (`show ssl jwt`).
    pub fn usable(&self) -> Vec<String> {
        let all = self.certificates.read();
        let usable = all.iter().filter(|(_, c)| c.usable);
        usable.map(|(name, _)| name.clone()).collect()
    }

    /// Replaces a certificate whose content changed; whether it may be used stays.
    pub fn update(&self, name: &str, pem: &[u8]) {
        let mut all = self.certificates.write();
        if let Some(old) = all.get(name).map(|c| c.usable) {
            all.insert(name.to_owned(), Arc::new(Certificate::of(pem, pem, old)));
        }
    }

    /// Says whether a certificate may be used (`add ssl jwt`, `del ssl jwt`). False: there is none
    /// of that name.
    pub fn allow(&self, name: &str, usable: bool) -> bool {
        let mut all = self.certificates.write();
        let Some(slot) = all.get_mut(name) else {
            return false;
        };
        *slot = Arc::new(Certificate {
            usable,
            public: slot.public.clone(),
            private: slot.private.clone(),
        });
        true
    }

    pub(in crate::sample) fn public(&self, name: &[u8]) -> Option<Arc<PublicKey>> {
        let name = std::str::from_utf8(name).ok()?;
        self.public.read().get(name).cloned()
    }

    pub(in crate::sample) fn certificate(&self, name: &[u8]) -> Option<Arc<Certificate>> {
        let name = std::str::from_utf8(name).ok()?;
        self.certificates.read().get(name).cloned()
    }

    /// Restricts algorithms (`jwt.decrypt_alg_list`) or content encodings
    /// (`jwt.decrypt_enc_list`): names with colons between them, `ALL`, and `!` in front of what is
    /// taken out again.
    ///
    /// # Errors
    /// The name that is not known.
    pub fn restrict<'l>(&self, list: &'l str, encodings: bool) -> Result<(), &'l str> {
        let (names, refused) = match encodings {
            true => (&ENCODINGS[..], &self.refused.1),
            false => (&ALGORITHMS[..], &self.refused.0),
        };
        let all = (1u32 << names.len()) - 1;
        let mut allowed = 0;
        for word in list.split(':') {
            let name = word.strip_prefix('!').unwrap_or(word);
            let bits = match names.iter().position(|n| *n == name) {
                Some(at) => 1 << at,
                None if name == "ALL" => all,
                None => return Err(word),
            };
            match name.len() == word.len() {
                true => allowed |= bits,
                false => allowed &= !bits,
            }
        }
        refused.store(!allowed & all, Ordering::Relaxed);
        Ok(())
    }

    /// The name of an algorithm that may be used.
    pub(in crate::sample) fn algorithm(&self, name: &[u8]) -> Option<&'static str> {
        allowed(&ALGORITHMS, &self.refused.0, name)
    }

    /// The name of an encoding that may be used.
    pub(in crate::sample) fn encoding(&self, name: &[u8]) -> Option<&'static str> {
        allowed(&ENCODINGS, &self.refused.1, name)
    }
}

fn allowed(names: &[&'static str], refused: &AtomicU32, name: &[u8]) -> Option<&'static str> {
    let at = names.iter().position(|n| n.as_bytes() == name)?;
    (refused.load(Ordering::Relaxed) & 1 << at == 0).then(|| names.get(at).copied())?
}

/// Signatures of tokens (RFC 7518 section 3.1), without those by a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// RSASSA-PKCS1-v1_5 with SHA of so many bits
    Rsa(u16),
    /// RSASSA-PSS
    RsaPss(u16),
    /// ECDSA
    Ec(u16),
}

/// A public key, DER (SubjectPublicKeyInfo, or RSAPublicKey of PKCS#1).
#[derive(Clone, Debug)]
pub enum PublicKey {
    /// RSA
    Rsa(Box<[u8]>),
    /// On an elliptic curve.
    Ec(Box<[u8]>),
}

impl PublicKey {
    /// The key in a PEM file: `PUBLIC KEY` or `RSA PUBLIC KEY`.
    pub fn of_file(pem: &[u8]) -> Option<PublicKey> {
        let mut sections = Pem::iter_from_buffer(pem).filter_map(Result::ok);
        sections.find_map(|section| match section.label.as_str() {
            "PUBLIC KEY" => PublicKey::of_der(&section.contents),
            "RSA PUBLIC KEY" => Some(PublicKey::Rsa(section.contents.into())),
            _ => None,
        })
    }

    fn of_der(der: &[u8]) -> Option<PublicKey> {
        let (_, info) = SubjectPublicKeyInfo::from_der(der).ok()?;
        let kind = &info.algorithm.algorithm;
        if *kind == OID_PKCS1_RSAENCRYPTION {
            Some(PublicKey::Rsa(der.into()))
        } else if *kind == OID_KEY_TYPE_EC_PUBLIC_KEY {
            Some(PublicKey::Ec(der.into()))
        } else {
            None
        }
    }

    /// Whether a signature of `text` is by this key.
    pub fn verifies(&self, by: Signature, text: &[u8], signature: &[u8]) -> bool {
        let (key, algorithm): (_, &'static dyn VerificationAlgorithm) = match (self, by) {
            (PublicKey::Rsa(key), Signature::Rsa(256)) => {
                (key, &signature::RSA_PKCS1_2048_8192_SHA256)
            }
            (PublicKey::Rsa(key), Signature::Rsa(384)) => {
                (key, &signature::RSA_PKCS1_2048_8192_SHA384)
            }
            (PublicKey::Rsa(key), Signature::Rsa(_)) => {
                (key, &signature::RSA_PKCS1_2048_8192_SHA512)
            }
            (PublicKey::Rsa(key), Signature::RsaPss(256)) => {
                (key, &signature::RSA_PSS_2048_8192_SHA256)
            }
            (PublicKey::Rsa(key), Signature::RsaPss(384)) => {
                (key, &signature::RSA_PSS_2048_8192_SHA384)
            }
            (PublicKey::Rsa(key), Signature::RsaPss(_)) => {
                (key, &signature::RSA_PSS_2048_8192_SHA512)
            }
            (PublicKey::Ec(key), Signature::Ec(256)) => (key, &signature::ECDSA_P256_SHA256_FIXED),
            (PublicKey::Ec(key), Signature::Ec(384)) => (key, &signature::ECDSA_P384_SHA384_FIXED),
            (PublicKey::Ec(key), Signature::Ec(_)) => (key, &signature::ECDSA_P521_SHA512_FIXED),
            _ => return false,
        };
        let key = UnparsedPublicKey::new(algorithm, key);
        key.verify(text, signature).is_ok()
    }
}

/// Curves of tokens (RFC 7518 section 6.2.1.1) by name and length of a coordinate.
pub const CURVES: [(&str, usize, &agreement::Algorithm); 3] = [
    ("P-256", 32, &agreement::ECDH_P256),
    ("P-384", 48, &agreement::ECDH_P384),
    ("P-521", 66, &agreement::ECDH_P521),
];

/// A private key.
#[derive(Clone)]
pub enum PrivateKey {
    /// RSA
    Rsa(Arc<PrivateDecryptingKey>),
    /// On an elliptic curve.
    Ec(Arc<agreement::PrivateKey>),
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PrivateKey::Rsa(_) => "Rsa",
            PrivateKey::Ec(_) => "Ec",
        })
    }
}

impl PrivateKey {
    /// The key in a PEM file.
    fn of_file(pem: &[u8]) -> Option<PrivateKey> {
        let mut sections = Pem::iter_from_buffer(pem).filter_map(Result::ok);
        sections.find_map(|section| match section.label.as_str() {
            "PRIVATE KEY" => PrivateKey::of_pkcs8(&section.contents),
            "RSA PRIVATE KEY" => PrivateKey::of_pkcs8(&der::pkcs8_of_rsa(&section.contents)),
            "EC PRIVATE KEY" => PrivateKey::of_curve(&section.contents),
            _ => None,
        })
    }

    fn of_pkcs8(der: &[u8]) -> Option<PrivateKey> {
        match PrivateDecryptingKey::from_pkcs8(der) {
            Ok(key) => Some(PrivateKey::Rsa(Arc::new(key))),
            Err(_) => PrivateKey::of_curve(der),
        }
    }

    fn of_curve(der: &[u8]) -> Option<PrivateKey> {
        let keys = CURVES.iter().map(|(_, _, curve)| *curve);
        let mut keys =
            keys.filter_map(|curve| agreement::PrivateKey::from_private_key_der(curve, der).ok());
        keys.next().map(|key| PrivateKey::Ec(Arc::new(key)))
    }

    /// From the numbers of a JSON Web Key (RFC 7518 section 6.3): n, e, d, p, q, dp, dq, qi.
    pub fn of_numbers(numbers: &[Vec<u8>; 8]) -> Option<PrivateKey> {
        let der = der::pkcs8_of_rsa(&der::rsa(numbers));
        let key = PrivateDecryptingKey::from_pkcs8(&der).ok()?;
        Some(PrivateKey::Rsa(Arc::new(key)))
    }

    /// From the number of a JSON Web Key on a curve (RFC 7518 section 6.2).
    pub fn of_number(curve: &[u8], d: &[u8]) -> Option<PrivateKey> {
        let (_, _, curve) = CURVES.iter().find(|(n, _, _)| n.as_bytes() == curve)?;
        let key = agreement::PrivateKey::from_private_key(curve, d).ok()?;
        Some(PrivateKey::Ec(Arc::new(key)))
    }
}

impl Certificate {
    /// From PEM files: the certificate, and its private key in the same or another one.
    pub fn of(pem: &[u8], key: &[u8], usable: bool) -> Certificate {
        let mut sections = Pem::iter_from_buffer(pem).filter_map(Result::ok);
        let public = sections
            .find(|section| section.label == "CERTIFICATE")
            .and_then(|section| {
                let (_, certificate) = X509Certificate::from_der(&section.contents).ok()?;
                PublicKey::of_der(certificate.public_key().raw)
            });
        Certificate {
            usable,
            public,
            private: PrivateKey::of_file(key),
        }
    }
}

/// As much of DER (X.690) as it takes to write a private key down.
mod der {
    fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = content.len().to_be_bytes();
        let length: Vec<u8> = length.into_iter().skip_while(|b| *b == 0).collect();
        let mut out = vec![tag];
        match length[..] {
            [] => out.push(0),
            [short] if short < 0x80 => out.push(short),
            _ => {
                out.push(0x80 | u8::try_from(length.len()).unwrap_or(0));
                out.extend_from_slice(&length);
            }
        }
        out.extend_from_slice(content);
        out
    }

    fn integer(number: &[u8]) -> Vec<u8> {
        let zeros = number.iter().take_while(|b| **b == 0).count();
        let number = number.get(zeros..).unwrap_or_default();
        match number.first() {
            Some(b) if *b < 0x80 => wrap(2, number),
            _ => wrap(2, &[&[0], number].concat()),
        }
    }

    /// RSAPrivateKey (RFC 8017 appendix A.1.2).
    pub fn rsa(numbers: &[Vec<u8>; 8]) -> Vec<u8> {
        let mut content = integer(&[]);
        for number in numbers {
            content.extend(integer(number));
        }
        wrap(0x30, &content)
    }

    /// PrivateKeyInfo (RFC 5208) of an RSAPrivateKey.
    pub fn pkcs8_of_rsa(key: &[u8]) -> Vec<u8> {
        // rsaEncryption, without parameters
        const KIND: &[u8] = &[
            0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0,
        ];
        wrap(0x30, &[&integer(&[])[..], KIND, &wrap(4, key)].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_algorithms() {
        let keys = Keys::new();
        assert_eq!(keys.algorithm(b"RSA1_5"), None);
        assert_eq!(keys.algorithm(b"dir"), Some("dir"));
        assert_eq!(keys.restrict("ALL:!ECDH-ES", false), Ok(()));
        assert_eq!(keys.algorithm(b"RSA1_5"), Some("RSA1_5"));
        assert_eq!(keys.algorithm(b"ECDH-ES"), None);
        assert_eq!(keys.restrict("A128GCM:a192gcm", true), Err("a192gcm"));
        assert_eq!(keys.restrict("A128GCM", true), Ok(()));
        assert_eq!(keys.encoding(b"A256GCM"), None);
        assert_eq!(keys.encoding(b"A128GCM"), Some("A128GCM"));
    }
}

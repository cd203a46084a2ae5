//! Certificates of a `bind` line by the names that clients ask for (RFC 6066 section 3).

use super::observe;
use rustls::pki_types::CertificateDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{SignatureAlgorithm, SignatureScheme};
use std::collections::HashMap;
use std::sync::Arc;
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate};

/// Certificates for one name: at most one of each kind of key serves a client.
type Kinds = Vec<Arc<CertifiedKey>>;

/// All certificates of a line.
#[derive(Debug, Default)]
pub struct Certificates {
    /// By name, lower case.
    exact: HashMap<Box<[u8]>, Kinds>,
    /// By what follows `*`, lower case: `.example.com`.
    wild: HashMap<Box<[u8]>, Kinds>,
    /// Names that a list takes out (`!www.example.com`): the default answers them.
    excluded: Vec<(Box<[u8]>, usize)>,
    default: Kinds,
    /// `strict-sni`: without a match there is no handshake.
    pub strict: bool,
    count: usize,
}

/// The names in a certificate: of its alternative names, and its common name.
pub fn names(der: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        return Vec::new();
    };
    let mut names: Vec<String> = Vec::new();
    for extension in certificate.extensions() {
        if let ParsedExtension::SubjectAlternativeName(list) = extension.parsed_extension() {
            names.extend(list.general_names.iter().filter_map(|name| match name {
                GeneralName::DNSName(name) => Some((*name).to_owned()),
                _ => None,
            }));
        }
    }
    let common = certificate.subject().iter_common_name();
    names.extend(common.filter_map(|n| n.as_str().ok().map(str::to_owned)));
    names
}

/// Whether a certificate names itself as its issuer, as authorities at the root do.
pub fn self_issued(der: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, c)| c.subject() == c.issuer())
}

impl Certificates {
    /// Adds a certificate under names, `*` for the first label of a wildcard, `!` in front of one
    /// that it is not for. The first one added is also the default.
    pub fn add(&mut self, key: &Arc<CertifiedKey>, names: &[String]) {
        for name in names {
            let name = name.to_ascii_lowercase();
            let (map, name) = match name.as_bytes() {
                [b'!', rest @ ..] => {
                    self.excluded.push((rest.into(), self.count));
                    continue;
                }
                [b'*', rest @ ..] => (&mut self.wild, rest),
                name => (&mut self.exact, name),
            };
            let kinds = map.entry(name.into()).or_default();
            // of several with the same name and kind of key the first one counts
            if !kinds.iter().any(|k| kind(k) == kind(key)) {
                kinds.push(key.clone());
            }
        }
        if self.count == 0 || self.default.iter().all(|k| kind(k) != kind(key)) && self.twin(names)
        {
            self.default.push(key.clone());
        }
        self.count += 1;
    }

    /// Whether the first default certificate answers to one of these names: a second kind of key
    /// for the same site.
    fn twin(&self, names: &[String]) -> bool {
        let Some(first) = self.default.first() else {
            return false;
        };
        names.iter().any(|name| {
            let kinds = self.named(name.to_ascii_lowercase().as_bytes());
            kinds.is_some_and(|k| k.iter().any(|k| Arc::ptr_eq(k, first)))
        })
    }

    /// How many were added.
    pub fn len(&self) -> usize {
        self.count
    }

    fn named(&self, name: &[u8]) -> Option<&Kinds> {
        if let Some(kinds) = self.exact.get(name) {
            return Some(kinds);
        }
        if self.excluded.iter().any(|(n, _)| **n == *name) {
            return None;
        }
        let dot = memchr::memchr(b'.', name)?;
        self.wild.get(name.get(dot..)?)
    }

    fn choose(&self, name: Option<&str>, schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let found = name.and_then(|n| self.named(n.to_ascii_lowercase().as_bytes()));
        let kinds = match found {
            Some(kinds) => kinds,
            None if self.strict => return None,
            None => &self.default,
        };
        let usable = |k: &&Arc<CertifiedKey>| k.key.choose_scheme(schemes).is_some();
        let elliptic = |k: &&Arc<CertifiedKey>| kind(k) == SignatureAlgorithm::ECDSA;
        kinds
            .iter()
            .filter(usable)
            .find(elliptic)
            .or_else(|| kinds.iter().find(usable))
            .or(kinds.first())
            .cloned()
    }
}

fn kind(key: &CertifiedKey) -> SignatureAlgorithm {
    key.key.algorithm()
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name();
        observe(|o| o.sni = name.map(Into::into));
        let chosen = self.choose(name, hello.signature_schemes());
        observe(|o| o.own.clone_from(&chosen));
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kind: &'static rcgen::SignatureAlgorithm, names: &[&str]) -> Arc<CertifiedKey> {
        let pair = rcgen::KeyPair::generate_for(kind).unwrap();
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        let made = rcgen::CertificateParams::new(names)
            .unwrap()
            .self_signed(&pair)
            .unwrap();
        let der = rustls::pki_types::PrivateKeyDer::try_from(pair.serialize_der()).unwrap();
        let signer = rustls::crypto::aws_lc_rs::sign::any_supported_type(&der).unwrap();
        Arc::new(CertifiedKey::new(vec![made.der().clone()], signer))
    }

    const BOTH: &[SignatureScheme] = &[
        SignatureScheme::ECDSA_NISTP256_SHA256,
        SignatureScheme::RSA_PSS_SHA256,
    ];

    #[test]
    fn names_choose() {
        let mut all = Certificates::default();
        let of = |k: &Arc<CertifiedKey>| names(&k.cert[0]);
        let first = key(&rcgen::PKCS_ECDSA_P256_SHA256, &["a.example"]);
        let wild = key(
            &rcgen::PKCS_ECDSA_P256_SHA256,
            &["*.w.example", "b.example"],
        );
        all.add(&first, &of(&first));
        all.add(&wild, &of(&wild));
        let is = |found: Option<Arc<CertifiedKey>>, k| found.is_some_and(|f| Arc::ptr_eq(&f, k));
        assert!(is(all.choose(Some("A.example"), BOTH), &first));
        assert!(is(all.choose(Some("x.W.example"), BOTH), &wild));
        assert!(is(all.choose(Some("b.example"), BOTH), &wild));
        assert!(
            is(all.choose(Some("x.y.w.example"), BOTH), &first),
            "one label only"
        );
        assert!(is(all.choose(None, BOTH), &first));
        all.strict = true;
        assert!(all.choose(Some("other"), BOTH).is_none());
        assert!(all.choose(None, BOTH).is_none());
    }

    #[test]
    fn an_excluded_name_gets_the_default() {
        let mut all = Certificates::default();
        let first = key(&rcgen::PKCS_ECDSA_P256_SHA256, &["a.example"]);
        let wild = key(&rcgen::PKCS_ECDSA_P256_SHA256, &["w.example"]);
        all.add(&first, &["a.example".into()]);
        all.add(&wild, &["*.w.example".into(), "!no.w.example".into()]);
        let found = all.choose(Some("no.w.example"), BOTH).unwrap();
        assert!(Arc::ptr_eq(&found, &first));
    }
}

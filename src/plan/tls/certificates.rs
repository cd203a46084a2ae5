//! Certificates of a `bind` line by the names that clients ask for (RFC 6066 section 3).

use super::observe;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{SignatureAlgorithm, SignatureScheme};
use std::collections::HashMap;
use std::sync::Arc;

/// One entry: a certificate with what its line of a list says.
#[derive(Debug)]
pub struct Entry {
    /// What is shown.
    pub key: Arc<CertifiedKey>,
    /// The same without the answer of a responder, and when that one is out of date (seconds
    /// since 1970).
    pub bare: Option<(i64, Arc<CertifiedKey>)>,
    /// The name of the file.
    pub file: Arc<str>,
    /// Which of the line's settings go with it; 0: those of the line itself.
    pub settings: usize,
    /// Names that a wildcard of this entry does not mean, lower case.
    excluded: Vec<Box<[u8]>>,
}

impl Entry {
    /// An entry without names yet.
    pub fn new(
        key: Arc<CertifiedKey>,
        bare: Option<(i64, Arc<CertifiedKey>)>,
        file: Arc<str>,
        settings: usize,
    ) -> Entry {
        Entry {
            key,
            bare,
            file,
            settings,
            excluded: Vec::new(),
        }
    }

    fn kind(&self) -> SignatureAlgorithm {
        self.key.key.algorithm()
    }

    /// What to show now.
    fn shown(&self) -> Arc<CertifiedKey> {
        match &self.bare {
            Some((until, bare)) if crate::proto::x509::ocsp::now() > *until => bare.clone(),
            _ => self.key.clone(),
        }
    }
}

/// All certificates of a line.
#[derive(Debug, Default)]
pub struct Certificates {
    /// By name, lower case.
    exact: HashMap<Box<[u8]>, Vec<Arc<Entry>>>,
    /// By what follows `*`, lower case: `.example.com`.
    wild: HashMap<Box<[u8]>, Vec<Arc<Entry>>>,
    default: Vec<Arc<Entry>>,
    /// `strict-sni`: without a match there is no handshake.
    pub strict: bool,
}

impl Certificates {
    /// Adds an entry under names: `*` for the first label of a wildcard, `!` in front of one that
    /// it is not for, `*` alone as one of the defaults.
    pub fn add<'n>(
        &mut self,
        mut entry: Entry,
        names: impl Iterator<Item = &'n str> + Clone,
        default: bool,
    ) {
        let negative = names.clone().filter_map(|n| n.strip_prefix('!'));
        let negative = negative.filter(|n| !n.starts_with('*'));
        entry.excluded = negative
            .map(|n| n.to_ascii_lowercase().into_bytes().into())
            .collect();
        let entry = Arc::new(entry);
        let mut default = default;
        for name in names {
            let name = name.to_ascii_lowercase();
            let (map, name) = match name.as_bytes() {
                [b'!', ..] => continue,
                b"*" => {
                    default = true;
                    continue;
                }
                [b'*', rest @ ..] => (&mut self.wild, rest),
                name => (&mut self.exact, name),
            };
            map.entry(name.into()).or_default().push(entry.clone());
        }
        if default {
            self.default.push(entry);
        }
    }

    /// The entries for a name (lower case): those under the name itself, then those under its
    /// wildcard, which may have the kind of key that a client wants.
    fn named<'s, 'n>(
        &'s self,
        name: &'n [u8],
    ) -> impl Iterator<Item = &'s Arc<Entry>> + Clone + use<'s, 'n> {
        let exact = self.exact.get(name);
        let dot = memchr::memchr(b'.', name);
        let wild = dot.and_then(|dot| self.wild.get(name.get(dot..)?));
        let meant = move |e: &&Arc<Entry>| !e.excluded.iter().any(|n| **n == *name);
        let wild = wild.into_iter().flatten().filter(meant);
        exact.into_iter().flatten().chain(wild)
    }

    /// The entry for a client.
    pub fn choose(&self, name: Option<&str>, schemes: &[SignatureScheme]) -> Option<&Arc<Entry>> {
        let lower = name.map(str::to_ascii_lowercase);
        if let Some(name) = &lower
            && let Some(found) = best(self.named(name.as_bytes()), schemes)
        {
            return Some(found);
        }
        match self.strict {
            true => None,
            false => best(self.default.iter(), schemes),
        }
    }
}

/// The first with an elliptic key that the client understands, else the first one that it
/// understands, else the first.
fn best<'e>(
    entries: impl Iterator<Item = &'e Arc<Entry>> + Clone,
    schemes: &[SignatureScheme],
) -> Option<&'e Arc<Entry>> {
    let usable = |e: &&Arc<Entry>| e.key.key.choose_scheme(schemes).is_some();
    let elliptic = |e: &&Arc<Entry>| e.kind() == SignatureAlgorithm::ECDSA;
    let mut first = entries.clone();
    entries
        .clone()
        .filter(usable)
        .find(elliptic)
        .or_else(|| entries.clone().find(usable))
        .or_else(|| first.next())
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name();
        observe(|o| o.sni = name.map(Into::into));
        let chosen = self.choose(name, hello.signature_schemes())?;
        let shown = chosen.shown();
        observe(|o| {
            o.own = Some(shown.clone());
            o.file = Some(chosen.file.clone());
        });
        Some(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::x509;

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

    fn add(all: &mut Certificates, key: &Arc<CertifiedKey>, names: &[&str], default: bool) {
        let entry = Entry::new(key.clone(), None, "file".into(), 0);
        all.add(entry, names.iter().copied(), default);
    }

    const BOTH: &[SignatureScheme] = &[
        SignatureScheme::ECDSA_NISTP256_SHA256,
        SignatureScheme::RSA_PSS_SHA256,
    ];

    #[test]
    fn names_choose() {
        let mut all = Certificates::default();
        let first = key(&rcgen::PKCS_ECDSA_P256_SHA256, &["a.example"]);
        let wild = key(
            &rcgen::PKCS_ECDSA_P256_SHA256,
            &["*.w.example", "b.example"],
        );
        for (key, default) in [(&first, true), (&wild, false)] {
            let names = x509::hosts(&x509::parse(&key.cert[0]).unwrap());
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            add(&mut all, key, &names, default);
        }
        let is = |found: Option<&Arc<Entry>>, k| found.is_some_and(|f| Arc::ptr_eq(&f.key, k));
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
    fn an_excluded_name_is_not_meant_by_the_wildcard_of_its_entry() {
        let mut all = Certificates::default();
        let first = key(&rcgen::PKCS_ECDSA_P256_SHA256, &["a.example"]);
        let wild = key(&rcgen::PKCS_ECDSA_P256_SHA256, &["w.example"]);
        let other = key(&rcgen::PKCS_ECDSA_P256_SHA256, &["o.example"]);
        add(&mut all, &first, &["a.example"], true);
        add(&mut all, &wild, &["*.w.example", "!no.w.example"], false);
        let found = all.choose(Some("no.w.example"), BOTH).unwrap();
        assert!(Arc::ptr_eq(&found.key, &first));
        add(&mut all, &other, &["*.w.example"], false);
        let found = all.choose(Some("no.w.example"), BOTH).unwrap();
        assert!(Arc::ptr_eq(&found.key, &other));
    }

    #[test]
    fn a_star_adds_a_default() {
        let mut all = Certificates::default();
        let first = key(&rcgen::PKCS_ECDSA_P256_SHA256, &["a.example"]);
        add(&mut all, &first, &["!*", "*"], false);
        assert!(all.choose(Some("other"), BOTH).is_some());
    }
}

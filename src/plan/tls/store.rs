//! Every certificate, authority, revocation list and list of certificates by the name of its file.

use super::bind::BindTlsPlan;
use super::crt_list::Options;
use super::server::ServerTlsPlan;
use crate::ir::tls::{Extra, GlobalTls};
use crate::proto::x509::chain::Trust;
use crate::proto::x509::{self, ocsp};
use parking_lot::{Mutex, MutexGuard};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};

/// The process's store; the runtime API changes what is in it.
#[derive(Debug, Default)]
pub struct Store(Mutex<Contents>);

impl Store {
    /// With what was loaded.
    pub fn new(contents: Contents) -> Store {
        Store(Mutex::new(contents))
    }
    /// What is in it. Connections do not look here.
    pub fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock()
    }
}

/// Files that a certificate was put together from, for who asks.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Of the chain; `None`: it came over the runtime API.
    pub crt: Option<String>,
    /// Of the key.
    pub key: Option<String>,
    /// Of the responder's answer.
    pub ocsp: Option<String>,
    /// Of the issuer.
    pub issuer: Option<String>,
    /// Of the timestamps.
    pub sctl: Option<String>,
    /// Of the rest of the chain (`issuers-chain-path`).
    pub chain: Option<String>,
}

/// A certificate, its key and what goes with it. Keys are never shown.
#[derive(Debug, Default)]
pub struct Certificate {
    /// Its own certificate first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key.
    pub key: Option<PrivateKeyDer<'static>>,
    /// The issuer, where the chain does not hold it.
    pub issuer: Option<CertificateDer<'static>>,
    /// The responder's answer; empty: none yet, but one is welcome.
    pub ocsp: Option<Vec<u8>>,
    /// Where it came from.
    pub sources: Sources,
    /// Key and chain as connections use them; `None` as long as one of both is missing.
    pub certified: Option<Arc<CertifiedKey>>,
    /// The names in it.
    pub names: Vec<String>,
    /// `ocsp-update` as it was loaded with.
    pub update: Option<bool>,
}

impl Clone for Certificate {
    fn clone(&self) -> Certificate {
        Certificate {
            chain: self.chain.clone(),
            key: self.key.as_ref().map(PrivateKeyDer::clone_key),
            issuer: self.issuer.clone(),
            ocsp: self.ocsp.clone(),
            sources: self.sources.clone(),
            certified: self.certified.clone(),
            names: self.names.clone(),
            update: self.update,
        }
    }
}

/// Why a key and a chain do not make a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// There is no key, or one of no known kind.
    Key,
    /// The key is another's.
    Mismatch,
}

impl Certificate {
    /// The issuer, as far as it is known.
    pub fn issuer(&self) -> Option<&CertificateDer<'static>> {
        let own = x509::parse(self.chain.first()?)?;
        let issued = |c: &&CertificateDer<'static>| {
            x509::parse(c).is_some_and(|c| c.subject().as_raw() == own.issuer().as_raw())
        };
        let above = self.chain.iter().skip(1).find(issued);
        above.or(self.issuer.as_ref().filter(issued))
    }

    /// The id by which its issuer's responder knows it, DER.
    pub fn ocsp_id(&self) -> Option<Vec<u8>> {
        let issuer = x509::parse(self.issuer()?)?;
        Some(ocsp::id(&x509::parse(self.chain.first()?)?, &issuer))
    }

    /// Makes what connections use of key and chain.
    ///
    /// # Errors
    /// Why they do not fit.
    pub fn certify(&mut self, skip_self_issued: bool) -> Result<(), Unfit> {
        self.certified = None;
        let Some(first) = self.chain.first() else {
            return Ok(());
        };
        let parsed = x509::parse(first);
        self.names = parsed.as_ref().map(x509::hosts).unwrap_or_default();
        let key = self.key.as_ref().ok_or(Unfit::Key)?;
        let signer = aws_lc_rs::sign::any_supported_type(key).map_err(|_| Unfit::Key)?;
        // one that cannot be read has its key taken on trust
        if let (Some(own), Some(parsed)) = (signer.public_key(), &parsed)
            && own.as_ref() != parsed.public_key().raw
        {
            return Err(Unfit::Mismatch);
        }
        let mut shown = self.chain.clone();
        if skip_self_issued {
            // what is left out is no part of the way to an authority but the authority itself
            let mut first = true;
            shown.retain(|c| {
                std::mem::take(&mut first)
                    || x509::parse(c).is_none_or(|c| c.subject() != c.issuer())
            });
        }
        let mut certified = CertifiedKey::new(shown, signer);
        certified.ocsp = self.ocsp.clone().filter(|o| !o.is_empty());
        self.certified = Some(Arc::new(certified));
        Ok(())
    }
}

/// Authorities or revocation lists of a file.
#[derive(Clone, Debug, Default)]
pub struct Authorities {
    /// Certificates.
    pub certificates: Vec<CertificateDer<'static>>,
    /// Revocation lists.
    pub lists: Vec<Vec<u8>>,
}

/// An entry of a list.
#[derive(Clone, Debug)]
pub struct ListEntry {
    /// Number of its line.
    pub line: usize,
    /// The certificate.
    pub certificate: String,
    /// What stands in brackets.
    pub options: Option<Arc<Options>>,
    /// Names it is for; empty: those in the certificate.
    pub names: Vec<String>,
}

/// A list of certificates: a file of them, or a directory.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// In order.
    pub entries: Vec<ListEntry>,
    /// Number of the last line.
    pub lines: usize,
}

/// What was set and not committed yet.
#[derive(Debug, Default)]
pub struct Pending {
    /// A certificate.
    pub certificate: Option<(String, Certificate)>,
    /// Authorities.
    pub authorities: Option<(String, Authorities)>,
    /// Revocation lists.
    pub revocations: Option<(String, Authorities)>,
}

/// Which authorities and revocation lists go together.
type TrustKey = [Option<String>; 3];

/// What the store holds.
#[derive(Debug, Default)]
pub struct Contents {
    /// Certificates.
    pub certificates: BTreeMap<String, Certificate>,
    /// Authorities (`ca-file`, `ca-verify-file`).
    pub authorities: BTreeMap<String, Authorities>,
    /// Revocation lists (`crl-file`).
    pub revocations: BTreeMap<String, Authorities>,
    /// Lists of certificates.
    pub lists: BTreeMap<String, List>,
    /// `bind` lines.
    pub lines: Vec<Arc<BindTlsPlan>>,
    /// Servers; those that were removed are gone.
    pub servers: Vec<Weak<ServerTlsPlan>>,
    /// What was set and not committed yet.
    pub pending: Pending,
    /// `crt-base`
    pub crt_base: Option<String>,
    /// `ca-base`
    pub ca_base: Option<String>,
    /// `ssl-skip-self-issued-ca`
    pub skip_self_issued: bool,
    /// `ssl-load-extra-files`
    pub extra: Extra,
    trusts: HashMap<TrustKey, Arc<Trust>>,
}

/// `BASE/FILE`, unless the file is named from the root or lies in a store.
fn under(base: Option<&String>, file: &str) -> String {
    match base {
        Some(base) if !file.starts_with(['/', '@']) => format!("{base}/{file}"),
        _ => file.to_owned(),
    }
}

impl Contents {
    /// Nothing yet, to be filled as the configuration says.
    pub fn new(global: &GlobalTls) -> Contents {
        Contents {
            crt_base: global.crt_base.clone(),
            ca_base: global.ca_base.clone(),
            skip_self_issued: global.skip_self_issued,
            extra: global.extra,
            ..Contents::default()
        }
    }

    /// Where a certificate's file is.
    pub fn crt_path(&self, name: &str) -> String {
        under(self.crt_base.as_ref(), name)
    }

    /// Where a file of authorities is.
    pub fn ca_path(&self, name: &str) -> String {
        under(self.ca_base.as_ref(), name)
    }

    /// Whom lines trust that name these files, by their paths: `ca-file`, `ca-verify-file`,
    /// `crl-file`. `None`: one of them is not loaded.
    pub fn trust(&mut self, key: TrustKey) -> Option<Arc<Trust>> {
        if let Some(known) = self.trusts.get(&key) {
            return Some(known.clone());
        }
        let mut trust = Trust::default();
        let [ca, verify, crl] = &key;
        for path in [ca, verify].into_iter().flatten() {
            let file = self.authorities.get(path)?;
            file.certificates.iter().for_each(|c| trust.add(c));
            // a file of authorities may bring its revocation lists along
            file.lists.iter().for_each(|l| trust.add_list(l));
        }
        if let Some(path) = crl {
            let file = self.revocations.get(path)?;
            file.lists.iter().for_each(|l| trust.add_list(l));
            trust.checks_revocation = true;
        }
        let trust = Arc::new(trust);
        self.trusts.insert(key, trust.clone());
        Some(trust)
    }

    /// Authorities or lists have changed.
    pub fn forget_trust(&mut self) {
        self.trusts.clear();
    }

    /// The servers that are still there.
    pub fn servers(&self) -> impl Iterator<Item = Arc<ServerTlsPlan>> {
        self.servers.iter().filter_map(Weak::upgrade)
    }
}

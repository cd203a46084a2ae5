//! Whether a certificate is to be trusted, checked as OpenSSL 3 checks it: in its order, with its
//! numbers, one finding after the other for whoever asks to wave through or not (RFC 5280 6,
//! openssl-verification-options(1); what version 1 certificates and lists may do: observed).

use super::{constraint, signature};
use std::collections::HashMap;
use x509_parser::extensions::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage,
};
use x509_parser::prelude::{
    CertificateRevocationList, FromDer, ParsedExtension, X509Certificate, X509Extension,
};
use x509_parser::time::ASN1Time;

/// Numbers of what may be wrong (`X509_V_ERR_...`).
pub mod number {
    /// The issuer of a trusted certificate that is no root is not there.
    pub const NO_ISSUER: u32 = 2;
    /// No revocation list of an issuer.
    pub const NO_CRL: u32 = 3;
    /// The signature is wrong.
    pub const SIGNATURE: u32 = 7;
    /// The signature of a revocation list is wrong.
    pub const CRL_SIGNATURE: u32 = 8;
    /// Not valid yet.
    pub const NOT_YET_VALID: u32 = 9;
    /// Not valid any more.
    pub const EXPIRED: u32 = 10;
    /// A revocation list is of the future.
    pub const CRL_NOT_YET_VALID: u32 = 11;
    /// A revocation list is out of date.
    pub const CRL_EXPIRED: u32 = 12;
    /// It issued itself and is not trusted.
    pub const SELF_SIGNED: u32 = 18;
    /// The chain ends in a root that is not trusted.
    pub const SELF_SIGNED_IN_CHAIN: u32 = 19;
    /// The issuer is not there.
    pub const NO_ISSUER_LOCALLY: u32 = 20;
    /// Nothing is there to check the first signature with.
    pub const LEAF_SIGNATURE: u32 = 21;
    /// The chain is too long.
    pub const TOO_LONG: u32 = 22;
    /// Taken back.
    pub const REVOKED: u32 = 23;
    /// More authorities between than one allows.
    pub const PATH_LENGTH: u32 = 25;
    /// Not for this purpose.
    pub const PURPOSE: u32 = 26;
    /// The issuer of a revocation list is not there.
    pub const NO_CRL_ISSUER: u32 = 33;
    /// An unknown extension says that it must be known.
    pub const CRITICAL: u32 = 34;
    /// An extension cannot be read, or stands there twice.
    pub const EXTENSION: u32 = 41;
    /// A name that an authority may not speak for.
    pub const NOT_PERMITTED: u32 = 47;
    /// A name that an authority must not speak for.
    pub const EXCLUDED: u32 = 48;
    /// The issuer of a revocation list may not issue any.
    pub const NO_CRL_SIGN: u32 = 35;
    /// Another host's.
    pub const HOST: u32 = 62;
    /// The key is too weak.
    pub const EE_KEY: u32 = 66;
    /// An authority's key is too weak.
    pub const CA_KEY: u32 = 67;
    /// A digest is too weak.
    pub const DIGEST: u32 = 68;
    /// An issuer is no authority.
    pub const INVALID_CA: u32 = 79;
}

/// What a certificate is shown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// By a client.
    Client,
    /// By a server.
    Server,
}

/// Something wrong: what, and how far from the certificate shown (0: itself).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// OpenSSL's number.
    pub number: u32,
    /// 0 for the certificate shown, 1 for its issuer and so on.
    pub depth: u32,
}

/// Most certificates between the one shown and the root.
const MOST: usize = 100;
/// Bits of security that keys and digests must have (OpenSSL's level 2, as distributions set it).
const LEVEL: u32 = 112;

/// Who is trusted, and what was taken back.
#[derive(Debug, Default)]
pub struct Trust {
    certificates: Vec<Vec<u8>>,
    /// Places among the certificates by subject.
    subjects: HashMap<Box<[u8]>, Vec<usize>>,
    lists: Vec<Vec<u8>>,
    /// Places among the lists by issuer.
    issuers: HashMap<Box<[u8]>, Vec<usize>>,
    /// Revocation is checked, of every certificate of a chain.
    pub checks_revocation: bool,
}

impl Trust {
    /// Adds an authority; what cannot be read is left out.
    pub fn add(&mut self, der: &[u8]) {
        let Some(parsed) = super::parse(der) else {
            return;
        };
        let at = self.certificates.len();
        let subject = parsed.subject().as_raw().into();
        self.subjects.entry(subject).or_default().push(at);
        self.certificates.push(der.to_vec());
    }

    /// Adds a revocation list; what cannot be read is left out.
    pub fn add_list(&mut self, der: &[u8]) {
        let Ok((_, parsed)) = CertificateRevocationList::from_der(der) else {
            return;
        };
        let at = self.lists.len();
        let issuer = parsed.issuer().as_raw().into();
        self.issuers.entry(issuer).or_default().push(at);
        self.lists.push(der.to_vec());
    }

    /// How many authorities there are.
    pub fn len(&self) -> usize {
        self.certificates.len()
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    fn has(&self, der: &[u8]) -> bool {
        self.certificates.iter().any(|c| c == der)
    }

    fn by_subject<'t>(&'t self, name: &[u8]) -> impl Iterator<Item = &'t [u8]> {
        let places = self.subjects.get(name).into_iter().flatten();
        places.filter_map(|at| self.certificates.get(*at).map(Vec::as_slice))
    }

    fn lists_of<'t>(&'t self, name: &[u8]) -> impl Iterator<Item = &'t [u8]> {
        let places = self.issuers.get(name).into_iter().flatten();
        places.filter_map(|at| self.lists.get(*at).map(Vec::as_slice))
    }
}

fn constraints<'c>(c: &'c X509Certificate<'_>) -> Option<&'c BasicConstraints> {
    c.basic_constraints().ok().flatten().map(|e| e.value)
}

fn usage<'c>(c: &'c X509Certificate<'_>) -> Option<&'c KeyUsage> {
    c.key_usage().ok().flatten().map(|e| e.value)
}

fn extended<'c>(c: &'c X509Certificate<'_>) -> Option<&'c ExtendedKeyUsage<'c>> {
    c.extended_key_usage().ok().flatten().map(|e| e.value)
}

fn own_key_id<'c>(c: &'c X509Certificate<'_>) -> Option<&'c [u8]> {
    c.extensions()
        .iter()
        .find_map(|e| match e.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0),
            _ => None,
        })
}

fn authority<'c, 'a>(
    extensions: &'c [X509Extension<'a>],
) -> Option<&'c AuthorityKeyIdentifier<'a>> {
    extensions.iter().find_map(|e| match e.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => Some(id),
        _ => None,
    })
}

/// Whether a certificate could be the issuer of another: names, key identifiers, and that it may
/// sign certificates.
fn issues(issuer: &X509Certificate<'_>, c: &X509Certificate<'_>) -> bool {
    if issuer.subject().as_raw() != c.issuer().as_raw() {
        return false;
    }
    if let Some(id) = authority(c.extensions()) {
        if let (Some(wanted), Some(own)) = (&id.key_identifier, own_key_id(issuer))
            && wanted.0 != own
        {
            return false;
        }
        if let Some(serial) = id.authority_cert_serial
            && super::text::serial(serial) != super::text::serial(issuer.raw_serial())
        {
            return false;
        }
    }
    usage(issuer).is_none_or(KeyUsage::key_cert_sign)
}

fn self_issued(c: &X509Certificate<'_>) -> bool {
    c.subject().as_raw() == c.issuer().as_raw()
}

fn self_signed(c: &X509Certificate<'_>) -> bool {
    self_issued(c) && issues(c, c)
}

fn valid_at(c: &X509Certificate<'_>, now: ASN1Time) -> bool {
    c.validity().not_before <= now && now <= c.validity().not_after
}

/// One check of one chain.
struct Check<'t, 'v> {
    trust: &'t Trust,
    purpose: Purpose,
    now: ASN1Time,
    verdict: &'v mut dyn FnMut(Finding) -> bool,
}

/// Whether a certificate is trusted at a time (seconds since 1970), with what the other side sent
/// along. Each finding is told to `verdict`, which returns whether it is to be ignored; the first
/// one that is not ends the check.
pub fn is_trusted(
    trust: &Trust,
    leaf: &[u8],
    sent: &[&[u8]],
    purpose: Purpose,
    now: i64,
    verdict: &mut dyn FnMut(Finding) -> bool,
) -> bool {
    let Ok(now) = ASN1Time::from_timestamp(now) else {
        return false;
    };
    let mut check = Check {
        trust,
        purpose,
        now,
        verdict,
    };
    check.run(leaf, sent).is_some()
}

/// The root that a chain leads to, if it is complete.
pub fn root<'a>(trust: &'a Trust, leaf: &'a [u8], sent: &[&'a [u8]], now: i64) -> Option<&'a [u8]> {
    let now = ASN1Time::from_timestamp(now).ok()?;
    let (chain, own) = build(trust, leaf, sent, now)?;
    let top = chain.last()?;
    (own < chain.len() && self_signed(top)).then_some(top.as_raw())
}

/// The chain from a certificate upwards, and how many of it are not from the trusted ones.
fn build<'a>(
    trust: &'a Trust,
    leaf: &'a [u8],
    sent: &[&'a [u8]],
    now: ASN1Time,
) -> Option<(Vec<X509Certificate<'a>>, usize)> {
    let mut chain = vec![super::parse(leaf)?];
    let mut own = 1;
    let mut left: Vec<&'a [u8]> = sent.to_vec();
    while let Some(top) = chain.last().filter(|_| chain.len() <= MOST + 1) {
        if self_signed(top) {
            if trust.has(top.as_raw()) {
                own = own.min(chain.len() - 1);
            }
            break;
        }
        let best = |candidates: &mut dyn Iterator<Item = &'a [u8]>| {
            let mut found: Option<X509Certificate<'a>> = None;
            for der in candidates {
                let Some(c) = super::parse(der).filter(|c| issues(c, top)) else {
                    continue;
                };
                if valid_at(&c, now) {
                    return Some(c);
                }
                found.get_or_insert(c);
            }
            found
        };
        let known = best(&mut trust.by_subject(top.issuer().as_raw()));
        let from_trust = known.is_some();
        // what is not trusted cannot follow what is
        let found = match known {
            None if own == chain.len() => best(&mut left.iter().copied()),
            known => known,
        };
        let Some(found) = found else {
            break;
        };
        left.retain(|der| *der != found.as_raw());
        chain.push(found);
        if !from_trust {
            own = chain.len();
        }
    }
    Some((chain, own))
}

fn depth(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Check<'_, '_> {
    /// Tells a finding; `None`: that was it.
    fn tell(&mut self, number: u32, at: usize) -> Option<()> {
        let finding = Finding {
            number,
            depth: depth(at),
        };
        (self.verdict)(finding).then_some(())
    }

    fn run(&mut self, leaf: &[u8], sent: &[&[u8]]) -> Option<()> {
        let (chain, own) = build(self.trust, leaf, sent, self.now)?;
        let first = chain.first()?;
        if signature::strength(first.public_key()) < LEVEL {
            self.tell(number::EE_KEY, 0)?;
        }
        self.ends_in_trust(&chain, own)?;
        self.extensions(&chain)?;
        self.strengths(&chain)?;
        if self.trust.checks_revocation {
            self.revocations(&chain)?;
        }
        self.signatures(&chain)?;
        self.names(&chain)
    }

    /// Names that authorities may speak for (RFC 5280 4.2.1.10).
    fn names(&mut self, chain: &[X509Certificate<'_>]) -> Option<()> {
        for (at, c) in chain.iter().enumerate() {
            // what an authority calls itself is not restricted by itself
            if at > 0 && self_issued(c) {
                continue;
            }
            for above in chain.get(at + 1..).unwrap_or_default() {
                if let Some(number) = constraint::broken(above, c) {
                    self.tell(number, at)?;
                }
            }
        }
        Some(())
    }

    fn ends_in_trust(&mut self, chain: &[X509Certificate<'_>], own: usize) -> Option<()> {
        let top = chain.len() - 1;
        let last = chain.last()?;
        match (self_signed(last), own < chain.len()) {
            (true, true) => Some(()),
            (true, false) if top == 0 => self.tell(number::SELF_SIGNED, 0),
            (true, false) => self.tell(number::SELF_SIGNED_IN_CHAIN, top),
            (false, _) if chain.len() > MOST + 1 => self.tell(number::TOO_LONG, top),
            (false, true) => self.tell(number::NO_ISSUER, top),
            (false, false) => self.tell(number::NO_ISSUER_LOCALLY, top),
        }
    }

    fn extensions(&mut self, chain: &[X509Certificate<'_>]) -> Option<()> {
        let mut between = 0u32;
        for (at, c) in chain.iter().enumerate() {
            let unknown = |e: &&X509Extension<'_>| {
                e.critical
                    && matches!(
                        e.parsed_extension(),
                        ParsedExtension::UnsupportedExtension { .. }
                            | ParsedExtension::ParseError { .. }
                            | ParsedExtension::Unparsed
                    )
            };
            if c.extensions().iter().any(|e| unknown(&e)) {
                self.tell(number::CRITICAL, at)?;
            }
            // what restricts a certificate must be understood
            let readable = c.basic_constraints().is_ok()
                && c.key_usage().is_ok()
                && c.extended_key_usage().is_ok()
                && c.name_constraints().is_ok();
            if !readable {
                self.tell(number::EXTENSION, at)?;
            }
            if at > 0 {
                let ca = authority_kind(c);
                // an old root without extensions is one, an old certificate in between is not
                if ca == Ca::No || at + 1 < chain.len() && ca != Ca::Yes {
                    self.tell(number::INVALID_CA, at)?;
                }
            }
            if !self.is_for_purpose(c, at > 0) {
                self.tell(number::PURPOSE, at)?;
            }
            if at > 0 {
                let most = constraints(c).and_then(|b| b.path_len_constraint);
                if most.is_some_and(|most| between > most) {
                    self.tell(number::PATH_LENGTH, at)?;
                }
                if !self_issued(c) {
                    between += 1;
                }
            }
        }
        Some(())
    }

    fn is_for_purpose(&self, c: &X509Certificate<'_>, authority: bool) -> bool {
        let extended = extended(c).is_none_or(|e| match self.purpose {
            Purpose::Client => e.client_auth,
            Purpose::Server => {
                let gated = ["2.16.840.1.113730.4.1", "1.3.6.1.4.1.311.10.3.3"];
                e.server_auth
                    || e.other
                        .iter()
                        .any(|o| gated.contains(&o.to_id_string().as_str()))
            }
        });
        if authority {
            return extended;
        }
        extended
            && usage(c).is_none_or(|u| match self.purpose {
                Purpose::Client => u.digital_signature() || u.key_agreement(),
                Purpose::Server => {
                    u.digital_signature() || u.key_encipherment() || u.key_agreement()
                }
            })
    }

    fn strengths(&mut self, chain: &[X509Certificate<'_>]) -> Option<()> {
        for (at, c) in chain.iter().enumerate() {
            if at > 0 && signature::strength(c.public_key()) < LEVEL {
                self.tell(number::CA_KEY, at)?;
            }
            let oid = c.signature_algorithm.algorithm.to_id_string();
            if at + 1 < chain.len() && signature::digest_strength(&oid) < LEVEL {
                self.tell(number::DIGEST, at)?;
            }
        }
        Some(())
    }

    fn revocations(&mut self, chain: &[X509Certificate<'_>]) -> Option<()> {
        let trust = self.trust;
        for (at, c) in chain.iter().enumerate() {
            let parsed = trust.lists_of(c.issuer().as_raw()).filter_map(|der| {
                let list = CertificateRevocationList::from_der(der);
                list.ok().map(|(_, list)| list)
            });
            let mut best: Option<CertificateRevocationList<'_>> = None;
            for list in parsed {
                let newer =
                    |b: &CertificateRevocationList<'_>| b.last_update() < list.last_update();
                if best.as_ref().is_none_or(newer) {
                    best = Some(list);
                }
            }
            let Some(list) = best else {
                self.tell(number::NO_CRL, at)?;
                continue;
            };
            let issuer = chain.get(at + 1).or(chain.last());
            let issuer = issuer.filter(|i| i.subject().as_raw() == list.issuer().as_raw());
            match issuer {
                None => self.tell(number::NO_CRL_ISSUER, at)?,
                Some(i) => {
                    if usage(i).is_some_and(|u| !u.crl_sign()) {
                        self.tell(number::NO_CRL_SIGN, at)?;
                    }
                }
            }
            if list.last_update() > self.now {
                self.tell(number::CRL_NOT_YET_VALID, at)?;
            }
            if list.next_update().is_some_and(|next| next < self.now) {
                self.tell(number::CRL_EXPIRED, at)?;
            }
            if let Some(i) = issuer
                && !signature::is_by(
                    i.public_key(),
                    &list.signature_algorithm,
                    list.tbs_cert_list.as_ref(),
                    list.signature_value.data.as_ref(),
                )
            {
                self.tell(number::CRL_SIGNATURE, at)?;
            }
            let serial = super::text::serial(c.raw_serial());
            let gone = |r: &x509_parser::revocation_list::RevokedCertificate<'_>| {
                super::text::serial(r.raw_serial()) == serial
            };
            if list.iter_revoked_certificates().any(gone) {
                self.tell(number::REVOKED, at)?;
            }
        }
        Some(())
    }

    /// Signatures and times, from the top downwards.
    fn signatures(&mut self, chain: &[X509Certificate<'_>]) -> Option<()> {
        let mut at = chain.len() - 1;
        let mut issuer = chain.get(at)?;
        let mut subject = issuer;
        let mut own_key = true;
        if !self_signed(issuer) {
            if at == 0 {
                self.tell(number::LEAF_SIGNATURE, 0)?;
            } else {
                at -= 1;
                subject = chain.get(at)?;
                own_key = false;
            }
        }
        loop {
            if !own_key
                && !signature::is_by(
                    issuer.public_key(),
                    &subject.signature_algorithm,
                    subject.tbs_certificate.as_ref(),
                    subject.signature_value.data.as_ref(),
                )
            {
                self.tell(number::SIGNATURE, at)?;
            }
            if self.now < subject.validity().not_before {
                self.tell(number::NOT_YET_VALID, at)?;
            }
            if self.now > subject.validity().not_after {
                self.tell(number::EXPIRED, at)?;
            }
            if at == 0 {
                return Some(());
            }
            at -= 1;
            issuer = subject;
            subject = chain.get(at)?;
            own_key = false;
        }
    }
}

/// Whether a certificate may issue others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ca {
    No,
    Yes,
    /// As old roots without extensions, and those that say nothing but that they may sign.
    Perhaps,
}

fn authority_kind(c: &X509Certificate<'_>) -> Ca {
    if usage(c).is_some_and(|u| !u.key_cert_sign()) {
        return Ca::No;
    }
    match constraints(c) {
        Some(b) if b.ca => Ca::Yes,
        Some(_) => Ca::No,
        None if c.version().0 == 0 && self_signed(c) => Ca::Perhaps,
        None if usage(c).is_some() => Ca::Perhaps,
        None => Ca::No,
    }
}

#[cfg(test)]
mod tests;

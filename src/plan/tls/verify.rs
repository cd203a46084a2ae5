//! Judging the other side's certificate, with HAProxy's options around it.

use super::observe;
use crate::proto::x509::chain::{self, Finding, Purpose, Trust, number};
use crate::proto::x509::{self, signature};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use std::sync::Arc;

/// What the other side is told of a number.
fn error_of(found: u32) -> CertificateError {
    match found {
        number::EXPIRED => CertificateError::Expired,
        number::NOT_YET_VALID => CertificateError::NotValidYet,
        number::REVOKED => CertificateError::Revoked,
        number::SIGNATURE => CertificateError::BadSignature,
        number::PURPOSE => CertificateError::InvalidPurpose,
        number::HOST => CertificateError::NotValidForName,
        number::NO_ISSUER
        | number::SELF_SIGNED
        | number::SELF_SIGNED_IN_CHAIN
        | number::NO_ISSUER_LOCALLY
        | number::LEAF_SIGNATURE => CertificateError::UnknownIssuer,
        _ => CertificateError::BadEncoding,
    }
}

/// Which findings do not end a handshake (`crt-ignore-err`, `ca-ignore-err`).
#[derive(Clone, Debug, Default)]
pub struct Ignored {
    all: bool,
    numbers: Vec<u32>,
}

impl Ignored {
    /// From a list in which `None` is all of them.
    pub fn of(list: &[Option<u32>]) -> Ignored {
        Ignored {
            all: list.contains(&None),
            numbers: list.iter().flatten().copied().collect(),
        }
    }

    fn has(&self, number: u32) -> bool {
        self.all || self.numbers.contains(&number)
    }
}

/// What a check came to; it stays with the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// The last thing found, ignored or not; 0: nothing (`ssl_c_verify`).
    pub verify: u32,
    /// The first thing found of the certificate itself (`ssl_c_err`).
    pub own: u32,
    /// The first thing found of one above it (`ssl_c_ca_err`).
    pub above: u32,
    /// Where that was (`ssl_c_ca_err_depth`).
    pub above_depth: u32,
    /// It ended the handshake: at this depth.
    pub refused_at: Option<u32>,
}

impl Judged {
    fn note(&mut self, found: Finding, ignored: bool) {
        self.verify = found.number;
        if found.depth == 0 {
            if self.own == 0 {
                self.own = found.number;
            }
        } else if self.above == 0 {
            self.above = found.number;
            self.above_depth = found.depth;
        }
        if !ignored {
            self.refused_at = Some(found.depth);
        }
    }
}

fn check(
    trust: &Trust,
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    purpose: Purpose,
    now: UnixTime,
    ignored: impl Fn(Finding) -> bool,
) -> Result<Judged, Judged> {
    let sent: Vec<&[u8]> = intermediates.iter().map(|c| c.as_ref()).collect();
    let mut judged = Judged::default();
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let mut verdict = |found: Finding| {
        let ignored = ignored(found);
        judged.note(found, ignored);
        ignored
    };
    match chain::is_trusted(trust, end_entity, &sent, purpose, now, &mut verdict) {
        true => Ok(judged),
        false => {
            if judged.refused_at.is_none() {
                // it could not even be read
                judged.verify = 1;
                judged.refused_at = Some(0);
            }
            Err(judged)
        }
    }
}

fn handshake(
    message: &[u8],
    cert: &CertificateDer<'_>,
    dss: &DigitallySignedStruct,
    tls13: bool,
) -> Result<HandshakeSignatureValid, Error> {
    let Some(parsed) = x509::parse(cert) else {
        return Err(CertificateError::BadEncoding.into());
    };
    let key = parsed.public_key();
    match signature::of_handshake(key, dss.scheme, tls13, message, dss.signature()) {
        true => Ok(HandshakeSignatureValid::assertion()),
        false => Err(CertificateError::BadSignature.into()),
    }
}

/// The client's certificate (`verify`, `ca-ignore-err`, `crt-ignore-err`).
#[derive(Debug)]
pub struct Clients {
    /// Who is trusted.
    pub trust: Arc<Trust>,
    /// The names of authorities that clients are told of.
    pub hints: Vec<DistinguishedName>,
    /// `verify required`: who shows no certificate is refused.
    pub required: bool,
    /// `crt-ignore-err`
    pub own: Ignored,
    /// `ca-ignore-err`
    pub above: Ignored,
    /// How clients may sign.
    pub schemes: Vec<SignatureScheme>,
}

impl Clients {
    /// What there is to say of a certificate, with what its holder sent along.
    pub fn judge(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> Option<Judged> {
        let (own, more) = chain.split_first()?;
        let ignored = |found: Finding| match found.depth {
            0 => self.own.has(found.number),
            _ => self.above.has(found.number),
        };
        let judged = check(&self.trust, own, more, Purpose::Client, now, ignored);
        Some(judged.unwrap_or_else(|j| j))
    }
}

impl ClientCertVerifier for Clients {
    fn offer_client_auth(&self) -> bool {
        true
    }
    fn client_auth_mandatory(&self) -> bool {
        self.required
    }
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }
    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let ignored = |found: Finding| match found.depth {
            0 => self.own.has(found.number),
            _ => self.above.has(found.number),
        };
        let judged = check(
            &self.trust,
            end_entity,
            intermediates,
            Purpose::Client,
            now,
            ignored,
        );
        observe(|o| o.judged = judged.unwrap_or_else(|j| j));
        match judged {
            Ok(_) => Ok(ClientCertVerified::assertion()),
            Err(judged) => Err(error_of(judged.verify).into()),
        }
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        handshake(message, cert, dss, false)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        handshake(message, cert, dss, true)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}

/// Whether a certificate is for a host: any of its names, a wildcard for one label.
fn is_for(certificate: &CertificateDer<'_>, host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let Some(parsed) = x509::parse(certificate) else {
        return false;
    };
    x509::hosts(&parsed).into_iter().any(|name| {
        let name = name.to_ascii_lowercase();
        match (name.strip_prefix('*'), host.find('.')) {
            (Some(end), Some(dot)) if dot > 0 => host.get(dot..) == Some(end),
            _ => name == host,
        }
    })
}

/// A server's certificate with `verify required`.
#[derive(Debug)]
pub struct Servers {
    /// Who is trusted.
    pub trust: Arc<Trust>,
    /// `verifyhost`: the name it must have, whatever was asked for.
    pub host: Option<String>,
    /// How servers may sign.
    pub schemes: Vec<SignatureScheme>,
}

impl ServerCertVerifier for Servers {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        asked: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judged = check(
            &self.trust,
            end_entity,
            intermediates,
            Purpose::Server,
            now,
            |_| false,
        );
        observe(|o| o.judged = judged.unwrap_or_else(|j| j));
        if let Err(judged) = judged {
            return Err(error_of(judged.verify).into());
        }
        let host = match (&self.host, asked) {
            (Some(host), _) => host.as_str(),
            (None, ServerName::DnsName(name)) => name.as_ref(),
            // no name was asked for: the chain is all that counts
            _ => return Ok(ServerCertVerified::assertion()),
        };
        match is_for(end_entity, host) {
            true => Ok(ServerCertVerified::assertion()),
            false => {
                observe(|o| o.judged.verify = number::HOST);
                Err(CertificateError::NotValidForName.into())
            }
        }
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        handshake(message, cert, dss, false)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        handshake(message, cert, dss, true)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}

/// `verify none`: whoever answers is taken for the server. Its signature would prove no more than
/// that it holds the key of a certificate that nobody checks.
#[derive(Debug)]
pub struct Anyone {
    /// Signature schemes to offer.
    pub schemes: Vec<SignatureScheme>,
}

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_hosts() {
        let pair = rcgen::KeyPair::generate().unwrap();
        let names = vec!["a.example".to_owned(), "*.w.example".to_owned()];
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, "cn.example");
        let made = params.self_signed(&pair).unwrap();
        let is = |host: &str| is_for(made.der(), host);
        assert!(is("A.example") && is("x.w.example") && is("cn.example"));
        assert!(!is("x.y.w.example") && !is("w.example") && !is(".w.example"));
    }

    #[test]
    fn errors_of_the_certificate_and_above_it_are_ignored_apart() {
        let own = Ignored::of(&[Some(10), Some(23)]);
        assert!(own.has(10) && !own.has(9));
        assert!(Ignored::of(&[None]).has(9));
        let mut judged = Judged::default();
        let at = |number, depth| Finding { number, depth };
        judged.note(at(2, 1), true);
        judged.note(at(10, 0), true);
        judged.note(at(23, 0), false);
        assert_eq!((judged.verify, judged.own, judged.above), (23, 10, 2));
        assert_eq!(judged.refused_at, Some(0));
    }
}

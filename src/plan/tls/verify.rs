//! Judging the other side's certificate: rustls's chain check, with HAProxy's options around it.

use super::{certificates, observe};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use std::sync::Arc;
use x509_parser::prelude::{FromDer, X509Certificate};

/// OpenSSL's number for what is wrong (openssl-verification-options(1)).
fn number(error: &CertificateError) -> u32 {
    use CertificateError as E;
    match error {
        E::Expired | E::ExpiredContext { .. } => 10,
        E::NotValidYet | E::NotValidYetContext { .. } => 9,
        E::Revoked => 23,
        E::UnknownIssuer => 20,
        E::UnknownRevocationStatus => 3,
        E::ExpiredRevocationList | E::ExpiredRevocationListContext { .. } => 12,
        E::BadSignature => 7,
        E::NotValidForName | E::NotValidForNameContext { .. } => 62,
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => 26,
        _ => 1,
    }
}

/// The client's certificate (`verify`, `ca-ignore-err`, `crt-ignore-err`).
#[derive(Debug)]
pub struct Clients {
    /// rustls's judgement.
    pub inner: Arc<dyn ClientCertVerifier>,
    /// What `ca-file` holds.
    pub trusted: Vec<CertificateDer<'static>>,
    /// No error matters (`crt-ignore-err all` and `ca-ignore-err all`).
    pub ignored: bool,
}

impl ClientCertVerifier for Clients {
    fn offer_client_auth(&self) -> bool {
        true
    }
    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }
    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let judged = match trusted(&self.trusted, end_entity, now) {
            Some(judged) => judged.map_err(Error::InvalidCertificate),
            None => self
                .inner
                .verify_client_cert(end_entity, intermediates, now)
                .map(|_| ()),
        };
        match judged {
            Ok(()) => Ok(ClientCertVerified::assertion()),
            Err(Error::InvalidCertificate(error)) => {
                let number = number(&error);
                observe(|o| o.verify = number);
                if self.ignored {
                    return Ok(ClientCertVerified::assertion());
                }
                Err(Error::InvalidCertificate(error))
            }
            Err(e) => Err(e),
        }
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Whether a certificate is one of those trusted as they are, as OpenSSL takes a self-signed one
/// that stands in `ca-file`. Its validity still counts.
fn trusted(
    list: &[CertificateDer<'static>],
    certificate: &CertificateDer<'_>,
    now: UnixTime,
) -> Option<Result<(), CertificateError>> {
    list.iter().find(|c| c.as_ref() == certificate.as_ref())?;
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    if parsed.subject() != parsed.issuer() {
        return None;
    }
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let validity = parsed.validity();
    Some(if now < validity.not_before.timestamp() {
        Err(CertificateError::NotValidYet)
    } else if now > validity.not_after.timestamp() {
        Err(CertificateError::Expired)
    } else {
        Ok(())
    })
}

/// Whether a certificate is for a host: any of its names, a wildcard for one label.
fn is_for(certificate: &CertificateDer<'_>, host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    certificates::names(certificate).into_iter().any(|name| {
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
    /// rustls's judgement.
    pub inner: Arc<dyn ServerCertVerifier>,
    /// What `ca-file` holds.
    pub trusted: Vec<CertificateDer<'static>>,
    /// `verifyhost`: the name it must have, whatever was asked for.
    pub host: Option<String>,
}

impl Servers {
    fn judge(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        asked: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<(), Error> {
        let chain = match trusted(&self.trusted, end_entity, now) {
            Some(judged) => judged.map_err(Error::InvalidCertificate),
            None => self
                .inner
                .verify_server_cert(end_entity, intermediates, asked, ocsp, now)
                .map(|_| ()),
        };
        match chain {
            // rustls looks at the name last, and not at common names: that is done here
            Ok(())
            | Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => {}
            Err(e) => return Err(e),
        }
        let host = match (&self.host, asked) {
            (Some(host), _) => host.as_str(),
            (None, ServerName::DnsName(name)) => name.as_ref(),
            // no name was asked for: the chain is all that counts
            _ => return Ok(()),
        };
        match is_for(end_entity, host) {
            true => Ok(()),
            false => Err(CertificateError::NotValidForName.into()),
        }
    }
}

impl ServerCertVerifier for Servers {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        asked: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judged = self.judge(end_entity, intermediates, asked, ocsp, now);
        if let Err(Error::InvalidCertificate(error)) = &judged {
            observe(|o| o.verify = number(error));
        }
        judged.map(|()| ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
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
}

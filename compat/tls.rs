//! TLS clients of a scenario, and the certificates that it asks for.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

/// How a client of a scenario speaks TLS: `tls [sni NAME] [alpn A,B] [only 1.2] [with FILE]`.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    pub sni: Option<String>,
    pub alpn: Vec<String>,
    pub old: bool,
    /// A file of the play with the certificate to show.
    pub with: Option<String>,
}

/// Reads what stands behind `tls`.
pub fn wish(words: &[&str]) -> Wish {
    let after = |name: &str| {
        let at = words.iter().position(|w| *w == name)?;
        words.get(at + 1).map(|w| (*w).to_owned())
    };
    Wish {
        sni: after("sni"),
        alpn: after("alpn")
            .map(|l| l.split(',').map(str::to_owned).collect())
            .unwrap_or_default(),
        old: after("only").as_deref() == Some("1.2"),
        with: after("with"),
    }
}

/// A certificate and its key in PEM, signed by itself or by another file's authority:
/// `certificate FILE [rsa|authority] NAMES... [by PEM]`.
pub fn certificate(words: &[&str], issuer: Option<&str>) -> Result<String, String> {
    let authority = words.contains(&"authority");
    let names: Vec<String> = words
        .iter()
        .take_while(|w| **w != "by")
        .filter(|w| !["authority"].contains(w))
        .map(|w| (*w).to_owned())
        .collect();
    let text = |e: rcgen::Error| e.to_string();
    let mut params =
        rcgen::CertificateParams::new(if authority { Vec::new() } else { names.clone() })
            .map_err(text)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    if let Some(name) = names.first() {
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name.as_str());
    }
    if authority {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    }
    let pair = rcgen::KeyPair::generate().map_err(text)?;
    let made = match issuer {
        None => params.self_signed(&pair).map_err(text)?,
        Some(pem) => {
            let at = pem.find("-----BEGIN PRIVATE KEY").unwrap_or_default();
            let key = rcgen::KeyPair::from_pem(&pem[at..]).map_err(text)?;
            let issuer = rcgen::Issuer::from_ca_cert_pem(pem, key).map_err(text)?;
            params.signed_by(&pair, &issuer).map_err(text)?
        }
    };
    Ok(made.pem() + &pair.serialize_pem())
}

/// Whoever answers is fine: scenarios look at what the proxy does.
#[derive(Debug)]
struct Anyone(Vec<SignatureScheme>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.clone()
    }
}

/// A client's side of TLS.
pub struct Tls(Box<ClientConnection>);

impl Tls {
    /// Agrees with the other side; the error is for the transcript. `shown` is the PEM of the
    /// certificate to show.
    pub fn connect(
        stream: &mut TcpStream,
        wish: &Wish,
        shown: Option<&[u8]>,
    ) -> Result<Tls, String> {
        let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let schemes = provider
            .signature_verification_algorithms
            .supported_schemes();
        let versions = if wish.old {
            vec![&TLS12]
        } else {
            vec![&TLS13, &TLS12]
        };
        let text = |e: rustls::Error| e.to_string();
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions)
            .map_err(text)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anyone(schemes)));
        let mut config = match shown {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                use rustls::pki_types::pem::PemObject;
                let chain = CertificateDer::pem_slice_iter(pem).flatten().collect();
                let key = rustls::pki_types::PrivateKeyDer::from_pem_slice(pem)
                    .map_err(|e| e.to_string())?;
                builder.with_client_auth_cert(chain, key).map_err(text)?
            }
        };
        config.alpn_protocols = wish.alpn.iter().map(|n| n.clone().into_bytes()).collect();
        let nobody = "0.0.0.0";
        let name = wish.sni.clone().unwrap_or_else(|| nobody.to_owned());
        let name = ServerName::try_from(name).map_err(|e| e.to_string())?;
        let mut tls = ClientConnection::new(Arc::new(config), name).map_err(text)?;
        while tls.is_handshaking() {
            tls.complete_io(stream).map_err(|e| failure(&e))?;
        }
        Ok(Tls(Box::new(tls)))
    }

    /// What was agreed upon.
    pub fn facts(&self) -> String {
        let version = self.0.protocol_version().and_then(|v| v.as_str());
        let alpn = self.0.alpn_protocol().map(String::from_utf8_lossy);
        let certificate = self.0.peer_certificates().and_then(|c| c.first());
        let name = certificate.and_then(|der| {
            use x509_parser::prelude::{FromDer, X509Certificate};
            let (_, parsed) = X509Certificate::from_der(der).ok()?;
            let name = parsed.subject().iter_common_name().next()?;
            name.as_str().ok().map(str::to_owned)
        });
        format!(
            "{} alpn {} certificate {}",
            version.unwrap_or("?").replace('_', "."),
            alpn.as_deref().unwrap_or("none"),
            name.as_deref().unwrap_or("none")
        )
    }

    /// Reads.
    pub fn read(&mut self, stream: &mut TcpStream, into: &mut [u8]) -> io::Result<usize> {
        rustls::Stream::new(&mut *self.0, stream).read(into)
    }

    /// Writes everything.
    pub fn write_all(&mut self, stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
        let mut both = rustls::Stream::new(&mut *self.0, stream);
        both.write_all(bytes)?;
        both.flush()
    }
}

/// A failed handshake, without what differs between libraries.
fn failure(e: &io::Error) -> String {
    let alert = e
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match alert {
        Some(rustls::Error::AlertReceived(_)) => "refused by an alert".to_owned(),
        Some(other) => other.to_string(),
        None => "cut".to_owned(),
    }
}

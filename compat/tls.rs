//! TLS clients of a scenario, and the certificates that it asks for.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, SupportedCipherSuite,
};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

/// How a client of a scenario speaks TLS: `tls [sni NAME] [alpn A,B] [only VERSION] [suites A,B]
/// [groups A,B] [with FILE] [as NAME]`.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    pub sni: Option<String>,
    pub alpn: Vec<String>,
    /// The only version it speaks.
    pub only: Option<String>,
    /// OpenSSL's names of the suites that it offers, in its order.
    pub suites: Vec<String>,
    /// Key exchange groups that it offers, in its order.
    pub groups: Vec<String>,
    /// A file of the play with the certificate to show.
    pub with: Option<String>,
    /// Connections of one name remember each other's sessions, and wish what the first one did.
    pub name: Option<String>,
}

/// What named clients of a play remember.
pub type Memory = HashMap<String, Arc<ClientConfig>>;

/// Reads what stands behind `tls`.
pub fn wish(words: &[&str]) -> Wish {
    let after = |name: &str| {
        let at = words.iter().position(|w| *w == name)?;
        words.get(at + 1).map(|w| (*w).to_owned())
    };
    let list = |name: &str| -> Vec<String> {
        let words = after(name);
        let words = words.iter().flat_map(|l| l.split(','));
        words.map(str::to_owned).collect()
    };
    Wish {
        sni: after("sni"),
        alpn: list("alpn"),
        only: after("only"),
        suites: list("suites"),
        groups: list("groups"),
        with: after("with"),
        name: after("as"),
    }
}

/// What rustls calls a suite that OpenSSL calls `name`.
fn suite_named(name: &str) -> Option<SupportedCipherSuite> {
    let plain = |text: &str| {
        let text = text.replace("TLS13_", "").replace("TLS_", "");
        text.replace("WITH_", "").replace(['-', '_'], "")
    };
    let digest = |text: &str| text.replace("POLY1305SHA256", "POLY1305");
    let all = rustls::crypto::aws_lc_rs::ALL_CIPHER_SUITES;
    let same = |s: &&SupportedCipherSuite| {
        digest(&plain(&format!("{:?}", s.suite()))) == digest(&plain(name))
            && name.starts_with("TLS_") == (s.version() == &TLS13)
    };
    all.iter().find(same).copied()
}

/// `revocation FILE AUTHORITY [of PEM...]`: the list in which an authority takes certificates back.
pub fn revocation(authority: &str, taken_back: &[&str]) -> Result<String, String> {
    use rustls::pki_types::pem::PemObject;
    use x509_parser::prelude::{FromDer, X509Certificate};
    let text = |e: rcgen::Error| e.to_string();
    let mut revoked = Vec::new();
    for pem in taken_back {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|e| e.to_string())?;
        let (_, parsed) = X509Certificate::from_der(&der).map_err(|e| e.to_string())?;
        revoked.push(rcgen::RevokedCertParams {
            serial_number: rcgen::SerialNumber::from_slice(parsed.raw_serial()),
            revocation_time: rcgen::date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
    }
    let list = rcgen::CertificateRevocationListParams {
        this_update: rcgen::date_time_ymd(2024, 1, 1),
        next_update: rcgen::date_time_ymd(2124, 1, 1),
        crl_number: rcgen::SerialNumber::from(1u64),
        issuing_distribution_point: None,
        revoked_certs: revoked,
        key_identifier_method: rcgen::KeyIdMethod::Sha256,
    };
    let issuer = issuer(authority)?;
    list.signed_by(&issuer)
        .and_then(|list| list.pem())
        .map_err(text)
}

fn issuer(pem: &str) -> Result<rcgen::Issuer<'static, rcgen::KeyPair>, String> {
    let text = |e: rcgen::Error| e.to_string();
    let at = pem.find("-----BEGIN PRIVATE KEY").unwrap_or_default();
    let key = rcgen::KeyPair::from_pem(&pem[at..]).map_err(text)?;
    rcgen::Issuer::from_ca_cert_pem(pem, key).map_err(text)
}

/// A certificate and its key in PEM, signed by itself or by another file's authority:
/// `certificate FILE [rsa|authority] NAMES... [by PEM [chain]]`; with `chain` that of the authority
/// follows.
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
        Some(pem) => params.signed_by(&pair, &self::issuer(pem)?).map_err(text)?,
    };
    let chain = issuer.filter(|_| words.last() == Some(&"chain"));
    let behind = chain.and_then(|pem| pem.split("-----BEGIN PRIVATE KEY").next());
    Ok(made.pem() + behind.unwrap_or_default() + &pair.serialize_pem())
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
        memory: &mut Memory,
    ) -> Result<Tls, String> {
        let config = match wish.name.as_ref().and_then(|name| memory.get(name)) {
            Some(known) => Arc::clone(known),
            None => Arc::new(Self::config(wish, shown)?),
        };
        if let Some(name) = &wish.name {
            memory.insert(name.clone(), Arc::clone(&config));
        }
        let nobody = "0.0.0.0";
        let name = wish.sni.clone().unwrap_or_else(|| nobody.to_owned());
        let name = ServerName::try_from(name).map_err(|e| e.to_string())?;
        let mut tls = ClientConnection::new(config, name).map_err(|e| e.to_string())?;
        while tls.is_handshaking() {
            tls.complete_io(stream).map_err(|e| failure(&e))?;
        }
        Ok(Tls(Box::new(tls)))
    }

    fn config(wish: &Wish, shown: Option<&[u8]>) -> Result<ClientConfig, String> {
        let mut provider = rustls::crypto::aws_lc_rs::default_provider();
        if !wish.suites.is_empty() {
            let named = wish.suites.iter().filter_map(|n| suite_named(n));
            provider.cipher_suites = named.collect();
        }
        if !wish.groups.is_empty() {
            let all = rustls::crypto::aws_lc_rs::ALL_KX_GROUPS.iter();
            let offered = |name: &String| {
                let same = |g: &&&dyn SupportedKxGroup| format!("{:?}", g.name()) == *name;
                all.clone().find(same).copied()
            };
            provider.kx_groups = wish.groups.iter().filter_map(offered).collect();
        }
        let provider: Arc<CryptoProvider> = Arc::new(provider);
        let schemes = provider
            .signature_verification_algorithms
            .supported_schemes();
        let versions = match wish.only.as_deref() {
            Some("1.2") => vec![&TLS12],
            Some("1.3") => vec![&TLS13],
            _ => vec![&TLS13, &TLS12],
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
        Ok(config)
    }

    /// Further facts: `suite`, `group`, `resumed`, `chain` (how many certificates came).
    pub fn fact(&self, name: &str) -> String {
        let said = match name {
            "suite" => {
                let suite = self.0.negotiated_cipher_suite();
                suite.map(|s| format!("{:?}", s.suite()))
            }
            "group" => {
                let group = self.0.negotiated_key_exchange_group();
                group.map(|g| format!("{:?}", g.name()))
            }
            "resumed" => {
                let kind = self.0.handshake_kind();
                kind.map(|k| (k == rustls::HandshakeKind::Resumed).to_string())
            }
            "chain" => self.0.peer_certificates().map(|c| c.len().to_string()),
            _ => None,
        };
        format!("{name} {}", said.as_deref().unwrap_or("?"))
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

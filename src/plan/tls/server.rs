//! The TLS of `server` lines.

use super::load::Place;
use super::sigalgs;
use super::store::Contents;
use super::suites::{self, Empty};
use super::verify::{Anyone, Servers};
use super::versions;
use crate::base::diag::{Diagnostic, Form};
use crate::ir::proxy::Mode;
use crate::ir::server::CheckSettings;
use crate::ir::tls::{Said, Sni, TlsCommon, Verify};
use crate::ir::{Proxy, Server};
use crate::plan::build::Builder;
use parking_lot::RwLock;
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, Tls12Resumption};
use rustls::pki_types::{IpAddr, Ipv4Addr, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use std::sync::Arc;

/// How a server is spoken to.
#[derive(Debug)]
pub struct ServerTlsPlan {
    /// It is spoken to in TLS; else only health checks are (`check-ssl` alone).
    pub encrypted: bool,
    /// It may come to speak HTTP/2 (`alpn`).
    pub offers_h2: bool,
    /// The certificate shown to it.
    pub certificate: Option<String>,
    /// Authorities and revocation lists, by their files.
    pub files: [Option<String>; 2],
    /// Whether health checks speak TLS without being told by a rule.
    pub checks_by_default: bool,
    /// `sni`
    pub sni: Option<Sni>,
    /// No `sni`: the request's host is asked for.
    pub sni_auto: bool,
    /// `check-sni`
    pub check_sni: Option<String>,
    common: TlsCommon,
    verifyhost: Option<String>,
    verify: Verify,
    no_reuse: bool,
    keylog: bool,
    check_alpn: Vec<Vec<u8>>,
    now: RwLock<Option<Arc<Spoken>>>,
}

/// rustls's settings.
#[derive(Debug)]
pub struct Spoken {
    /// For traffic.
    pub traffic: Arc<ClientConfig>,
    /// For health checks.
    pub checks: Arc<ClientConfig>,
}

impl ServerTlsPlan {
    /// What new connections use.
    pub fn spoken(&self) -> Option<Arc<Spoken>> {
        self.now.read().clone()
    }

    /// What new connections of traffic use; `None`: they are plain.
    pub fn traffic(&self) -> Option<Arc<ClientConfig>> {
        if !self.encrypted {
            return None;
        }
        self.now.read().as_ref().map(|s| s.traffic.clone())
    }

    /// Lets new connections use something else.
    pub fn serve(&self, spoken: Spoken) {
        *self.now.write() = Some(Arc::new(spoken));
    }

    /// Makes what connections use.
    ///
    /// # Errors
    /// Why that cannot be: a list that leaves nothing, or words.
    pub fn make(&self, contents: &mut Contents) -> Result<Spoken, Fault> {
        let spoken = versions::left(&self.common.versions, None);
        let (provider, versions) = suites::provider(&self.common, &spoken).map_err(Fault::Empty)?;
        let mut schemes = provider
            .signature_verification_algorithms
            .supported_schemes();
        if let Some(list) = &self.common.sigalgs {
            let wanted = sigalgs::read(&list.text).ok_or_else(|| {
                let text = format!(
                    "unable to set SSL Signature Algorithm list to '{}'.",
                    list.text
                );
                Fault::Text(text)
            })?;
            schemes.retain(|s| wanted.contains(s));
        }
        let verifier: Arc<dyn ServerCertVerifier> = match self.verify {
            Verify::None => Arc::new(Anyone { schemes }),
            _ => {
                let [ca, crl] = self.files.clone();
                let trust = contents.trust([ca, None, crl]);
                Arc::new(Servers {
                    trust: trust
                        .ok_or_else(|| Fault::Text("unable to use the CA file.".to_owned()))?,
                    host: self.verifyhost.clone(),
                    schemes,
                })
            }
        };
        let builder = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&versions)
            .map_err(|e| Fault::Text(e.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let shown = self.certificate.as_ref();
        let shown = shown.and_then(|name| contents.certificates.get(name)?.certified.clone());
        let mut config = match shown {
            None => builder.with_no_client_auth(),
            Some(key) => {
                let only = TlsCommon {
                    sigalgs: self.common.client_sigalgs.clone(),
                    ..TlsCommon::default()
                };
                let key = super::bind::limited(&key, &only).map_err(Fault::Text)?;
                let key = CertifiedKey::clone(&key);
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key)))
            }
        };
        if self.no_reuse {
            config.resumption = Resumption::disabled();
        } else if self.common.no_tickets == Some(true) {
            let by_id = Tls12Resumption::SessionIdOnly;
            config.resumption = config.resumption.tls12_resumption(by_id);
        }
        if self.keylog {
            config.key_log = Arc::new(super::KeyLog);
        }
        let mut checks = config.clone();
        config.alpn_protocols = self.common.alpn.iter().flatten().cloned().collect();
        checks.alpn_protocols.clone_from(&self.check_alpn);
        Ok(Spoken {
            traffic: Arc::new(config),
            checks: Arc::new(checks),
        })
    }
}

/// Why nothing can be made of a line.
#[derive(Debug)]
pub enum Fault {
    /// A list leaves nothing.
    Empty(Empty),
    /// Something else.
    Text(String),
}

/// The name that rustls is given where none is to be asked for: an address is never sent.
fn nobody() -> ServerName<'static> {
    ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([0, 0, 0, 0])))
}

/// A name as rustls wants it; what is no host name is not asked for.
pub fn name(text: &[u8]) -> ServerName<'static> {
    let host = std::str::from_utf8(text).ok();
    host.and_then(|t| ServerName::try_from(t.to_owned()).ok())
        .unwrap_or_else(nobody)
}

impl Builder<'_> {
    /// The TLS of a server; `None` when it is spoken to and checked in plain text, or when a
    /// fault makes it impossible.
    pub(in crate::plan) fn server_tls(
        &mut self,
        proxy: &Proxy,
        server: &Server,
        steps_speak_tls: bool,
    ) -> Option<Arc<ServerTlsPlan>> {
        let tls = &server.tls;
        if !(tls.ssl || tls.check_ssl || server.check.is_some() && steps_speak_tls) {
            return None;
        }
        let global = &self.config.global.tls;
        let common = tls.common.clone();
        let trusting = global.server_verify_none;
        let keylog = global.keylog;
        let place = format!("'server {}/{}'", proxy.name, server.name);
        let loaded = self.authorities_of(&common, &format!("config : {place}"));
        let certificate = match &tls.crt {
            None => None,
            Some(said) => {
                let at = Place {
                    span: server.span,
                    context: place.clone(),
                };
                match self.load_one(&said.text, &at) {
                    Some(name) => Some(name),
                    None => return None,
                }
            }
        };
        loaded?;
        if !self.files.present() {
            return None;
        }
        let verify = common.verify.unwrap_or(match trusting {
            true => Verify::None,
            false => Verify::Required,
        });
        let fail = |diags: &mut Vec<Diagnostic>, text: String| {
            let text = format!("{place} : {text}");
            let finding = Diagnostic::alert("HX0503", server.span, text);
            diags.push(finding.form(Form::PlainBracket));
        };
        if verify != Verify::None && common.ca_file.is_none() {
            fail(
                &mut self.diags,
                "verify is enabled by default but no CA file specified. If you're running on a LAN where you're certain to trust the server's certificate, please set an explicit 'verify none' statement on the 'server' line, or use 'ssl-server-verify none' in the global section to disable server-side verifications by default.".into(),
            );
            return None;
        }
        let spoken = versions::left(&common.versions, None);
        let mut warn = |text: String| {
            let text = format!("{place} : {text} Use only 'ssl-min-ver' and 'ssl-max-ver' to fix.");
            let finding = Diagnostic::warning("HX0505", server.span, text);
            self.diags.push(finding.form(Form::PlainBracket));
        };
        if spoken.ignored {
            warn("no-sslv3/no-tlsv1x are ignored for this server.".into());
        }
        for hole in &spoken.holes {
            warn(format!(
                "backend '{}': SSL/TLS versions range not contiguous for server '{}'. Hole find for {}.",
                proxy.name,
                server.name,
                hole.name()
            ));
        }
        let http = proxy.settings.mode == Mode::Http;
        // a check of another port or address is plain unless the line says otherwise
        let elsewhere = |c: &CheckSettings| c.port.is_some() || c.addr.is_some();
        let same_place = !server.check.as_ref().is_some_and(elsewhere);
        let path = |said: &Option<Said>| said.as_ref().map(|s| self.tls.ca_path(&s.text));
        let offered = tls.check_alpn.iter().flatten();
        let made = ServerTlsPlan {
            encrypted: tls.ssl,
            offers_h2: common.alpn.iter().flatten().any(|name| name == b"h2"),
            certificate,
            files: [path(&common.ca_file), path(&common.crl_file)],
            // checks of a server that was added at run time do nothing that is not said
            checks_by_default: tls.check_ssl || tls.ssl && same_place && self.standing.is_none(),
            sni: tls.sni.clone(),
            sni_auto: http && tls.sni.is_none() && !tls.no_sni_auto,
            check_sni: tls.check_sni.clone(),
            verifyhost: tls.verifyhost.clone(),
            verify,
            no_reuse: tls.no_reuse,
            keylog,
            // checks speak HTTP/1 alone
            check_alpn: offered.filter(|n| !http || *n != b"h2").cloned().collect(),
            common,
            now: RwLock::default(),
        };
        match made.make(&mut self.tls) {
            Ok(spoken) => made.serve(spoken),
            Err(fault) => {
                let text = match fault {
                    Fault::Empty(fault @ Empty::Versions) => format!(
                        "backend '{}': {} for server '{}'.",
                        proxy.name,
                        fault.text(&made.common),
                        server.name
                    ),
                    Fault::Empty(fault) => format!("{}.", fault.text(&made.common)),
                    Fault::Text(text) => text,
                };
                fail(&mut self.diags, text);
                return None;
            }
        }
        let made = Arc::new(made);
        self.tls.servers.push(Arc::downgrade(&made));
        Some(made)
    }
}

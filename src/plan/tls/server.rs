//! The TLS of `server` lines.

use super::bind::{Place, inherit};
use super::suites::{self, Empty};
use super::verify::{Anyone, Servers};
use super::versions;
use crate::base::diag::{Diagnostic, Form};
use crate::ir::proxy::Mode;
use crate::ir::server::CheckSettings;
use crate::ir::tls::{Sni, Verify};
use crate::ir::{Proxy, Server};
use crate::plan::build::Builder;
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, Tls12Resumption, WebPkiServerVerifier};
use rustls::pki_types::{IpAddr, Ipv4Addr, ServerName};
use rustls::sign::SingleCertAndKey;
use std::sync::Arc;

/// How a server is spoken to.
#[derive(Debug)]
pub struct ServerTlsPlan {
    /// rustls's settings for traffic; `None`: plain (`check-ssl` alone).
    pub traffic: Option<Arc<ClientConfig>>,
    /// For health checks.
    pub checks: Arc<ClientConfig>,
    /// Whether health checks speak TLS without being told by a rule.
    pub checks_by_default: bool,
    /// `sni`
    pub sni: Option<Sni>,
    /// No `sni`: the request's host is asked for.
    pub sni_auto: bool,
    /// `check-sni`
    pub check_sni: Option<String>,
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
        let mut common = tls.common.clone();
        inherit(&mut common, &self.config.global.tls.server);
        let place = format!("'server {}/{}'", proxy.name, server.name);
        let roots = self.roots(&common, &format!("config : {place}"));
        let trusting = self.config.global.tls.server_verify_none;
        let verify = common.verify.unwrap_or(match trusting {
            true => Verify::None,
            false => Verify::Required,
        });
        let roots = roots?;
        let fail = |diags: &mut Vec<Diagnostic>, text: String| {
            let text = format!("{place} : {text}");
            let finding = Diagnostic::alert("HX0503", server.span, text);
            diags.push(finding.form(Form::PlainBracket));
        };
        if verify != Verify::None && roots.is_none() {
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
        let (provider, versions) = match suites::provider(&common, &spoken) {
            Ok(made) => made,
            Err(fault) => {
                let text = match fault {
                    Empty::Versions => format!(
                        "backend '{}': {} for server '{}'.",
                        proxy.name,
                        fault.text(&common),
                        server.name
                    ),
                    _ => format!("{}.", fault.text(&common)),
                };
                fail(&mut self.diags, text);
                return None;
            }
        };
        let provider = Arc::new(provider);
        let verifier: Arc<dyn ServerCertVerifier> = match (verify, roots) {
            (Verify::None, _) | (_, None) => Arc::new(Anyone {
                schemes: provider
                    .signature_verification_algorithms
                    .supported_schemes(),
            }),
            (_, Some((roots, crls, authorities))) => {
                let inner =
                    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                        .with_crls(crls)
                        .enforce_revocation_expiration()
                        .build();
                match inner {
                    Ok(inner) => Arc::new(Servers {
                        inner,
                        trusted: authorities,
                        host: tls.verifyhost.clone(),
                    }),
                    Err(_) if !self.files.present() => return None,
                    Err(error) => {
                        fail(
                            &mut self.diags,
                            format!("unable to use the CA file: {error}."),
                        );
                        return None;
                    }
                }
            }
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions)
            .ok()?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match &tls.crt {
            None => builder.with_no_client_auth(),
            Some(said) => {
                let path = match &self.config.global.tls.crt_base {
                    Some(base) if !said.text.starts_with('/') => format!("{base}/{}", said.text),
                    _ => said.text.clone(),
                };
                let at = Place {
                    span: server.span,
                    context: place.clone(),
                };
                let stored = self.stored(&said.text, &path);
                let read = match &stored {
                    Some(stored) => match self.stored_pem(stored, &at) {
                        Ok(bytes) => Ok(bytes),
                        Err(()) => return None,
                    },
                    None => self.read(&path, said.span),
                };
                let bytes = match read {
                    Ok(bytes) => bytes,
                    Err(_) if !self.files.present() => return None,
                    Err(error) => {
                        fail(
                            &mut self.diags,
                            format!(
                                "unable to stat SSL certificate from file '{path}' : {}.",
                                super::reason(&error)
                            ),
                        );
                        return None;
                    }
                };
                let key = self.certified(&path, &bytes, &at)?;
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key)))
            }
        };
        if tls.no_reuse {
            config.resumption = Resumption::disabled();
        } else if common.no_tickets == Some(true) {
            let by_id = Tls12Resumption::SessionIdOnly;
            config.resumption = config.resumption.tls12_resumption(by_id);
        }
        let http = proxy.settings.mode == Mode::Http;
        let checked = |names: &Option<Vec<Vec<u8>>>| -> Vec<Vec<u8>> {
            let names = names.iter().flatten();
            // checks speak HTTP/1 alone
            names.filter(|n| !http || *n != b"h2").cloned().collect()
        };
        // a check of another port or address is plain unless the line says otherwise
        let elsewhere = |c: &CheckSettings| c.port.is_some() || c.addr.is_some();
        let same_place = !server.check.as_ref().is_some_and(elsewhere);
        let mut checks = config.clone();
        config.alpn_protocols = common.alpn.iter().flatten().cloned().collect();
        checks.alpn_protocols = checked(&tls.check_alpn);
        Some(Arc::new(ServerTlsPlan {
            traffic: tls.ssl.then(|| Arc::new(config)),
            checks_by_default: tls.check_ssl || tls.ssl && same_place,
            checks: Arc::new(checks),
            sni: tls.sni.clone(),
            sni_auto: http && tls.sni.is_none() && !tls.no_sni_auto,
            check_sni: tls.check_sni.clone(),
        }))
    }
}

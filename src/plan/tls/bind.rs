//! The TLS of `bind` lines: what they say, and what connections use of it.

use super::certificates::{Certificates, Entry};
use super::sigalgs::{self, Limited};
use super::store::{Contents, ListEntry};
use super::suites;
use super::ticket::Tickets;
use super::verify::{Clients, Ignored};
use super::versions::{self, Left};
use crate::base::diag::{Diagnostic, Form};
use crate::ir::proxy::Mode;
use crate::ir::tls::{TlsCommon, TlsVersion, Verify};
use crate::ir::{Bind, Proxy};
use crate::plan::build::Builder;
use crate::proto::x509::{self, ocsp};
use parking_lot::RwLock;
use rustls::server::StoresServerSessions;
use rustls::sign::CertifiedKey;
use rustls::{DistinguishedName, ServerConfig, SignatureScheme};
use std::sync::Arc;

/// Where the certificates of a line come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// `crt`, `default-crt`; a bundle is several of them.
    Crt {
        /// The certificate's name.
        certificate: String,
        /// It is also for those whom no name matches.
        default: bool,
    },
    /// `crt-list`, or a directory.
    List(String),
}

/// A line that speaks TLS.
#[derive(Debug)]
pub struct BindTlsPlan {
    /// The front end.
    pub proxy: String,
    /// File and line.
    pub place: String,
    /// How faults of the line end: ` for bind ':443' at [haproxy.cfg:12].`
    said: String,
    /// What the line says, with what `global` says for all.
    common: TlsCommon,
    /// Certificates in order.
    pub sources: Vec<Source>,
    strict: bool,
    http: bool,
    prefer_client: bool,
    own: Ignored,
    above: Ignored,
    max_record: Option<u32>,
    keylog: bool,
    /// Hellos are looked at before rustls sees them: how much of them is kept.
    pub capture: usize,
    storage: Arc<dyn StoresServerSessions>,
    /// Keys of tickets; `None`: `no-tls-tickets`
    pub tickets: Option<Arc<Tickets>>,
    now: RwLock<Arc<Serving>>,
}

/// What connections use: of the line, and of entries of lists with options of their own.
#[derive(Debug, Default)]
pub struct Serving {
    /// The line's own first; empty as long as nothing could be made of it.
    settings: Vec<Settings>,
    certificates: Arc<Certificates>,
}

/// Settings of connections.
#[derive(Clone, Debug)]
pub struct Settings {
    /// For rustls.
    pub config: Arc<ServerConfig>,
    /// The same for clients that offer none of the protocols: none is agreed upon then, where
    /// rustls would refuse them.
    pub without_protocol: Option<Arc<ServerConfig>>,
    /// Who judges clients' certificates.
    pub clients: Option<Arc<Clients>>,
}

impl Serving {
    /// Whether the client's name chooses more than the certificate.
    pub fn depends_on_name(&self) -> bool {
        self.settings.len() > 1
    }
    /// Whether the client's hello is to be looked at before rustls sees it.
    pub fn depends_on_hello(&self) -> bool {
        let first = self.usual();
        self.depends_on_name() || first.is_some_and(|s| s.without_protocol.is_some())
    }
    /// For a client of whom nothing is known.
    pub fn usual(&self) -> Option<&Settings> {
        self.settings.first()
    }
    /// For a client that asks for a name and verifies these signatures.
    pub fn chosen(&self, name: Option<&str>, schemes: &[SignatureScheme]) -> Option<&Settings> {
        let entry = self.certificates.choose(name, schemes);
        let chosen = entry.and_then(|e| self.settings.get(e.settings));
        chosen.or(self.usual())
    }
}

impl BindTlsPlan {
    /// What the line says, with what `global` says for all.
    pub fn common(&self) -> &TlsCommon {
        &self.common
    }

    /// `strict-sni`
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// What new connections use.
    pub fn serving(&self) -> Arc<Serving> {
        self.now.read().clone()
    }

    /// Lets new connections use something else.
    pub fn serve(&self, serving: Serving) {
        *self.now.write() = Arc::new(serving);
    }

    /// The entries of the line in order, and whether each is for those whom no name matches.
    pub fn entries<'c>(&'c self, contents: &'c Contents) -> Vec<(ListEntry, bool)> {
        let mut all: Vec<(ListEntry, bool)> = Vec::new();
        for source in &self.sources {
            match source {
                Source::Crt {
                    certificate,
                    default,
                } => {
                    let entry = ListEntry {
                        line: 0,
                        certificate: certificate.clone(),
                        options: None,
                        names: Vec::new(),
                    };
                    all.push((entry, *default));
                }
                Source::List(name) => {
                    let list = contents.lists.get(name);
                    let entries = list.into_iter().flat_map(|l| &l.entries);
                    all.extend(entries.map(|e| (e.clone(), false)));
                }
            }
        }
        // the first certificate is a default one, with all of its bundle
        let first = all.first().map(|(e, _)| e.certificate.clone());
        if let Some(first) = first {
            let stem = |name: &str| match name.rsplit_once('.') {
                Some((stem, "rsa" | "ecdsa" | "dsa")) => stem.to_owned(),
                _ => name.to_owned(),
            };
            let of = stem(&first);
            let bundle = of != first;
            for (at, (entry, default)) in all.iter_mut().enumerate() {
                let same = bundle && entry.line == 0 && stem(&entry.certificate) == of;
                *default |= at == 0 || same;
            }
        }
        all
    }

    /// Makes what connections use.
    ///
    /// # Errors
    /// Why that cannot be, up to the words that name the line.
    pub fn make(&self, contents: &mut Contents) -> Result<Serving, String> {
        let mut certificates = Certificates::default();
        certificates.strict = self.strict;
        let mut merged: Vec<TlsCommon> = vec![self.common.clone()];
        let entries = self.entries(contents);
        for (entry, default) in &entries {
            let Some(certificate) = contents.certificates.get(&entry.certificate) else {
                continue;
            };
            let Some(key) = &certificate.certified else {
                continue;
            };
            let settings = match &entry.options {
                None => 0,
                Some(options) => {
                    let mut common = options.common.clone();
                    common.inherit(&self.common);
                    let known = merged.iter().position(|m| *m == common);
                    known.unwrap_or_else(|| {
                        merged.push(common);
                        merged.len() - 1
                    })
                }
            };
            let common = merged.get(settings).unwrap_or(&self.common);
            let key = limited(key, common)?;
            let until = key.ocsp.as_deref().and_then(|der| {
                let until = ocsp::read(der).ok()?.next_update.and_then(ocsp::seconds)?;
                let mut bare = CertifiedKey::clone(&key);
                bare.ocsp = None;
                Some((until, Arc::new(bare)))
            });
            let new = Entry::new(key, until, entry.certificate.as_str().into(), settings);
            let names = match entry.names.is_empty() {
                true => &certificate.names,
                false => &entry.names,
            };
            certificates.add(new, names.iter().map(String::as_str), *default);
        }
        let certificates = Arc::new(certificates);
        let mut settings = Vec::new();
        for common in &merged {
            settings.push(self.settings(common, contents, &certificates)?);
        }
        Ok(Serving {
            settings,
            certificates,
        })
    }

    fn settings(
        &self,
        common: &TlsCommon,
        contents: &mut Contents,
        certificates: &Arc<Certificates>,
    ) -> Result<Settings, String> {
        let spoken = versions::left(&common.versions, Some(TlsVersion::Tls12));
        let (provider, versions) =
            suites::provider(common, &spoken).map_err(|fault| fault.text(common))?;
        let mut schemes = provider
            .signature_verification_algorithms
            .supported_schemes();
        if let Some(list) = &common.client_sigalgs {
            let wanted = sigalgs::read(&list.text).ok_or_else(|| unknown(&list.text))?;
            schemes.retain(|s| wanted.contains(s));
        }
        let builder = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&versions)
            .map_err(|e| e.to_string())?;
        let verify = common.verify.unwrap_or(Verify::None);
        let mut clients = None;
        let builder = match verify {
            Verify::None => builder.with_no_client_auth(),
            Verify::Optional | Verify::Required => {
                if common.ca_file.is_none() && common.ca_verify_file.is_none() {
                    return Err("verify is enabled but no CA file specified".into());
                }
                let path = |said: &Option<crate::ir::tls::Said>| {
                    said.as_ref().map(|s| contents.ca_path(&s.text))
                };
                let ca = path(&common.ca_file);
                let key = [
                    ca.clone(),
                    path(&common.ca_verify_file),
                    path(&common.crl_file),
                ];
                let trust = contents
                    .trust(key)
                    .ok_or("unable to use the CA file".to_owned())?;
                let named = ca.filter(|_| !common.no_ca_names);
                let named = named.and_then(|ca| contents.authorities.get(&ca));
                let hints = named.into_iter().flat_map(|a| &a.certificates);
                let hints = hints.filter_map(|der| {
                    let subject = x509::parse(der)?.subject().as_raw().to_vec();
                    Some(DistinguishedName::from(subject))
                });
                let made = Arc::new(Clients {
                    trust,
                    hints: hints.collect(),
                    required: verify == Verify::Required,
                    own: self.own.clone(),
                    above: self.above.clone(),
                    schemes,
                });
                clients = Some(made.clone());
                builder.with_client_cert_verifier(made)
            }
        };
        let mut config = builder.with_cert_resolver(certificates.clone());
        config.alpn_protocols = match &common.alpn {
            Some(names) => names.clone(),
            // unless said otherwise, those that HTTP is spoken in
            None if self.http => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            None => Vec::new(),
        };
        config.ignore_client_order = !self.prefer_client;
        config.session_storage = self.storage.clone();
        if let Some(tickets) = &self.tickets {
            config.ticketer = tickets.clone();
        }
        config.max_fragment_size = self
            .max_record
            .map(|n| usize::try_from(n).unwrap_or(usize::MAX).clamp(32, 16_379) + 5);
        if self.keylog {
            config.key_log = Arc::new(super::KeyLog);
        }
        let without_protocol = (!config.alpn_protocols.is_empty()).then(|| {
            let mut config = config.clone();
            config.alpn_protocols.clear();
            Arc::new(config)
        });
        Ok(Settings {
            config: Arc::new(config),
            without_protocol,
            clients,
        })
    }
}

fn unknown(list: &str) -> String {
    format!("unable to set SSL Signature Algorithm list to '{list}'")
}

/// A key that signs as a line allows it.
pub(super) fn limited(
    key: &Arc<CertifiedKey>,
    common: &TlsCommon,
) -> Result<Arc<CertifiedKey>, String> {
    let Some(list) = &common.sigalgs else {
        return Ok(key.clone());
    };
    let schemes = sigalgs::read(&list.text).ok_or_else(|| unknown(&list.text))?;
    let mut made = CertifiedKey::clone(key);
    made.key = Arc::new(Limited {
        key: key.key.clone(),
        schemes,
    });
    Ok(Arc::new(made))
}

impl Builder<'_> {
    /// The TLS of a line; `None` without `ssl`, or when a fault makes it impossible.
    pub(in crate::plan) fn bind_tls(
        &mut self,
        bind: &Bind,
        proxy: Option<&Proxy>,
    ) -> Option<Arc<BindTlsPlan>> {
        let tls = &bind.tls;
        if !tls.ssl {
            return None;
        }
        let global = &self.config.global.tls;
        let common = tls.common.clone();
        let owner = proxy.map_or_else(String::new, |p| p.name.clone());
        let strict = tls.strict_sni.unwrap_or(global.strict_sni);
        let keylog = global.keylog;
        let capture = usize::try_from(global.capture).unwrap_or(usize::MAX);
        let prefer_client = tls.prefer_client_ciphers || global.prefer_client_ciphers;
        let lifetime = global.lifetime.map_or(300, |ms| ms / 1000);
        let max_record = global.max_record;
        let storage = super::ticket::storage(global.cache_size, lifetime);
        let line = Line {
            bind,
            said: format!("for bind '{}' at [{}].", bind.written, bind.place),
            owner: owner.clone(),
        };
        let sources = self.sources(tls, bind);
        let loaded = self.authorities_of(&common, &bind.said);
        let keys = match &tls.ticket_keys {
            None => Ok(None),
            Some(said) => self.ticket_keys(said, bind).map(Some).ok_or(()),
        };
        if !self.files.present() {
            return None;
        }
        let (sources, (), keys) = (sources?, loaded?, keys.ok()?);
        let tickets = match common.no_tickets {
            Some(true) => None,
            _ => Some(Arc::new(super::ticket::Tickets::new(keys, lifetime)?)),
        };
        let made = BindTlsPlan {
            proxy: owner.clone(),
            place: bind.place.clone(),
            said: line.said.clone(),
            sources,
            strict,
            http: proxy.is_some_and(|p| p.settings.mode == Mode::Http),
            prefer_client,
            own: Ignored::of(&tls.crt_ignore),
            above: Ignored::of(&tls.ca_ignore),
            max_record,
            keylog,
            capture,
            storage,
            tickets,
            now: RwLock::default(),
            common,
        };
        if made.entries(&self.tls).is_empty() {
            let text = format!(
                "Proxy '{owner}': no SSL certificate specified for bind '{}' at [{}]",
                bind.written, bind.place
            );
            let finding = match strict {
                true => Diagnostic::warning(
                    "HX0501",
                    bind.span,
                    format!("{text}, ssl connections will fail (use 'crt')."),
                ),
                false => Diagnostic::alert("HX0501", bind.span, format!("{text} (use 'crt').")),
            };
            self.diags.push(finding.form(Form::Plain));
            if !strict {
                return None;
            }
        }
        self.outdated(&made.common, &line);
        let spoken = versions::left(&made.common.versions, Some(TlsVersion::Tls12));
        self.bind_versions(&spoken, &line);
        match made.make(&mut self.tls) {
            Ok(serving) => made.serve(serving),
            Err(fault) => {
                let code = match fault.starts_with("verify") {
                    true => "HX0502",
                    false => "HX0503",
                };
                let text = format!("Proxy '{owner}': {fault} {}", made.said);
                let finding = Diagnostic::alert(code, bind.span, text);
                self.diags.push(finding.form(Form::Plain));
                return None;
            }
        }
        let made = Arc::new(made);
        self.tls.lines.push(made.clone());
        Some(made)
    }

    /// Words about versions that have no effect, or another one than they seem to have.
    fn bind_versions(&mut self, spoken: &Left, line: &Line<'_>) {
        let about = format!("'{}' at [{}]", line.bind.written, line.bind.place);
        let mut warn = |text: String| {
            let text = format!("Proxy '{}': {text}", line.owner);
            let finding = Diagnostic::warning("HX0505", line.bind.span, text);
            self.diags.push(finding.form(Form::Plain));
        };
        if spoken.ignored {
            warn(format!(
                "no-sslv3/no-tlsv1x are ignored for bind {about}. Use only 'ssl-min-ver' and 'ssl-max-ver' to fix."
            ));
        }
        if let Some(version) = spoken.lowered {
            warn(format!(
                "Ambiguous configuration for bind {about}: the ssl-min-ver value is not configured and the ssl-max-ver value is lower than the default ssl-min-ver value (TLSv1.2). Setting the ssl-min-ver to {}. Use 'ssl-min-ver' to fix this.",
                version.name()
            ));
        }
    }

    /// Versions that files still ask for and no one speaks any more.
    fn outdated(&mut self, common: &TlsCommon, line: &Line<'_>) {
        if let Some(min) = common.versions.min.filter(|v| *v < TlsVersion::Tls12)
            && common
                .versions
                .max
                .is_none_or(|max| max >= TlsVersion::Tls12)
        {
            let text = format!(
                "{} : 'ssl-min-ver {}': this TLS library speaks nothing older than TLSv1.2; older clients are refused.",
                line.bind.said,
                min.name()
            );
            let finding = Diagnostic::notice("HX0504", line.bind.span, text);
            self.diags.push(finding);
        }
    }
}

/// A line, for messages.
struct Line<'a> {
    bind: &'a Bind,
    said: String,
    owner: String,
}

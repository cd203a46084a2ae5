//! The TLS of `bind` lines.

use super::certificates::{self, Certificates};
use super::verify::Clients;
use super::versions::{self, Left};
use super::{crt_list, pem, suites};
use crate::base::diag::{Diagnostic, Form};
use crate::base::span::Span;
use crate::ir::proxy::Mode;
use crate::ir::tls::{BindTls, Said, StoredCertificate, TlsCommon, TlsVersion, Verify};
use crate::ir::{Bind, Proxy};
use crate::plan::build::Builder;
use rustls::crypto::aws_lc_rs;
use rustls::server::{NoServerSessionStorage, ServerSessionMemoryCache, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};
use std::sync::Arc;

/// Names of files that lie beside certificates and are none (`ssl-load-extra-files`).
const BESIDE: &[&str] = &["key", "issuer", "ocsp", "sctl", "dh"];
/// Kinds of keys of a bundle: `site.pem` names `site.pem.rsa` and `site.pem.ecdsa`.
const BUNDLE: &[&str] = &["ecdsa", "rsa", "dsa"];
/// Sessions kept for clients that take no tickets (`tune.ssl.cachesize`).
const CACHE: usize = 20_000;

impl Builder<'_> {
    /// The TLS of a line; `None` without `ssl`, or when a fault makes it impossible.
    pub(in crate::plan) fn bind_tls(
        &mut self,
        bind: &Bind,
        proxy: Option<&Proxy>,
    ) -> Option<Arc<ServerConfig>> {
        let tls = &bind.tls;
        if !tls.ssl {
            return None;
        }
        let mut common = tls.common.clone();
        inherit(&mut common, &self.config.global.tls.bind);
        let owner = proxy.map_or_else(String::new, |p| p.name.clone());
        let line = Line {
            bind,
            said: format!("for bind '{}' at [{}].", bind.written, bind.place),
            owner,
        };
        let found = self.certificates(tls, bind);
        let roots = self.roots(&common, &bind.said);
        if !self.files.present() {
            return None;
        }
        let mut found = found?;
        found.strict = tls.strict_sni.unwrap_or(self.config.global.tls.strict_sni);
        let strict = found.strict;
        if found.len() == 0 {
            let text = format!(
                "Proxy '{}': no SSL certificate specified for bind '{}' at [{}]",
                line.owner, bind.written, bind.place
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
        self.outdated(&common, &line);
        let spoken = versions::left(&common.versions, Some(TlsVersion::Tls12));
        self.bind_versions(&spoken, &line);
        let (provider, versions) = match suites::provider(&common, &spoken) {
            Ok(made) => made,
            Err(fault) => {
                self.line_fault(&line, &fault.text(&common));
                return None;
            }
        };
        let provider = Arc::new(provider);
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&versions)
            .ok()?;
        let verify = common.verify.unwrap_or(Verify::None);
        // rustls does not tell at which depth an error is: only both lists together, whole, can be
        // followed without ignoring more than the line says
        let whole = |list: &[Option<u32>]| list.contains(&None);
        let none = tls.crt_ignore.is_empty() && tls.ca_ignore.is_empty();
        let all = whole(&tls.crt_ignore) && whole(&tls.ca_ignore);
        if verify != Verify::None && !none && !all {
            let text = format!(
                "{} : 'crt-ignore-err' and 'ca-ignore-err' are executed only as 'all', both together, by this version of hapax; otherwise the line would verify less than it says.",
                bind.said
            );
            self.diags
                .push(Diagnostic::alert("HX0283", bind.span, text));
            return None;
        }
        let builder = if verify == Verify::None {
            builder.with_no_client_auth()
        } else {
            let Some((roots, crls, authorities)) = roots? else {
                let text = format!(
                    "Proxy '{}': verify is enabled but no CA file specified {}",
                    line.owner, line.said
                );
                let finding = Diagnostic::alert("HX0502", bind.span, text);
                self.diags.push(finding.form(Form::Plain));
                return None;
            };
            let mut inner =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                    .with_crls(crls)
                    .enforce_revocation_expiration();
            if verify == Verify::Optional {
                inner = inner.allow_unauthenticated();
            }
            let inner = match inner.build() {
                Ok(inner) => inner,
                Err(error) => {
                    self.line_fault(&line, &format!("unable to use the CA file: {error}"));
                    return None;
                }
            };
            let ignored = all;
            builder.with_client_cert_verifier(Arc::new(Clients {
                inner,
                trusted: authorities,
                ignored,
            }))
        };
        let mut config = builder.with_cert_resolver(Arc::new(found));
        let http = proxy.is_some_and(|p| p.settings.mode == Mode::Http);
        config.alpn_protocols = Self::alpn(&common, http);
        let global = &self.config.global.tls;
        config.ignore_client_order = !(tls.prefer_client_ciphers || global.prefer_client_ciphers);
        config.session_storage = match self.config.global.tls.cache_size {
            Some(0) => Arc::new(NoServerSessionStorage {}),
            size => ServerSessionMemoryCache::new(size.map_or(CACHE, |n| n as usize)),
        };
        if common.no_tickets != Some(true) {
            config.ticketer = aws_lc_rs::Ticketer::new().ok()?;
        }
        Some(Arc::new(config))
    }

    /// The protocols offered; unless said otherwise, those that HTTP is spoken in.
    fn alpn(common: &TlsCommon, http: bool) -> Vec<Vec<u8>> {
        match &common.alpn {
            Some(names) => names.clone(),
            None if http => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            None => Vec::new(),
        }
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

    fn line_fault(&mut self, line: &Line<'_>, what: &str) {
        let text = format!("Proxy '{}': {what} {}", line.owner, line.said);
        let finding = Diagnostic::alert("HX0503", line.bind.span, text);
        self.diags.push(finding.form(Form::Plain));
    }

    /// Where a certificate's file is.
    pub(in crate::plan) fn crt_path(&self, name: &str) -> String {
        match &self.config.global.tls.crt_base {
            Some(base) if !name.starts_with('/') => format!("{base}/{name}"),
            _ => name.to_owned(),
        }
    }

    fn certificates(&mut self, tls: &BindTls, bind: &Bind) -> Option<Certificates> {
        let mut all = Certificates::default();
        let mut whole = true;
        for said in &tls.crt {
            let place = Place {
                span: said.span,
                context: bind.said.clone(),
            };
            let path = self.crt_path(&said.text);
            if let Some(stored) = self.stored(&said.text, &path) {
                whole &= self.add_stored(&mut all, &stored, &[], &place).is_some();
                continue;
            }
            let files = match self.directory(&path, said.span) {
                Some(mut files) => {
                    files.sort();
                    files.into_iter().map(|f| format!("{path}/{f}")).collect()
                }
                None => vec![path],
            };
            for file in files {
                whole &= self.add_certificate(&mut all, &file, &[], &place).is_some();
            }
        }
        for said in &tls.crt_list {
            whole &= self.add_list(&mut all, said, bind).is_some();
        }
        whole.then_some(all)
    }

    /// The certificate of a `crt-store` that a word names: by its name there, or by its path.
    pub(super) fn stored(&self, said: &str, path: &str) -> Option<StoredCertificate> {
        let stored = &self.config.global.tls.stored;
        let found = stored.iter().find(|s| s.name == said || s.name == path);
        found.cloned()
    }

    fn add_stored(
        &mut self,
        all: &mut Certificates,
        stored: &StoredCertificate,
        names: &[String],
        place: &Place,
    ) -> Option<()> {
        match self.stored_pem(stored, place) {
            Ok(bytes) => self.add_pem(all, &stored.crt.text, &bytes, names, place),
            Err(_) if !self.files.present() => Some(()),
            Err(()) => None,
        }
    }

    /// The file of a stored certificate, and of its key where that lies elsewhere, in one.
    pub(super) fn stored_pem(
        &mut self,
        stored: &StoredCertificate,
        place: &Place,
    ) -> Result<Vec<u8>, ()> {
        let mut whole = Vec::new();
        // the key first: what the other file may hold besides does not count
        for said in stored.key.iter().chain([&stored.crt]) {
            match self.read(&said.text, said.span) {
                Ok(bytes) => {
                    whole.extend_from_slice(&bytes);
                    whole.push(b'\n');
                }
                Err(error) => {
                    let text = format!(
                        "{} : unable to load '{}' : {}.",
                        place.context,
                        said.text,
                        super::reason(&error)
                    );
                    if self.files.present() {
                        self.diags
                            .push(Diagnostic::alert("HX0500", said.span, text));
                    }
                    return Err(());
                }
            }
        }
        Ok(whole)
    }

    /// The certificates among a directory's files; `None`: it is none.
    fn directory(&self, path: &str, span: Span) -> Option<Vec<String>> {
        let names = self.list(path, span)?;
        let mut files: Vec<String> = Vec::new();
        for name in names {
            let end = name.rsplit_once('.').map_or("", |(_, end)| end);
            if name.starts_with('.') || BESIDE.contains(&end) {
                continue;
            }
            files.push(name);
        }
        Some(files)
    }

    fn add_list(&mut self, all: &mut Certificates, said: &Said, bind: &Bind) -> Option<()> {
        let bytes = match self.read(&said.text, said.span) {
            Ok(bytes) => bytes,
            Err(_) if !self.files.present() => return Some(()),
            Err(error) => {
                let text = format!(
                    "{} : 'crt-list' : cannot open file '{}' : {}",
                    bind.said,
                    said.text,
                    super::reason(&error)
                );
                self.diags
                    .push(Diagnostic::alert("HX0500", said.span, text));
                return None;
            }
        };
        let place = Place {
            span: said.span,
            context: format!("{} : 'crt-list'", bind.said),
        };
        let entries = match crt_list::read(&bytes) {
            Ok(entries) => entries,
            Err((line, text)) => {
                let text = format!(
                    "{} : {text} in file '{}' line {line}",
                    place.context, said.text
                );
                self.diags
                    .push(Diagnostic::alert("HX0500", said.span, text));
                return None;
            }
        };
        let mut whole = true;
        for entry in entries {
            if !entry.options.is_empty() {
                let text = format!(
                    "{} : options of '{}' in file '{}' line {} are not executed yet by this version of hapax; without them the line would promise more than it keeps.",
                    place.context, entry.file, said.text, entry.line
                );
                self.diags
                    .push(Diagnostic::alert("HX0283", said.span, text));
                whole = false;
                continue;
            }
            let path = self.crt_path(&entry.file);
            if let Some(stored) = self.stored(&entry.file, &path) {
                let added = self.add_stored(all, &stored, &entry.names, &place);
                whole &= added.is_some();
                continue;
            }
            whole &= self
                .add_certificate(all, &path, &entry.names, &place)
                .is_some();
        }
        whole.then_some(())
    }

    /// Loads the certificate of a file, or those of the bundle that it names.
    fn add_certificate(
        &mut self,
        all: &mut Certificates,
        path: &str,
        names: &[String],
        place: &Place,
    ) -> Option<()> {
        let bytes = match self.read(path, place.span) {
            Ok(bytes) => bytes,
            Err(_) if !self.files.present() => return Some(()),
            Err(error) => {
                let mut found = false;
                for kind in BUNDLE {
                    let part = format!("{path}.{kind}");
                    if let Ok(bytes) = self.read(&part, place.span) {
                        found = true;
                        self.add_pem(all, &part, &bytes, names, place)?;
                    }
                }
                if found {
                    return Some(());
                }
                let text = format!(
                    "{} : unable to stat SSL certificate from file '{path}' : {}.",
                    place.context,
                    super::reason(&error)
                );
                self.diags
                    .push(Diagnostic::alert("HX0500", place.span, text));
                return None;
            }
        };
        self.add_pem(all, path, &bytes, names, place)
    }

    fn add_pem(
        &mut self,
        all: &mut Certificates,
        path: &str,
        bytes: &[u8],
        names: &[String],
        place: &Place,
    ) -> Option<()> {
        let key = Arc::new(self.certified(path, bytes, place)?);
        let own;
        let names = match (names, key.cert.first()) {
            ([], Some(first)) => {
                own = certificates::names(first);
                &own[..]
            }
            (names, _) if names.iter().all(|n| n.starts_with('!')) => {
                own = key
                    .cert
                    .first()
                    .map(certificates::names)
                    .unwrap_or_default()
                    .into_iter()
                    .chain(names.iter().cloned())
                    .collect();
                &own[..]
            }
            (names, _) => names,
        };
        all.add(&key, names);
        Some(())
    }

    /// A chain with its key; the key may lie beside it in `FILE.key`.
    pub(super) fn certified(
        &mut self,
        path: &str,
        bytes: &[u8],
        place: &Place,
    ) -> Option<CertifiedKey> {
        let mut fail = |text: String| {
            let text = format!("{} : {text}", place.context);
            self.diags
                .push(Diagnostic::alert("HX0500", place.span, text));
        };
        let mut pem = pem::read(bytes);
        if pem.certificates.is_empty() {
            fail(format!(
                "unable to load certificate from file '{path}': no start line."
            ));
            return None;
        }
        if pem.key.is_none() {
            let beside = format!("{path}.key");
            pem.key = self
                .read(&beside, place.span)
                .ok()
                .and_then(|bytes| pem::read(&bytes).key);
        }
        let mut fail = |text: String| {
            let text = format!("{} : {text}", place.context);
            self.diags
                .push(Diagnostic::alert("HX0500", place.span, text));
        };
        let Some(key) = pem.key else {
            fail(format!("No Private Key found in '{path}.key'."));
            return None;
        };
        let signer = match aws_lc_rs::sign::any_supported_type(&key) {
            Ok(signer) => signer,
            Err(error) => {
                fail(format!(
                    "unable to use the private key of '{path}': {error}."
                ));
                return None;
            }
        };
        if self.config.global.tls.skip_self_issued {
            // what is left out is no part of the way to an authority but the authority itself
            let mut first = true;
            pem.certificates
                .retain(|c| std::mem::take(&mut first) || !certificates::self_issued(c));
        }
        let certified = CertifiedKey::new(pem.certificates, signer);
        // a certificate that rustls cannot read has its key taken on trust
        if let Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) =
            certified.keys_match()
        {
            fail(format!(
                "inconsistencies between private key and certificate loaded '{path}'."
            ));
            return None;
        }
        Some(certified)
    }

    /// The authorities and revocation lists; `Some(None)` without `ca-file`.
    #[allow(clippy::type_complexity)]
    pub(super) fn roots(
        &mut self,
        common: &TlsCommon,
        context: &str,
    ) -> Option<
        Option<(
            RootCertStore,
            Vec<rustls::pki_types::CertificateRevocationListDer<'static>>,
            Vec<rustls::pki_types::CertificateDer<'static>>,
        )>,
    > {
        let mut crls = Vec::new();
        if let Some(said) = &common.crl_file {
            crls = self.authority_file(said, "crl-file", context)?.crls;
        }
        let Some(said) = &common.ca_file else {
            return Some(None);
        };
        let pem = match said.text.as_str() {
            "@system-ca" => self.system_authorities(said.span),
            _ => self.authority_file(said, "ca-file", context)?,
        };
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(pem.certificates.iter().cloned());
        crls.extend(pem.crls);
        // with revocation lists none is taken as it is
        let trusted = match crls.is_empty() {
            true => pem.certificates,
            false => Vec::new(),
        };
        Some(Some((roots, crls, trusted)))
    }

    fn authority_file(&mut self, said: &Said, word: &str, context: &str) -> Option<pem::Pem> {
        let path = match &self.config.global.tls.ca_base {
            Some(base) if !said.text.starts_with('/') => format!("{base}/{}", said.text),
            _ => said.text.clone(),
        };
        let mut pem = pem::Pem::default();
        let fault = if let Some(names) = self.list(&path, said.span) {
            for name in names {
                let ends = [".pem", ".crt", ".cer", ".crl"];
                if !name.starts_with('.') && ends.iter().any(|e| name.ends_with(e)) {
                    let bytes = self.read(&format!("{path}/{name}"), said.span);
                    let more = pem::read(&bytes.unwrap_or_default());
                    pem.certificates.extend(more.certificates);
                    pem.crls.extend(more.crls);
                }
            }
            None
        } else {
            match self.read(&path, said.span) {
                Ok(bytes) => {
                    pem = pem::read(&bytes);
                    None
                }
                Err(_) if !self.files.present() => return Some(pem),
                Err(error) => Some(super::reason(&error)),
            }
        };
        let empty = pem.certificates.is_empty() && pem.crls.is_empty();
        let fault = fault.or_else(|| empty.then(|| "no certificate or crl found".to_owned()));
        if let Some(reason) = fault {
            let text = format!("Couldn't open the ca-file '{path}' ({reason}).");
            let finding = Diagnostic::alert("HX0500", said.span, text);
            self.diags.push(finding.form(Form::Config));
            let text = format!("{context} : '{word}' : unable to load {}", said.text);
            self.diags
                .push(Diagnostic::alert("HX0500", said.span, text));
            return None;
        }
        Some(pem)
    }

    /// The authorities that this machine trusts (`@system-ca`).
    fn system_authorities(&self, span: Span) -> pem::Pem {
        const PLACES: [&str; 3] = [
            "/etc/ssl/certs/ca-certificates.crt",
            "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/ssl/cert.pem",
        ];
        let found = PLACES.iter().find_map(|p| self.read(p, span).ok());
        pem::read(&found.unwrap_or_default())
    }
}

/// Where a file is named, for messages.
pub(super) struct Place {
    pub span: Span,
    pub context: String,
}

/// A line, for messages.
struct Line<'a> {
    bind: &'a Bind,
    said: String,
    owner: String,
}

/// Fills in what the line does not say.
pub(super) fn inherit(common: &mut TlsCommon, global: &TlsCommon) {
    let c = common;
    c.ciphers = c.ciphers.take().or_else(|| global.ciphers.clone());
    c.ciphersuites = c
        .ciphersuites
        .take()
        .or_else(|| global.ciphersuites.clone());
    c.curves = c.curves.take().or_else(|| global.curves.clone());
    let (v, g) = (&mut c.versions, &global.versions);
    v.min = v.min.or(g.min);
    v.max = v.max.or(g.max);
    v.without.extend(&g.without);
    c.no_tickets = c.no_tickets.or(global.no_tickets);
}

//! Files of certificates, authorities and lists into the store.

use super::bind::Source;
use super::crt_list;
use super::pem::{self, Pem};
use super::store::{Authorities, Certificate, List, ListEntry, Sources, Unfit};
use super::ticket::{Key, KeyFile};
use crate::base::diag::{Diagnostic, Form};
use crate::base::span::Span;
use crate::ir::Bind;
use crate::ir::tls::{BindTls, Extra, Said, StoredCertificate, TlsCommon};
use crate::plan::build::Builder;
use crate::proto::x509::{self, ocsp};
use crate::sample::conv::from_base64;
use std::sync::Arc;

/// Names of files that lie beside certificates and are none (`ssl-load-extra-files`).
const BESIDE: &[&str] = &["key", "issuer", "ocsp", "sctl", "dh"];
/// Kinds of keys of a bundle: `site.pem` names `site.pem.rsa` and `site.pem.ecdsa`.
const BUNDLE: &[&str] = &["rsa", "dsa", "ecdsa"];

/// Where a file is named, for messages.
pub(super) struct Place {
    pub span: Span,
    pub context: String,
}

/// Files beside a certificate that are named, not looked for.
#[derive(Default)]
struct Named {
    update: Option<bool>,
    key: Option<String>,
    ocsp: Option<String>,
    issuer: Option<String>,
    sctl: Option<String>,
}

impl Builder<'_> {
    /// Where a certificate's file is.
    pub(in crate::plan) fn crt_path(&self, name: &str) -> String {
        self.tls.crt_path(name)
    }

    fn certificate_fault(&mut self, place: &Place, text: String) {
        let text = format!("{} : {text}", place.context);
        self.diags
            .push(Diagnostic::alert("HX0500", place.span, text));
    }

    /// Where the certificates of a line come from; all of them loaded.
    pub(super) fn sources(&mut self, tls: &BindTls, bind: &Bind) -> Option<Vec<Source>> {
        let mut all = Vec::new();
        let mut whole = true;
        for crt in &tls.crt {
            let said = &crt.said;
            let place = Place {
                span: said.span,
                context: bind.said.clone(),
            };
            let path = self.tls.crt_path(&said.text);
            if let Some(mut files) = self.directory(&path, said.span) {
                files.sort();
                let mut list = List::default();
                for file in files {
                    let path = format!("{}/{file}", path.trim_end_matches('/'));
                    let Some(names) = self.load_all(&path, &Named::default(), &place) else {
                        whole = false;
                        continue;
                    };
                    for certificate in names {
                        list.lines += 1;
                        list.entries.push(ListEntry {
                            line: list.lines,
                            certificate,
                            options: None,
                            names: Vec::new(),
                        });
                    }
                }
                self.tls.lists.insert(path.clone(), list);
                all.push(Source::List(path));
                continue;
            }
            match self.load_said(&said.text, &Named::default(), &place) {
                Some(names) => all.extend(names.into_iter().map(|certificate| Source::Crt {
                    certificate,
                    default: crt.default,
                })),
                None => whole = false,
            }
        }
        for said in &tls.crt_list {
            match self.load_list(said, bind) {
                Some(()) => all.push(Source::List(said.text.clone())),
                None => whole = false,
            }
        }
        whole.then_some(all)
    }

    /// The certificates among a directory's files; `None`: it is none.
    fn directory(&self, path: &str, span: Span) -> Option<Vec<String>> {
        let names = self.list(path, span)?;
        let is_one = |name: &String| {
            let end = name.rsplit_once('.').map_or("", |(_, end)| end);
            !name.starts_with('.') && !BESIDE.contains(&end)
        };
        Some(names.into_iter().filter(is_one).collect())
    }

    fn load_list(&mut self, said: &Said, bind: &Bind) -> Option<()> {
        if self.tls.lists.contains_key(&said.text) {
            return Some(());
        }
        let place = Place {
            span: said.span,
            context: format!("{} : 'crt-list'", bind.said),
        };
        let bytes = match self.read(&said.text, said.span) {
            Ok(bytes) => bytes,
            Err(_) if !self.files.present() => return Some(()),
            Err(error) => {
                let reason = super::reason(&error);
                self.certificate_fault(
                    &place,
                    format!("cannot open file '{}' : {reason}", said.text),
                );
                return None;
            }
        };
        let lines = match crt_list::read(&bytes, &said.text, said.span) {
            Ok(lines) => lines,
            Err(text) => {
                self.certificate_fault(&place, text);
                return None;
            }
        };
        let mut list = List {
            lines: lines.last().map_or(0, |l| l.number),
            ..List::default()
        };
        let mut whole = true;
        for line in lines {
            let options = line.options.map(Arc::new);
            let mut named = Named::default();
            if let Some(options) = &options {
                named.update = options.ocsp_update;
                for (word, file) in &options.files {
                    let file = Some(self.tls.crt_path(file));
                    match word.as_str() {
                        "key" => named.key = file,
                        "ocsp" => named.ocsp = file,
                        "issuer" => named.issuer = file,
                        _ => named.sctl = file,
                    }
                }
                if options.ocsp_update == Some(true) {
                    let text = format!(
                        "{} : 'ocsp-update' of '{}' in file '{}' line {} has no effect yet in this version of hapax.",
                        place.context, line.file, said.text, line.number
                    );
                    self.diags
                        .push(Diagnostic::notice("HX0283", said.span, text));
                }
                whole &= self
                    .authorities_of(&options.common, &place.context)
                    .is_some();
            }
            let Some(names) = self.load_said(&line.file, &named, &place) else {
                whole = false;
                continue;
            };
            list.entries
                .extend(names.into_iter().map(|certificate| ListEntry {
                    line: line.number,
                    certificate,
                    options: options.clone(),
                    names: line.names.clone(),
                }));
        }
        self.tls.lists.insert(said.text.clone(), list);
        whole.then_some(())
    }

    /// The certificate of a `crt-store` that a word names: by its name there, or by its path.
    fn stored(&self, said: &str, path: &str) -> Option<StoredCertificate> {
        let stored = &self.config.global.tls.stored;
        let found = stored.iter().find(|s| s.name == said || s.name == path);
        found.cloned()
    }

    /// Loads what a word names; returns the names in the store.
    fn load_said(&mut self, word: &str, named: &Named, place: &Place) -> Option<Vec<String>> {
        let path = self.tls.crt_path(word);
        if let Some(stored) = self.stored(word, &path) {
            return self.load_stored(&stored, place).map(|name| vec![name]);
        }
        self.load_all(&path, named, place)
    }

    /// One certificate for a `server` line.
    pub(super) fn load_one(&mut self, word: &str, place: &Place) -> Option<String> {
        let path = self.tls.crt_path(word);
        if let Some(stored) = self.stored(word, &path) {
            return self.load_stored(&stored, place);
        }
        match self.load_file(&path, &Named::default(), place)? {
            true => Some(path),
            false => {
                let reason = "No such file or directory";
                let text = format!("unable to stat SSL certificate from file '{path}' : {reason}.");
                self.certificate_fault(place, text);
                None
            }
        }
    }

    fn load_stored(&mut self, stored: &StoredCertificate, place: &Place) -> Option<String> {
        if self.tls.certificates.contains_key(&stored.name) {
            return Some(stored.name.clone());
        }
        let text = |said: &Option<Said>| said.as_ref().map(|s| s.text.clone());
        let named = Named {
            update: None,
            key: text(&stored.key),
            ocsp: text(&stored.ocsp),
            issuer: text(&stored.issuer),
            sctl: text(&stored.sctl),
        };
        let bytes = match self.read(&stored.crt.text, stored.crt.span) {
            Ok(bytes) => bytes,
            Err(_) if !self.files.present() => return Some(stored.name.clone()),
            Err(error) => {
                let reason = super::reason(&error);
                let text = format!("unable to load '{}' : {reason}.", stored.crt.text);
                self.certificate_fault(place, text);
                return None;
            }
        };
        self.load_bytes(&stored.name, &stored.crt.text, &bytes, &named, false, place)?;
        Some(stored.name.clone())
    }

    /// Loads the certificate of a file, or those of the bundle that it names.
    fn load_all(&mut self, path: &str, named: &Named, place: &Place) -> Option<Vec<String>> {
        if self.load_file(path, named, place)? {
            return Some(vec![path.to_owned()]);
        }
        if !self.files.present() {
            return Some(Vec::new());
        }
        let mut found = Vec::new();
        if self.tls.extra.bundle {
            for kind in BUNDLE {
                let part = format!("{path}.{kind}");
                if self.load_file(&part, &Named::default(), place)? {
                    found.push(part);
                }
            }
        }
        if found.is_empty() {
            let reason = match self.read(path, place.span) {
                Err(error) => super::reason(&error),
                Ok(_) => String::new(),
            };
            let text = format!("unable to stat SSL certificate from file '{path}' : {reason}.");
            self.certificate_fault(place, text);
            return None;
        }
        Some(found)
    }

    /// Loads a file; `Some(false)`: there is none.
    fn load_file(&mut self, path: &str, named: &Named, place: &Place) -> Option<bool> {
        if let Some(known) = self.tls.certificates.get(path) {
            let usual = self.config.global.tls.ocsp_update;
            let said = |update: Option<bool>| match update {
                Some(true) => "'on'".to_owned(),
                Some(false) => "'off'".to_owned(),
                None => format!(
                    "'default' (ocsp-update.mode {})",
                    if usual { "on" } else { "off" }
                ),
            };
            if known.update.unwrap_or(usual) != named.update.unwrap_or(usual) {
                let text = format!(
                    "'{path}' is already defined with incompatible parameters:\n  - different parameter 'ocsp-update' : previously {} vs {}",
                    said(known.update),
                    said(named.update)
                );
                self.certificate_fault(place, text);
                return None;
            }
            return Some(true);
        }
        match self.read(path, place.span) {
            Ok(bytes) => self.load_bytes(path, path, &bytes, named, true, place),
            Err(_) => Some(false),
        }
    }

    fn load_bytes(
        &mut self,
        name: &str,
        path: &str,
        bytes: &[u8],
        named: &Named,
        discover: bool,
        place: &Place,
    ) -> Option<bool> {
        let made = self.assemble(path, bytes, named, discover, place)?;
        self.tls.certificates.insert(name.to_owned(), made);
        Some(true)
    }

    /// A file that goes with a certificate: the one that is named, else the one beside it.
    fn beside(
        &self,
        named: Option<&String>,
        path: &str,
        ending: &str,
        discover: bool,
        span: Span,
    ) -> Option<(String, std::io::Result<Vec<u8>>)> {
        if let Some(named) = named {
            return Some((named.clone(), self.read(named, span)));
        }
        if !discover {
            return None;
        }
        let stem = match (self.tls.extra.without_extension, path.rsplit_once('.')) {
            (true, Some((stem, "crt"))) => stem,
            _ => path,
        };
        let file = format!("{stem}.{ending}");
        let bytes = self.read(&file, span);
        Some((file, bytes))
    }

    fn assemble(
        &mut self,
        path: &str,
        bytes: &[u8],
        named: &Named,
        discover: bool,
        place: &Place,
    ) -> Option<Certificate> {
        let span = place.span;
        let extra: Extra = self.tls.extra;
        let pem = pem::read(bytes);
        if pem.certificates.is_empty() {
            let text = format!("unable to load certificate from file '{path}': no start line.");
            self.certificate_fault(place, text);
            return None;
        }
        let mut made = Certificate {
            chain: pem.certificates,
            key: pem.key,
            update: named.update,
            sources: Sources {
                crt: Some(path.to_owned()),
                key: Some(path.to_owned()),
                ..Sources::default()
            },
            ..Certificate::default()
        };
        if pem.encrypted {
            let text = "Trying to load a passphrase-protected private key without an 'ssl-passphrase-cmd' defined.";
            let finding = Diagnostic::alert("HX0500", span, text).form(Form::Config);
            self.diags.push(finding);
        }
        if made.key.is_none() || named.key.is_some() {
            let found = self.beside(named.key.as_ref(), path, "key", discover && extra.key, span);
            let file = match found {
                Some((file, read)) => {
                    made.key = read.ok().and_then(|b| pem::read(&b).key);
                    file
                }
                None => path.to_owned(),
            };
            if made.key.is_none() {
                let text = format!("No Private Key found in '{file}'.");
                self.certificate_fault(place, text);
                return None;
            }
            made.sources.key = Some(file);
        }
        if made.chain.len() == 1 {
            self.complete_chain(&mut made, span);
        }
        let discover_ocsp = discover && extra.ocsp;
        if let Some((file, read)) =
            self.beside(named.ocsp.as_ref(), path, "ocsp", discover_ocsp, span)
        {
            made.sources.ocsp = Some(file.clone());
            if let Ok(bytes) = read {
                made.ocsp = Some(bytes);
                if made.issuer().is_none() {
                    let discover = discover && extra.issuer;
                    let found = self.beside(named.issuer.as_ref(), path, "issuer", discover, span);
                    if let Some((file, Ok(bytes))) = found {
                        made.issuer = pem::read(&bytes).certificates.into_iter().next();
                        made.sources.issuer = Some(file);
                    }
                }
                self.check_answer(&mut made, path, &file, place)?;
            }
        }
        let discover = discover && extra.sctl;
        if let Some((file, read)) = self.beside(named.sctl.as_ref(), path, "sctl", discover, span) {
            made.sources.sctl = Some(file.clone());
            if let Ok(list) = read {
                let length = list.first_chunk::<2>().map(|l| u16::from_be_bytes(*l));
                if length.is_none_or(|l| usize::from(l) + 2 != list.len()) {
                    let text = format!(" '{file}' is present but cannot be read or parsed'.");
                    self.certificate_fault(place, text);
                    return None;
                }
                let text = format!(
                    "{} : '{file}': this TLS library sends no timestamps of certificates; clients see none.",
                    place.context
                );
                self.diags.push(Diagnostic::notice("HX0504", span, text));
            }
        }
        match made.certify(self.tls.skip_self_issued) {
            Ok(()) => Some(made),
            Err(Unfit::Key) => {
                let text = format!("unable to use the private key of '{path}'.");
                self.certificate_fault(place, text);
                None
            }
            Err(Unfit::Mismatch) => {
                let text =
                    format!("inconsistencies between private key and certificate loaded '{path}'.");
                self.certificate_fault(place, text);
                None
            }
        }
    }

    /// Looks for the issuer among those of `issuers-chain-path`.
    fn complete_chain(&mut self, made: &mut Certificate, span: Span) {
        let Some(said) = self.config.global.tls.issuers.clone() else {
            return;
        };
        let directory = said.text.trim_end_matches('/');
        let mut files = self.list(directory, span).unwrap_or_default();
        files.sort();
        for file in files.iter().filter(|f| !f.starts_with('.')) {
            let path = format!("{}/{file}", said.text.trim_end_matches('/'));
            let Ok(bytes) = self.read(&path, span) else {
                continue;
            };
            let more = pem::read(&bytes).certificates;
            let (Some(own), Some(first)) = (made.chain.first(), more.first()) else {
                continue;
            };
            let (Some(own), Some(first)) = (x509::parse(own), x509::parse(first)) else {
                continue;
            };
            if own.issuer().as_raw() == first.subject().as_raw()
                && own.subject().as_raw() != own.issuer().as_raw()
            {
                drop(own);
                made.chain.extend(more);
                made.sources.chain = Some(path);
                return;
            }
        }
    }

    /// Whether a responder's answer may be shown with a certificate. What may not is left out,
    /// with a warning; without an issuer nobody knows what it is about.
    fn check_answer(
        &mut self,
        made: &mut Certificate,
        path: &str,
        file: &str,
        place: &Place,
    ) -> Option<()> {
        let Some(id) = made.ocsp_id() else {
            if made.ocsp.as_ref().is_some_and(|o| !o.is_empty()) {
                let text = format!(
                    " '{file}' is present and activates OCSP but it is impossible to compute the OCSP certificate ID (maybe the issuer could not be found)'."
                );
                self.certificate_fault(place, text);
                return None;
            }
            return Some(());
        };
        let Some(der) = made.ocsp.as_ref().filter(|o| !o.is_empty()) else {
            return Some(());
        };
        let fault = match ocsp::read(der) {
            Err(fault) => Some(fault.text().to_owned()),
            Ok(answer) if answer.id != id => Some(
                "OCSP single response: Certificate ID does not match certificate and issuer"
                    .to_owned(),
            ),
            Ok(answer) if answer.expired(ocsp::now()) => {
                Some("OCSP single response: no longer valid.".to_owned())
            }
            Ok(_) => None,
        };
        if let Some(fault) = fault {
            made.ocsp = Some(Vec::new());
            let text = format!(
                "{} : '{path}': '{file}' is present but its answer is not used: {fault}",
                place.context
            );
            self.diags
                .push(Diagnostic::warning("HX0500", place.span, text));
        }
        Some(())
    }

    /// The authorities and revocation lists that a line names, loaded.
    pub(super) fn authorities_of(&mut self, common: &TlsCommon, context: &str) -> Option<()> {
        let mut whole = true;
        for (word, said) in [
            ("ca-file", &common.ca_file),
            ("ca-verify-file", &common.ca_verify_file),
            ("crl-file", &common.crl_file),
        ] {
            if let Some(said) = said {
                whole &= self.authority_file(said, word, context).is_some();
            }
        }
        whole.then_some(())
    }

    fn authority_file(&mut self, said: &Said, word: &str, context: &str) -> Option<()> {
        let path = self.tls.ca_path(&said.text);
        let known = match word {
            "crl-file" => &self.tls.revocations,
            _ => &self.tls.authorities,
        };
        if known.contains_key(&path) {
            return Some(());
        }
        let mut pem = Pem::default();
        let fault = if said.text == "@system-ca" {
            pem = self.system_authorities(said.span);
            None
        } else if let Some(names) = self.list(&path, said.span) {
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
                Err(_) if !self.files.present() => return Some(()),
                Err(error) => Some(super::reason(&error)),
            }
        };
        let empty = pem.certificates.is_empty() && pem.crls.is_empty();
        let empty = empty && said.text != "@system-ca";
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
        let made = Authorities {
            certificates: pem.certificates,
            lists: pem.crls.iter().map(|l| l.to_vec()).collect(),
        };
        let into = match word {
            "crl-file" => &mut self.tls.revocations,
            _ => &mut self.tls.authorities,
        };
        into.insert(path, made);
        Some(())
    }

    /// The authorities that this machine trusts (`@system-ca`).
    fn system_authorities(&self, span: Span) -> Pem {
        const PLACES: [&str; 3] = [
            "/etc/ssl/certs/ca-certificates.crt",
            "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/ssl/cert.pem",
        ];
        let found = PLACES.iter().find_map(|p| self.read(p, span).ok());
        pem::read(&found.unwrap_or_default())
    }

    /// The keys of `tls-ticket-keys`; lines of one file share them.
    pub(super) fn ticket_keys(&mut self, said: &Said, bind: &Bind) -> Option<Arc<KeyFile>> {
        let known = self.tls.key_files().find(|f| f.name == said.text);
        if known.is_some() {
            return known;
        }
        let mut fail = |text: String| {
            let text = format!("{} : '{}' : {text}", bind.said, said.text);
            let finding = Diagnostic::alert("HX0500", said.span, text);
            if self.files.present() {
                self.diags.push(finding);
            }
            None
        };
        let Ok(bytes) = self.files.read(&crate::plan::build::located(
            self.config,
            &said.text,
            said.span,
        )) else {
            return fail("unable to load TLS ticket keys file".into());
        };
        let text = String::from_utf8_lossy(&bytes);
        let mut keys: Vec<Key> = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim_end();
            let at = at + 1;
            let mut decoded = Vec::new();
            if from_base64(line.as_bytes(), &mut |b| decoded.push(b)).is_none() {
                return fail(format!("unable to decode base64 key on line {at}"));
            }
            let same = |key: &Key| {
                let first = keys.first();
                first.is_none_or(|f| f.bytes().len() == key.bytes().len())
            };
            match Key::new(decoded).filter(same) {
                Some(key) => keys.push(key),
                None => return fail(format!("wrong sized key on line {at}")),
            }
        }
        if keys.len() < super::ticket::KEYS {
            return fail("please supply at least 3 keys in the tls-tickets-file".into());
        }
        Some(Arc::new(KeyFile::new(said.text.clone(), keys)))
    }
}

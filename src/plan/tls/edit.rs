//! What the runtime API changes in the store, in HAProxy's words (management guide 9.3, `set ssl
//! cert`, `commit ssl ca-file`, `add ssl crt-list`, ...).

use super::bind::{BindTlsPlan, Serving, Source};
use super::crt_list;
use super::pem;
use super::server::{ServerTlsPlan, Spoken};
use super::store::{Authorities, Certificate, Contents, List, ListEntry, Unfit};
use super::ticket::{Key, KeyFile};
use crate::base::span::Span;
use crate::ir::tls::{Said, TlsCommon};
use crate::proto::x509::{self, ocsp};
use crate::sample::conv::from_base64;
use rustls::pki_types::CertificateDer;
use std::sync::Arc;

/// Which files a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `ca-file`
    Authorities,
    /// `crl-file`
    Revocations,
}

impl Kind {
    /// How HAProxy calls them.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Authorities => "CA",
            Kind::Revocations => "CRL",
        }
    }
}

/// A part of a certificate that a name like `site.pem.key` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    All,
    Key,
    Ocsp,
    Issuer,
    Sctl,
}

/// What was made anew, to be put in place at once.
type Made = (
    Vec<(Arc<BindTlsPlan>, Serving)>,
    Vec<(Arc<ServerTlsPlan>, Spoken)>,
);

const ONGOING: &str = "The ongoing transaction is about";

fn other(of: &str, name: &str) -> String {
    format!("{ONGOING} '{of}' but you are trying to set '{name}'")
}

fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let text: Vec<u8> = text
        .iter()
        .copied()
        .filter(|b| !b.is_ascii_whitespace())
        .collect();
    let mut out = Vec::new();
    from_base64(&text, &mut |b| out.push(b))?;
    Some(out)
}

impl Contents {
    /// The files of keys of tickets.
    pub fn key_files(&self) -> impl Iterator<Item = Arc<KeyFile>> {
        let lines = self.lines.iter();
        lines.filter_map(|l| l.tickets.as_ref()?.file.clone())
    }

    /// How many entries of lines and servers use a certificate.
    pub fn uses(&self, name: &str) -> usize {
        let lines = self.lines.iter().map(|l| {
            let entries = l.entries(self);
            entries
                .iter()
                .filter(|(e, _)| e.certificate == name)
                .count()
        });
        let servers = self
            .servers()
            .filter(|s| s.certificate.as_deref() == Some(name));
        lines.sum::<usize>() + servers.count()
    }

    /// How many entries of lines and servers use authorities or revocation lists.
    pub fn uses_of(&self, kind: Kind, name: &str) -> usize {
        let is = |said: &Option<Said>| said.as_ref().is_some_and(|s| self.ca_path(&s.text) == name);
        let says = |c: &TlsCommon| match kind {
            Kind::Authorities => is(&c.ca_file) || is(&c.ca_verify_file),
            Kind::Revocations => is(&c.crl_file),
        };
        let lines = self.lines.iter().map(|l| {
            let entries = l.entries(self);
            let own = |e: &ListEntry| e.options.as_ref().is_some_and(|o| says(&o.common));
            let whole = says(l.common());
            entries.iter().filter(|(e, _)| whole || own(e)).count()
        });
        let at = usize::from(kind == Kind::Revocations);
        let servers = self
            .servers()
            .filter(|s| s.files.get(at).and_then(Option::as_deref) == Some(name));
        lines.sum::<usize>() + servers.count()
    }

    /// Makes all lines and servers anew that a change touches.
    fn remake(
        &mut self,
        lines: impl Fn(&BindTlsPlan, &Contents) -> bool,
        servers: impl Fn(&ServerTlsPlan) -> bool,
    ) -> Result<Made, String> {
        let mut made: Made = Default::default();
        for line in self.lines.clone() {
            if lines(&line, self) {
                let serving = line.make(self)?;
                made.0.push((line, serving));
            }
        }
        for server in self.servers().collect::<Vec<_>>() {
            if servers(&server) {
                let spoken = server
                    .make(self)
                    .map_err(|_| "unable to use it".to_owned())?;
                made.1.push((server, spoken));
            }
        }
        Ok(made)
    }

    fn put(made: Made) {
        for (line, serving) in made.0 {
            line.serve(serving);
        }
        for (server, spoken) in made.1 {
            server.serve(spoken);
        }
    }

    /// The certificate that a name means, and which part of it.
    fn meant(&self, name: &str) -> (String, Part) {
        let parts = [
            (".key", Part::Key),
            (".ocsp", Part::Ocsp),
            (".issuer", Part::Issuer),
            (".sctl", Part::Sctl),
        ];
        let known = |n: &str| {
            let pending = self.pending.certificate.as_ref();
            self.certificates.contains_key(n) || pending.is_some_and(|(p, _)| p == n)
        };
        let found = parts
            .iter()
            .find_map(|(end, part)| Some((name.strip_suffix(end)?, *part)));
        let Some((stem, part)) = found else {
            return (name.to_owned(), Part::All);
        };
        let with = format!("{stem}.crt");
        if !known(stem) && self.extra.without_extension && known(&with) {
            return (with, part);
        }
        (stem.to_owned(), part)
    }

    /// `set ssl cert`: what is to be committed.
    ///
    /// # Errors
    /// HAProxy's words, several lines.
    pub fn set_certificate(&mut self, name: &str, payload: &[u8]) -> Result<String, String> {
        let (meant, part) = self.meant(name);
        let fail = |text: String| Err(format!("{text}\nCan't update {name}!"));
        if let Some((of, _)) = &self.pending.certificate
            && *of != meant
        {
            return fail(other(of, &meant));
        }
        let Some(old) = self.certificates.get(&meant) else {
            return fail(
                "Can't replace a certificate which is not referenced by the configuration!".into(),
            );
        };
        let pending = self.pending.certificate.as_ref();
        let mut new = pending.map_or(old, |(_, new)| new).clone();
        if let Err(text) = apply(&mut new, &meant, part, payload) {
            return fail(format!("{text}\nCan't load the payload"));
        }
        let done = match self.pending.certificate {
            None => "created",
            Some(_) => "updated",
        };
        self.pending.certificate = Some((meant.clone(), new));
        Ok(format!("Transaction {done} for certificate {meant}!"))
    }

    /// `commit ssl cert`
    ///
    /// # Errors
    /// HAProxy's words, several lines.
    pub fn commit_certificate(&mut self, name: &str) -> Result<String, String> {
        let fail = |text: String| Err(format!("{text}\nCan't commit {name}!"));
        match &self.pending.certificate {
            None => return fail("No ongoing transaction! !".into()),
            Some((of, _)) if of != name => return fail(other(of, name)),
            Some(_) => {}
        }
        let Some((_, mut new)) = self.pending.certificate.take() else {
            return fail("No ongoing transaction! !".into());
        };
        let fail = |text: &str| Err(format!("Committing {name}\n{text}\nFailed!"));
        match new.certify(self.skip_self_issued) {
            Ok(()) => {}
            Err(Unfit::Key) => {
                let text = format!(
                    "unable to load SSL private key into SSL Context '{name}': passed a null parameter."
                );
                return fail(&text);
            }
            Err(Unfit::Mismatch) => {
                let text =
                    format!("inconsistencies between private key and certificate loaded '{name}'.");
                return fail(&text);
            }
        }
        let old = self.certificates.insert(name.to_owned(), new);
        match self.remake_for(name) {
            Ok(made) => Self::put(made),
            Err(text) => {
                if let Some(old) = old {
                    self.certificates.insert(name.to_owned(), old);
                }
                return fail(&text);
            }
        }
        let dots = ".".repeat(self.uses(name));
        Ok(format!("Committing {name}{dots}\nSuccess!"))
    }

    fn remake_for(&mut self, certificate: &str) -> Result<Made, String> {
        self.remake(
            |line, contents| {
                let entries = line.entries(contents);
                entries.iter().any(|(e, _)| e.certificate == certificate)
            },
            |server| server.certificate.as_deref() == Some(certificate),
        )
    }

    /// `abort ssl cert`
    ///
    /// # Errors
    /// HAProxy's words.
    pub fn abort_certificate(&mut self, name: &str) -> Result<String, String> {
        match &self.pending.certificate {
            None => Err("No ongoing transaction!".into()),
            Some((of, _)) if of != name => Err(aborted_other(of, name)),
            Some(_) => {
                self.pending.certificate = None;
                Ok(aborted(name))
            }
        }
    }

    /// `new ssl cert`
    ///
    /// # Errors
    /// HAProxy's words.
    pub fn new_certificate(&mut self, name: &str) -> Result<String, String> {
        if self.certificates.contains_key(name) {
            return Err(format!("Certificate '{name}' already exists!"));
        }
        self.certificates
            .insert(name.to_owned(), Certificate::default());
        Ok(format!("New empty certificate store '{name}'!"))
    }

    /// `del ssl cert`
    ///
    /// # Errors
    /// HAProxy's words.
    pub fn delete_certificate(&mut self, name: &str) -> Result<String, String> {
        let why = match self.certificates.get(name) {
            None => "doesn't exist!",
            Some(_) if self.uses(name) > 0 => "in use, can't be deleted!",
            Some(_) => {
                self.certificates.remove(name);
                return Ok(format!("Certificate '{name}' deleted!"));
            }
        };
        Err(format!(
            "Can't remove the certificate: certificate '{name}' {why}"
        ))
    }

    /// `set ssl ocsp-response`
    ///
    /// # Errors
    /// HAProxy's words.
    pub fn set_answer(&mut self, text: &[u8]) -> Result<String, String> {
        let der = decoded(text).ok_or_else(|| {
            "'set ssl ocsp-response' received invalid base64 encoded response.".to_owned()
        })?;
        let answer = ocsp::read(&der).map_err(|fault| format!("{}.", fault.text()))?;
        if answer.expired(ocsp::now()) {
            return Err("OCSP single response: no longer valid.".into());
        }
        let mut meant: Vec<String> = Vec::new();
        for (name, certificate) in &mut self.certificates {
            if certificate.ocsp.is_some() && certificate.ocsp_id().as_deref() == Some(answer.id) {
                certificate.ocsp = Some(der.clone());
                meant.push(name.clone());
            }
        }
        if meant.is_empty() {
            return Err(
                "OCSP single response: Certificate ID does not match any certificate or issuer."
                    .into(),
            );
        }
        let skip = self.skip_self_issued;
        for name in meant {
            if let Some(certificate) = self.certificates.get_mut(&name) {
                let _ = certificate.certify(skip);
            }
            Self::put(self.remake_for(&name)?);
        }
        Ok("OCSP Response updated!".into())
    }

    fn files(&self, kind: Kind) -> &std::collections::BTreeMap<String, Authorities> {
        match kind {
            Kind::Authorities => &self.authorities,
            Kind::Revocations => &self.revocations,
        }
    }

    fn files_mut(
        &mut self,
        kind: Kind,
    ) -> (
        &mut std::collections::BTreeMap<String, Authorities>,
        &mut Option<(String, Authorities)>,
    ) {
        match kind {
            Kind::Authorities => (&mut self.authorities, &mut self.pending.authorities),
            Kind::Revocations => (&mut self.revocations, &mut self.pending.revocations),
        }
    }

    /// `set ssl ca-file`, `add ssl ca-file`, `set ssl crl-file`
    ///
    /// # Errors
    /// HAProxy's words, several lines.
    pub fn set_file(
        &mut self,
        kind: Kind,
        name: &str,
        payload: &[u8],
        add: bool,
    ) -> Result<String, String> {
        let fail = |text: String| Err(format!("{text}\nCan't update {name}!"));
        let (files, pending) = self.files_mut(kind);
        if let Some((of, _)) = pending
            && *of != name
        {
            return fail(other(of, name));
        }
        let Some(old) = files.get(name) else {
            return fail(format!(
                "Can't replace a {} file which is not referenced by the configuration!",
                kind.name()
            ));
        };
        let pem = pem::read(payload);
        let mut new = match (add, &*pending) {
            (true, Some((_, new))) => new.clone(),
            (true, None) => old.clone(),
            (false, _) => Authorities::default(),
        };
        let empty = pem.certificates.is_empty() && pem.crls.is_empty();
        if empty || pem.certificates.iter().any(|c| x509::parse(c).is_none()) {
            return fail("Invalid payload".into());
        }
        for certificate in pem.certificates {
            if !new.certificates.contains(&certificate) {
                new.certificates.push(certificate);
            }
        }
        new.lists.extend(pem.crls.iter().map(|l| l.to_vec()));
        let done = match pending {
            None => "created",
            Some(_) => "updated",
        };
        *pending = Some((name.to_owned(), new));
        Ok(format!("transaction {done} for {} {name}!", kind.name()))
    }

    /// `commit ssl ca-file`, `commit ssl crl-file`
    ///
    /// # Errors
    /// HAProxy's words, several lines.
    pub fn commit_file(&mut self, kind: Kind, name: &str) -> Result<String, String> {
        let fail = |text: String| Err(format!("{text}\nCan't commit {name}!"));
        let (files, pending) = self.files_mut(kind);
        let new = match pending.take() {
            None => return fail("No ongoing transaction! !".into()),
            Some((of, new)) if of != name => {
                let text = other(&of, name);
                *pending = Some((of, new));
                return fail(text);
            }
            Some((_, new)) => new,
        };
        let old = files.insert(name.to_owned(), new);
        self.forget_trust();
        // whoever trusts anybody may mean this file
        match self.remake(|_, _| true, |_| true) {
            Ok(made) => Self::put(made),
            Err(text) => {
                if let Some(old) = old {
                    self.files_mut(kind).0.insert(name.to_owned(), old);
                }
                self.forget_trust();
                return Err(format!("Committing {name}\n{text}\nFailed!"));
            }
        }
        let dots = ".".repeat(self.uses_of(kind, name));
        Ok(format!("Committing {name}{dots}\nSuccess!"))
    }

    /// `abort ssl ca-file`, `abort ssl crl-file`
    ///
    /// # Errors
    /// HAProxy's words.
    pub fn abort_file(&mut self, kind: Kind, name: &str) -> Result<String, String> {
        let (_, pending) = self.files_mut(kind);
        match pending {
            None => Err("No ongoing transaction!".into()),
            Some((of, _)) if of != name => Err(aborted_other(of, name)),
            Some(_) => {
                *pending = None;
                Ok(aborted(name))
            }
        }
    }

    /// `new ssl ca-file`, `new ssl crl-file`
    ///
    /// # Errors
    /// HAProxy's words.
    pub fn new_file(&mut self, kind: Kind, name: &str) -> Result<String, String> {
        let word = kind.name();
        let (files, _) = self.files_mut(kind);
        if files.contains_key(name) {
            return Err(format!("{word} file '{name}' already exists!"));
        }
        files.insert(name.to_owned(), Authorities::default());
        Ok(format!("New {word} file created '{name}'!"))
    }

    /// `del ssl ca-file`, `del ssl crl-file`
    ///
    /// # Errors
    /// HAProxy's words.
    pub fn delete_file(&mut self, kind: Kind, name: &str) -> Result<String, String> {
        let word = kind.name();
        let why = match self.files(kind).get(name) {
            None => "doesn't exist!",
            Some(_) if self.uses_of(kind, name) > 0 => "in use, can't be deleted!",
            Some(_) => {
                self.files_mut(kind).0.remove(name);
                self.forget_trust();
                return Ok(format!("{word} file '{name}' deleted!"));
            }
        };
        Err(format!(
            "Can't remove the {word} file: {word} file '{name}' {why}"
        ))
    }

    /// The list that a name means: its slashes at the end do not count.
    pub fn list(&self, name: &str) -> Option<(&str, &List)> {
        let name = name.trim_end_matches('/');
        let found = self
            .lists
            .iter()
            .find(|(n, _)| n.trim_end_matches('/') == name);
        found.map(|(n, list)| (n.as_str(), list))
    }

    /// `add ssl crt-list`
    ///
    /// # Errors
    /// HAProxy's words.
    pub fn add_entry(&mut self, list: &str, line: &str) -> Result<String, String> {
        let fail = |text: String| Err(format!("Can't edit the crt-list: {text}"));
        let shown = list.trim_end_matches('/');
        let Some(list) = self.list(list).map(|(name, _)| name.to_owned()) else {
            return fail(format!("crt-list '{shown}' does not exist!"));
        };
        let line = match crt_list::read_line(line, 1, "CLI", Span::default()) {
            Ok(Some(line)) => line,
            Ok(None) => return fail("parsing [CLI:1]: empty line".into()),
            Err(text) => return fail(text),
        };
        let certificate = match self.certificates.contains_key(&line.file) {
            true => line.file,
            false => self.crt_path(&line.file),
        };
        match self.certificates.get(&certificate) {
            None => return fail(format!("certificate '{certificate}' does not exist!")),
            Some(c) if c.certified.is_none() => {
                return fail(format!("certificate '{certificate}' is empty!"));
            }
            Some(_) => {}
        }
        let common = line.options.as_ref().map(|o| &o.common);
        let missing = |said: Option<&Said>, kind| {
            let path = self.ca_path(&said?.text);
            let known = self.files(kind).contains_key(&path);
            (!known).then_some(path)
        };
        for (word, said, kind) in [
            (
                "ca-file",
                common.and_then(|c| c.ca_file.as_ref()),
                Kind::Authorities,
            ),
            (
                "ca-verify-file",
                common.and_then(|c| c.ca_verify_file.as_ref()),
                Kind::Authorities,
            ),
            (
                "crl-file",
                common.and_then(|c| c.crl_file.as_ref()),
                Kind::Revocations,
            ),
        ] {
            if let Some(path) = missing(said, kind) {
                return fail(format!("'{word}' : unable to load {path}"));
            }
        }
        let Some(entries) = self.lists.get_mut(&list) else {
            return fail(format!("crt-list '{shown}' does not exist!"));
        };
        entries.lines += 1;
        entries.entries.push(ListEntry {
            line: entries.lines,
            certificate: certificate.clone(),
            options: line.options.map(Arc::new),
            names: line.names,
        });
        match self.remake(|line, _| line.has_list(&list), |_| false) {
            Ok(made) => {
                let dots = ".".repeat(made.0.len());
                Self::put(made);
                Ok(format!(
                    "Inserting certificate '{certificate}' in crt-list '{list}'{dots}\nSuccess!"
                ))
            }
            Err(text) => {
                if let Some(entries) = self.lists.get_mut(&list) {
                    entries.entries.pop();
                    entries.lines -= 1;
                }
                fail(text)
            }
        }
    }

    /// `del ssl crt-list`
    ///
    /// # Errors
    /// HAProxy's words.
    pub fn delete_entry(&mut self, list: &str, word: &str) -> Result<String, String> {
        let fail = |text: String| Err(format!("Can't delete the entry: {text}"));
        let shown = list.trim_end_matches('/');
        let Some((list, contents)) = self.list(list) else {
            return fail(format!("crt-list '{shown}' does not exist!"));
        };
        let (name, line) = match word.rsplit_once(':') {
            Some((name, digits)) if digits.parse::<usize>().is_ok() => {
                (name, digits.parse::<usize>().ok())
            }
            _ => (word, None),
        };
        let known = |n: &str| self.certificates.contains_key(n);
        let name = match known(name) {
            true => name.to_owned(),
            false => self.crt_path(name),
        };
        if !known(&name) {
            let word = word.rsplit_once(':').map_or(word, |_| &name);
            return fail(format!("certificate '{word}' does not exist!"));
        }
        let of = contents.entries.iter().filter(|e| e.certificate == name);
        let lines: Vec<usize> = of.map(|e| e.line).collect();
        let numbers = || {
            let texts: Vec<String> = lines.iter().map(ToString::to_string).collect();
            texts.join(", ")
        };
        let line = match (line, lines.as_slice()) {
            (_, []) => {
                return fail(format!(
                    "certificate '{name}' can't be found in crt-list '{list}'!"
                ));
            }
            (Some(line), all) if !all.contains(&line) => {
                return fail(format!(
                    "found a certificate '{name}' but the line number is incorrect, please specify a correct line number preceded by colons ({})!",
                    numbers()
                ));
            }
            (Some(line), _) => line,
            (None, [line]) => *line,
            (None, _) => {
                return fail(format!(
                    "found the certificate '{name}' in several entries, please specify a line number preceded by colons ({})!",
                    numbers()
                ));
            }
        };
        let list = list.to_owned();
        let by_default = self.lines.iter().filter(|l| {
            let entries = l.entries(self);
            let first = entries.first().map(|(e, _)| (e.line, &e.certificate));
            l.has_list(&list) && !l.is_strict() && first == Some((line, &name))
        });
        let who: Vec<String> = by_default
            .map(|l| format!("\t- {}:{}\n", l.proxy, l.place))
            .collect();
        if !who.is_empty() {
            return fail(format!(
                "certificate '{name}' cannot be deleted, it is used as default certificate by the following frontends:\n{}",
                who.concat()
            ));
        }
        let mut old = None;
        if let Some(entries) = self.lists.get_mut(&list) {
            old = Some(entries.clone());
            entries
                .entries
                .retain(|e| e.line != line || e.certificate != name);
        }
        match self.remake(|line, _| line.has_list(&list), |_| false) {
            Ok(made) => Self::put(made),
            Err(text) => {
                if let Some(old) = old {
                    self.lists.insert(list, old);
                }
                return fail(text);
            }
        }
        Ok(format!("Entry '{name}' deleted in crtlist '{list}'!"))
    }

    /// `set ssl tls-key`
    ///
    /// # Errors
    /// HAProxy's words.
    pub fn set_ticket_key(&self, file: &str, text: &[u8]) -> Result<String, String> {
        let missing = || "'set ssl tls-key' unable to locate referenced filename".to_owned();
        let number = file.strip_prefix('#').and_then(|n| n.parse::<usize>().ok());
        let mut files = self.distinct_key_files();
        let found = match number {
            Some(number) if number < files.len() => Some(files.swap_remove(number)),
            Some(_) => None,
            None => files.into_iter().find(|f| f.name == file),
        };
        let found = found.ok_or_else(missing)?;
        let key = decoded(text)
            .ok_or("'set ssl tls-key' received invalid base64 encoded TLS key.".to_owned())?;
        let key = Key::new(key).filter(|key| found.push(key.clone()));
        key.ok_or("'set ssl tls-key' received a key of wrong size.".to_owned())?;
        Ok("TLS ticket key updated!".into())
    }

    /// The files of keys of tickets, each once.
    pub fn distinct_key_files(&self) -> Vec<Arc<KeyFile>> {
        let mut all: Vec<Arc<KeyFile>> = Vec::new();
        for file in self.key_files() {
            if !all.iter().any(|f| f.name == file.name) {
                all.push(file);
            }
        }
        all
    }
}

fn aborted(name: &str) -> String {
    format!("Transaction aborted for certificate '{name}'!")
}

fn aborted_other(of: &str, name: &str) -> String {
    format!("{ONGOING} '{of}' but you are trying to abort a transaction for '{name}'")
}

/// Puts what was sent into a certificate.
fn apply(new: &mut Certificate, name: &str, part: Part, payload: &[u8]) -> Result<(), String> {
    let pem = pem::read(payload);
    let readable = |c: &CertificateDer<'_>| x509::parse(c).is_some();
    let unfit =
        |made: &mut Certificate| made.key.is_some() && made.certify(false) == Err(Unfit::Mismatch);
    let mismatch =
        || format!("inconsistencies between private key and certificate loaded '{name}'.");
    match part {
        Part::All => {
            let what = format!("unable to load certificate from file '{name}'");
            if pem.certificates.is_empty() {
                return Err(format!("{what}: no start line."));
            }
            if !pem.certificates.iter().all(readable) {
                return Err(format!("{what}: wrong tag."));
            }
            let mut made = Certificate {
                chain: pem.certificates,
                key: pem.key,
                sources: new.sources.clone(),
                ..Certificate::default()
            };
            if unfit(&mut made) {
                return Err(mismatch());
            }
            *new = made;
        }
        Part::Key => match pem.key {
            None => return Err(format!("unable to load private key from file '{name}'.")),
            key => new.key = key,
        },
        Part::Issuer => match pem.certificates.into_iter().next() {
            Some(issuer) if readable(&issuer) => new.issuer = Some(issuer),
            _ => return Err(format!("'{name}' cannot be read or parsed'.")),
        },
        Part::Ocsp => {
            let der = decoded(payload).unwrap_or_else(|| payload.to_vec());
            if let Err(fault) = ocsp::read(&der) {
                return Err(fault.text().to_owned());
            }
            new.ocsp = Some(der);
        }
        // no timestamps are sent
        Part::Sctl => {}
    }
    let _ = new.certify(false);
    Ok(())
}

impl BindTlsPlan {
    /// Whether its certificates come from a list.
    pub fn has_list(&self, name: &str) -> bool {
        let is = |s: &Source| matches!(s, Source::List(list) if list == name);
        self.sources.iter().any(is)
    }
}

//! Loads the keys that JSON Web Tokens are verified and decrypted with.

use super::build::Builder;
use crate::base::diag::Diagnostic;
use crate::ir::tls::StoredCertificate;
use crate::sample::compile::RULE_FAULT;
use crate::sample::keys::{Certificate, PublicKey, Wanted, WantedKind};

impl Builder<'_> {
    /// Fills the configuration's keys: the certificates of `crt-store` sections, and what
    /// converters name.
    pub(super) fn keys(&mut self) {
        let config = self.config;
        let wanted = config.keys.wanted();
        if wanted.is_empty() && !config.global.tls.stored.iter().any(|s| s.jwt) {
            return;
        }
        for stored in &config.global.tls.stored {
            self.stored_key(stored);
        }
        self.bound_keys();
        for wanted in &wanted {
            match wanted.kind {
                WantedKind::Public { required } => self.public_key(wanted, required),
                WantedKind::Certificate => self.certificate(wanted),
                WantedKind::Decryption => self.decryption_key(wanted),
            }
        }
    }

    /// What is missing is told where a `bind` line needs it.
    fn stored_key(&mut self, stored: &StoredCertificate) {
        let Ok(chain) = self.read(&stored.crt.text, stored.crt.span) else {
            return;
        };
        let key = stored.key.as_ref();
        let key = key.and_then(|said| self.read(&said.text, said.span).ok());
        let key = key.as_ref().unwrap_or(&chain);
        let certificate = Certificate::of(&chain, key, stored.jwt);
        self.config.keys.set_certificate(&stored.name, certificate);
    }

    fn public_key(&mut self, wanted: &Wanted, required: bool) {
        let bytes = self.read(&wanted.name, wanted.span);
        match bytes.ok().and_then(|bytes| PublicKey::of_file(&bytes)) {
            Some(key) => self.config.keys.add_public(&wanted.name, key),
            None if required => self.no_key(wanted, "jwt_verify", "cannot load the public key"),
            // it may be a secret
            None => {}
        }
    }

    /// What `bind` lines show to clients is not meant for tokens, unless the runtime API says so.
    fn bound_keys(&mut self) {
        let config = self.config;
        let lines = config.proxies.iter().flat_map(|p| &p.binds);
        for said in lines.flat_map(|bind| &bind.tls.crt) {
            let said = &said.said;
            let path = self.crt_path(&said.text);
            if config.keys.has_certificate(&path) {
                continue;
            }
            if let Ok(bytes) = self.read(&path, said.span) {
                let certificate = Certificate::of(&bytes, &bytes, false);
                config.keys.set_certificate(&path, certificate);
            }
        }
    }

    fn certificate(&mut self, wanted: &Wanted) {
        let path = self.crt_path(&wanted.name);
        let keys = &self.config.keys;
        if keys.has_certificate(&wanted.name) || keys.has_certificate(&path) {
            return;
        }
        if let Ok(bytes) = self.read(&path, wanted.span) {
            let certificate = Certificate::of(&bytes, &bytes, true);
            self.config.keys.set_certificate(&wanted.name, certificate);
        }
    }

    fn decryption_key(&mut self, wanted: &Wanted) {
        if !self.config.keys.has_certificate(&wanted.name) {
            self.no_key(wanted, "jwt_decrypt_cert", "unknown certificate");
        }
    }

    fn no_key(&mut self, wanted: &Wanted, converter: &str, what: &str) {
        if !self.files.present() {
            return;
        }
        let text = format!(
            "{}invalid args in converter '{converter}' : {what} {}.",
            wanted.context, wanted.name
        );
        self.diags
            .push(Diagnostic::alert(RULE_FAULT, wanted.span, text));
    }
}

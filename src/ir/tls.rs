//! What `bind` and `server` lines and `ssl-default-*` say about TLS (HAProxy configuration manual
//! 3.1, 5.1, 5.2).

use super::rare::Usual;
use crate::base::span::Span;
use std::sync::LazyLock;

/// A file or a list as written, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The word.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// `SSLv3`
    Ssl3,
    /// `TLSv1.0`
    Tls10,
    /// `TLSv1.1`
    Tls11,
    /// `TLSv1.2`
    Tls12,
    /// `TLSv1.3`
    Tls13,
}

impl TlsVersion {
    /// All of them with their names.
    pub const NAMES: [(&'static str, TlsVersion); 5] = [
        ("SSLv3", TlsVersion::Ssl3),
        ("TLSv1.0", TlsVersion::Tls10),
        ("TLSv1.1", TlsVersion::Tls11),
        ("TLSv1.2", TlsVersion::Tls12),
        ("TLSv1.3", TlsVersion::Tls13),
    ];
    /// By its name in files.
    pub fn named(name: &[u8]) -> Option<TlsVersion> {
        let mut all = Self::NAMES.iter();
        all.find(|(n, _)| n.as_bytes() == name).map(|(_, v)| *v)
    }
    /// Its name in files.
    pub fn name(self) -> &'static str {
        let mut all = Self::NAMES.iter();
        all.find(|(_, v)| *v == self).map_or("", |(n, _)| n)
    }
}

/// Which versions may be spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// `ssl-min-ver`
    pub min: Option<TlsVersion>,
    /// `ssl-max-ver`
    pub max: Option<TlsVersion>,
    /// `no-tlsv12` and its like
    pub without: Vec<TlsVersion>,
}

/// `verify`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verify {
    /// Whoever it is.
    None,
    /// Who shows a certificate must show a good one.
    Optional,
    /// A good certificate or nothing.
    Required,
}

/// What both sides may be told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TlsCommon {
    /// `alpn`: names in order of preference
    pub alpn: Option<Vec<Vec<u8>>>,
    /// `ca-file`
    pub ca_file: Option<Said>,
    /// `crl-file`
    pub crl_file: Option<Said>,
    /// `verify`
    pub verify: Option<Verify>,
    /// `ciphers`: TLS 1.2, in OpenSSL's names
    pub ciphers: Option<Said>,
    /// `ciphersuites`: TLS 1.3
    pub ciphersuites: Option<Said>,
    /// `curves`, `ecdhe`
    pub curves: Option<Said>,
    /// `ssl-min-ver` and its like
    pub versions: Versions,
    /// `no-tls-tickets`, `tls-tickets`
    pub no_tickets: Option<bool>,
    /// `ca-verify-file`: authorities that clients are not told of
    pub ca_verify_file: Option<Said>,
    /// `sigalgs`: how signatures are made
    pub sigalgs: Option<Said>,
    /// `client-sigalgs`: how clients may sign
    pub client_sigalgs: Option<Said>,
    /// `no-ca-names`: clients are told of no authorities
    pub no_ca_names: bool,
}

impl TlsCommon {
    /// Takes from `other` what is not said here.
    pub fn inherit(&mut self, other: &TlsCommon) {
        fn fill<T: Clone>(own: &mut Option<T>, other: &Option<T>) {
            if own.is_none() {
                own.clone_from(other);
            }
        }
        fill(&mut self.alpn, &other.alpn);
        fill(&mut self.ca_file, &other.ca_file);
        fill(&mut self.crl_file, &other.crl_file);
        fill(&mut self.verify, &other.verify);
        fill(&mut self.ciphers, &other.ciphers);
        fill(&mut self.ciphersuites, &other.ciphersuites);
        fill(&mut self.curves, &other.curves);
        fill(&mut self.no_tickets, &other.no_tickets);
        fill(&mut self.ca_verify_file, &other.ca_verify_file);
        fill(&mut self.sigalgs, &other.sigalgs);
        fill(&mut self.client_sigalgs, &other.client_sigalgs);
        self.no_ca_names |= other.no_ca_names;
        let (v, o) = (&mut self.versions, &other.versions);
        v.min = v.min.or(o.min);
        v.max = v.max.or(o.max);
        v.without.extend(&o.without);
    }
}

/// A file that `crt` or `default-crt` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crt {
    /// The word.
    pub said: Said,
    /// `default-crt`: it is also for clients whom no name matches.
    pub default: bool,
}

/// Which files beside a certificate are looked for (`ssl-load-extra-files`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extra {
    /// `FILE.rsa`, `FILE.ecdsa`, `FILE.dsa` in its place
    pub bundle: bool,
    /// `FILE.sctl`
    pub sctl: bool,
    /// `FILE.ocsp`
    pub ocsp: bool,
    /// `FILE.issuer`
    pub issuer: bool,
    /// `FILE.key`
    pub key: bool,
    /// `ssl-load-extra-del-ext`: without the extension of the certificate
    pub without_extension: bool,
}

impl Default for Extra {
    fn default() -> Extra {
        Extra {
            bundle: true,
            sctl: true,
            ocsp: true,
            issuer: true,
            key: true,
            without_extension: false,
        }
    }
}

/// A `bind` line's words about TLS.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BindTls {
    /// `ssl`: without it the others have no effect
    pub ssl: bool,
    /// `crt`, `default-crt`, in order: the first certificate is the default one
    pub crt: Vec<Crt>,
    /// `crt-list`
    pub crt_list: Vec<Said>,
    /// `strict-sni`, `no-strict-sni`
    pub strict_sni: Option<bool>,
    /// `prefer-client-ciphers`
    pub prefer_client_ciphers: bool,
    /// `crt-ignore-err`: error numbers that do not end the handshake; `None` in it: all
    pub crt_ignore: Vec<Option<u32>>,
    /// `ca-ignore-err`
    pub ca_ignore: Vec<Option<u32>>,
    /// `tls-ticket-keys`
    pub ticket_keys: Option<Said>,
    /// The rest.
    pub common: TlsCommon,
}

/// A `server` line's words about TLS.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServerTls {
    /// `ssl`
    pub ssl: bool,
    /// `check-ssl`
    pub check_ssl: bool,
    /// `check-sni`
    pub check_sni: Option<String>,
    /// `check-alpn`
    pub check_alpn: Option<Vec<Vec<u8>>>,
    /// `crt`: the certificate shown to the server
    pub crt: Option<Said>,
    /// `sni`; `None` with [`ServerTls::no_sni_auto`] unset: the request's host name
    pub sni: Option<Sni>,
    /// `no-sni-auto`
    pub no_sni_auto: bool,
    /// `verifyhost`
    pub verifyhost: Option<String>,
    /// `no-ssl-reuse`
    pub no_reuse: bool,
    /// The rest.
    pub common: TlsCommon,
}

impl Usual for ServerTls {
    fn usual() -> &'static Self {
        static USUAL: LazyLock<ServerTls> = LazyLock::new(ServerTls::default);
        &USUAL
    }
}

/// What the `global` section says for all lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GlobalTls {
    /// `ssl-default-bind-*`
    pub bind: TlsCommon,
    /// `ssl-default-server-*`
    pub server: TlsCommon,
    /// `ca-base`
    pub ca_base: Option<String>,
    /// `crt-base`
    pub crt_base: Option<String>,
    /// `key-base`
    pub key_base: Option<String>,
    /// Certificates of `crt-store` sections.
    pub stored: Vec<StoredCertificate>,
    /// `ssl-skip-self-issued-ca`: an authority at the end of a chain is not sent.
    pub skip_self_issued: bool,
    /// `ssl-server-verify none`
    pub server_verify_none: bool,
    /// `ssl-default-bind-options prefer-client-ciphers`
    pub prefer_client_ciphers: bool,
    /// `ssl-default-bind-options strict-sni`
    pub strict_sni: bool,
    /// `tune.ssl.cachesize` (20000)
    pub cache_size: Option<u32>,
    /// `tune.ssl.lifetime`, seconds (300)
    pub lifetime: Option<u32>,
    /// `tune.ssl.hard-maxrecord`: most bytes of content in a record sent
    pub max_record: Option<u32>,
    /// `tune.ssl.capture-buffer-size`: how much of a client's hello is kept
    pub capture: u32,
    /// `tune.ssl.keylog`
    pub keylog: bool,
    /// `ssl-load-extra-files`, `ssl-load-extra-del-ext`
    pub extra: Extra,
    /// `ocsp-update.mode on`
    pub ocsp_update: bool,
    /// `issuers-chain-path`
    pub issuers: Option<Said>,
}

/// A `load` line of a `crt-store`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCertificate {
    /// How `crt` names it: `@STORE/NAME`, or the path in a store without a name.
    pub name: String,
    /// The file of its chain.
    pub crt: Said,
    /// The file of its key where that is another one.
    pub key: Option<Said>,
    /// `jwt on`: JSON Web Tokens may be verified and decrypted with it.
    pub jwt: bool,
    /// The file of its responder's answer.
    pub ocsp: Option<Said>,
    /// The file of its issuer.
    pub issuer: Option<Said>,
    /// The file of its timestamps.
    pub sctl: Option<Said>,
}

/// The expression of `sni`.
#[derive(Clone, Debug)]
pub struct Sni {
    /// As written.
    pub said: Said,
    /// What gives the name.
    pub expr: std::sync::Arc<crate::sample::expr::Expr>,
}

impl PartialEq for Sni {
    fn eq(&self, other: &Sni) -> bool {
        self.said == other.said
    }
}

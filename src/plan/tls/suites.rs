//! OpenSSL's names of versions, ciphers and curves, mapped onto what rustls offers.
//!
//! Lists that keep at least one suite are taken in silence: what a list names and rustls does not
//! have (static RSA, CBC, RC4, ...) would only have served clients that no one should serve.

use super::versions::Left;
use crate::ir::tls::{TlsCommon, TlsVersion};
use rustls::crypto::aws_lc_rs::{self, cipher_suite as suite, kx_group};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion, version};

/// A TLS 1.2 suite: OpenSSL's name, and the words of lists that select it.
struct Suite {
    name: &'static str,
    words: &'static [&'static str],
    suite: &'static SupportedCipherSuite,
}

const AES256: &[&str] = &["AES", "AES256", "AESGCM", "SHA384"];
const AES128: &[&str] = &["AES", "AES128", "AESGCM", "SHA256"];
const CHACHA: &[&str] = &["CHACHA20"];
/// Words that select every suite there is.
const ALL: &[&str] = &[
    "ALL", "DEFAULT", "HIGH", "TLSv1.2", "ECDHE", "EECDH", "kECDHE", "kEECDH", "ECDH", "kECDH",
    "AEAD",
];

static SUITES: &[Suite] = &[
    Suite {
        name: "ECDHE-ECDSA-AES256-GCM-SHA384",
        words: AES256,
        suite: &suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    },
    Suite {
        name: "ECDHE-RSA-AES256-GCM-SHA384",
        words: AES256,
        suite: &suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    },
    Suite {
        name: "ECDHE-ECDSA-CHACHA20-POLY1305",
        words: CHACHA,
        suite: &suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    },
    Suite {
        name: "ECDHE-RSA-CHACHA20-POLY1305",
        words: CHACHA,
        suite: &suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    },
    Suite {
        name: "ECDHE-ECDSA-AES128-GCM-SHA256",
        words: AES128,
        suite: &suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    },
    Suite {
        name: "ECDHE-RSA-AES128-GCM-SHA256",
        words: AES128,
        suite: &suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    },
];

static SUITES_13: &[(&str, &SupportedCipherSuite)] = &[
    ("TLS_AES_256_GCM_SHA384", &suite::TLS13_AES_256_GCM_SHA384),
    (
        "TLS_CHACHA20_POLY1305_SHA256",
        &suite::TLS13_CHACHA20_POLY1305_SHA256,
    ),
    ("TLS_AES_128_GCM_SHA256", &suite::TLS13_AES_128_GCM_SHA256),
];

static CURVES: &[(&[&str], &dyn SupportedKxGroup)] = &[
    (&["X25519", "x25519"], kx_group::X25519),
    (&["prime256v1", "P-256", "secp256r1"], kx_group::SECP256R1),
    (&["secp384r1", "P-384"], kx_group::SECP384R1),
    (&["X25519MLKEM768"], kx_group::X25519MLKEM768),
];

impl Suite {
    fn has(&self, word: &str) -> bool {
        let ecdsa = self.name.contains("ECDSA");
        ALL.contains(&word)
            || self.words.contains(&word)
            || match word {
                "ECDSA" | "aECDSA" => ecdsa,
                "RSA" | "aRSA" => !ecdsa,
                name => name == self.name || name == self.name_of_tls(),
            }
    }

    fn name_of_tls(&self) -> String {
        format!("{:?}", self.suite.suite())
    }

    /// `ECDHE+AESGCM`: all of the words.
    fn matches(&self, words: &str) -> bool {
        words.split('+').all(|w| self.has(w))
    }
}

/// The suites that an OpenSSL list selects, in its order.
fn select(list: &str) -> Vec<&'static SupportedCipherSuite> {
    let mut chosen: Vec<&Suite> = Vec::new();
    let mut banned: Vec<&str> = Vec::new();
    for word in list.split([':', ',', ' ']).filter(|w| !w.is_empty()) {
        match word.as_bytes() {
            [b'!', ..] => {
                let word = word.get(1..).unwrap_or_default();
                banned.push(word);
                chosen.retain(|s| !s.matches(word));
            }
            [b'-', ..] => {
                let word = word.get(1..).unwrap_or_default();
                chosen.retain(|s| !s.matches(word));
            }
            [b'+', ..] => {
                let word = word.get(1..).unwrap_or_default();
                // moves to the end what is there already
                chosen.sort_by_key(|s| s.matches(word));
            }
            [b'@', ..] => {}
            _ => {
                for suite in SUITES.iter().filter(|s| s.matches(word)) {
                    let known = chosen.iter().any(|s| s.name == suite.name);
                    if !known && !banned.iter().any(|b| suite.matches(b)) {
                        chosen.push(suite);
                    }
                }
            }
        }
    }
    chosen.into_iter().map(|s| s.suite).collect()
}

/// A fault of a list: HAProxy's words for it, up to the list itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// `ciphers`
    Ciphers,
    /// `ciphersuites`
    Ciphersuites,
    /// `curves`
    Curves,
    /// No version is left.
    Versions,
    /// Only versions that no one should speak are left.
    Outdated(TlsVersion),
}

impl Empty {
    /// HAProxy's words.
    pub fn text(self, common: &TlsCommon) -> String {
        let list = |said: &Option<crate::ir::tls::Said>| {
            said.as_ref().map(|s| s.text.clone()).unwrap_or_default()
        };
        match self {
            Empty::Ciphers => {
                format!(
                    "unable to set SSL cipher list to '{}'",
                    list(&common.ciphers)
                )
            }
            Empty::Ciphersuites => format!(
                "unable to set TLS 1.3 cipher suites to '{}'",
                list(&common.ciphersuites)
            ),
            Empty::Curves => {
                format!(
                    "unable to set SSL curves list to '{}'",
                    list(&common.curves)
                )
            }
            Empty::Versions => "all SSL/TLS versions are disabled".to_owned(),
            Empty::Outdated(version) => format!(
                "{} is the newest version allowed, and this TLS library speaks TLSv1.2 and TLSv1.3 only",
                version.name()
            ),
        }
    }
}

/// The provider with what the words leave, and the versions.
///
/// # Errors
/// The list that leaves nothing.
pub fn provider(
    common: &TlsCommon,
    spoken: &Left,
) -> Result<(CryptoProvider, Vec<&'static SupportedProtocolVersion>), Empty> {
    let mut provider = aws_lc_rs::default_provider();
    let older: Vec<SupportedCipherSuite> = match &common.ciphers {
        None => SUITES.iter().map(|s| *s.suite).collect(),
        Some(list) => select(&list.text).into_iter().copied().collect(),
    };
    let newer: Vec<SupportedCipherSuite> = match &common.ciphersuites {
        None => SUITES_13.iter().map(|(_, s)| **s).collect(),
        Some(list) => list
            .text
            .split([':', ','])
            .filter_map(|w| SUITES_13.iter().find(|(n, _)| *n == w))
            .map(|(_, s)| **s)
            .collect(),
    };
    if newer.is_empty() {
        return Err(Empty::Ciphersuites);
    }
    if let Some(list) = &common.curves {
        let groups: Vec<&'static dyn SupportedKxGroup> = list
            .text
            .split([':', ','])
            .filter_map(|w| CURVES.iter().find(|(names, _)| names.contains(&w)))
            .map(|(_, group)| *group)
            .collect();
        if groups.is_empty() {
            return Err(Empty::Curves);
        }
        provider.kx_groups = groups;
    }
    let mut versions: Vec<&'static SupportedProtocolVersion> = Vec::new();
    if spoken.has(TlsVersion::Tls13) {
        versions.push(&version::TLS13);
    }
    if spoken.has(TlsVersion::Tls12) {
        // without a suite of its own TLS 1.2 is not spoken; TLS 1.3 goes on
        match older.is_empty() {
            true if versions.is_empty() => return Err(Empty::Ciphers),
            true if common.ciphers.as_ref().is_some_and(|c| !plausible(&c.text)) => {
                return Err(Empty::Ciphers);
            }
            true => {}
            false => versions.push(&version::TLS12),
        }
    }
    if versions.is_empty() {
        return Err(match spoken.range {
            Some((_, max)) => Empty::Outdated(max),
            None => Empty::Versions,
        });
    }
    // what no version left speaks must not be offered: who answers would count on it
    let has = |v: &'static SupportedProtocolVersion| versions.contains(&v);
    let newer = newer.into_iter().filter(|_| has(&version::TLS13));
    let older = older.into_iter().filter(|_| has(&version::TLS12));
    provider.cipher_suites = newer.chain(older).collect();
    Ok((provider, versions))
}

/// Whether OpenSSL would find a suite in a list of which rustls has none.
fn plausible(list: &str) -> bool {
    const KNOWN: &[&str] = &[
        "AES", "DHE", "EDH", "RSA", "SHA", "3DES", "CAMELLIA", "ARIA", "PSK", "SRP", "CBC", "MD5",
        "RC4", "MEDIUM", "LOW", "SEED", "NULL",
    ];
    list.split([':', ',', ' '])
        .any(|w| !w.starts_with(['!', '-', '+', '@']) && KNOWN.iter().any(|k| w.contains(k)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::span::Span;
    use crate::ir::tls::Said;
    use crate::plan::tls::versions;

    fn chosen(list: &str) -> Vec<String> {
        let names = select(list).into_iter().map(|s| format!("{:?}", s.suite()));
        names.map(|n| n.replace("TLS_ECDHE_", "")).collect()
    }

    #[test]
    fn openssl_lists() {
        assert_eq!(
            chosen("ECDHE+AESGCM:!aRSA"),
            [
                "ECDSA_WITH_AES_256_GCM_SHA384",
                "ECDSA_WITH_AES_128_GCM_SHA256"
            ]
        );
        assert_eq!(
            chosen("ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA"),
            ["RSA_WITH_AES_128_GCM_SHA256", "RSA_WITH_AES_256_GCM_SHA384"]
        );
        assert_eq!(chosen("HIGH:!aNULL:!MD5").len(), 6);
        assert_eq!(chosen("ALL:-AES").len(), 2);
        assert_eq!(chosen("FOO"), [""; 0]);
    }

    #[test]
    fn what_leaves_nothing_is_a_fault() {
        let said = |text: &str| {
            Some(Said {
                text: text.into(),
                span: Span::default(),
            })
        };
        let made = |common: &TlsCommon| {
            let spoken = versions::left(&common.versions, Some(TlsVersion::Tls12));
            provider(common, &spoken)
        };
        let fault = |common: &TlsCommon| made(common).map(|_| ()).unwrap_err();
        let mut common = TlsCommon {
            ciphers: said("FOO"),
            ..TlsCommon::default()
        };
        assert_eq!(fault(&common), Empty::Ciphers);
        common.ciphers = said("AES128-SHA");
        assert!(made(&common).is_ok(), "TLS 1.3 is left");
        common.versions.max = Some(TlsVersion::Tls12);
        assert_eq!(fault(&common), Empty::Ciphers);
        common = TlsCommon::default();
        common.versions.max = Some(TlsVersion::Tls11);
        assert_eq!(fault(&common), Empty::Outdated(TlsVersion::Tls11));
        common.versions.min = Some(TlsVersion::Tls13);
        assert_eq!(fault(&common), Empty::Versions);
    }
}

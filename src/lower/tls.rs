//! What `bind`, `server` and `global` lines share of TLS.

use crate::config::directive::Word;
use crate::ir::tls::Said;

/// A word as it is.
pub fn said(word: &Word) -> Said {
    Said {
        text: word.display().to_string(),
        span: word.span,
    }
}

/// Names of protocols, comma separated (`alpn`, `npn`). Empty ones are left out.
pub fn protocols(word: &Word) -> Vec<Vec<u8>> {
    let names = word.bytes().split(|b| *b == b',');
    names
        .filter(|n| !n.is_empty() && n.len() < 256)
        .map(<[u8]>::to_vec)
        .collect()
}

/// A name or number of OpenSSL's verification errors (`X509_V_ERR_*`); `Some(None)` is `all`.
pub fn verify_error(id: &str) -> Option<Option<u32>> {
    if id == "all" {
        return Some(None);
    }
    if let Ok(number) = id.parse() {
        return Some(Some(number));
    }
    let mut names = VERIFY_ERRORS.iter();
    names.find(|(n, _)| *n == id).map(|(_, n)| Some(*n))
}

/// OpenSSL's names that files use, and their numbers (openssl-verification-options(1)).
const VERIFY_ERRORS: &[(&str, u32)] = &[
    ("X509_V_OK", 0),
    ("X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT", 2),
    ("X509_V_ERR_UNABLE_TO_GET_CRL", 3),
    ("X509_V_ERR_CERT_SIGNATURE_FAILURE", 7),
    ("X509_V_ERR_CRL_SIGNATURE_FAILURE", 8),
    ("X509_V_ERR_CERT_NOT_YET_VALID", 9),
    ("X509_V_ERR_CERT_HAS_EXPIRED", 10),
    ("X509_V_ERR_CRL_NOT_YET_VALID", 11),
    ("X509_V_ERR_CRL_HAS_EXPIRED", 12),
    ("X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT", 18),
    ("X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN", 19),
    ("X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY", 20),
    ("X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE", 21),
    ("X509_V_ERR_CERT_CHAIN_TOO_LONG", 22),
    ("X509_V_ERR_CERT_REVOKED", 23),
    ("X509_V_ERR_INVALID_CA", 24),
    ("X509_V_ERR_PATH_LENGTH_EXCEEDED", 25),
    ("X509_V_ERR_INVALID_PURPOSE", 26),
    ("X509_V_ERR_CERT_UNTRUSTED", 27),
    ("X509_V_ERR_CERT_REJECTED", 28),
    ("X509_V_ERR_HOSTNAME_MISMATCH", 62),
];

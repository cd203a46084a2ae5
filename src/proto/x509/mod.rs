//! X.509 certificates and revocation lists (RFC 5280) as HAProxy's users see them: names, texts,
//! fingerprints, answers of OCSP responders, and the check of a chain in OpenSSL's order and with
//! OpenSSL's numbers.

pub mod chain;
mod constraint;
pub mod name;
pub mod ocsp;
pub mod signature;
pub mod text;

pub use x509_parser::prelude::{FromDer, X509Certificate};

/// Reads a certificate.
pub fn parse(der: &[u8]) -> Option<X509Certificate<'_>> {
    X509Certificate::from_der(der).ok().map(|(_, c)| c)
}

/// The names of hosts that a certificate is for: its alternative names, and its common names.
pub fn hosts(certificate: &X509Certificate<'_>) -> Vec<String> {
    use x509_parser::prelude::{GeneralName, ParsedExtension};
    let mut names: Vec<String> = Vec::new();
    for extension in certificate.extensions() {
        if let ParsedExtension::SubjectAlternativeName(list) = extension.parsed_extension() {
            names.extend(list.general_names.iter().filter_map(|name| match name {
                GeneralName::DNSName(name) => Some((*name).to_owned()),
                _ => None,
            }));
        }
    }
    let common = certificate.subject().iter_common_name();
    names.extend(common.filter_map(|n| n.as_str().ok().map(str::to_owned)));
    names
}

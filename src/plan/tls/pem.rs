//! Certificates, keys and revocation lists in PEM files (RFC 7468).

use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

/// What a file holds.
#[derive(Debug, Default)]
pub struct Pem {
    /// Certificates in order.
    pub certificates: Vec<CertificateDer<'static>>,
    /// The first private key.
    pub key: Option<PrivateKeyDer<'static>>,
    /// Revocation lists.
    pub crls: Vec<CertificateRevocationListDer<'static>>,
    /// There is a key under a passphrase.
    pub encrypted: bool,
}

/// Reads a file's sections; what is no PEM is skipped. An encrypted key counts as none.
pub fn read(bytes: &[u8]) -> Pem {
    let under = |mark: &[u8]| memchr::memmem::find(bytes, mark).is_some();
    let mut pem = Pem {
        encrypted: under(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
            || under(b"Proc-Type: 4,ENCRYPTED"),
        ..Pem::default()
    };
    let mut sections = <(SectionKind, Vec<u8>) as PemObject>::pem_slice_iter(bytes);
    while let Some(Ok((kind, der))) = sections.next() {
        match kind {
            SectionKind::Certificate => pem.certificates.push(der.into()),
            SectionKind::Crl => pem.crls.push(der.into()),
            _ if pem.encrypted && kind != SectionKind::Certificate => {}
            SectionKind::PrivateKey if pem.key.is_none() => {
                pem.key = Some(PrivateKeyDer::Pkcs8(der.into()));
            }
            SectionKind::RsaPrivateKey if pem.key.is_none() => {
                pem.key = Some(PrivateKeyDer::Pkcs1(der.into()));
            }
            SectionKind::EcPrivateKey if pem.key.is_none() => {
                pem.key = Some(PrivateKeyDer::Sec1(der.into()));
            }
            _ => {}
        }
    }
    pem
}

/// A section, as `openssl` writes it.
pub fn write(label: &str, der: &[u8], out: &mut Vec<u8>) {
    use std::io::Write;
    let mut text = Vec::new();
    crate::sample::conv::to_base64(der, &mut |b| text.push(b));
    let _ = writeln!(out, "-----BEGIN {label}-----");
    for line in text.chunks(64) {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    let _ = writeln!(out, "-----END {label}-----");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_text_is_skipped() {
        let pem = read(b"hello\n-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        assert_eq!(pem.certificates.len(), 1);
        assert!(pem.key.is_none() && pem.crls.is_empty());
    }
}

//! What stands in a certificate, as text in OpenSSL's words.

use super::X509Certificate;
use crate::base::clock;
use x509_parser::prelude::{GeneralName, ParsedExtension};
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `Sep 20 16:26:00 2023 GMT`; empty before 1970.
pub fn time(time: ASN1Time) -> String {
    let Ok(seconds) = u64::try_from(time.timestamp()) else {
        return String::new();
    };
    let d = clock::civil(seconds);
    let month = usize::from(d.month);
    format!(
        "{} {:2} {:02}:{:02}:{:02} {} GMT",
        MONTHS
            .get(month.saturating_sub(1))
            .copied()
            .unwrap_or_default(),
        d.day,
        d.hour,
        d.minute,
        d.second,
        d.year
    )
}

/// `230920162600Z`: two digits of the year, which is one of this century.
pub fn compact_time(time: ASN1Time) -> Option<String> {
    let d = clock::civil(u64::try_from(time.timestamp()).ok()?);
    if !(2000..2100).contains(&d.year) {
        return None;
    }
    let year = d.year % 100;
    Some(format!(
        "{year:02}{:02}{:02}{:02}{:02}{:02}Z",
        d.month, d.day, d.hour, d.minute, d.second
    ))
}

/// Bytes in hexadecimal digits, upper case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, b| {
        use std::fmt::Write;
        let _ = write!(text, "{b:02X}");
        text
    })
}

/// A serial number, without the zero byte that a leading bit asks for.
pub fn serial(raw: &[u8]) -> &[u8] {
    match raw {
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    }
}

/// The key by kind and bits, as HAProxy writes it (`RSA2048`, `EC256`).
pub fn key(c: &X509Certificate<'_>) -> Option<String> {
    let key = c.public_key().parsed().ok()?;
    let bits = key.key_size();
    match key {
        PublicKey::RSA(_) => Some(format!("RSA{bits}")),
        PublicKey::EC(_) => Some(format!("EC{bits}")),
        PublicKey::DSA(_) => Some(format!("DSA{bits}")),
        _ => None,
    }
}

/// OpenSSL's name of a kind of key.
pub fn key_algorithm(c: &X509Certificate<'_>) -> Option<&'static str> {
    let id = c.public_key().algorithm.algorithm.to_id_string();
    Some(match id.as_str() {
        "1.2.840.113549.1.1.1" => "rsaEncryption",
        "1.2.840.113549.1.1.10" => "rsassaPss",
        "1.2.840.10045.2.1" => "id-ecPublicKey",
        "1.2.840.10040.4.1" => "dsaEncryption",
        "1.3.101.112" => "ED25519",
        "1.3.101.113" => "ED448",
        _ => return None,
    })
}

/// OpenSSL's short name of how something is signed, of its long one where `long`.
pub fn signature(oid: &str, long: bool) -> Option<&'static str> {
    let (short, full) = match oid {
        "1.2.840.113549.1.1.4" => ("RSA-MD5", "md5WithRSAEncryption"),
        "1.2.840.113549.1.1.5" => ("RSA-SHA1", "sha1WithRSAEncryption"),
        "1.2.840.113549.1.1.14" => ("RSA-SHA224", "sha224WithRSAEncryption"),
        "1.2.840.113549.1.1.11" => ("RSA-SHA256", "sha256WithRSAEncryption"),
        "1.2.840.113549.1.1.12" => ("RSA-SHA384", "sha384WithRSAEncryption"),
        "1.2.840.113549.1.1.13" => ("RSA-SHA512", "sha512WithRSAEncryption"),
        "1.2.840.113549.1.1.10" => ("RSASSA-PSS", "rsassaPss"),
        "1.2.840.10045.4.1" => ("ecdsa-with-SHA1", "ecdsa-with-SHA1"),
        "1.2.840.10045.4.3.1" => ("ecdsa-with-SHA224", "ecdsa-with-SHA224"),
        "1.2.840.10045.4.3.2" => ("ecdsa-with-SHA256", "ecdsa-with-SHA256"),
        "1.2.840.10045.4.3.3" => ("ecdsa-with-SHA384", "ecdsa-with-SHA384"),
        "1.2.840.10045.4.3.4" => ("ecdsa-with-SHA512", "ecdsa-with-SHA512"),
        "1.3.101.112" => ("ED25519", "ED25519"),
        "1.3.101.113" => ("ED448", "ED448"),
        _ => return None,
    };
    Some(if long { full } else { short })
}

/// `DNS:a.example, IP Address:10.0.0.1`: the alternative names.
pub fn alternative_names(c: &X509Certificate<'_>) -> String {
    let mut texts = Vec::new();
    for extension in c.extensions() {
        let ParsedExtension::SubjectAlternativeName(list) = extension.parsed_extension() else {
            continue;
        };
        for name in &list.general_names {
            texts.push(match name {
                GeneralName::DNSName(n) => format!("DNS:{n}"),
                GeneralName::RFC822Name(n) => format!("email:{n}"),
                GeneralName::URI(n) => format!("URI:{n}"),
                GeneralName::IPAddress(bytes) => format!("IP Address:{}", address(bytes)),
                GeneralName::DirectoryName(n) => {
                    let line = super::name::one_line(n);
                    format!("DirName:{}", String::from_utf8_lossy(&line))
                }
                GeneralName::RegisteredID(id) => format!("Registered ID:{}", id.to_id_string()),
                _ => "othername: <unsupported>".to_owned(),
            });
        }
    }
    texts.join(", ")
}

fn address(bytes: &[u8]) -> String {
    match <[u8; 4]>::try_from(bytes) {
        Ok(v4) => std::net::Ipv4Addr::from(v4).to_string(),
        // OpenSSL writes all eight groups
        Err(_) => bytes
            .chunks(2)
            .map(|c| c.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)))
            .map(|group| format!("{group:X}"))
            .collect::<Vec<_>>()
            .join(":"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let t = |s| ASN1Time::from_timestamp(s).unwrap();
        assert_eq!(time(t(1_695_227_160)), "Sep 20 16:26:00 2023 GMT");
        assert_eq!(time(t(1_617_367_622)), "Apr  2 12:47:02 2021 GMT");
        assert_eq!(
            compact_time(t(1_695_227_160)).as_deref(),
            Some("230920162600Z")
        );
    }

    #[test]
    fn numbers() {
        assert_eq!(hex(serial(&[0, 0x84, 0x82])), "8482");
        assert_eq!(hex(serial(&[0])), "00");
        assert_eq!(
            address(&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            "2001:DB8:0:0:0:0:0:1"
        );
    }
}

//! Answers of OCSP responders (RFC 6960): which certificate one is about, what it says and until
//! when, and as text.

use super::{X509Certificate, name, text};
use crate::base::clock;
use sha1::{Digest, Sha1};
use std::fmt::Write;
use x509_parser::prelude::{FromDer, X509Name};

/// Takes an element: its tag and what is in it.
fn element<'a>(from: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (whole, content) = whole(from)?;
    Some((*whole.first()?, content))
}

/// Takes an element: all of its bytes, and what is in it.
fn whole<'a>(from: &mut &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let bytes = *from;
    let first = usize::from(*bytes.get(1)?);
    let (head, length) = match first {
        0..0x80 => (2, first),
        _ => {
            let count = first & 0x7f;
            let digits = bytes.get(2..2 + count).filter(|d| d.len() <= 4)?;
            let length = digits.iter().fold(0, |n, b| n << 8 | usize::from(*b));
            (2 + count, length)
        }
    };
    let end = head.checked_add(length)?;
    *from = bytes.get(end..)?;
    Some((bytes.get(..end)?, bytes.get(head..end)?))
}

fn put(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    match u8::try_from(content.len()) {
        Ok(n) if n < 0x80 => out.push(n),
        _ => {
            let digits = content.len().to_be_bytes();
            let skip = digits.iter().take_while(|b| **b == 0).count();
            let digits = digits.get(skip..).unwrap_or_default();
            out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
            out.extend_from_slice(digits);
        }
    }
    out.extend_from_slice(content);
}

/// SHA-1, as an element.
const WITH_SHA1: [u8; 11] = [0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0];

/// The id of a certificate in the eyes of its issuer's responder: what HAProxy shows as its key,
/// in DER.
pub fn id(c: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> Vec<u8> {
    let mut content = WITH_SHA1.to_vec();
    put(&mut content, 4, &Sha1::digest(c.issuer().as_raw()));
    let key = &issuer.public_key().subject_public_key.data;
    put(&mut content, 4, &Sha1::digest(key));
    put(&mut content, 2, c.raw_serial());
    let mut out = Vec::new();
    put(&mut out, 0x30, &content);
    out
}

/// What a responder says of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is good.
    Good,
    /// It was taken back.
    Revoked,
    /// It is not known.
    Unknown,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response<'a> {
    /// The id of the certificate, DER.
    pub id: &'a [u8],
    /// What it says.
    pub status: Status,
    /// Since when, until when, in the digits of the answer (`20210610085504Z`).
    pub this_update: &'a [u8],
    /// Until when.
    pub next_update: Option<&'a [u8]>,
    produced: &'a [u8],
    responder: (u8, &'a [u8]),
    algorithm: &'a [u8],
    signature: &'a [u8],
    certificates: &'a [u8],
    nonce: Option<&'a [u8]>,
}

/// Why an answer cannot be used, in HAProxy's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be read.
    Unreadable,
    /// The responder gave none.
    Unsuccessful,
    /// It is about several certificates, or none.
    NotSingle,
}

impl Fault {
    /// HAProxy's words.
    pub fn text(self) -> &'static str {
        match self {
            Fault::Unreadable => "Unable to parse OCSP response",
            Fault::Unsuccessful => "OCSP response status not successful",
            Fault::NotSingle => "OCSP response ignored because contains multiple single responses",
        }
    }
}

/// Reads an answer about one certificate.
///
/// # Errors
/// Why it cannot be used.
pub fn read(der: &[u8]) -> Result<Response<'_>, Fault> {
    let mut from = der;
    let (_, mut outer) = element(&mut from).ok_or(Fault::Unreadable)?;
    let (_, status) = element(&mut outer).ok_or(Fault::Unreadable)?;
    if status != [0] {
        return Err(Fault::Unsuccessful);
    }
    basic(outer)
        .ok_or(Fault::Unreadable)?
        .ok_or(Fault::NotSingle)
}

/// `None`: it cannot be read; `Some(None)`: it is not about one certificate.
fn basic(mut outer: &[u8]) -> Option<Option<Response<'_>>> {
    let (_, mut bytes) = element(&mut outer)?;
    let (_, mut bytes) = element(&mut bytes)?;
    element(&mut bytes)?;
    let (_, mut bytes) = element(&mut bytes)?;
    let (_, mut basic) = element(&mut bytes)?;
    let (_, mut data) = element(&mut basic)?;
    let (_, mut algorithm) = element(&mut basic)?;
    let (_, algorithm) = element(&mut algorithm)?;
    let (_, signature) = element(&mut basic)?;
    let certificates = match element(&mut basic) {
        Some((0xa0, mut list)) => element(&mut list)?.1,
        _ => &[],
    };
    if data.first() == Some(&0xa0) {
        element(&mut data)?;
    }
    let responder = element(&mut data)?;
    let (_, produced) = element(&mut data)?;
    let (_, mut singles) = element(&mut data)?;
    let nonce = element(&mut data).and_then(|(_, extensions)| nonce(extensions));
    let Some((_, mut single)) = element(&mut singles) else {
        return Some(None);
    };
    if !singles.is_empty() {
        return Some(None);
    }
    let (id, _) = whole(&mut single)?;
    let (status, _) = element(&mut single)?;
    let (_, this_update) = element(&mut single)?;
    let next_update = match element(&mut single) {
        Some((0xa0, mut next)) => Some(element(&mut next)?.1),
        _ => None,
    };
    Some(Some(Response {
        id,
        status: match status & 0x1f {
            0 => Status::Good,
            1 => Status::Revoked,
            _ => Status::Unknown,
        },
        this_update,
        next_update,
        produced,
        responder,
        algorithm,
        signature,
        certificates,
        nonce,
    }))
}

fn nonce(mut extensions: &[u8]) -> Option<&[u8]> {
    const NONCE: [u8; 9] = [0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2];
    let (_, mut list) = element(&mut extensions)?;
    while let Some((_, mut one)) = element(&mut list) {
        let (_, oid) = element(&mut one)?;
        if oid == NONCE {
            while let Some((tag, value)) = element(&mut one) {
                if tag == 4 {
                    return Some(value);
                }
            }
        }
    }
    None
}

/// `20210610085504Z` as seconds since 1970.
pub fn seconds(digits: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(digits).ok()?;
    let field = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (field(0, 4)?, field(4, 6)?, field(6, 8)?);
    let (hour, minute, second) = (field(8, 10)?, field(10, 12)?, field(12, 14)?);
    // days since 1970, in years that begin in March
    let y = if month > 2 { year } else { year - 1 };
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

impl Response<'_> {
    /// Whether it is out of date.
    pub fn expired(&self, now: i64) -> bool {
        self.next_update
            .and_then(seconds)
            .is_some_and(|next| next < now)
    }

    /// What stands in the id: hash of the issuer's name, of its key, serial number.
    pub fn id_parts(&self) -> Option<[&[u8]; 3]> {
        id_parts(self.id)
    }
}

/// What stands in an id: hash of the issuer's name, of its key, serial number.
pub fn id_parts(mut id: &[u8]) -> Option<[&[u8]; 3]> {
    let (_, mut content) = element(&mut id)?;
    element(&mut content)?;
    let (_, name) = element(&mut content)?;
    let (_, key) = element(&mut content)?;
    let (_, serial) = element(&mut content)?;
    Some([name, key, text::serial(serial)])
}

fn date(digits: &[u8]) -> String {
    let time = seconds(digits).and_then(|s| x509_parser::time::ASN1Time::from_timestamp(s).ok());
    time.map(text::time).unwrap_or_default()
}

fn octets(bytes: &[u8], per_line: usize, indent: &str) -> String {
    let mut out = String::new();
    let lines = bytes.chunks(per_line).collect::<Vec<_>>();
    for (at, line) in lines.iter().enumerate() {
        out.push_str(indent);
        let digits: Vec<String> = line.iter().map(|b| format!("{b:02x}")).collect();
        out.push_str(&digits.join(":"));
        out.push_str(if at + 1 < lines.len() { ":\n" } else { "\n" });
    }
    out
}

/// An answer as text, in OpenSSL's form; the responder's certificates shortened to what
/// identifies them.
///
/// # Errors
/// Why it cannot be read.
pub fn describe(der: &[u8]) -> Result<String, Fault> {
    let r = read(der)?;
    let mut out = String::from(
        "OCSP Response Data:\n    OCSP Response Status: successful (0x0)\n    Response Type: Basic OCSP Response\n    Version: 1 (0x0)\n    Responder Id: ",
    );
    let (kind, content) = r.responder;
    if kind == 0xa1
        && let Ok((_, name)) = X509Name::from_der(content)
    {
        out.push_str(&String::from_utf8_lossy(&name::spaced(&name)));
    } else {
        let mut content = content;
        let key = element(&mut content).map_or(&[][..], |(_, key)| key);
        out.push_str(&text::hex(key));
    }
    let _ = writeln!(
        out,
        "\n    Produced At: {}\n    Responses:",
        date(r.produced)
    );
    if let Some([name, key, serial]) = r.id_parts() {
        let _ = writeln!(
            out,
            "    Certificate ID:\n      Hash Algorithm: sha1\n      Issuer Name Hash: {}\n      Issuer Key Hash: {}\n      Serial Number: {}",
            text::hex(name),
            text::hex(key),
            text::hex(serial)
        );
    }
    let status = match r.status {
        Status::Good => "good",
        Status::Revoked => "revoked",
        Status::Unknown => "unknown",
    };
    let _ = writeln!(
        out,
        "    Cert Status: {status}\n    This Update: {}",
        date(r.this_update)
    );
    if let Some(next) = r.next_update {
        let _ = writeln!(out, "    Next Update: {}", date(next));
    }
    if let Some(nonce) = r.nonce {
        let _ = writeln!(
            out,
            " \n    Response Extensions:\n        OCSP Nonce: \n            {}",
            text::hex(nonce)
        );
    }
    let algorithm = x509_parser::der_parser::oid::Oid::new(r.algorithm.into()).to_id_string();
    let algorithm = text::signature(&algorithm, true).unwrap_or(&algorithm);
    let _ = writeln!(
        out,
        "    Signature Algorithm: {algorithm}\n    Signature Value:"
    );
    // the first byte of a bit string counts the bits that are left over
    let signature = r.signature.get(1..).unwrap_or_default();
    out.push_str(&octets(signature, 18, "        "));
    let mut certificates = r.certificates;
    while let Some((der, _)) = whole(&mut certificates) {
        if let Some(c) = super::parse(der) {
            let line = |n: &X509Name<'_>| String::from_utf8_lossy(&name::one_line(n)).into_owned();
            let _ = writeln!(
                out,
                "Certificate:\n    Serial Number: {}\n    Issuer: {}\n    Not Before: {}\n    Not After : {}\n    Subject: {}",
                text::hex(text::serial(c.raw_serial())),
                line(c.issuer()),
                text::time(c.validity().not_before),
                text::time(c.validity().not_after),
                line(c.subject())
            );
        }
    }
    Ok(out)
}

/// Seconds since 1970 now.
pub fn now() -> i64 {
    i64::try_from(clock::unix_time().as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_answers() {
        assert_eq!(seconds(b"20230920162600Z"), Some(1_695_227_160));
        assert_eq!(seconds(b"19700101000000Z"), Some(0));
        assert_eq!(seconds(b"2023"), None);
    }

    #[test]
    fn an_answer_is_read() {
        let mut id = Vec::new();
        let mut parts = WITH_SHA1.to_vec();
        put(&mut parts, 4, &[1; 20]);
        put(&mut parts, 4, &[2; 20]);
        put(&mut parts, 2, &[0x10, 0x0f]);
        put(&mut id, 0x30, &parts);
        let in_tag = |tag: u8, content: &[u8]| {
            let mut out = Vec::new();
            put(&mut out, tag, content);
            out
        };
        let date = in_tag(0x18, b"20210610085504Z");
        let single = [&id[..], &[0x80, 0], &date, &in_tag(0xa0, &date)].concat();
        let singles = in_tag(0x30, &in_tag(0x30, &single));
        let responder = in_tag(0xa2, &in_tag(4, &[3; 20]));
        let data = in_tag(0x30, &[&responder[..], &date, &singles].concat());
        let algorithm = in_tag(0x30, &[6, 3, 0x2b, 0x65, 0x70]);
        let signature = in_tag(3, &[0, 0xab, 0xcd]);
        let basic = in_tag(0x30, &[&data[..], &algorithm, &signature].concat());
        let inner = [&[6, 1, 0x2a][..], &in_tag(4, &basic)].concat();
        let bytes = in_tag(0xa0, &in_tag(0x30, &inner));
        let answer = in_tag(0x30, &[&[10, 1, 0][..], &bytes].concat());
        let read = read(&answer).unwrap();
        assert_eq!((read.id, read.status), (&id[..], Status::Good));
        assert!(read.expired(1_700_000_000) && !read.expired(1_600_000_000));
        let text = describe(&answer).unwrap();
        assert!(
            text.contains("    Cert Status: good\n    This Update: Jun 10 08:55:04 2021 GMT\n")
        );
        assert!(
            text.contains("Signature Algorithm: ED25519\n    Signature Value:\n        ab:cd\n")
        );
        assert!(text.contains("Serial Number: 100F\n"));
        let refused = in_tag(0x30, &[10, 1, 1]);
        assert_eq!(super::read(&refused).unwrap_err(), Fault::Unsuccessful);
        assert_eq!(super::read(b"x").unwrap_err(), Fault::Unreadable);
    }
}

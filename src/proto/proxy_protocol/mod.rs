//! The header that a proxy puts in front of a connection to tell whom it speaks for ("The PROXY
//! protocol", versions 1 and 2).
//!
//! [`read`] judges what a client sent as HAProxy 3.4 does, [`write`] makes what a server gets.

pub mod read;
pub mod write;

use std::net::SocketAddr;

/// What the second version begins with.
pub const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Bytes in front of the addresses.
pub const HEAD: usize = 16;

/// Types of extensions ("PP2_TYPE_...", "PP2_SUBTYPE_SSL_...").
pub mod kind {
    /// The protocol inside, as ALPN has it.
    pub const ALPN: u8 = 0x01;
    /// The name the client asked for.
    pub const AUTHORITY: u8 = 0x02;
    /// A checksum of the header.
    pub const CRC32C: u8 = 0x03;
    /// Padding.
    pub const NOOP: u8 = 0x04;
    /// The number that the proxy gave the connection.
    pub const UNIQUE_ID: u8 = 0x05;
    /// What TLS agreed upon; others stand inside.
    pub const SSL: u8 = 0x20;
    /// In [`SSL`]: the version.
    pub const SSL_VERSION: u8 = 0x21;
    /// In [`SSL`]: the common name of the client's certificate.
    pub const SSL_CN: u8 = 0x22;
    /// In [`SSL`]: the suite of ciphers.
    pub const SSL_CIPHER: u8 = 0x23;
    /// In [`SSL`]: how the proxy's certificate is signed.
    pub const SSL_SIG_ALG: u8 = 0x24;
    /// In [`SSL`]: the key of the proxy's certificate.
    pub const SSL_KEY_ALG: u8 = 0x25;
    /// The name space of the connection.
    pub const NETNS: u8 = 0x30;

    /// The names that configurations use.
    pub const NAMES: [(&str, u8); 12] = [
        ("ALPN", ALPN),
        ("AUTHORITY", AUTHORITY),
        ("CRC32", CRC32C),
        ("NETNS", NETNS),
        ("NOOP", NOOP),
        ("SSL", SSL),
        ("SSL_CIPHER", SSL_CIPHER),
        ("SSL_CN", SSL_CN),
        ("SSL_KEY_ALG", SSL_KEY_ALG),
        ("SSL_SIG_ALG", SSL_SIG_ALG),
        ("SSL_VERSION", SSL_VERSION),
        ("UNIQUE_ID", UNIQUE_ID),
    ];

    /// A type written as C numbers are (`225`, `0xE1`, `0341`); `None`: it is none.
    pub fn number(text: &[u8]) -> Option<i64> {
        let text = std::str::from_utf8(text).ok()?.trim_start();
        let (sign, digits) = match text.as_bytes().first()? {
            b'-' => (-1, text.get(1..)?),
            b'+' => (1, text.get(1..)?),
            _ => (1, text),
        };
        let hex = digits
            .strip_prefix("0x")
            .or_else(|| digits.strip_prefix("0X"));
        let (digits, base) = match (hex, digits) {
            (Some(hex), _) => (hex, 16),
            (None, "0") => ("0", 10),
            (None, digits) => match digits.strip_prefix('0') {
                Some(octal) => (octal, 8),
                None => (digits, 10),
            },
        };
        // from_str_radix would take another sign
        if !digits.as_bytes().first()?.is_ascii_hexdigit() {
            return None;
        }
        i64::from_str_radix(digits, base).ok().map(|n| sign * n)
    }
}

/// What a header told about a connection, and what it replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The connection's own source, before the header (`fc_src`).
    pub src: Option<SocketAddr>,
    /// The connection's own target, if it was changed before the header came (`fc_dst`).
    pub dst: Option<SocketAddr>,
    /// Extensions as they came: type, length, value.
    pub extensions: Box<[u8]>,
    /// There was no header: rules of the session have replaced the addresses.
    pub by_rules: bool,
}

impl Received {
    /// The values of the extensions of a type, in order.
    pub fn values(&self, kind: u8) -> impl Iterator<Item = &[u8]> {
        let all = Extensions {
            rest: &self.extensions,
        };
        all.filter_map(move |found| {
            let (k, value) = found.ok()?;
            (k == kind).then_some(value)
        })
    }
}

/// Walks through extensions; the last item is an error when the bytes end within one.
struct Extensions<'a> {
    rest: &'a [u8],
}

/// The bytes end within an extension.
struct Broken;

impl<'a> Iterator for Extensions<'a> {
    type Item = Result<(u8, &'a [u8]), Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let rest = std::mem::take(&mut self.rest);
        let [kind, high, low, value @ ..] = rest else {
            return Some(Err(Broken));
        };
        let Some((value, rest)) = value.split_at_checked(u16::from_be_bytes([*high, *low]).into())
        else {
            return Some(Err(Broken));
        };
        self.rest = rest;
        Some(Ok((*kind, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_types() {
        let n = |text: &str| kind::number(text.as_bytes());
        assert_eq!(n("225"), Some(225));
        assert_eq!(n("0xE1"), Some(225));
        assert_eq!(n("0341"), Some(225));
        assert_eq!(n("0"), Some(0));
        assert_eq!(n("-1"), Some(-1));
        for bad in ["", "x", "0x", "1x", "08", "--1", "+-1"] {
            assert_eq!(n(bad), None, "{bad}");
        }
    }
}

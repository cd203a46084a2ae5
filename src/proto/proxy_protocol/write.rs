//! What goes in front of a connection to a server.

use super::{SIGNATURE, kind};
use crate::base::hash;
use std::net::{IpAddr, SocketAddr};

/// Both addresses of one family: where one is IPv6, so becomes the other.
pub fn alike(src: SocketAddr, dst: SocketAddr) -> (SocketAddr, SocketAddr) {
    let v6 = |a: SocketAddr| match a.ip() {
        IpAddr::V4(ip) => SocketAddr::new(ip.to_ipv6_mapped().into(), a.port()),
        IpAddr::V6(_) => a,
    };
    match src.is_ipv4() && dst.is_ipv4() {
        true => (src, dst),
        false => (v6(src), v6(dst)),
    }
}

/// The line of version 1 without addresses.
pub const UNKNOWN: &[u8] = b"PROXY UNKNOWN\r\n";

/// A header of version 2 while it is made.
#[derive(Debug)]
pub struct Binary {
    bytes: Vec<u8>,
    /// Where the checksum is to stand.
    sum: Option<usize>,
}

impl Binary {
    /// With these addresses, or, without, for the proxy itself (LOCAL).
    pub fn new(addresses: Option<(SocketAddr, SocketAddr)>) -> Binary {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(SIGNATURE);
        let Some((src, dst)) = addresses else {
            bytes.extend_from_slice(&[0x20, 0, 0, 0]);
            return Binary { bytes, sum: None };
        };
        let (src, dst) = alike(src, dst);
        bytes.extend_from_slice(&[0x21, if src.is_ipv4() { 0x11 } else { 0x21 }, 0, 0]);
        for address in [src, dst] {
            match address.ip() {
                IpAddr::V4(ip) => bytes.extend_from_slice(&ip.octets()),
                IpAddr::V6(ip) => bytes.extend_from_slice(&ip.octets()),
            }
        }
        bytes.extend_from_slice(&src.port().to_be_bytes());
        bytes.extend_from_slice(&dst.port().to_be_bytes());
        Binary { bytes, sum: None }
    }

    /// Adds an extension; one too long for the header is left out.
    pub fn add(&mut self, kind: u8, value: &[u8]) {
        let whole = self.bytes.len() + 3 + value.len() - super::HEAD;
        let (Ok(len), Ok(_)) = (u16::try_from(value.len()), u16::try_from(whole)) else {
            return;
        };
        self.bytes.push(kind);
        self.bytes.extend_from_slice(&len.to_be_bytes());
        self.bytes.extend_from_slice(value);
    }

    /// Makes room for the checksum here.
    pub fn add_checksum(&mut self) {
        self.add(kind::CRC32C, &[0; 4]);
        self.sum = self.bytes.len().checked_sub(4);
    }

    /// The bytes to send.
    pub fn finish(mut self) -> Vec<u8> {
        let len = u16::try_from(self.bytes.len() - super::HEAD).unwrap_or(u16::MAX);
        if let Some(place) = self.bytes.get_mut(super::HEAD - 2..super::HEAD) {
            place.copy_from_slice(&len.to_be_bytes());
        }
        if let Some(at) = self.sum {
            let sum = hash::crc32c(&self.bytes).to_be_bytes();
            if let Some(place) = self.bytes.get_mut(at..at + 4) {
                place.copy_from_slice(&sum);
            }
        }
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Received, read};
    use super::*;
    use proptest::prelude::*;

    /// Recorded from HAProxy 3.4.0.
    #[test]
    fn recorded() {
        let mut header = Binary::new(Some((
            "1.2.3.4:1".parse().unwrap(),
            "5.6.7.8:2".parse().unwrap(),
        )));
        header.add_checksum();
        let hex: String = header.finish().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(
            hex,
            "0d0a0d0a000d0a515549540a2111001301020304050607080001000203000465a60e1e"
        );
        assert_eq!(
            Binary::new(None).finish(),
            b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"
        );
    }

    proptest! {
        /// What is written is read back.
        #[test]
        fn there_and_back(src in any::<(std::net::IpAddr, u16)>(), dst in any::<(std::net::IpAddr, u16)>(),
            value in prop::collection::vec(any::<u8>(), 0..200), sum in any::<bool>()) {
            let (src, dst) = (SocketAddr::from(src), SocketAddr::from(dst));
            let mut header = Binary::new(Some((src, dst)));
            if sum {
                header.add_checksum();
            }
            header.add(0xe1, &value);
            let bytes = header.finish();
            let found = read::header(&bytes).unwrap();
            prop_assert_eq!(found.len, bytes.len());
            prop_assert_eq!(found.addresses, Some(alike(src, dst)));
            let received = Received { extensions: found.extensions.into(), ..Received::default() };
            prop_assert_eq!(received.values(0xe1).collect::<Vec<_>>(), [&value[..]]);
        }
    }
}

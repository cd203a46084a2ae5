//! Keys.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

/// `type` of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// `ip`: an IPv4 address
    Ip,
    /// `ipv6`
    Ipv6,
    /// `integer`: 32 bits
    Integer,
    /// `string`: up to this many bytes
    Str(u32),
    /// `binary`: exactly this many bytes
    Bin(u32),
}

impl KeyType {
    /// Its name in listings.
    pub fn name(self) -> &'static str {
        match self {
            KeyType::Ip => "ip",
            KeyType::Ipv6 => "ipv6",
            KeyType::Integer => "integer",
            KeyType::Str(_) => "string",
            KeyType::Bin(_) => "binary",
        }
    }

    /// Bytes that a key takes at most.
    pub fn size(self) -> usize {
        match self {
            KeyType::Ip | KeyType::Integer => 4,
            KeyType::Ipv6 => 16,
            KeyType::Str(n) | KeyType::Bin(n) => n as usize,
        }
    }

    /// Its number in the peers protocol.
    pub fn number(self) -> u64 {
        match self {
            KeyType::Integer => 2,
            KeyType::Ip => 4,
            KeyType::Ipv6 => 5,
            KeyType::Str(_) => 6,
            KeyType::Bin(_) => 7,
        }
    }

    /// A key out of bytes: text is cut, a block is cut or filled up with zeros.
    pub fn fit(self, bytes: &[u8]) -> Key<'_> {
        let most = self.size();
        let cut = bytes.get(..most).unwrap_or(bytes);
        Key {
            bytes: cut,
            zeros: match self {
                KeyType::Str(_) => 0,
                _ => most - cut.len(),
            },
        }
    }

    /// Appends a key as listings show it.
    pub fn show(self, key: &[u8], out: &mut String) {
        let four = || <[u8; 4]>::try_from(key).unwrap_or_default();
        // writing into a string cannot fail
        let _ = match self {
            KeyType::Ip => write!(out, "{}", Ipv4Addr::from(four())),
            KeyType::Ipv6 => {
                let octets = <[u8; 16]>::try_from(key).unwrap_or_default();
                write!(out, "{}", Ipv6Addr::from(octets))
            }
            KeyType::Integer => write!(out, "{}", u32::from_le_bytes(four())),
            KeyType::Bin(_) => key.iter().try_for_each(|b| write!(out, "{b:02X}")),
            KeyType::Str(_) => key.iter().try_for_each(|b| match b {
                b'\n' => out.write_str("\\n"),
                b'\r' => out.write_str("\\r"),
                b'\t' => out.write_str("\\t"),
                0x1b => out.write_str("\\e"),
                b'\\' | b' ' | b'=' => write!(out, "\\{}", char::from(*b)),
                0x21..=0x7e => out.write_char(char::from(*b)),
                _ => write!(out, "\\x{b:02X}"),
            }),
        };
    }
}

/// A key of a table, as [`KeyType::fit`] makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    bytes: &'a [u8],
    /// Zeros behind the bytes.
    zeros: usize,
}

impl<'a> Key<'a> {
    /// The bytes given; zeros may be missing behind them.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether it is this.
    pub(super) fn is(&self, other: &[u8]) -> bool {
        match other.get(..self.bytes.len()) {
            Some(same) if same == self.bytes => {
                let rest = other.get(self.bytes.len()..).unwrap_or_default();
                rest.len() == self.zeros && rest.iter().all(|b| *b == 0)
            }
            _ => false,
        }
    }

    /// Length with the zeros.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() + self.zeros
    }

    /// Its hash; `hash` is called with the whole key.
    pub(super) fn hashed(&self, hash: impl FnOnce(&[u8]) -> u32) -> u32 {
        if self.zeros == 0 {
            return hash(self.bytes);
        }
        let mut whole = self.bytes.to_vec();
        whole.resize(self.len(), 0);
        hash(&whole)
    }
}

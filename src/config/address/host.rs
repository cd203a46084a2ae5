//! The part before the port.

use super::Host;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Reads a host. What is no literal address becomes a name for the resolver, even where no
/// resolver could know it: HAProxy too fails only there.
pub(super) fn read(text: &[u8], family: Option<u8>) -> Host {
    let name = || Host::Name {
        name: String::from_utf8_lossy(text).into_owned(),
        family,
    };
    if text.is_empty() || text == b"*" {
        return if family == Some(6) {
            Host::AnyV6
        } else {
            Host::AnyV4
        };
    }
    let bare = text
        .strip_prefix(b"[")
        .and_then(|t| t.strip_suffix(b"]"))
        .unwrap_or(text);
    let literal = std::str::from_utf8(bare)
        .ok()
        .and_then(|t| t.parse::<IpAddr>().ok())
        .or_else(|| short_ipv4(bare).map(IpAddr::V4));
    match literal {
        Some(IpAddr::V4(ip)) if family != Some(6) => match ip {
            Ipv4Addr::UNSPECIFIED => Host::AnyV4,
            ip => Host::Ip(ip.into()),
        },
        Some(IpAddr::V6(ip)) if family != Some(4) => match ip {
            Ipv6Addr::UNSPECIFIED => Host::AnyV6,
            ip => Host::Ip(ip.into()),
        },
        _ => name(),
    }
}

/// The short forms of C's `inet_aton`: `1`, `1.2`, `1.2.3`, with octal and hexadecimal parts.
fn short_ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let parts: Vec<u32> = text
        .split(|b| *b == b'.')
        .map(number)
        .collect::<Option<_>>()?;
    let (last, leading) = parts.split_last()?;
    if leading.len() > 3 || leading.iter().any(|p| *p > 255) {
        return None;
    }
    let room = 8 * (4 - leading.len());
    if room < 32 && *last >> room != 0 {
        return None;
    }
    let high = leading
        .iter()
        .enumerate()
        .fold(0u32, |sum, (i, p)| sum | (p << (24 - 8 * i)));
    Some(Ipv4Addr::from(high | last))
}

fn number(text: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(text).ok()?;
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (text.get(2..)?, 16),
        [b'0', _, ..] => (text.get(1..)?, 8),
        _ => (text, 10),
    };
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}

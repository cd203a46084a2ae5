//! `balance rdp-cookie`: by a cookie of the Remote Desktop Protocol, which stands in the first
//! packet of a connection (configuration manual 4.2 `balance`).

use super::algorithm::AlgorithmEntry;
use super::hash::{self, HashType};
use super::key::Key;
use crate::sample::view::Eval;

/// Registry line.
pub const ENTRY: AlgorithmEntry = AlgorithmEntry {
    name: "rdp-cookie",
    wants_load: false,
    any_will_do: false,
    key: Some(key),
    make: hash::make,
};

/// The headers in front of the cookie: TPKT, X.224.
const HEADERS: usize = 11;

fn key(key: &Key, hash: &HashType, e: &Eval<'_>) -> Option<u32> {
    let Key::RdpCookie(name) = key else {
        return None;
    };
    let value = cookie(e.view.request_buffer()?, name)?;
    (!value.is_empty()).then(|| hash.text(value))
}

/// The value of `Cookie: NAME=VALUE`, which ends with its line.
fn cookie<'a>(packet: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let version = *packet.first()?;
    let connect = packet.get(5)? & 0xf0 == 0xe0;
    if version != 3 || !connect {
        return None;
    }
    let line = packet.get(HEADERS..)?;
    let end = line.windows(2).position(|w| w == b"\r\n")?;
    let line = line.get(..end)?;
    let (head, rest) = line.split_at_checked(b"Cookie:".len())?;
    if !head.eq_ignore_ascii_case(b"Cookie:") {
        return None;
    }
    let (found, value) = rest.trim_ascii_start().split_at_checked(name.len())?;
    let value = value.strip_prefix(b"=")?;
    found.eq_ignore_ascii_case(name).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_of_first_packets() {
        let packet = |line: &str| {
            let mut p = vec![3, 0, 0, 40, 35, 0xe0, 0, 0, 0, 0, 0];
            p.extend_from_slice(line.as_bytes());
            p
        };
        let of = |line: &str| cookie(&packet(line), b"mstshash").map(<[u8]>::to_vec);
        assert_eq!(of("Cookie: mstshash=anna\r\n"), Some(b"anna".to_vec()));
        assert_eq!(of("cookie: MSTSHASH=anna\r\n"), Some(b"anna".to_vec()));
        assert_eq!(of("Cookie: msts=anna\r\n"), None);
        assert_eq!(of("Cookie: mstshash=anna"), None);
        assert_eq!(of("Cook"), None);
        assert_eq!(cookie(b"\x03\x00", b"x"), None);
    }
}

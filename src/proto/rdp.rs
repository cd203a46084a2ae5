//! The cookie in the first packet of the Remote Desktop Protocol (MS-RDPBCGR 2.2.1.1).

/// The headers in front of the cookie: TPKT, X.224.
const HEADERS: usize = 11;

/// Whether the buffer holds enough of a packet to tell if it has a cookie.
pub fn is_decided(packet: &[u8]) -> bool {
    let connects = |kind: &u8| kind & 0xf0 == 0xe0;
    match packet {
        [] => false,
        [version, ..] if *version != 3 => true,
        [_, _, _, _, _, kind, ..] if !connects(kind) => true,
        _ => packet
            .get(HEADERS..)
            .is_some_and(|line| line.windows(2).any(|w| w == b"\r\n")),
    }
}

/// The value of `Cookie: NAME=VALUE`, which ends with its line; `None` for the name: of any.
pub fn cookie<'a>(packet: &'a [u8], name: Option<&[u8]>) -> Option<&'a [u8]> {
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
    let rest = rest.trim_ascii_start();
    let equals = rest.iter().position(|b| *b == b'=')?;
    let (found, value) = rest.split_at_checked(equals)?;
    let wanted = name.is_none_or(|name| found.eq_ignore_ascii_case(name));
    value.get(1..).filter(|_| wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(line: &str) -> Vec<u8> {
        let mut p = vec![3, 0, 0, 40, 35, 0xe0, 0, 0, 0, 0, 0];
        p.extend_from_slice(line.as_bytes());
        p
    }

    #[test]
    fn cookies_of_first_packets() {
        let of = |line: &str| cookie(&packet(line), Some(b"mstshash")).map(<[u8]>::to_vec);
        assert_eq!(of("Cookie: mstshash=anna\r\n"), Some(b"anna".to_vec()));
        assert_eq!(of("cookie: MSTSHASH=anna\r\n"), Some(b"anna".to_vec()));
        assert_eq!(of("Cookie: msts=anna\r\n"), None);
        assert_eq!(of("Cookie: mstshash=anna"), None);
        assert_eq!(of("Cook"), None);
        assert_eq!(cookie(b"\x03\x00", Some(b"x")), None);
        let any = packet("Cookie: msts=1.2\r\n");
        assert_eq!(cookie(&any, None), Some(&b"1.2"[..]));
    }

    #[test]
    fn what_is_decided() {
        assert!(is_decided(b"GET /"));
        assert!(is_decided(&packet("Cookie: a=b\r\n")));
        assert!(!is_decided(&packet("Cookie: a=b")));
        assert!(!is_decided(&[3, 0]));
    }
}

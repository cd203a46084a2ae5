//! What came in front of a connection. The verdicts are those of HAProxy 3.4, which in part is
//! stricter than the specification (LOCAL must be empty, Unix addresses and datagrams are
//! refused) and in part more lenient (numbers of IPv4 addresses and ports wrap around).

use super::{Extensions, HEAD, SIGNATURE, kind};
use crate::base::hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A whole header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// Its bytes.
    pub len: usize,
    /// Source and target; `None`: those of the connection itself.
    pub addresses: Option<(SocketAddr, SocketAddr)>,
    /// Extensions as they came.
    pub extensions: &'a [u8],
}

/// What is wrong with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not there as a whole.
    Truncated,
    /// Something else came.
    NotHeader,
    /// It is one, but makes no sense.
    Invalid,
    /// It names a protocol that is not known.
    Protocol,
    /// An extension is longer than HAProxy keeps.
    TooLong,
}

/// A fault, and the addresses where those were understood before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub fault: Fault,
    /// Source and target.
    pub addresses: Option<(SocketAddr, SocketAddr)>,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Refusal {
        Refusal {
            fault,
            addresses: None,
        }
    }
}

/// The longest value of an extension; some types have limits of their own.
const LONGEST: usize = 1024;
const LONGEST_AUTHORITY: usize = 255;
const LONGEST_UNIQUE_ID: usize = 128;

/// Judges the bytes that a connection began with.
///
/// # Errors
/// With [`Fault::Truncated`] more bytes may make it a header.
pub fn header(bytes: &[u8]) -> Result<Header<'_>, Refusal> {
    if bytes.len() < 6 {
        return Err(Fault::Truncated.into());
    }
    match bytes.strip_prefix(b"PROXY ") {
        Some(rest) => Ok(first(bytes.len(), rest)?),
        None => second(bytes),
    }
}

/// Reads a line of text from left to right.
struct Line<'a> {
    rest: &'a [u8],
}

impl<'a> Line<'a> {
    /// The next byte, taken.
    fn byte(&mut self) -> Result<u8, Fault> {
        let (b, rest) = self.rest.split_first().ok_or(Fault::Truncated)?;
        self.rest = rest;
        Ok(*b)
    }

    fn must(&mut self, wanted: u8) -> Result<(), Fault> {
        match self.byte()? == wanted {
            true => Ok(()),
            false => Err(Fault::Invalid),
        }
    }

    /// As far as `part` holds; something must follow.
    fn span(&mut self, part: impl Fn(u8) -> bool) -> Result<&'a [u8], Fault> {
        let at = self.rest.iter().position(|b| !part(*b));
        let (span, rest) = at
            .and_then(|at| self.rest.split_at_checked(at))
            .ok_or(Fault::Truncated)?;
        self.rest = rest;
        Ok(span)
    }

    fn v4(&mut self) -> Result<Ipv4Addr, Fault> {
        let text = self.span(|b| b.is_ascii_digit() || b == b'.')?;
        let mut sum = 0u32;
        let mut shift = 32u32;
        for part in text.split(|b| *b == b'.') {
            shift = shift.checked_sub(8).ok_or(Fault::Invalid)?;
            let last = part.len().saturating_sub(3);
            let value = number(part.get(last..).unwrap_or_default());
            sum = sum.wrapping_add(u32::from(value) << shift);
        }
        Ok(sum.into())
    }

    fn port(&mut self) -> Result<u16, Fault> {
        Ok(number(self.span(|b| b.is_ascii_digit())?))
    }
}

/// Digits as a number that wraps around; 0 without any.
fn number(digits: &[u8]) -> u16 {
    let add = |n: u16, d: &u8| {
        n.wrapping_mul(10)
            .wrapping_add(u16::from(d.wrapping_sub(b'0')))
    };
    digits.iter().fold(0, add)
}

/// Version 1; `all` is the number of bytes with the `PROXY ` in front.
fn first(all: usize, rest: &[u8]) -> Result<Header<'_>, Fault> {
    if rest.len() < 3 {
        return Err(Fault::Truncated);
    }
    let made = |left: &[u8], addresses| {
        Ok(Header {
            len: all - left.len(),
            addresses,
            extensions: &[],
        })
    };
    if let Some(rest) = rest.strip_prefix(b"TCP4 ") {
        let mut line = Line { rest };
        let src = line.v4()?;
        line.must(b' ')?;
        let dst = line.v4()?;
        line.must(b' ')?;
        let from = line.port()?;
        line.must(b' ')?;
        let to = line.port()?;
        line.must(b'\r')?;
        line.must(b'\n')?;
        return made(line.rest, Some(((src, from).into(), (dst, to).into())));
    }
    if let Some(rest) = rest.strip_prefix(b"TCP6 ") {
        let mut line = Line { rest };
        let text = line.span(|b| b != b'\r')?;
        line.byte()?;
        line.must(b'\n')?;
        let mut words = text.split(|b| *b == b' ');
        let mut word = || words.next().ok_or(Fault::Invalid);
        let src = v6(word()?)?;
        let dst = v6(word()?)?;
        let from = port(word()?)?;
        let to = port(word()?)?;
        return made(line.rest, Some(((src, from).into(), (dst, to).into())));
    }
    match rest.strip_prefix(b"UNKNOWN\r\n") {
        Some(rest) => made(rest, None),
        None => Err(Fault::Protocol),
    }
}

fn v6(text: &[u8]) -> Result<Ipv6Addr, Fault> {
    let text = std::str::from_utf8(text).map_err(|_| Fault::Invalid)?;
    text.parse().map_err(|_| Fault::Invalid)
}

fn port(text: &[u8]) -> Result<u16, Fault> {
    match text.iter().all(u8::is_ascii_digit) {
        true => Ok(number(text)),
        false => Err(Fault::Invalid),
    }
}

/// Version 2.
fn second(bytes: &[u8]) -> Result<Header<'_>, Refusal> {
    let (head, rest) = bytes.split_at_checked(HEAD).ok_or(Fault::Truncated)?;
    let Some([command, family, high, low]) = head.strip_prefix(SIGNATURE) else {
        return Err(Fault::NotHeader.into());
    };
    if command >> 4 != 2 {
        return Err(Fault::NotHeader.into());
    }
    let body = rest
        .get(..u16::from_be_bytes([*high, *low]).into())
        .ok_or(Fault::Truncated)?;
    let len = HEAD + body.len();
    let (addresses, extensions) = match (command & 0xf, family) {
        (0, _) if body.is_empty() => (None, body),
        (1, 0x11) => addresses::<4>(body)?,
        (1, 0x21) => addresses::<16>(body)?,
        _ => return Err(Fault::Invalid.into()),
    };
    let refused = |fault| Refusal { fault, addresses };
    let mut at = bytes.len() - rest.len() + (body.len() - extensions.len());
    for found in (Extensions { rest: extensions }) {
        let Ok((kind, value)) = found else {
            return Err(refused(Fault::Invalid));
        };
        match kind {
            kind::AUTHORITY if value.len() > LONGEST_AUTHORITY => {
                return Err(refused(Fault::Invalid));
            }
            kind::UNIQUE_ID if value.len() > LONGEST_UNIQUE_ID => {
                return Err(refused(Fault::Invalid));
            }
            kind::CRC32C if !sums_up(bytes.get(..len).unwrap_or_default(), at + 3, value) => {
                return Err(refused(Fault::Invalid));
            }
            _ if value.len() > LONGEST => return Err(refused(Fault::TooLong)),
            _ => {}
        }
        at += 3 + value.len();
    }
    Ok(Header {
        len,
        addresses,
        extensions,
    })
}

type Addresses<'a> = (Option<(SocketAddr, SocketAddr)>, &'a [u8]);

/// Two addresses of `N` bytes and two ports.
fn addresses<const N: usize>(body: &[u8]) -> Result<Addresses<'_>, Fault>
where
    IpAddr: From<[u8; N]>,
{
    let take = || {
        let (src, rest) = body.split_first_chunk::<N>()?;
        let (dst, rest) = rest.split_first_chunk::<N>()?;
        let (from, rest) = rest.split_first_chunk::<2>()?;
        let (to, rest) = rest.split_first_chunk::<2>()?;
        let address =
            |ip: &[u8; N], port: &[u8; 2]| (IpAddr::from(*ip), u16::from_be_bytes(*port)).into();
        Some((Some((address(src, from), address(dst, to))), rest))
    };
    take().ok_or(Fault::Invalid)
}

/// Whether the checksum at a place is that of the header with zeros there.
fn sums_up(header: &[u8], at: usize, sum: &[u8]) -> bool {
    let Ok(sum) = <[u8; 4]>::try_from(sum) else {
        return false;
    };
    let mut copy = header.to_vec();
    if let Some(place) = copy.get_mut(at..at + 4) {
        place.fill(0);
    }
    hash::crc32c(&copy) == u32::from_be_bytes(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn addresses_of(text: &str) -> Result<String, Fault> {
        match header(text.as_bytes()) {
            Ok(h) => Ok(h
                .addresses
                .map_or("own".into(), |(s, d)| format!("{s} {d}"))),
            Err(r) => Err(r.fault),
        }
    }

    /// As HAProxy 3.4.0 answered.
    #[test]
    fn lines() {
        use Fault::{Invalid, NotHeader, Protocol, Truncated};
        let ok = |text: &str| Ok(text.to_owned());
        for (line, want) in [
            (
                "TCP4 1.2.3.4 5.6.7.8 1111 2222\r\n",
                ok("1.2.3.4:1111 5.6.7.8:2222"),
            ),
            (
                "TCP4 1.2.3.400 5.6.7.8 1 99999\r\n",
                ok("1.2.4.144:1 5.6.7.8:34463"),
            ),
            (
                "TCP4 1.2.3.65536 1..2.3 1 4294967298\r\n",
                ok("1.2.5.24:1 1.0.2.3:2"),
            ),
            ("TCP4 4294967297 . 1 2\r\n", ok("41.0.0.0:1 0.0.0.0:2")),
            ("TCP4  1.2.3. 65536 \r\n", ok("0.0.0.0:0 1.2.3.0:0")),
            ("TCP4 1.2.3.4.5 5.6.7.8 1 2\r\n", Err(Invalid)),
            ("TCP4 1.2.3.4. 5.6.7.8 1 2\r\n", Err(Invalid)),
            ("TCP4 1.2.3.4 5.6.7.8 1 2\n", Err(Invalid)),
            ("TCP4 1.2.3.4 5.6.7.8 1 2 \r\n", Err(Invalid)),
            ("TCP4 1.2.3.4 5.6.7.8 1 2", Err(Truncated)),
            ("TCP4 1.2.3.4 5.6.7.8 1 2\r", Err(Truncated)),
            ("TCP4 1.2.3", Err(Truncated)),
            ("TCP4", Err(Protocol)),
            ("TC", Err(Truncated)),
            (
                "TCP6 2001:db8::1 ::2 1111 2222\r\n",
                ok("[2001:db8::1]:1111 [::2]:2222"),
            ),
            ("TCP6 ::1 ::2 1 2 x y\r\n", ok("[::1]:1 [::2]:2")),
            ("TCP6 ::1 ::2  1 2\r\n", ok("[::1]:0 [::2]:1")),
            ("TCP6 ::1 ::2 1\r\n", Err(Invalid)),
            ("TCP6 ::1 ::2 1 2x\r\n", Err(Invalid)),
            ("TCP6 ::1 ::2 1 2\rx\r\n", Err(Invalid)),
            ("TCP6 ::1 ::2 1 2\n", Err(Truncated)),
            ("TCP6 1.2.3.4 ::2 1 2\r\n", Err(Invalid)),
            ("TCP6 ::1%lo ::2 1 2\r\n", Err(Invalid)),
            ("UNKNOWN\r\n", ok("own")),
            ("UNKNOWN a b\r\n", Err(Protocol)),
            ("UNIX a b\r\n", Err(Protocol)),
        ] {
            assert_eq!(addresses_of(&format!("PROXY {line}")), want, "{line:?}");
        }
        assert_eq!(addresses_of("GET / "), Err(Truncated));
        assert_eq!(addresses_of("GET / HTTP/1.1\r\n\r\n"), Err(NotHeader));
    }

    fn binary(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let mut all = SIGNATURE.to_vec();
        all.extend([command, family]);
        all.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        all.extend(body);
        all
    }

    fn extension(kind: u8, value: &[u8]) -> Vec<u8> {
        let mut all = vec![kind];
        all.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        all.extend(value);
        all
    }

    #[test]
    fn families() {
        let zeros = [0u8; 300];
        for command in 0..0x40u8 {
            for family in [0, 0x10, 0x11, 0x12, 0x21, 0x22, 0x31, 0x41] {
                for n in [0, 11, 12, 35, 36, 216] {
                    let bytes = binary(command, family, &zeros[..n]);
                    let found = header(&bytes).map(|h| h.len).map_err(|r| r.fault);
                    // what follows the addresses: extensions of type 0 and no length
                    let fits = |own: usize| n >= own && (n - own).is_multiple_of(3);
                    let want = match (command, family) {
                        (0x20, _) if n == 0 => Ok(bytes.len()),
                        (0x21, 0x11) if fits(12) => Ok(bytes.len()),
                        (0x21, 0x21) if fits(36) => Ok(bytes.len()),
                        (0x20..=0x2f, _) => Err(Fault::Invalid),
                        _ => Err(Fault::NotHeader),
                    };
                    assert_eq!(found, want, "{command:x} {family:x} {n}");
                }
            }
        }
    }

    #[test]
    fn extensions_have_limits() {
        for (kind, most, beyond) in [
            (kind::AUTHORITY, 255, Fault::Invalid),
            (kind::UNIQUE_ID, 128, Fault::Invalid),
            (0xe1, 1024, Fault::TooLong),
        ] {
            let with = |n: usize| {
                let mut body = vec![1; 12];
                body.extend(extension(kind, &vec![b'x'; n]));
                let bytes = binary(0x21, 0x11, &body);
                header(&bytes)
                    .map(|_| ())
                    .map_err(|r| (r.fault, r.addresses.is_some()))
            };
            assert_eq!(with(most), Ok(()));
            assert_eq!(with(most + 1), Err((beyond, true)));
        }
    }

    #[test]
    fn a_checksum_must_fit() {
        let mut body = vec![1; 12];
        body.extend(extension(kind::CRC32C, &[0; 4]));
        let mut bytes = binary(0x21, 0x11, &body);
        let sum = hash::crc32c(&bytes);
        let at = bytes.len() - 4;
        bytes[at..].copy_from_slice(&sum.to_be_bytes());
        assert!(header(&bytes).is_ok());
        bytes[20] ^= 1;
        assert_eq!(header(&bytes).map_err(|r| r.fault), Err(Fault::Invalid));
    }

    proptest! {
        /// Any bytes are judged, and what is found lies within them.
        #[test]
        fn anything(start in prop::sample::select(vec![
            b"PROXY TCP4 ".to_vec(), b"PROXY TCP6 ".to_vec(), b"PROXY ".to_vec(),
            [&SIGNATURE[..], b"\x21\x11\0"].concat(), [&SIGNATURE[..], b"\x21\x21\0"].concat(), vec![],
        ]), rest in prop::collection::vec(any::<u8>(), 0..400)) {
            let bytes = [start, rest].concat();
            if let Ok(h) = header(&bytes) {
                prop_assert!(h.len <= bytes.len());
            }
        }

        /// What a part of a header is short of, the rest brings.
        #[test]
        fn cut_anywhere(cut in 0usize..64, v4 in any::<bool>()) {
            let whole = match v4 {
                true => b"PROXY TCP4 10.1.2.3 10.1.2.4 56324 443\r\n".to_vec(),
                false => binary(0x21, 0x11, &[[7u8; 12].to_vec(), extension(0xe1, b"value")].concat()),
            };
            let cut = cut.min(whole.len());
            let part = header(&whole[..cut]).map(|h| h.len);
            if cut == whole.len() {
                prop_assert_eq!(part, Ok(whole.len()));
            } else if !(9..=10).contains(&cut) {
                prop_assert_eq!(part.map_err(|r| r.fault), Err(Fault::Truncated));
            }
        }
    }
}

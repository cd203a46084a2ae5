//! Sample values, their types and the casts between them.

use super::scratch::Scratch;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A sample's type, as HAProxy names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `any`: known only when evaluated
    Any,
    /// `same`: a converter that hands its input's type on
    Same,
    /// `bool`
    Bool,
    /// `sint`: 64 bits, signed
    Sint,
    /// `addr`: IPv4 or IPv6
    Addr,
    /// `ipv4`
    Ipv4,
    /// `ipv6`
    Ipv6,
    /// `str`
    Str,
    /// `bin`
    Bin,
    /// `meth`
    Meth,
}

impl Type {
    /// Whether HAProxy casts a sample of this type to `to` (as its configuration parser answers).
    pub fn casts_to(self, to: Type) -> bool {
        use Type::{Addr, Any, Bin, Bool, Ipv4, Ipv6, Meth, Same, Sint, Str};
        matches!(
            (self, to),
            (Any | Same | Str, _)
                | (_, Any | Same | Str | Bin)
                | (Bool, Bool | Sint)
                | (Sint, Bool | Sint | Addr | Ipv4 | Ipv6)
                | (Addr | Ipv6, Addr | Ipv4 | Ipv6)
                | (Ipv4, Sint | Addr | Ipv4 | Ipv6)
                | (Bin | Meth, Meth)
        )
    }
}

/// One value. Bytes are borrowed: from the message, the expression or the scratch memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample<'a> {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
    /// Text (any bytes).
    Str(&'a [u8]),
    /// Binary data.
    Bin(&'a [u8]),
    /// A method, as it stood in the request.
    Meth(&'a [u8]),
}

impl<'a> Sample<'a> {
    /// Its type.
    pub fn kind(&self) -> Type {
        match self {
            Sample::Bool(_) => Type::Bool,
            Sample::Int(_) => Type::Sint,
            Sample::V4(_) => Type::Ipv4,
            Sample::V6(_) => Type::Ipv6,
            Sample::Str(_) => Type::Str,
            Sample::Bin(_) => Type::Bin,
            Sample::Meth(_) => Type::Meth,
        }
    }

    /// The value as a type; `None` where the cast does not exist or fails on this value.
    pub fn cast(self, to: Type, scratch: &'a Scratch) -> Option<Sample<'a>> {
        Some(match to {
            Type::Any | Type::Same => self,
            Type::Bool => Sample::Bool(match self {
                Sample::Bool(b) => b,
                Sample::Int(i) => i != 0,
                Sample::Str(s) => parse_int(s)? != 0,
                _ => return None,
            }),
            Type::Sint => Sample::Int(match self {
                Sample::Bool(b) => i64::from(b),
                Sample::Int(i) => i,
                Sample::V4(a) => i64::from(u32::from(a)),
                Sample::Str(s) => parse_int(s)?,
                _ => return None,
            }),
            Type::Addr => match self {
                Sample::V4(_) | Sample::V6(_) => self,
                Sample::Int(i) => Sample::V4(int_to_v4(i)),
                Sample::Str(s) => parse_ip(s)?.into(),
                _ => return None,
            },
            Type::Ipv4 => Sample::V4(match self {
                Sample::V4(a) => a,
                Sample::V6(a) => v6_to_v4(a)?,
                Sample::Int(i) => int_to_v4(i),
                Sample::Str(s) => ipv4_prefix(s)?.0,
                _ => return None,
            }),
            Type::Ipv6 => Sample::V6(match self {
                Sample::V4(a) => a.to_ipv6_mapped(),
                Sample::V6(a) => a,
                Sample::Int(i) => int_to_v4(i).to_ipv6_mapped(),
                Sample::Str(s) => std::str::from_utf8(s).ok()?.parse().ok()?,
                _ => return None,
            }),
            Type::Str => Sample::Str(self.text(scratch)),
            Type::Bin => Sample::Bin(match self {
                Sample::Str(s) | Sample::Bin(s) | Sample::Meth(s) => s,
                Sample::Bool(b) => scratch.copy(&i64::from(b).to_be_bytes()),
                Sample::Int(i) => scratch.copy(&i.to_be_bytes()),
                Sample::V4(a) => scratch.copy(&a.octets()),
                Sample::V6(a) => scratch.copy(&a.octets()),
            }),
            Type::Meth => match self {
                Sample::Str(s) | Sample::Bin(s) | Sample::Meth(s) => Sample::Meth(s),
                _ => return None,
            },
        })
    }

    /// The value as text. Binary data ends at its first NUL, as in HAProxy.
    pub fn text(self, scratch: &'a Scratch) -> &'a [u8] {
        match self {
            Sample::Str(s) | Sample::Meth(s) => s,
            Sample::Bin(s) => s.split(|&b| b == 0).next().unwrap_or_default(),
            Sample::Bool(b) => {
                if b {
                    b"1"
                } else {
                    b"0"
                }
            }
            Sample::Int(i) => {
                let mut t = Short::default();
                let _ = write!(t, "{i}");
                scratch.copy(t.bytes())
            }
            Sample::V4(a) => {
                let mut t = Short::default();
                let _ = write!(t, "{a}");
                scratch.copy(t.bytes())
            }
            Sample::V6(a) => {
                let mut t = Short::default();
                write_v6(&mut t, a);
                scratch.copy(t.bytes())
            }
        }
    }

    /// Appends the value as text to `out`, without scratch memory.
    #[inline]
    pub fn append(&self, out: &mut Vec<u8>) {
        match *self {
            // most of what logs show, most often of one digit
            Sample::Int(i @ 0..=9) => out.push(b'0' + i as u8),
            Sample::Int(i) => out.extend_from_slice(itoa::Buffer::new().format(i).as_bytes()),
            _ => self.append_other(out),
        }
    }

    fn append_other(&self, out: &mut Vec<u8>) {
        let mut t = Short::default();
        match *self {
            Sample::Str(s) | Sample::Meth(s) => return out.extend_from_slice(s),
            Sample::Bin(s) => {
                return out.extend_from_slice(s.split(|&b| b == 0).next().unwrap_or_default());
            }
            Sample::Bool(b) => return out.push(if b { b'1' } else { b'0' }),
            Sample::Int(i) => {
                return out.extend_from_slice(itoa::Buffer::new().format(i).as_bytes());
            }
            Sample::V4(a) => return append_v4(out, a),
            Sample::V6(a) => write_v6(&mut t, a),
        }
        out.extend_from_slice(t.bytes());
    }
}

/// Appends a dotted address: every log line holds one, and `core::fmt` takes ten times as long.
fn append_v4(out: &mut Vec<u8>, a: Ipv4Addr) {
    let mut digits = itoa::Buffer::new();
    for (i, octet) in a.octets().into_iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        out.extend_from_slice(digits.format(octet).as_bytes());
    }
}

impl From<IpAddr> for Sample<'_> {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => Sample::V4(v4),
            IpAddr::V6(v6) => Sample::V6(v6),
        }
    }
}

/// A number at the beginning of text: optional sign, decimal digits; what follows is ignored and
/// what overflows saturates. `None` for empty text.
pub fn parse_int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [] => return None,
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut value: i64 = 0;
    for d in digits.iter().take_while(|b| b.is_ascii_digit()) {
        let d = i64::from(d - b'0');
        value = match negative {
            true => value.saturating_mul(10).saturating_sub(d),
            false => value.saturating_mul(10).saturating_add(d),
        };
    }
    Some(value)
}

/// The number that a whole word is: optional sign, decimal digits, nothing else. A sign alone is 0,
/// as in HAProxy.
pub fn whole_int(text: &[u8]) -> Option<i64> {
    let digits = match text {
        [b'-' | b'+', rest @ ..] => rest,
        rest => rest,
    };
    digits
        .iter()
        .all(u8::is_ascii_digit)
        .then(|| parse_int(text))
        .flatten()
}

/// A number as HAProxy reads it in headers, cookies and parameters: what is above `9` ends it, what is below `0` counts with its
/// distance from `0` (`1.5` is 1, -2, 5: 85). It wraps at 32 bits.
pub fn loose_int(value: &[u8]) -> i64 {
    let (negative, digits) = match value {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut n = 0i32;
    for &b in digits {
        let d = i32::from(b) - i32::from(b'0');
        if d > 9 {
            break;
        }
        n = n.wrapping_mul(10).wrapping_add(d);
    }
    i64::from(if negative { n.wrapping_neg() } else { n })
}

/// An address in text; as HAProxy, anything may follow an IPv4 address.
pub fn parse_ip(text: &[u8]) -> Option<IpAddr> {
    match ipv4_prefix(text) {
        Some((a, _)) => Some(a.into()),
        None => std::str::from_utf8(text).ok()?.parse().ok(),
    }
}

/// An address, an IPv4 address with a port, or an IPv6 address in brackets.
pub fn parse_host(value: &[u8]) -> Option<IpAddr> {
    match (ipv4_prefix(value), value) {
        (Some((a, [])), _) => Some(a.into()),
        (Some((a, [b':', port @ ..])), _)
            if !port.is_empty() && port.iter().all(u8::is_ascii_digit) =>
        {
            Some(a.into())
        }
        (Some(_), _) => None,
        (None, [b'[', inner @ .., b']']) => v6(inner).map(IpAddr::V6),
        (None, _) => v6(value).map(IpAddr::V6),
    }
}

fn v6(text: &[u8]) -> Option<Ipv6Addr> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The IPv4 address that text begins with (four decimal numbers), and what follows it, which is
/// no fifth number.
pub fn ipv4_prefix(text: &[u8]) -> Option<(Ipv4Addr, &[u8])> {
    let mut octets = [0u8; 4];
    let mut rest = text;
    for (i, octet) in octets.iter_mut().enumerate() {
        if i > 0 {
            rest = rest.strip_prefix(b".")?;
        }
        let len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, tail) = rest.split_at(len);
        *octet = std::str::from_utf8(digits).ok()?.parse().ok()?;
        rest = tail;
    }
    (rest.first() != Some(&b'.')).then(|| (Ipv4Addr::from(octets), rest))
}

fn int_to_v4(i: i64) -> Ipv4Addr {
    // HAProxy keeps the low 32 bits.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Ipv4Addr::from(i as u32)
}

/// The IPv4 address in an IPv6 one of the forms `::ffff:a.b.c.d`, `::a.b.c.d` and `2002:a.b.c.d:...`.
pub fn v6_to_v4(a: Ipv6Addr) -> Option<Ipv4Addr> {
    let o = a.octets();
    let tail = Ipv4Addr::new(o[12], o[13], o[14], o[15]);
    match a.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] => Some(tail),
        [0x2002, ..] => Some(Ipv4Addr::new(o[2], o[3], o[4], o[5])),
        _ => None,
    }
}

/// As the C library prints it: like RFC 5952, but `::a.b.c.d` keeps its dots.
fn write_v6(out: &mut Short, a: Ipv6Addr) {
    let s = a.segments();
    let o = a.octets();
    if s[..6] == [0; 6] && s[6] != 0 {
        let _ = write!(out, "::{}.{}.{}.{}", o[12], o[13], o[14], o[15]);
    } else {
        let _ = write!(out, "{a}");
    }
}

/// Room for the longest number or address.
struct Short {
    bytes: [u8; 48],
    len: usize,
}

impl Default for Short {
    fn default() -> Self {
        Short {
            bytes: [0; 48],
            len: 0,
        }
    }
}

impl Short {
    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Write for Short {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        let to = self.len + s.len();
        self.bytes
            .get_mut(self.len..to)
            .ok_or(std::fmt::Error)?
            .copy_from_slice(s.as_bytes());
        self.len = to;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_text() {
        // Recorded from HAProxy 3.4 with `str(...),add(...)`.
        for (text, want) in [
            ("12", Some(12)),
            ("12x", Some(12)),
            ("-12", Some(-12)),
            ("", None),
            (" 12", Some(0)),
            ("0x12", Some(0)),
            ("+5", Some(5)),
            ("99999999999999999999", Some(i64::MAX)),
            ("-99999999999999999999", Some(i64::MIN)),
        ] {
            assert_eq!(parse_int(text.as_bytes()), want, "{text:?}");
        }
        assert_eq!(whole_int(b"10x"), None);
        assert_eq!(whole_int(b"010"), Some(10));
    }

    #[test]
    fn loose_numbers() {
        // Recorded from HAProxy 3.4.
        for (text, want) in [
            ("12a", 12),
            ("-5", -5),
            ("abc", 0),
            ("1.5", 85),
            ("", 0),
            ("4294967301", 5),
        ] {
            assert_eq!(loose_int(text.as_bytes()), want, "{text}");
        }
    }

    #[test]
    fn addresses_in_text() {
        // Recorded from HAProxy 3.4.
        let good = [
            "1.2.3.4",
            "1.2.3.4/x",
            "1.2.3.4:80",
            "1.2.3.4 ",
            "01.2.3.04",
            "1.2.3.0004",
        ];
        for text in good {
            let ip = parse_ip(text.as_bytes());
            assert_eq!(ip, "1.2.3.4".parse().ok(), "{text}");
        }
        for text in [
            "1.2.3.4.5",
            "1.2.3",
            "1.2.3.400",
            " 1.2.3.4",
            "1..2.3",
            "0x1.2.3.4",
            "::1 ",
        ] {
            assert_eq!(parse_ip(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn casts() {
        let m = Scratch::new();
        let v6 = |s: &str| Sample::V6(s.parse().unwrap());
        assert_eq!(
            Sample::Int(258).cast(Type::Bin, &m),
            Some(Sample::Bin(&[0, 0, 0, 0, 0, 0, 1, 2]))
        );
        assert_eq!(
            Sample::Int(-1).cast(Type::Addr, &m),
            Some(Sample::V4(Ipv4Addr::BROADCAST))
        );
        assert_eq!(v6("::ffff:1.2.3.4").text(&m), b"::ffff:1.2.3.4");
        assert_eq!(v6("::1.2.3.4").text(&m), b"::1.2.3.4");
        assert_eq!(v6("::1").text(&m), b"::1");
        assert_eq!(
            v6("2002:102:304::").cast(Type::Ipv4, &m),
            Some(Sample::V4(Ipv4Addr::new(1, 2, 3, 4)))
        );
        assert_eq!(Sample::Bin(b"ab\0c").text(&m), b"ab");
        assert_eq!(Sample::Bool(true).cast(Type::Addr, &m), None);
    }
}

//! Patterns: how a sample is compared with the words of an ACL or the lines of a file.

use super::regex::Regex;
use super::scratch::Scratch;
use super::value::{Sample, Type, v6_to_v4};
use bstr::BStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

mod network;
mod slots;
#[cfg(test)]
mod tests;
mod texts;

use network::{Networks, insert};
use texts::Texts;

/// `-m`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// `found`: there is a value
    Found,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `ip`
    Ip,
    /// `bin`
    Bin,
    /// `len`
    Len,
    /// `str`
    Str,
    /// `sub`
    Sub,
    /// `reg`
    Reg,
    /// `beg`
    Beg,
    /// `end`
    End,
    /// `dir`
    Dir,
    /// `dom`
    Dom,
    /// Methods, what `method` implies; it has no name.
    Meth,
}

impl Method {
    /// The method of a name.
    pub fn named(name: &[u8]) -> Option<Method> {
        Some(match name {
            b"found" => Method::Found,
            b"bool" => Method::Bool,
            b"int" => Method::Int,
            b"ip" => Method::Ip,
            b"bin" => Method::Bin,
            b"len" => Method::Len,
            b"str" => Method::Str,
            b"sub" => Method::Sub,
            b"reg" => Method::Reg,
            b"beg" => Method::Beg,
            b"end" => Method::End,
            b"dir" => Method::Dir,
            b"dom" => Method::Dom,
            _ => return None,
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Method::Found => "found",
            Method::Bool => "bool",
            Method::Int => "int",
            Method::Ip => "ip",
            Method::Bin => "bin",
            Method::Len => "len",
            Method::Str => "str",
            Method::Sub => "sub",
            Method::Reg => "reg",
            Method::Beg => "beg",
            Method::End => "end",
            Method::Dir => "dir",
            Method::Dom => "dom",
            Method::Meth => "meth",
        }
    }

    /// What a sample is cast to before it is compared.
    pub fn input(self) -> Type {
        match self {
            Method::Found => Type::Any,
            Method::Bool | Method::Int => Type::Sint,
            Method::Ip => Type::Addr,
            Method::Bin => Type::Bin,
            Method::Meth => Type::Meth,
            _ => Type::Str,
        }
    }

    /// The method that a type implies.
    pub fn of(kind: Type) -> Option<Method> {
        Some(match kind {
            Type::Bool => Method::Bool,
            Type::Sint => Method::Int,
            Type::Addr | Type::Ipv4 | Type::Ipv6 => Method::Ip,
            Type::Str => Method::Str,
            Type::Meth => Method::Meth,
            Type::Bin | Type::Any | Type::Same => return None,
        })
    }

    /// Whether a sample matches without any pattern.
    pub fn needs_no_pattern(self) -> bool {
        matches!(self, Method::Found | Method::Bool)
    }

    fn is_number(self) -> bool {
        matches!(self, Method::Int | Method::Len)
    }
}

/// A comparison before a number: `gt 5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `eq`
    Eq,
    /// `ge`
    Ge,
    /// `gt`
    Gt,
    /// `le`
    Le,
    /// `lt`
    Lt,
}

impl Operator {
    /// The operator of a word.
    pub fn named(word: &[u8]) -> Option<Operator> {
        Some(match word {
            // HAProxy takes `ne` for `eq`.
            b"eq" | b"ne" => Operator::Eq,
            b"ge" => Operator::Ge,
            b"gt" => Operator::Gt,
            b"le" => Operator::Le,
            b"lt" => Operator::Lt,
            _ => return None,
        })
    }
}

/// A set of patterns of one method: a sample matches if it matches any of them. Each has a number,
/// which says what line it comes from.
///
/// Exact texts, prefixes and suffixes are looked up by hash, networks by hash per mask, so that
/// long lists cost no more than short ones.
#[derive(Clone, Debug)]
pub struct Patterns {
    method: Method,
    plain: Texts,
    folded: Texts,
    ranges: Vec<((i64, i64), u32)>,
    v4: Networks<u32>,
    v6: Networks<u128>,
    regexes: Vec<(Regex, u32)>,
    methods: Vec<(Box<[u8]>, bool, u32)>,
    len: usize,
}

impl Patterns {
    /// None yet.
    pub fn new(method: Method) -> Self {
        Patterns {
            method,
            plain: Texts::default(),
            folded: Texts::default(),
            ranges: Vec::new(),
            v4: Vec::new(),
            v6: Vec::new(),
            regexes: Vec::new(),
            methods: Vec::new(),
            len: 0,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a pattern with its number; the error is HAProxy's. `resolve` looks host names up.
    pub fn add(
        &mut self,
        word: &[u8],
        slot: u32,
        ignore_case: bool,
        operator: Option<Operator>,
        resolve: &dyn Fn(&[u8]) -> Option<IpAddr>,
    ) -> Result<(), String> {
        match self.method {
            Method::Found | Method::Bool => {}
            Method::Int | Method::Len => self.ranges.push((range(word, operator)?, slot)),
            Method::Ip => match parse_network(word, resolve)? {
                Network::V4(net, mask) => insert(&mut self.v4, mask, net, slot),
                Network::V6(net, mask) => insert(&mut self.v6, mask, net, slot),
            },
            Method::Reg => self.regexes.push((Regex::new(word, ignore_case)?, slot)),
            Method::Bin => self.plain.add(self.method, hex(word)?, slot),
            Method::Meth => self.methods.push((word.into(), ignore_case, slot)),
            _ => {
                let mut text = word.to_vec();
                if ignore_case {
                    text.make_ascii_lowercase();
                    self.folded.add(self.method, text, slot);
                } else {
                    self.plain.add(self.method, text, slot);
                }
            }
        }
        self.len += 1;
        Ok(())
    }

    /// Takes out the pattern of that word and number.
    pub fn remove(&mut self, word: &[u8], slot: u32) {
        match self.method {
            Method::Found | Method::Bool => {}
            Method::Int | Method::Len => self.ranges.retain(|(_, s)| *s != slot),
            Method::Ip => match parse_network(word, &|_| None) {
                Ok(Network::V4(net, mask)) => network::remove(&mut self.v4, mask, net, slot),
                Ok(Network::V6(net, mask)) => network::remove(&mut self.v6, mask, net, slot),
                Err(_) => {}
            },
            Method::Reg => self.regexes.retain(|(_, s)| *s != slot),
            Method::Bin => {
                if let Ok(bytes) = hex(word) {
                    self.plain.remove(self.method, bytes, slot);
                }
            }
            Method::Meth => self.methods.retain(|(_, _, s)| *s != slot),
            _ => {
                self.plain.remove(self.method, word.to_vec(), slot);
                self.folded
                    .remove(self.method, word.to_ascii_lowercase(), slot);
            }
        }
        self.len = self.len.saturating_sub(1);
    }

    /// Whether a sample, already cast to [`Method::input`], matches any pattern.
    pub fn matches(&self, sample: Sample<'_>, scratch: &Scratch) -> bool {
        match (self.method, sample) {
            (Method::Found, _) => true,
            (Method::Bool, Sample::Int(i)) => i != 0,
            _ => self.find(sample, scratch).is_some(),
        }
    }

    /// The number of the pattern that decides, for a sample already cast to [`Method::input`]: the
    /// longest prefix, the smallest network, else the first in order.
    pub fn find(&self, sample: Sample<'_>, scratch: &Scratch) -> Option<u32> {
        match (self.method, sample) {
            (Method::Int, Sample::Int(i)) => self.in_range(i),
            (Method::Len, Sample::Str(s)) => self.in_range(i64::try_from(s.len()).unwrap_or(0)),
            (Method::Ip, Sample::V4(a)) => self.has_v4(a),
            (Method::Ip, Sample::V6(a)) => self.has_v6(a),
            (_, Sample::Meth(s)) => self.has_method(s),
            (Method::Reg, Sample::Str(s)) => self.by_regex(s).map(|(_, slot)| slot),
            (_, Sample::Str(s) | Sample::Bin(s)) => {
                let longest = self.method == Method::Beg;
                let plain = self.plain.find(self.method, s, longest);
                if plain.is_some() || self.folded.is_empty() {
                    return plain;
                }
                let lower = scratch.zeroed(s.len());
                lower.copy_from_slice(s);
                lower.make_ascii_lowercase();
                self.folded.find(self.method, lower, false)
            }
            _ => None,
        }
    }

    /// The first regex that matches, and its number.
    pub fn by_regex(&self, s: &[u8]) -> Option<(&Regex, u32)> {
        let found = self.regexes.iter().find(|(r, _)| r.is_match(s));
        found.map(|(r, slot)| (r, *slot))
    }

    /// Case can only be ignored between methods that HTTP does not define.
    fn has_method(&self, s: &[u8]) -> Option<u32> {
        const KNOWN: [&[u8]; 8] = [
            b"OPTIONS", b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"TRACE", b"CONNECT",
        ];
        let found = self.methods.iter().find(|(name, ignore_case, _)| {
            let name = &name[..];
            let loose = *ignore_case && !KNOWN.contains(&s) && !KNOWN.contains(&name);
            name == s || (loose && s.eq_ignore_ascii_case(name))
        });
        found.map(|(_, _, slot)| *slot)
    }

    fn in_range(&self, i: i64) -> Option<u32> {
        let found = self
            .ranges
            .iter()
            .find(|((low, high), _)| (*low..=*high).contains(&i));
        found.map(|(_, slot)| *slot)
    }

    fn has_v4(&self, a: Ipv4Addr) -> Option<u32> {
        network::find(&self.v4, u32::from(a), |a, m| a & m)
            .or_else(|| network::find(&self.v6, u128::from(a.to_ipv6_mapped()), |a, m| a & m))
    }

    fn has_v6(&self, a: Ipv6Addr) -> Option<u32> {
        network::find(&self.v6, u128::from(a), |a, m| a & m).or_else(|| {
            let a = v6_to_v4(a)?;
            network::find(&self.v4, u32::from(a), |a, m| a & m)
        })
    }
}

/// A network of either family: the masked address and the mask.
enum Network {
    V4(u32, u32),
    V6(u128, u128),
}

fn parse_network(
    word: &[u8],
    resolve: &dyn Fn(&[u8]) -> Option<IpAddr>,
) -> Result<Network, String> {
    let fault = || format!("'{}' is not a valid IPv4 or IPv6 address", BStr::new(word));
    Ok(match network::network(word, resolve).ok_or_else(fault)? {
        network::Network::V4(a, m) => Network::V4(u32::from(a) & u32::from(m), u32::from(m)),
        network::Network::V6(a, m) => Network::V6(u128::from(a) & u128::from(m), u128::from(m)),
    })
}

/// Hexadecimal digits as bytes; the error is HAProxy's.
pub fn hex(digits: &[u8]) -> Result<Vec<u8>, String> {
    if !digits.len().is_multiple_of(2) {
        return Err("an even number of hex digit is expected".into());
    }
    let digit = |b: u8| {
        char::from(b)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
            .ok_or_else(|| format!("an hex digit is expected (found '{}')", char::from(b)))
    };
    digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => Ok(digit(*high)? << 4 | digit(*low)?),
            _ => Ok(0),
        })
        .collect()
}

/// A number or range: `5`, `1:9`, `1-9`, `5:`, `:9`. As HAProxy, an operator is ignored before a
/// range, `-5` is the range up to 5, and so `--` is the range up to 0.
fn range(word: &[u8], operator: Option<Operator>) -> Result<(i64, i64), String> {
    let shown = BStr::new(word);
    let number = |digits: &[u8]| -> Option<i64> { std::str::from_utf8(digits).ok()?.parse().ok() };
    let Some(at) = memchr::memchr2(b':', b'-', word) else {
        let n = number(word).filter(|_| word.iter().all(u8::is_ascii_digit));
        let n = n.ok_or_else(|| match operator {
            Some(_) => format!("'{shown}' is neither a number nor a supported operator"),
            None => format!("'{shown}' is not a number"),
        })?;
        return Ok(match operator.unwrap_or(Operator::Eq) {
            Operator::Eq => (n, n),
            Operator::Ge => (n, i64::MAX),
            Operator::Gt => (n.saturating_add(1), i64::MAX),
            Operator::Le => (i64::MIN, n),
            Operator::Lt => (i64::MIN, n.saturating_sub(1)),
        });
    };
    let bound = |text: &[u8]| match text {
        [] => Some(None),
        b"-" => Some(Some(0)),
        [b'+', ..] => None,
        _ => number(text).map(Some),
    };
    let low = word.get(..at).and_then(bound);
    let high = word.get(at + 1..).and_then(bound);
    match (low, high) {
        (Some(Some(low)), Some(None)) => Some((low, i64::MAX)),
        (Some(None), Some(Some(high))) => Some((i64::MIN, high)),
        (Some(Some(low)), Some(Some(high))) if low <= high => Some((low, high)),
        _ => None,
    }
    .ok_or_else(|| format!("'{shown}' is not a valid number range"))
}

/// Whether patterns of this method may have an operator in front.
pub fn takes_operators(method: Method) -> bool {
    method.is_number()
}

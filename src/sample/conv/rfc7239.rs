//! The header `Forwarded` (manual 7.3.1; RFC 7239).

use super::{Conv, Example};
use crate::sample::args::{Kind, text};
use crate::sample::scratch::Scratch;
use crate::sample::value::{Sample, Type};
use std::net::{Ipv4Addr, Ipv6Addr};

pub(super) static CONVS: &[Conv] = &[
    Conv {
        name: "rfc7239_is_valid",
        args: &[],
        required: 0,
        input: Type::Str,
        out: Type::Bool,
        check: None,
        eval: |_, v, _| match v {
            Sample::Str(s) => Some(Sample::Bool(elements(s, |_, _| ()).is_some())),
            _ => None,
        },
        doc: "Whether a value of `Forwarded` is well formed.",
        examples: &[
            Example::of("'str(\"for=127.0.0.1;proto=http\"),rfc7239_is_valid'", "1"),
            Example::of("'str(\"proto=custom\"),rfc7239_is_valid'", "0"),
        ],
    },
    Conv {
        name: "rfc7239_field",
        args: &[Kind::Str],
        required: 1,
        input: Type::Str,
        out: Type::Str,
        check: None,
        eval: |args, v, _| {
            let Sample::Str(s) = v else { return None };
            let mut found = None;
            elements(s, |name, value| {
                if name.eq_ignore_ascii_case(text(args, 0)) {
                    found = Some(value);
                }
            })?;
            found.map(Sample::Str)
        },
        doc: "A field of `Forwarded`: for, by, host or proto.",
        examples: &[Example::of(
            "'str(\"proto=https;host=\\\"haproxy.org:80\\\"\"),rfc7239_field(host)'",
            "haproxy.org:80",
        )],
    },
    Conv {
        name: "rfc7239_n2nn",
        args: &[],
        required: 0,
        input: Type::Str,
        out: Type::Any,
        check: None,
        eval: |_, v, _| {
            let Sample::Str(s) = v else { return None };
            // What follows the node does not matter to HAProxy.
            let (node, _) = node(s)?;
            Some(match node.name {
                Name::V4(a) => Sample::V4(a),
                Name::V6(a) => Sample::V6(a),
                Name::Text(t) => Sample::Str(t),
            })
        },
        doc: "The name in a node: an address or text.",
        examples: &[Example::of(
            "'str(\"127.0.0.1:9999\"),rfc7239_n2nn'",
            "127.0.0.1",
        )],
    },
    Conv {
        name: "rfc7239_n2np",
        args: &[],
        required: 0,
        input: Type::Str,
        out: Type::Any,
        check: None,
        eval: |_, v, _| {
            let Sample::Str(s) = v else { return None };
            // What follows a port does not matter to HAProxy.
            let (node, _) = node(s)?;
            Some(match node.port? {
                Port::Number(n) => Sample::Int(n.into()),
                Port::Text(t) => Sample::Str(t),
            })
        },
        doc: "The port in a node: a number or text.",
        examples: &[Example::of(
            "'str(\"127.0.0.1:9999\"),rfc7239_n2np'",
            "9999",
        )],
    },
    Conv {
        name: "rfc7239_nn",
        args: &[],
        required: 0,
        input: Type::Any,
        out: Type::Str,
        check: None,
        eval: |_, v, e| {
            let text = v.text(e.scratch);
            let parts: [&[u8]; 3] = match v {
                Sample::V4(_) => [b"", text, b""],
                Sample::V6(_) => [b"[", text, b"]"],
                Sample::Str(_) | Sample::Bin(_) if text.is_empty() => [b"unknown", b"", b""],
                Sample::Str(_) | Sample::Bin(_) if text.iter().all(is_obfuscated) => {
                    [b"_", text, b""]
                }
                _ => return None,
            };
            Some(Sample::Str(e.scratch.copy(&parts.concat())))
        },
        doc: "An address or text as a node's name.",
        examples: &[
            Example::of("ipv6(::1),rfc7239_nn", "[::1]"),
            Example::of("str(test),rfc7239_nn", "_test"),
        ],
    },
    Conv {
        name: "rfc7239_np",
        args: &[],
        required: 0,
        input: Type::Any,
        out: Type::Str,
        check: None,
        eval: |_, v, e| {
            let text = v.text(e.scratch);
            match v {
                Sample::Int(n) if u32::try_from(n).is_ok() => Some(Sample::Str(text)),
                Sample::Str(_) | Sample::Bin(_)
                    if !text.is_empty() && text.iter().all(is_obfuscated) =>
                {
                    Some(Sample::Str(e.scratch.copy(&[b"_", text].concat())))
                }
                _ => None,
            }
        },
        doc: "A number or text as a node's port.",
        examples: &[
            Example::of("int(12),rfc7239_np", "12"),
            Example::of("str(test),rfc7239_np", "_test"),
        ],
    },
];

/// Calls `each` with the fields' names and values; `None` if the header is not well formed.
fn elements<'s>(mut s: &'s [u8], mut each: impl FnMut(&'s [u8], &'s [u8])) -> Option<()> {
    let mut seen = [false; 4];
    loop {
        let at = s.iter().position(|b| *b == b'=')?;
        let (name, rest) = (s.get(..at)?, s.get(at + 1..)?);
        let known = ["proto", "host", "for", "by"]
            .iter()
            .position(|n| n.as_bytes() == name)?;
        let slot = seen.get_mut(known)?;
        if std::mem::replace(slot, true) {
            return None;
        }
        let (value, rest) = match rest {
            [b'"', inner @ ..] => {
                let end = memchr::memchr(b'"', inner)?;
                let value = inner.get(..end)?;
                let left = match known {
                    // HAProxy takes no quotes here.
                    0 => return None,
                    1 => host(value)?,
                    _ => node(value)?.1,
                };
                if !left.is_empty() {
                    return None;
                }
                (value, inner.get(end + 1..)?)
            }
            _ => {
                let left = match known {
                    0 => proto(rest)?,
                    1 => host_name(rest)?,
                    _ => node_token(rest)?,
                };
                let len = rest.len() - left.len();
                (rest.get(..len)?, left)
            }
        };
        each(name, value);
        match rest {
            [] => return Some(()),
            [b';', tail @ ..] => s = tail,
            _ => return None,
        }
    }
}

fn proto(s: &[u8]) -> Option<&[u8]> {
    s.strip_prefix(b"https").or_else(|| s.strip_prefix(b"http"))
}

/// What follows a host with perhaps a port, quoted.
fn host(s: &[u8]) -> Option<&[u8]> {
    let rest = match s.strip_prefix(b"[") {
        Some(inner) => {
            let end = memchr::memchr(b']', inner)?;
            std::str::from_utf8(inner.get(..end)?)
                .ok()?
                .parse::<Ipv6Addr>()
                .ok()?;
            inner.get(end + 1..)?
        }
        None => host_name(s)?,
    };
    let Some(after) = rest.strip_prefix(b":") else {
        return Some(rest);
    };
    let len = after.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = after.split_at_checked(len)?;
    let port: u16 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (port != 0).then_some(rest)
}

/// What follows a name: letters, digits and dots; HAProxy takes no hyphens.
fn host_name(s: &[u8]) -> Option<&[u8]> {
    let plain = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'.';
    let len = s.iter().take_while(plain).count();
    (len > 0).then(|| s.get(len..))?
}

/// What `option forwarded` writes for `host`: the text, if it is a host.
pub fn host_or_nothing(s: &[u8]) -> &[u8] {
    match host(s) {
        Some([]) => s,
        _ => &[],
    }
}

/// Appends what `option forwarded` writes for the name of a node: text that names one as it is, an
/// address as one, other text behind `_`, and `unknown` for what cannot be written.
pub fn write_node_name(value: Option<Sample<'_>>, scratch: &Scratch, out: &mut Vec<u8>) {
    let text = match value {
        Some(Sample::V6(_)) => {
            out.push(b'[');
            out.extend_from_slice(value.map_or(&[][..], |v| v.text(scratch)));
            return out.push(b']');
        }
        Some(Sample::Meth(_)) | None => &[],
        Some(v) => v.text(scratch),
    };
    match node(text) {
        Some((Node { port: None, .. }, [])) => out.extend_from_slice(text),
        _ if !text.is_empty() && text.iter().all(is_obfuscated) => {
            out.push(b'_');
            out.extend_from_slice(text);
        }
        _ => out.extend_from_slice(b"unknown"),
    }
}

/// Appends what `option forwarded` writes for the port of a node, with the colon; nothing where
/// that cannot be.
pub fn write_node_port(value: Option<Sample<'_>>, scratch: &Scratch, out: &mut Vec<u8>) {
    let text = match value {
        Some(Sample::Meth(_)) | None => return,
        Some(v) => v.text(scratch),
    };
    let number = std::str::from_utf8(text)
        .ok()
        .filter(|_| text.first().is_some_and(|b| (b'1'..=b'9').contains(b)))
        .and_then(|t| t.parse::<u16>().ok());
    if number.is_some() || matches!(obfuscated(text), Some((_, []))) {
        out.push(b':');
        out.extend_from_slice(text);
    } else if !text.is_empty() && text.iter().all(is_obfuscated) {
        out.extend_from_slice(b":_");
        out.extend_from_slice(text);
    }
}

/// A node without quotes has no port and no IPv6 address, whose colons no token has.
fn node_token(s: &[u8]) -> Option<&[u8]> {
    let (node, rest) = node(s)?;
    match (node.name, node.port) {
        (Name::V6(_), _) | (_, Some(_)) => None,
        _ => Some(rest),
    }
}

struct Node<'s> {
    name: Name<'s>,
    port: Option<Port<'s>>,
}

enum Name<'s> {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    Text(&'s [u8]),
}

enum Port<'s> {
    Number(u16),
    Text(&'s [u8]),
}

fn is_obfuscated(b: &u8) -> bool {
    b.is_ascii_alphanumeric() || b"._-".contains(b)
}

/// The text of an identifier that begins with `_`.
fn obfuscated(s: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = s.strip_prefix(b"_")?;
    let len = rest.iter().take_while(|b| is_obfuscated(b)).count();
    (len > 0).then(|| s.split_at_checked(len + 1))?
}

/// A node (RFC 7239 section 6) and what follows it.
fn node(s: &[u8]) -> Option<(Node<'_>, &[u8])> {
    let (name, rest) = if let Some(rest) = s.strip_prefix(b"unknown") {
        (Name::Text(b"unknown"), rest)
    } else if let Some((text, rest)) = obfuscated(s) {
        (Name::Text(text), rest)
    } else if let Some(inner) = s.strip_prefix(b"[") {
        let end = memchr::memchr(b']', inner)?;
        let text = std::str::from_utf8(inner.get(..end)?).ok()?;
        let text = Some(text).filter(|t| !t.contains('.'))?;
        (Name::V6(text.parse().ok()?), inner.get(end + 1..)?)
    } else {
        let dotted = |b: &&u8| b.is_ascii_digit() || **b == b'.';
        let len = s.iter().take_while(dotted).count();
        let (text, rest) = s.split_at_checked(len)?;
        (
            Name::V4(std::str::from_utf8(text).ok()?.parse().ok()?),
            rest,
        )
    };
    let Some(after) = rest.strip_prefix(b":") else {
        return Some((Node { name, port: None }, rest));
    };
    if let Some((text, rest)) = obfuscated(after) {
        let port = Some(Port::Text(text));
        return Some((Node { name, port }, rest));
    }
    let len = after.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = after.split_at_checked(len)?;
    let port = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let port = Some(Port::Number(port));
    Some((Node { name, port }, rest))
}

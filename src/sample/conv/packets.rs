//! Headers of Ethernet, IP and TCP packets in binary data (manual 7.3.1; RFC 791, RFC 8200,
//! RFC 9293).

use super::{Conv, Example};
use crate::sample::args::{Kind, int};
use crate::sample::value::{Sample, Type};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Converters without arguments that take a packet.
macro_rules! of_packet {
    ($($name:literal => $out:ident, |$s:ident| $value:expr, $doc:literal, $expr:literal = $want:expr;)*) => {
        &[$(Conv {
            name: $name,
            args: &[],
            required: 0,
            input: Type::Bin,
            out: Type::$out,
            check: None,
            eval: |_, v, _| match v {
                Sample::Bin($s) => $value,
                _ => None,
            },
            doc: $doc,
            examples: &[Example { expr: $expr, head: None, value: $want }],
        }),*]
    };
}

pub(super) static CONVS: &[Conv] = of_packet! {
    "eth.data" => Bin, |s| s.get(eth_len(s)?..).map(Sample::Bin),
        "What an Ethernet frame carries.",
        "bin(0102030405060708090a0b0c0800ff),eth.data,hex" = Some("FF");
    "eth.dst" => Bin, |s| s.get(..6).map(Sample::Bin), "The destination of an Ethernet frame.",
        "bin(0102030405060708090a0b0c0800ff),eth.dst,hex" = Some("010203040506");
    "eth.hdr" => Bin, |s| s.get(..eth_len(s)?).map(Sample::Bin), "An Ethernet frame's header.",
        "bin(0102030405060708090a0b0c0800ff),eth.hdr,hex" = Some("0102030405060708090A0B0C0800");
    "eth.proto" => Sint, |s| number(s, eth_len(s)? - 2, 2),
        "The kind of what an Ethernet frame carries.",
        "bin(0102030405060708090a0b0c0800ff),eth.proto" = Some("2048");
    "eth.src" => Bin, |s| s.get(6..12).map(Sample::Bin), "The source of an Ethernet frame.",
        "bin(0102030405060708090a0b0c0800ff),eth.src,hex" = Some("0708090A0B0C");
    "eth.vlan" => Sint, |s| {
        let len = eth_len(s)?;
        match len > 14 {
            true => match number(s, len - 4, 2)? {
                Sample::Int(n) => Some(Sample::Int(n & 0xfff)),
                _ => None,
            },
            false => None,
        }
    }, "The last VLAN of an Ethernet frame.",
        "bin(0102030405060708090a0b0c810010050800ff),eth.vlan" = Some("5");
    "ip.data" => Bin, |s| s.get(ip_header(s)?.0..).map(Sample::Bin), "What an IP packet carries.",
        "bin(4500001500004000400600000102030405060708ff),ip.data,hex" = Some("FF");
    "ip.df" => Sint, |s| match version(s)? {
        4 => Some(Sample::Int((s.get(6)? >> 6 & 1).into())),
        _ => Some(Sample::Int(1)),
    },
        "1 if an IP packet must not be fragmented.",
        "bin(4500001500004000400600000102030405060708ff),ip.df" = Some("1");
    "ip.dst" => Addr, |s| address(s, false), "The destination of an IP packet.",
        "bin(4500001500004000400600000102030405060708ff),ip.dst" = Some("5.6.7.8");
    "ip.hdr" => Bin, |s| s.get(..ip_header(s)?.0).map(Sample::Bin),
        "An IP packet's header with options and extensions.",
        "bin(4500001500004000400600000102030405060708ff),ip.hdr,length" = Some("1");
    "ip.proto" => Sint, |s| match version(s)? {
        4 => number(s, 9, 1),
        _ => ip_header(s).map(|(_, protocol)| Sample::Int(protocol.into())),
    },
        "The protocol that an IP packet carries: 6 for TCP.",
        "bin(4500001500004000400600000102030405060708ff),ip.proto" = Some("6");
    "ip.src" => Addr, |s| address(s, true), "The source of an IP packet.",
        "bin(4500001500004000400600000102030405060708ff),ip.src" = Some("1.2.3.4");
    "ip.tos" => Sint, |s| tos(s).map(|n| Sample::Int(n.into())),
        "Type of service or traffic class of an IP packet.",
        "bin(4510001500004000400600000102030405060708ff),ip.tos" = Some("16");
    "ip.ttl" => Sint, |s| ttl(s).map(|n| Sample::Int(n.into())),
        "How many hops an IP packet has left.",
        "bin(4500001500004000400600000102030405060708ff),ip.ttl" = Some("64");
    "ip.ver" => Sint, |s| Some(Sample::Int((s.first()? >> 4).into())),
        "The version of an IP packet: 4 or 6.",
        "bin(4500001500004000400600000102030405060708ff),ip.ver" = Some("4");
    "tcp.dst" => Sint, |s| port(s, 2), "The destination port of a TCP header.",
        "bin(0050005100000001000000025012040000000000),tcp.dst" = Some("81");
    "tcp.flags" => Sint, |s| number(s.get(..20)?, 13, 1), "The flags of a TCP header, from FIN to CWR.",
        "bin(0050005100000001000000025012040000000000),tcp.flags" = Some("18");
    "tcp.options.mss" => Sint, |s| Some(Sample::Int(match option(tcp(s)?, 2) {
        Some([high, low, ..]) => i64::from(u16::from_be_bytes([*high, *low])),
        _ => 0,
    })), "The greatest segment that a TCP header announces, or 0.",
        "bin(0050005100000001000000026012040000000000020405b4),tcp.options.mss" = Some("1460");
    "tcp.options.sack" => Sint, |s| Some(Sample::Int(option(tcp(s)?, 4).is_some().into())),
        "1 if a TCP header permits selective acknowledgements.",
        "bin(0050005100000001000000026012040000000000020405b4),tcp.options.sack" = Some("0");
    "tcp.options.tsopt" => Sint, |s| Some(Sample::Int(option(tcp(s)?, 8).is_some().into())),
        "1 if a TCP header has time stamps.",
        "bin(0050005100000001000000026012040000000000020405b4),tcp.options.tsopt" = Some("0");
    "tcp.options.tsval" => Sint, |s| {
        let stamp = option(tcp(s)?, 8).unwrap_or_default();
        let byte = |n, i| n << 8 | stamp.get(i).copied().map_or(0, i64::from);
        Some(Sample::Int((0..4).fold(0, byte)))
    }, "The time stamp of a TCP header, or 0.",
        "bin(0050005100000001000000026012040000000000020405b4),tcp.options.tsval" = Some("0");
    "tcp.options.wscale" => Sint, |s| Some(Sample::Int(
        option(tcp(s)?, 3).and_then(|o| o.first()).map_or(0, |n| (*n).into()),
    )), "The window scale of a TCP header, or 0.",
        "bin(0050005100000001000000026012040000000000020405b4),tcp.options.wscale" = Some("0");
    "tcp.options.wsopt" => Sint, |s| Some(Sample::Int(option(tcp(s)?, 3).is_some().into())),
        "1 if a TCP header has a window scale.",
        "bin(0050005100000001000000026012040000000000020405b4),tcp.options.wsopt" = Some("0");
    "tcp.seq" => Sint, |s| number(s.get(..20)?, 4, 4), "The sequence number of a TCP header.",
        "bin(0050005100000001000000025012040000000000),tcp.seq" = Some("1");
    "tcp.src" => Sint, |s| port(s, 0), "The source port of a TCP header.",
        "bin(0050005100000001000000025012040000000000),tcp.src" = Some("80");
    "tcp.win" => Sint, |s| port(s, 14), "The window of a TCP header.",
        "bin(0050005100000001000000025012040000000000),tcp.win" = Some("1024");
};

/// Those that build a value of their own.
pub(super) static BUILT: &[Conv] = &[
    Conv {
        name: "tcp.options_list",
        args: &[],
        required: 0,
        input: Type::Bin,
        out: Type::Bin,
        check: None,
        eval: |_, v, e| {
            let Sample::Bin(s) = v else { return None };
            let mut out = e.scratch.buffer();
            out.extend(options(tcp(s)?).map(|(kind, _)| kind));
            Some(Sample::Bin(out.into_bump_slice()))
        },
        doc: "The kinds of a TCP header's options, one byte each.",
        examples: &[Example::of(
            "bin(0050005100000001000000026012040000000000020405b4),tcp.options_list,hex",
            "02",
        )],
    },
    Conv {
        name: "ip.fp",
        args: &[Kind::Int],
        required: 0,
        input: Type::Bin,
        out: Type::Bin,
        check: None,
        eval: |args, v, e| {
            let Sample::Bin(s) = v else { return None };
            let mut out = e.scratch.buffer();
            fingerprint(s, int(args, 0).unwrap_or(0), &mut out)?;
            Some(Sample::Bin(out.into_bump_slice()))
        },
        doc: "What is invariant in a host's packets, in 8 bytes; 1 adds the hops left, 2 the \
              kinds of TCP options, 4 the source.",
        examples: &[Example::of(
            "bin(450000280000400040060000010203040506070800500051000000010000000250120400\
             00000000),ip.fp,hex",
            "0050500400000000",
        )],
    },
];

fn number(s: &[u8], at: usize, len: usize) -> Option<Sample<'static>> {
    let bytes = s.get(at..at + len)?;
    Some(Sample::Int(
        bytes.iter().fold(0, |n, b| n << 8 | i64::from(*b)),
    ))
}

/// Two bytes of a TCP header, which is there as a whole without its options.
fn port(s: &[u8], at: usize) -> Option<Sample<'static>> {
    number(s.get(..20)?, at, 2)
}

/// The length of an Ethernet frame's header, VLAN tags included.
fn eth_len(s: &[u8]) -> Option<usize> {
    let mut at = 12;
    loop {
        let kind = s.get(at..at + 2)?;
        match kind {
            [0x81, 0x00] | [0x88, 0xa8] => at += 4,
            // A frame without anything in it is none.
            _ => return (s.len() > at + 2).then_some(at + 2),
        }
    }
}

/// 4 or 6.
fn version(s: &[u8]) -> Option<u8> {
    Some(s.first()? >> 4).filter(|v| matches!(v, 4 | 6))
}

/// The length of an IP header with options or extensions, and the protocol behind it.
fn ip_header(s: &[u8]) -> Option<(usize, u8)> {
    if version(s)? == 4 {
        let len = usize::from(s.first()? & 15) * 4;
        s.get(..len).filter(|_| len > 0)?;
        return Some((len, *s.get(9)?));
    }
    let mut protocol = *s.get(6)?;
    let mut len = 40;
    s.get(..len)?;
    // As HAProxy, whatever is neither TCP nor UDP counts as an extension: the next one's kind,
    // then the length in units of 8 bytes beyond the first.
    while !matches!(protocol, 6 | 17) {
        protocol = *s.get(len)?;
        len += (usize::from(*s.get(len + 1)?) + 1) * 8;
    }
    s.get(..len)?;
    Some((len, protocol))
}

fn tos(s: &[u8]) -> Option<u8> {
    let second = *s.get(1)?;
    Some(match version(s)? {
        4 => second,
        _ => s.first()? << 4 | second >> 4,
    })
}

fn ttl(s: &[u8]) -> Option<u8> {
    match version(s)? {
        4 => s.get(..20)?.get(8).copied(),
        _ => s.get(..40)?.get(7).copied(),
    }
}

fn address(s: &[u8], source: bool) -> Option<Sample<'static>> {
    match version(s)? {
        4 => {
            let at = if source { 12 } else { 16 };
            let bytes: [u8; 4] = s.get(at..at + 4)?.try_into().ok()?;
            Some(Sample::V4(Ipv4Addr::from(bytes)))
        }
        _ => {
            let at = if source { 8 } else { 24 };
            let bytes: [u8; 16] = s.get(..40)?.get(at..at + 16)?.try_into().ok()?;
            Some(Sample::V6(Ipv6Addr::from(bytes)))
        }
    }
}

/// A whole TCP header with its options.
fn tcp(s: &[u8]) -> Option<&[u8]> {
    let len = usize::from(s.get(12)? >> 4) * 4;
    if len < 20 {
        return None;
    }
    s.get(..len)?;
    Some(s)
}

/// The options of a TCP header: kinds, and values where they are there whole.
fn options(s: &[u8]) -> impl Iterator<Item = (u8, Option<&[u8]>)> {
    let len = s.get(12).map_or(0, |b| usize::from(b >> 4) * 4);
    let mut rest = s.get(20..len).unwrap_or_default();
    std::iter::from_fn(move || match rest {
        [] | [0, ..] => None,
        [1, tail @ ..] => {
            rest = tail;
            Some((1, Some(&[][..])))
        }
        [kind, len, ..] => {
            let len = usize::from(*len);
            let (kind, all) = (*kind, rest);
            // A length that cannot be is the end.
            rest = match len {
                0 | 1 => &[],
                _ => all.get(len..).unwrap_or_default(),
            };
            Some((kind, all.get(2..len)))
        }
        [kind] => {
            let kind = *kind;
            rest = &[];
            Some((kind, None))
        }
    })
}

fn option(s: &[u8], kind: u8) -> Option<&[u8]> {
    options(s).find(|(k, _)| *k == kind)?.1
}

fn fingerprint(s: &[u8], mode: i64, out: &mut bumpalo::collections::Vec<'_, u8>) -> Option<()> {
    let v6 = version(s)? == 6;
    let (head, _) = ip_header(s)?;
    // Packets with extensions have no fingerprint in HAProxy.
    if v6 && head != 40 {
        return None;
    }
    let data = s.get(head..)?;
    let header = tcp(data)?;
    let len = header.get(12)? >> 4;
    let flags = *header.get(13)?;
    let hops = match ttl(s)? {
        0..=32 => 0,
        33..=64 => 1,
        65..=128 => 2,
        _ => 3,
    };
    // what the packet says it carries, whatever of it is here
    let said = |at: usize| {
        Some(usize::from(u16::from_be_bytes([
            *s.get(at)?,
            *s.get(at + 1)?,
        ])))
    };
    let carried = match v6 {
        true => said(4)?,
        false => said(2)?.saturating_sub(head),
    };
    let bit = |set: bool, at: u32| u8::from(set) << at;
    out.push(tos(s)?);
    out.push(
        bit(v6 || s.get(6)? & 0x40 != 0, 6)
            | bit(v6, 7)
            | hops << 4
            | bit(!v6 && head != 20, 3)
            | bit(carried > usize::from(len) * 4, 2)
            | bit(flags & 0x80 != 0, 1)
            | bit(flags & 0x40 != 0, 0),
    );
    let scale = option(header, 3)
        .and_then(|o| o.first())
        .map_or(0, |n| n.saturating_add(1).min(15));
    out.push(len << 4 | scale);
    out.extend_from_slice(header.get(14..16)?);
    out.extend_from_slice(
        option(header, 2)
            .filter(|o| o.len() == 2)
            .unwrap_or(&[0, 0]),
    );
    let whole = || options(header).filter(|(_, value)| value.is_some());
    out.push(whole().fold(0, |all, (kind, _)| match kind {
        0 | 1 => all,
        2..=8 => all | 1 << (kind - 2),
        _ => all | 0x80,
    }));
    if mode & 1 != 0 {
        out.push(ttl(s)?);
    }
    if mode & 2 != 0 {
        out.extend(whole().map(|(kind, _)| kind));
    }
    if mode & 4 != 0 {
        match address(s, true)? {
            Sample::V4(a) => out.extend_from_slice(&a.octets()),
            Sample::V6(a) => out.extend_from_slice(&a.octets()),
            _ => {}
        }
    }
    Some(())
}

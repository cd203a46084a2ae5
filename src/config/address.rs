//! Addresses as `bind`, `server`, `log`, `source` and others take them (configuration manual 2.9).

use super::directive::Word;
use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

mod host;
mod port;
mod prefix;
mod show;

/// Where a listener or a peer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address proper.
    pub host: Host,
    /// First port; 0 where none was given (and none is needed).
    pub port: u16,
    /// Last port of a range; equals `port` when there is no range.
    pub port_end: u16,
    /// `+8000`, `-10`: the port is relative to the one of the incoming connection; also `+0`,
    /// which a `server` without a port means.
    pub port_offset: Option<i32>,
    /// Datagram or stream, `quic4@`, `mptcp@`, ... as the prefix or the keyword said.
    pub proto: Proto,
    /// Where it stood.
    pub span: Span,
}

/// The address proper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A literal address.
    Ip(IpAddr),
    /// `*`, `:80`, `0.0.0.0`: any IPv4 address.
    AnyV4,
    /// `ipv6@:80`, `[::]:80`: any IPv6 address (IPv4 too with `v4v6`).
    AnyV6,
    /// A name for the resolver; `family` when the prefix fixed one.
    Name {
        /// The name.
        name: String,
        /// `Some(4)`, `Some(6)` or `None`.
        family: Option<u8>,
    },
    /// `unix@/path` or a path.
    Unix(Vec<u8>),
    /// `abns@name`: abstract namespace, whole field; `abnsz@`: zero-terminated when `z`.
    Abstract {
        /// The name without the leading NUL.
        name: Vec<u8>,
        /// `abnsz@`.
        z: bool,
    },
    /// `fd@3`: an inherited descriptor.
    Fd(i32),
    /// `sockpair@3`.
    SockPair(i32),
    /// `rhttp@backend/server`.
    Reverse(String),
}

impl Host {
    /// Whether it is an IP address or a name of one, so that it may have a port.
    pub fn is_ip(&self) -> bool {
        matches!(
            self,
            Host::Ip(_) | Host::AnyV4 | Host::AnyV6 | Host::Name { .. }
        )
    }

    /// The IP address, the unspecified one for "any"; `None` for names and other families.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Host::Ip(ip) => Some(*ip),
            Host::AnyV4 => Some(Ipv4Addr::UNSPECIFIED.into()),
            Host::AnyV6 => Some(Ipv6Addr::UNSPECIFIED.into()),
            _ => None,
        }
    }
}

/// Transport said by the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Proto {
    /// A stream socket.
    #[default]
    Stream,
    /// `udp@`
    Datagram,
    /// `quic4@`, `quic6@`
    Quic,
    /// `mptcp@`
    Mptcp,
}

/// What a keyword lets an address be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The transport when no prefix says another one.
    pub default: Proto,
    /// Stream addresses may stand here.
    pub stream: bool,
    /// Datagram addresses may stand here.
    pub datagram: bool,
    /// A port may stand here.
    pub port: bool,
    /// A port must stand here, and not 0.
    pub port_required: bool,
    /// `80-90`
    pub range: bool,
    /// `+10`, `-10`
    pub offset: bool,
    /// `fd@`
    pub fd: bool,
}

impl Kind {
    const NONE: Kind = Kind {
        default: Proto::Stream,
        stream: true,
        datagram: false,
        port: true,
        port_required: false,
        range: false,
        offset: false,
        fd: false,
    };
    /// `bind`, `stats socket`
    pub const BIND: Kind = Kind {
        port_required: true,
        range: true,
        fd: true,
        ..Kind::NONE
    };
    /// `dgram-bind`
    pub const DGRAM_BIND: Kind = Kind {
        default: Proto::Datagram,
        stream: false,
        datagram: true,
        ..Kind::BIND
    };
    /// `server`: ports may be left out or relative. Datagrams are refused later, by mode.
    pub const SERVER: Kind = Kind {
        datagram: true,
        offset: true,
        ..Kind::NONE
    };
    /// `log`: datagrams unless a prefix says otherwise; port 514 is filled in by the caller.
    pub const LOG: Kind = Kind {
        default: Proto::Datagram,
        datagram: true,
        fd: true,
        ..Kind::NONE
    };
    /// `nameserver`
    pub const NAMESERVER: Kind = Kind {
        default: Proto::Datagram,
        datagram: true,
        port_required: true,
        ..Kind::NONE
    };
    /// `peer`, and a `server` of a `peers` section.
    pub const PEER: Kind = Kind {
        datagram: true,
        port_required: true,
        ..Kind::NONE
    };
    /// `mailer`
    pub const MAILER: Kind = Kind {
        port_required: true,
        ..Kind::NONE
    };
    /// `source` of a `server`: a range of local ports may be given.
    pub const SERVER_SOURCE: Kind = Kind {
        range: true,
        ..Kind::NONE
    };
    /// `socks4`
    pub const SOCKS4: Kind = Kind {
        port_required: true,
        ..Kind::NONE
    };
    /// `source` of a proxy, `usesrc`.
    pub const SOURCE: Kind = Kind::NONE;
    /// A stream address with or without a port: `addr` of a check.
    pub const PLAIN: Kind = Kind::NONE;
}

/// Reads the one address that a word is.
pub fn parse(word: &Word, kind: Kind) -> Result<Address, Box<Diagnostic>> {
    part(&word.text, word.span, kind)
}

/// Reads a list of addresses separated by commas, as `bind` takes it. A comma may end the list.
pub fn list(word: &Word, kind: Kind) -> (Vec<Address>, Vec<Diagnostic>) {
    let mut addresses = Vec::new();
    let mut findings = Vec::new();
    let mut start = 0;
    let text: &[u8] = &word.text;
    while start < text.len() || start == 0 {
        let rest = text.get(start..).unwrap_or_default();
        let length = memchr::memchr(b',', rest).unwrap_or(rest.len());
        let span = word.bytes_span(start, start + length);
        match part(rest.get(..length).unwrap_or_default(), span, kind) {
            Ok(address) => addresses.push(address),
            Err(finding) => findings.push(*finding),
        }
        start += length + 1;
    }
    (addresses, findings)
}

fn fault(code: &'static str, span: Span, message: String) -> Box<Diagnostic> {
    Box::new(Diagnostic::alert(code, span, message))
}

fn part(text: &[u8], span: Span, kind: Kind) -> Result<Address, Box<Diagnostic>> {
    let said = String::from_utf8_lossy(text);
    if text.is_empty() {
        let message =
            format!("'{said}' resolves to an empty address (environment variable missing?)");
        return Err(fault("HX0180", span, message));
    }
    let prefix = prefix::split(text, kind.default);
    let mut address = Address {
        host: Host::AnyV4,
        port: 0,
        port_end: 0,
        port_offset: None,
        proto: prefix.proto,
        span,
    };
    let descriptor = |rest: &[u8]| -> Result<i32, Box<Diagnostic>> {
        let number = std::str::from_utf8(rest).ok();
        let digits = number.filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
        digits.and_then(|n| n.parse().ok()).ok_or_else(|| {
            let rest = String::from_utf8_lossy(rest);
            let message = format!("file descriptor '{rest}' is not a valid integer in '{said}'");
            let mut finding = fault("HX0182", span, message);
            finding.expected = Some("the number of an inherited descriptor".to_owned());
            finding
        })
    };
    let path = |rest: &[u8], most: usize| -> Result<Vec<u8>, Box<Diagnostic>> {
        if rest.len() > most {
            let message = format!("socket path '{said}' too long (max {most})");
            return Err(fault("HX0183", span, message));
        }
        Ok(rest.to_vec())
    };
    address.host = match prefix.family {
        prefix::Family::Unix => Host::Unix(path(prefix.rest, MAX_UNIX_PATH)?),
        prefix::Family::Abstract { z } => Host::Abstract {
            name: path(prefix.rest, MAX_ABSTRACT_NAME)?,
            z,
        },
        prefix::Family::Fd => {
            let fd = descriptor(prefix.rest)?;
            if !kind.fd {
                let message = format!("a file descriptor is not acceptable here in '{said}'");
                return Err(fault("HX0184", span, message));
            }
            Host::Fd(fd)
        }
        prefix::Family::SockPair => Host::SockPair(descriptor(prefix.rest)?),
        prefix::Family::Reverse => Host::Reverse(String::from_utf8_lossy(prefix.rest).into_owned()),
        prefix::Family::Ip(family) => {
            let (host, ports) = port::split(prefix.rest);
            let ports = port::read(ports, &said, span, kind)?;
            address.port = ports.first;
            address.port_end = ports.last;
            address.port_offset = ports.offset;
            host::read(host, family)
        }
    };
    if prefix.proto == Proto::Datagram && !kind.datagram {
        let message = format!("dgram-type address not acceptable in '{said}'");
        return Err(fault("HX0181", span, message));
    }
    if prefix.proto != Proto::Datagram && !kind.stream {
        let message = format!("stream-type address not acceptable in '{said}'");
        return Err(fault("HX0181", span, message));
    }
    Ok(address)
}

/// HAProxy keeps room for a suffix behind the path while it binds.
const MAX_UNIX_PATH: usize = 97;
const MAX_ABSTRACT_NAME: usize = 107;

#[cfg(test)]
mod tests;

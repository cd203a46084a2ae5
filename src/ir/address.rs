//! Addresses as `bind`, `server`, `log` and `source` take them (configuration manual 11).

use crate::base::span::Span;
use std::net::IpAddr;

/// Where a listener or a peer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address proper.
    pub host: Host,
    /// First port; 0 where none was given (and none is needed).
    pub port: u16,
    /// Last port of a range; equals `port` when there is no range.
    pub port_end: u16,
    /// `+8000`, `-10`: the port is relative to the one of the incoming connection.
    pub port_offset: Option<i32>,
    /// Datagram or stream, `quic4@`, `mptcp@`, ... as the prefix said.
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

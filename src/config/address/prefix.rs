//! `tcp4@`, `unix@`, `stream+ip@` and the rest.

use super::Proto;

/// What the prefix says about the text behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Unix,
    Abstract {
        z: bool,
    },
    Fd,
    SockPair,
    Reverse,
    /// IP of this version, or of either.
    Ip(Option<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prefix<'t> {
    pub(super) family: Family,
    pub(super) proto: Proto,
    pub(super) rest: &'t [u8],
}

static TYPES: &[(&[u8], Proto)] = &[
    (b"stream+", Proto::Stream),
    (b"dgram+", Proto::Datagram),
    (b"quic+", Proto::Quic),
];

/// The prefixes and what they fix; `None` keeps the transport of the keyword or of `stream+`.
static FAMILIES: &[(&[u8], Family, Option<Proto>)] = &[
    (b"unix@", Family::Unix, None),
    (b"uxst@", Family::Unix, Some(Proto::Stream)),
    (b"uxdg@", Family::Unix, Some(Proto::Datagram)),
    (b"abns@", Family::Abstract { z: false }, None),
    (b"abnsz@", Family::Abstract { z: true }, None),
    (b"fd@", Family::Fd, None),
    (b"sockpair@", Family::SockPair, None),
    (b"rhttp@", Family::Reverse, None),
    (b"ip@", Family::Ip(None), None),
    (b"ipv4@", Family::Ip(Some(4)), None),
    (b"ipv6@", Family::Ip(Some(6)), None),
    (b"tcp@", Family::Ip(None), Some(Proto::Stream)),
    (b"tcp4@", Family::Ip(Some(4)), Some(Proto::Stream)),
    (b"tcp6@", Family::Ip(Some(6)), Some(Proto::Stream)),
    (b"udp@", Family::Ip(None), Some(Proto::Datagram)),
    (b"udp4@", Family::Ip(Some(4)), Some(Proto::Datagram)),
    (b"udp6@", Family::Ip(Some(6)), Some(Proto::Datagram)),
    (b"mptcp@", Family::Ip(None), Some(Proto::Mptcp)),
    (b"mptcp4@", Family::Ip(Some(4)), Some(Proto::Mptcp)),
    (b"mptcp6@", Family::Ip(Some(6)), Some(Proto::Mptcp)),
    (b"quic4@", Family::Ip(Some(4)), Some(Proto::Quic)),
    (b"quic6@", Family::Ip(Some(6)), Some(Proto::Quic)),
];

/// Splits the prefix off. An unknown one stays part of the host, as in HAProxy, which then cannot
/// resolve it.
pub(super) fn split(text: &[u8], default: Proto) -> Prefix<'_> {
    let mut proto = default;
    let mut rest = text;
    for (word, said) in TYPES {
        if let Some(behind) = rest.strip_prefix(*word) {
            proto = *said;
            rest = behind;
            break;
        }
    }
    for (word, family, said) in FAMILIES {
        if let Some(rest) = rest.strip_prefix(*word) {
            return Prefix {
                family: *family,
                proto: said.unwrap_or(proto),
                rest,
            };
        }
    }
    let family = if rest.starts_with(b"/") {
        Family::Unix
    } else {
        Family::Ip(None)
    };
    Prefix {
        family,
        proto,
        rest,
    }
}

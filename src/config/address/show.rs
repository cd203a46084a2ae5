//! Addresses back to text.

use super::{Address, Host, Proto};
use std::fmt;
use std::net::IpAddr;

impl fmt::Display for Address {
    /// Writes an address so that reading it gives the same one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = match &self.host {
            Host::Ip(IpAddr::V4(_)) | Host::AnyV4 => Some(4),
            Host::Ip(IpAddr::V6(_)) | Host::AnyV6 => Some(6),
            Host::Name { family, .. } => *family,
            _ => None,
        };
        let literal = !matches!(self.host, Host::Name { .. });
        match (self.proto, version) {
            (Proto::Stream, _) => {}
            (Proto::Datagram, _) => f.write_str("dgram+")?,
            (Proto::Quic, Some(version)) if literal => write!(f, "quic{version}@")?,
            (Proto::Quic, _) => f.write_str("quic+")?,
            (Proto::Mptcp, Some(version)) if !literal => write!(f, "mptcp{version}@")?,
            (Proto::Mptcp, _) => f.write_str("mptcp@")?,
        }
        match &self.host {
            Host::Ip(IpAddr::V4(ip)) => write!(f, "{ip}")?,
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]")?,
            Host::AnyV4 => f.write_str("*")?,
            Host::AnyV6 => f.write_str("[::]")?,
            Host::Name { name, .. } => match version {
                _ if self.proto == Proto::Mptcp => f.write_str(name)?,
                Some(version) => write!(f, "ipv{version}@{name}")?,
                // What reads like a prefix or a path would be taken for one.
                None if name.contains(['@', '+', '/']) => write!(f, "ip@{name}")?,
                None => f.write_str(name)?,
            },
            Host::Unix(path) => write!(f, "unix@{}", String::from_utf8_lossy(path))?,
            Host::Abstract { name, z } => {
                let prefix = if *z { "abnsz@" } else { "abns@" };
                write!(f, "{prefix}{}", String::from_utf8_lossy(name))?;
            }
            Host::Fd(fd) => write!(f, "fd@{fd}")?,
            Host::SockPair(fd) => write!(f, "sockpair@{fd}")?,
            Host::Reverse(server) => write!(f, "rhttp@{server}")?,
        }
        match self.port_offset {
            Some(0) | None if self.port_end == 0 => match &self.host {
                // Else the last colon would be taken for the port's.
                Host::Name { name, .. }
                    if name.rsplit(']').next().is_some_and(|t| t.contains(':')) =>
                {
                    f.write_str(":")
                }
                _ => Ok(()),
            },
            Some(offset) => write!(f, ":{offset:+}"),
            None if self.port_end > self.port => write!(f, ":{}-{}", self.port, self.port_end),
            None => write!(f, ":{}", self.port),
        }
    }
}

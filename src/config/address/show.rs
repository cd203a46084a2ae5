//! Addresses back to text.

use super::{Address, Host, Proto};
use std::fmt;
use std::net::IpAddr;

impl fmt::Display for Address {
    /// Writes an address so that reading it gives the same one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let six = matches!(self.host, Host::AnyV6 | Host::Ip(IpAddr::V6(_)));
        match (self.proto, six) {
            (Proto::Stream, _) => {}
            (Proto::Datagram, _) => f.write_str("dgram+")?,
            (Proto::Quic, true) => f.write_str("quic6@")?,
            (Proto::Quic, false) => f.write_str("quic4@")?,
            (Proto::Mptcp, _) => f.write_str("mptcp@")?,
        }
        match &self.host {
            Host::Ip(IpAddr::V4(ip)) => write!(f, "{ip}")?,
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]")?,
            Host::AnyV4 => f.write_str("*")?,
            Host::AnyV6 => f.write_str("[::]")?,
            Host::Name { name, family } => match family {
                Some(version) if self.proto == Proto::Stream => write!(f, "ipv{version}@{name}")?,
                _ => f.write_str(name)?,
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
            Some(0) | None if self.port == 0 => Ok(()),
            Some(offset) => write!(f, ":{offset:+}"),
            None if self.port_end > self.port => write!(f, ":{}-{}", self.port, self.port_end),
            None => write!(f, ":{}", self.port),
        }
    }
}

//! `resolvers` sections (HAProxy configuration manual 5.3.2), and what servers say about the look-up
//! of their names (5.2).

use super::address::Address;
use std::net::IpAddr;

/// Where name servers of a section come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nameserver {
    /// `nameserver NAME ADDRESS`
    Given {
        /// Its name.
        name: String,
        /// Where it is: by datagrams, unless the line says `tcp@`.
        address: Address,
    },
    /// `parse-resolv-conf`: those that this file names stand here.
    ResolvConf,
}

/// One section. Times are milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolvers {
    /// Its name.
    pub name: String,
    /// Name servers in order.
    pub nameservers: Vec<Nameserver>,
    /// `hold nx` (30 s)
    pub hold_nx: u32,
    /// `hold refused` (30 s)
    pub hold_refused: u32,
    /// `hold timeout` (30 s)
    pub hold_timeout: u32,
    /// `hold other` (30 s)
    pub hold_other: u32,
    /// `hold valid` (10 s)
    pub hold_valid: u32,
    /// `hold obsolete` (0)
    pub hold_obsolete: u32,
    /// `timeout resolve` (1 s)
    pub resolve: u32,
    /// `timeout retry` (1 s)
    pub retry: u32,
    /// `resolve_retries` (3)
    pub retries: u32,
    /// `accepted_payload_size` (512)
    pub payload: u16,
}

impl Resolvers {
    /// The section that exists without being written.
    pub const DEFAULT: &'static str = "default";

    /// A section without any line.
    pub fn new(name: String) -> Resolvers {
        Resolvers {
            name,
            nameservers: Vec::new(),
            hold_nx: 30_000,
            hold_refused: 30_000,
            hold_timeout: 30_000,
            hold_other: 30_000,
            hold_valid: 10_000,
            hold_obsolete: 0,
            resolve: 1000,
            retry: 1000,
            retries: 3,
            payload: 512,
        }
    }
}

/// How a server's name is looked up while the process runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// `resolvers`
    pub resolvers: Option<String>,
    /// `resolve-prefer ipv4`
    pub prefer_v4: bool,
    /// `resolve-net`: network and bits
    pub nets: Vec<(IpAddr, u8)>,
    /// `resolve-opts allow-dup-ip`
    pub allow_dup_ip: bool,
    /// `resolve-opts ignore-weight`
    pub ignore_weight: bool,
}

/// `dns-accept-family`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Families {
    /// IPv4, and IPv6 where this machine has a way to it.
    #[default]
    Auto,
    /// These.
    Only {
        /// `ipv4`
        v4: bool,
        /// `ipv6`
        v6: bool,
    },
}

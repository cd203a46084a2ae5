//! How a back end chooses its servers: `balance`, `hash-type` and their relatives
//! (configuration manual 4.2).

use crate::config::directive::Word;

/// `balance`
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Balance {
    /// Not said: HAProxy 3.4 draws two at random (`random(2)`).
    #[default]
    Default,
    /// `roundrobin`
    RoundRobin,
    /// `static-rr`
    StaticRr,
    /// `leastconn`
    LeastConn,
    /// `first`
    First,
    /// `random`, `random(DRAWS)`
    Random {
        /// How many servers are drawn; at least 1.
        draws: u32,
    },
    /// `source`
    Source,
    /// `uri`
    Uri(UriKey),
    /// `url_param NAME [check_post]`; 3.4 looks into the body of a POST with and without it
    UrlParam {
        /// Its name.
        name: Vec<u8>,
    },
    /// `hdr(NAME) [use_domain_only]`
    Header {
        /// Its name, in lower case.
        name: Vec<u8>,
        /// Only the label in front of the top-level domain counts.
        domain_only: bool,
    },
    /// `rdp-cookie`, `rdp-cookie(NAME)`
    RdpCookie {
        /// Its name.
        name: Vec<u8>,
    },
    /// `hash EXPRESSION`: the words behind `hash`, compiled into `Proxy::balance_key`.
    Hash(Vec<Word>),
    /// An algorithm of a later part, by name.
    Pending(String),
}

/// `balance uri [whole] [path-only] [len N] [depth N]`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct UriKey {
    /// The query counts too.
    pub whole: bool,
    /// Only from the path's first slash on.
    pub path_only: bool,
    /// Only so many bytes from the beginning; 0: all.
    pub len: u32,
    /// Only so many directories; 0: all.
    pub depth: u32,
}

impl Balance {
    /// The word of the `balance` line, without what stands in parentheses.
    pub fn word(&self) -> &str {
        match self {
            Balance::Default | Balance::Random { .. } => "random",
            Balance::RoundRobin => "roundrobin",
            Balance::StaticRr => "static-rr",
            Balance::LeastConn => "leastconn",
            Balance::First => "first",
            Balance::Source => "source",
            Balance::Uri(_) => "uri",
            Balance::UrlParam { .. } => "url_param",
            Balance::Header { .. } => "hdr",
            Balance::RdpCookie { .. } => "rdp-cookie",
            Balance::Hash(_) => "hash",
            Balance::Pending(name) => name,
        }
    }

    /// Whether it looks at what only HTTP requests have.
    pub fn needs_http(&self) -> bool {
        matches!(
            self,
            Balance::Uri(_) | Balance::UrlParam { .. } | Balance::Header { .. }
        )
    }
}

/// `hash-type METHOD [FUNCTION [avalanche]]`, `hash-balance-factor`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct HashType {
    /// `consistent` rather than `map-based`
    pub consistent: bool,
    /// The function.
    pub function: HashFunction,
    /// `avalanche`
    pub avalanche: bool,
    /// `hash-balance-factor`, percent; 0: none
    pub balance_factor: u32,
    /// `hash-preserve-affinity`
    pub affinity: HashAffinity,
}

/// `hash-preserve-affinity`: when a request leaves the server that its hash means for the next one
/// on the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HashAffinity {
    /// `always`: never.
    #[default]
    Always,
    /// `maxconn`: when the server serves as many as it may.
    Maxconn,
    /// `maxqueue`: when as many wait for it as may.
    Maxqueue,
}

/// Functions of `hash-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HashFunction {
    /// `sdbm`
    #[default]
    Sdbm,
    /// `djb2`
    Djb2,
    /// `wt6`
    Wt6,
    /// `crc32`
    Crc32,
    /// `none`: the key is a number already.
    None,
}

/// `hash-key`: what a server's places on the ring come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HashKey {
    /// `id`
    #[default]
    Id,
    /// `addr`
    Addr,
    /// `addr-port`
    AddrPort,
}

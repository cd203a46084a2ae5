//! Servers: `server` lines after `default-server` was applied.

use super::address::Address;
use super::balance::HashKey;
use crate::base::span::Span;

/// One server of a back end.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// `id`; automatic ones are filled in.
    pub id: u32,
    /// The line says `id`.
    pub id_given: bool,
    /// `init-state`; `None`: in use at once, on trial.
    pub init_state: Option<InitState>,
    /// Where it is.
    pub address: Address,
    /// `weight`, 0 to 256
    pub weight: u32,
    /// `maxconn`; `None`: no limit
    pub maxconn: Option<u32>,
    /// `minconn`
    pub minconn: Option<u32>,
    /// `maxqueue`; `None`: no limit
    pub maxqueue: Option<u32>,
    /// `cookie` value
    pub cookie: Option<Vec<u8>>,
    /// `backup`
    pub backup: bool,
    /// `non-stick`
    pub non_stick: bool,
    /// `disabled`
    pub disabled: bool,
    /// `check` and what belongs to it
    pub check: Option<CheckSettings>,
    /// `healthcheck`: the section that says how it is checked
    pub healthcheck: Option<String>,
    /// `agent-check` and what belongs to it
    pub agent: Option<AgentSettings>,
    /// `track`: `[BACKEND/]SERVER`
    pub track: Option<String>,
    /// `observe`
    pub observe: Option<Observe>,
    /// `on-error`
    pub on_error: OnError,
    /// `error-limit` (10)
    pub error_limit: u32,
    /// `slowstart`, ms
    pub slowstart: Option<u32>,
    /// `redir` prefix
    pub redir: Option<Vec<u8>>,
    /// `source` address to connect from
    pub source: Option<Address>,
    /// `source ... usesrc`
    pub usesrc: Option<UseSource>,
    /// `interface` to connect through
    pub interface: Option<String>,
    /// `tfo`
    pub tfo: bool,
    /// `tcp-ut`, ms
    pub tcp_ut: Option<u32>,
    /// `pool-max-conn`; -1 is `None`
    pub pool_max_conn: Option<u32>,
    /// `pool-low-conn`
    pub pool_low_conn: u32,
    /// `proto h2`: HTTP/2 is spoken from the first byte on
    pub h2: bool,
    /// `pool-purge-delay`, ms (5000)
    pub pool_purge_delay: u32,
    /// `hash-key`
    pub hash_key: HashKey,
    /// `strict-maxconn`
    pub strict_maxconn: bool,
    /// `on-marked-down shutdown-sessions`
    pub shutdown_on_down: bool,
    /// `on-marked-up shutdown-backup-sessions`
    pub shutdown_backup_on_up: bool,
    /// `init-addr` methods; empty: `last,libc`
    pub init_addr: Vec<InitAddr>,
    /// `resolvers` and what belongs to it
    pub resolution: super::resolvers::Resolution,
    /// `ssl` and what belongs to it
    pub tls: super::rare::Rare<super::tls::ServerTls>,
    /// `send-proxy` and what belongs to it
    pub send_proxy: SendProxy,
    /// `pool-conn-name`
    pub pool_conn_name: Option<super::tls::Sni>,
    /// `socks4`
    pub socks4: Option<std::net::SocketAddr>,
    /// `check-via-socks4`
    pub check_via_socks4: bool,
    /// The whole line.
    pub span: Span,
}

impl Server {
    /// A server with every option at its default.
    pub fn new(name: String, address: Address, span: Span) -> Server {
        Server {
            name,
            id: 0,
            id_given: false,
            init_state: None,
            address,
            weight: 1,
            maxconn: None,
            minconn: None,
            maxqueue: None,
            cookie: None,
            backup: false,
            non_stick: false,
            disabled: false,
            check: None,
            healthcheck: None,
            agent: None,
            track: None,
            observe: None,
            on_error: OnError::FastInter,
            error_limit: 10,
            slowstart: None,
            redir: None,
            source: None,
            usesrc: None,
            interface: None,
            tfo: false,
            tcp_ut: None,
            pool_max_conn: None,
            pool_low_conn: 0,
            h2: false,
            pool_purge_delay: 5000,
            hash_key: HashKey::Id,
            strict_maxconn: false,
            shutdown_on_down: false,
            shutdown_backup_on_up: false,
            init_addr: Vec::new(),
            resolution: super::resolvers::Resolution::default(),
            tls: super::rare::Rare::default(),
            send_proxy: SendProxy::default(),
            pool_conn_name: None,
            socks4: None,
            check_via_socks4: false,
            span,
        }
    }
}

bitflags::bitflags! {
    /// What a PROXY protocol header of version 2 tells besides addresses.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct ProxyV2Options: u8 {
        /// `ssl`, `send-proxy-v2-ssl`
        const SSL = 1;
        /// `cert-cn`, `send-proxy-v2-ssl-cn`
        const CERT_CN = 1 << 1;
        /// `ssl-cipher`
        const SSL_CIPHER = 1 << 2;
        /// `cert-sig`
        const CERT_SIG = 1 << 3;
        /// `cert-key`
        const CERT_KEY = 1 << 4;
        /// `authority`
        const AUTHORITY = 1 << 5;
        /// `crc32c`
        const CRC32C = 1 << 6;
        /// `unique-id`
        const UNIQUE_ID = 1 << 7;
        /// Those that tell something about TLS.
        const ANY_SSL = Self::SSL.bits() | Self::CERT_CN.bits() | Self::SSL_CIPHER.bits()
            | Self::CERT_SIG.bits() | Self::CERT_KEY.bits();
    }
}

/// What a server is told in front of each connection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SendProxy {
    /// `send-proxy`
    pub v1: bool,
    /// `send-proxy-v2`: stands above `send-proxy`
    pub v2: bool,
    /// `check-send-proxy`
    pub checks: bool,
    /// `proxy-v2-options` and its like
    pub options: ProxyV2Options,
    /// `set-proxy-v2-tlv-fmt`
    pub extensions: Vec<ProxyExtension>,
}

impl SendProxy {
    /// Whether connections for clients begin with a header.
    pub fn is_on(&self) -> bool {
        self.v1 || self.v2
    }
}

/// `set-proxy-v2-tlv-fmt(KIND) FORMAT`
#[derive(Clone, Debug)]
pub struct ProxyExtension {
    /// Its type.
    pub kind: u8,
    /// As written.
    pub said: super::tls::Said,
    /// What gives its value, once compiled.
    pub format: Option<std::sync::Arc<crate::sample::LogFormat>>,
}

impl PartialEq for ProxyExtension {
    fn eq(&self, other: &ProxyExtension) -> bool {
        (self.kind, &self.said) == (other.kind, &other.said)
    }
}

impl Server {
    /// Whether connections for clients begin with something before TLS or the first request.
    pub fn has_preface(&self) -> bool {
        self.send_proxy.is_on() || self.socks4.is_some()
    }
}

/// `usesrc`: an address that the server sees instead of one of this machine's (IP_TRANSPARENT).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UseSource {
    /// `client`: the client's address and port
    Client,
    /// `clientip`: the client's address
    ClientIp,
    /// An address, with or without a port.
    Address(Address),
    /// `hdr_ip(NAME[,N])`
    Header {
        /// Name of the header.
        name: Vec<u8>,
        /// From 1, or from the end as -1; 0: no such address is used.
        occurrence: i32,
    },
}

/// One method of `init-addr`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InitAddr {
    /// `last`
    Last,
    /// `libc`
    Libc,
    /// `none`
    None,
    /// A literal address.
    Ip(std::net::IpAddr),
}

/// What of the traffic with a server is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observe {
    /// Connections.
    Layer4,
    /// Connections and answers.
    Layer7,
}

/// What too many errors come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// The next check comes early.
    FastInter,
    /// They count as a failed check.
    FailCheck,
    /// One more failed check takes the server down.
    SuddenDeath,
    /// The server goes down.
    MarkDown,
}

/// How a server's agent is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSettings {
    /// `agent-addr`
    pub addr: Option<Address>,
    /// `agent-port`
    pub port: u16,
    /// `agent-inter`, ms (2000)
    pub inter: u32,
    /// `agent-send`
    pub send: Vec<u8>,
}

impl Default for AgentSettings {
    fn default() -> Self {
        AgentSettings {
            addr: None,
            port: 0,
            inter: 2000,
            send: Vec::new(),
        }
    }
}

/// Health-check settings of one server. Times are milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckSettings {
    /// `inter` (2000)
    pub inter: u32,
    /// `fastinter`
    pub fastinter: Option<u32>,
    /// `downinter`
    pub downinter: Option<u32>,
    /// `rise` (2)
    pub rise: u32,
    /// `fall` (3)
    pub fall: u32,
    /// `port`
    pub port: Option<u16>,
    /// `addr`
    pub addr: Option<Address>,
}

impl Default for CheckSettings {
    fn default() -> Self {
        CheckSettings {
            inter: 2000,
            fastinter: None,
            downinter: None,
            rise: 2,
            fall: 3,
            port: None,
            addr: None,
        }
    }
}

/// `init-state`: how a server begins, and begins anew when it leaves maintenance (configuration
/// manual 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitState {
    /// Up, and only `fall` failed checks take it down.
    FullyUp,
    /// Up; one failed check takes it down.
    Up,
    /// Down; one passed check brings it up.
    Down,
    /// Down until `rise` checks have passed.
    FullyDown,
}

impl InitState {
    /// Whether the server is up.
    pub fn is_up(self) -> bool {
        matches!(self, InitState::FullyUp | InitState::Up)
    }
    /// How far its checks have counted it up.
    pub fn score(self, rise: u32, fall: u32) -> u32 {
        match self {
            InitState::FullyUp => rise + fall - 1,
            InitState::Up => rise,
            InitState::Down => rise.saturating_sub(1),
            InitState::FullyDown => 0,
        }
    }
}

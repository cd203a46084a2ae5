//! Front ends.

use super::errors::ErrorPages;
use super::{BackendId, FrontendId, Rules};
use crate::ir::compression::Compression;
use crate::ir::proxy::{
    ConnectionMode, ForwardedHeader, Mode, Options, ProxyId, TcpKeepalive, Timeouts,
};
use crate::ir::rule::Condition;
use crate::proto::h1::CaseMap;
use std::net::IpAddr;
use std::sync::Arc;

/// A front end.
#[derive(Debug)]
pub struct FrontendPlan {
    /// Its place in `Plan::frontends`.
    pub id: FrontendId,
    /// Its place in the configuration.
    pub proxy: ProxyId,
    /// Its name.
    pub name: Arc<str>,
    /// `id`
    pub uuid: u32,
    /// `mode`
    pub mode: Mode,
    /// The back end of the same `listen` section.
    pub same_section: Option<BackendId>,
    /// Milliseconds, `None` is "never"; `http_request` and `http_keep_alive` have their
    /// fallbacks filled in already, as has `tarpit`.
    pub timeouts: Timeouts,
    /// `option` words.
    pub options: Options,
    /// How connections are kept. As HAProxy 3.4 combines the two sides: the client's connection is
    /// closed when the front end says `Close`; the server's when the front end says
    /// `ServerClose` or the back end anything but `KeepAlive`.
    pub connection_mode: ConnectionMode,
    /// `maxconn`; `None`: only the global limit.
    pub maxconn: Option<u32>,
    /// Length of the kernel's accept queue: `backlog`, else `maxconn`; `None`: the system's.
    pub backlog: Option<u32>,
    /// `rate-limit sessions`, per second
    pub rate_limit_sessions: Option<u32>,
    /// How long it takes connections after a soft stop began, milliseconds (`grace`).
    pub grace: u32,
    /// `max-session-srv-conns`: idle server connections kept per client connection
    pub max_session_srv_conns: Option<u32>,
    /// `clitcpka-*`
    pub clitcpka: TcpKeepalive,
    /// `monitor-uri`: an exact match on the path is answered at once and never logged.
    pub monitor_uri: Option<Box<[u8]>>,
    /// `monitor fail` conditions: 503 instead of 200 on `monitor_uri` when one holds.
    pub monitor_fail: Box<[Condition]>,
    /// `force-be-switch` conditions: when one holds, unpublished back ends count as published.
    pub force_be_switch: Box<[Condition]>,
    /// `monitor-net` of old files: clients that get `HTTP/1.0 200 OK` and a close.
    pub monitor_net: Option<(IpAddr, u8)>,
    /// `default_backend`, else the section's own back end.
    pub default_backend: Option<BackendId>,
    /// `use_backend` in order; the first that holds decides.
    pub use_backends: Box<[UseBackendPlan]>,
    /// Rule sets.
    pub rules: Rules,
    /// `option forwardfor`; see [`ForwardedHeader`] for how the two sides combine.
    pub forwardfor: Option<ForwardedHeader>,
    /// `option originalto`
    pub originalto: Option<ForwardedHeader>,
    /// What is logged, and where to.
    pub log: Option<Arc<super::LogPlan>>,
    /// Slots for captured values.
    pub captures: crate::sample::capture::Slots,
    /// `unique-id-format`
    pub unique_id: Option<crate::sample::LogFormat>,
    /// `unique-id-header`
    pub unique_id_header: Option<Box<[u8]>>,
    /// The answers that hapax itself gives.
    pub errors: Arc<ErrorPages>,
    /// Header spelling towards clients; `None` unless `option h1-case-adjust-bogus-client`.
    pub case_map: Option<Arc<CaseMap>>,
    /// `compression`
    pub compression: Option<Arc<Compression>>,
    /// `description`
    pub description: Option<String>,
    /// The status page that is served here.
    pub stats: Option<Arc<super::StatsPlan>>,
}

/// One `use_backend`.
#[derive(Debug)]
pub struct UseBackendPlan {
    /// When; `None`: always.
    pub condition: Option<Condition>,
    /// Where to.
    pub target: BackendTarget,
}

/// A back end, known now or by an expression.
#[derive(Clone, Debug)]
pub enum BackendTarget {
    /// Known.
    Backend(BackendId),
    /// Evaluated per request; look up by `Plan::backend_by_name`. An unknown name means the
    /// default back end, not the next rule.
    Dynamic(Arc<crate::sample::logformat::LogFormat>),
}

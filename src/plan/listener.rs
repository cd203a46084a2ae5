//! Listening sockets to open.

use super::{FrontendId, ListenerId};
use crate::ir;
use std::net::SocketAddr;
use std::sync::Arc;

/// One address to listen on. Several of one `bind` line share their settings.
#[derive(Clone, Debug)]
pub struct ListenerPlan {
    /// Its place in `Plan::listeners` (or in `GlobalPlan::stats_sockets`).
    pub id: ListenerId,
    /// The front end it accepts for; `None` for a `stats socket`.
    pub frontend: Option<FrontendId>,
    /// Where.
    pub address: ListenAddress,
    /// `name`, else `None` (the statistics then show `sock-N`).
    pub name: Option<Arc<str>>,
    /// `id`, filled in where not given.
    pub uuid: u32,
    /// Everything else that the line says.
    pub settings: Arc<ir::Bind>,
    /// TLS; `None`: plain text.
    pub tls: Option<Arc<super::tls::BindTlsPlan>>,
    /// The address as written, for messages.
    pub written: String,
}

/// Where a listener listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// TCP.
    Inet(SocketAddr),
    /// A path.
    Unix(Vec<u8>),
    /// Abstract namespace, without the leading NUL.
    Abstract(Vec<u8>),
    /// An inherited, bound and listening descriptor.
    Fd(i32),
}

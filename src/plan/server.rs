//! Servers with their addresses resolved.

use crate::ir;
use std::net::SocketAddr;
use std::sync::Arc;

/// One server.
#[derive(Clone, Debug)]
pub struct ServerPlan {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is.
    pub address: ServerAddress,
    /// Everything that the line (and `default-server`) says.
    pub settings: Arc<ir::Server>,
    /// Where health checks connect: `addr` and `port` applied; `None` when the server is not
    /// checked.
    pub check_address: Option<ServerAddress>,
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerAddress {
    /// TCP. Port 0: the port of the client's connection.
    Inet(SocketAddr),
    /// TCP on the client connection's destination port plus an offset (`+10`, `-10`, or 0 where
    /// the line gives no port).
    InetMapped(SocketAddr, i32),
    /// A path.
    Unix(Vec<u8>),
    /// Abstract namespace, without the leading NUL.
    Abstract(Vec<u8>),
    /// Not known (`init-addr none`): the server is in maintenance until told.
    Unresolved,
}

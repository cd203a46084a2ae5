//! Servers with their addresses resolved.

use super::resolve;
use crate::ir;
use crate::ir::address::Host;
use parking_lot::Mutex;
use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// One server.
#[derive(Clone, Debug)]
pub struct ServerPlan {
    /// Its name.
    pub name: Arc<str>,
    /// Where the configuration says it is; [`ServerPlan::address_now`] tells where it is.
    pub address: ServerAddress,
    /// Everything that the line (and `default-server`) says.
    pub settings: Arc<ir::Server>,
    /// TLS towards it; `None`: plain text.
    pub tls: Option<Arc<super::tls::ServerTlsPlan>>,
    /// Where health checks connect: `addr` and `port` applied; `None` when the server is not
    /// checked.
    pub check_address: Option<ServerAddress>,
    /// The server that it follows (`track`): its place, and its path for messages.
    pub track: Option<(super::BackendId, u32, Arc<str>)>,
    /// How it is checked, if it is.
    pub check: super::CheckPlan,
    /// Where an administrator, or an answer of a name server, has moved it.
    pub moved: Arc<Moved>,
    /// Something else in the configuration names it: it cannot be deleted.
    pub pinned: bool,
    /// What stood on its line behind `server`, if it was added at run time.
    pub said: Option<Box<[u8]>>,
    /// How its name is looked up while the process runs, if it is.
    pub dns: Option<Arc<super::resolvers::DnsPlan>>,
}

/// Where an administrator has moved a server and its checks.
#[derive(Debug, Default)]
pub struct Moved {
    /// Counts the moves.
    epoch: AtomicU32,
    places: Mutex<Places>,
}

#[derive(Debug, Default)]
struct Places {
    server: Option<ServerAddress>,
    check_host: Option<IpAddr>,
    check_port: Option<u16>,
    check: Option<ServerAddress>,
}

impl Moved {
    /// Back to where the configuration says.
    pub(super) fn back(&self) {
        if self.epoch.load(Ordering::Acquire) > 0 {
            *self.places.lock() = Places::default();
            self.epoch.fetch_add(1, Ordering::Release);
        }
    }
}

impl ServerPlan {
    /// Where the server is.
    pub fn address_now(&self) -> Cow<'_, ServerAddress> {
        let moved = (self.epoch() > 0).then(|| self.moved.places.lock().server.clone());
        match moved.flatten() {
            Some(address) => Cow::Owned(address),
            None => Cow::Borrowed(&self.address),
        }
    }

    /// Where its health checks connect.
    pub fn check_address_now(&self) -> Cow<'_, ServerAddress> {
        let moved = (self.epoch() > 0).then(|| self.moved.places.lock().check.clone());
        match (moved.flatten(), &self.check_address) {
            (Some(address), _) => Cow::Owned(address),
            (None, Some(address)) => Cow::Borrowed(address),
            (None, None) => self.address_now(),
        }
    }

    /// The port of its health checks, if they have one of their own.
    pub fn check_port(&self) -> Option<u16> {
        let own = self.settings.check.as_ref()?.port;
        self.moved.places.lock().check_port.or(own)
    }

    /// Changes whenever it is moved: connections of another epoch may lead elsewhere.
    pub fn epoch(&self) -> u32 {
        self.moved.epoch.load(Ordering::Acquire)
    }

    /// Moves the server, and its checks unless they have a place of their own.
    pub fn move_to(&self, address: ServerAddress) {
        self.change(|places| places.server = Some(address));
    }

    /// Where it would be at an address: its port is the one that an answer told, or its line's.
    pub fn at(&self, ip: IpAddr) -> ServerAddress {
        let told = self.dns.as_ref().and_then(|d| d.host.lock().port);
        let address = &self.settings.address;
        match (told, address.port_offset) {
            (Some(port), _) => ServerAddress::Inet((ip, port).into()),
            (None, Some(offset)) => ServerAddress::InetMapped((ip, address.port).into(), offset),
            (None, None) => ServerAddress::Inet((ip, address.port).into()),
        }
    }

    /// Its port, also while its address is not known: of its place, told by an answer, of its line.
    pub fn port_now(&self) -> u16 {
        match &*self.address_now() {
            ServerAddress::Inet(at) => at.port(),
            ServerAddress::InetMapped(_, offset) => *offset as u16,
            ServerAddress::Unresolved => match self.at(std::net::Ipv4Addr::UNSPECIFIED.into()) {
                ServerAddress::Inet(at) => at.port(),
                _ => 0,
            },
            _ => 0,
        }
    }

    /// Moves its checks to a port; 0: to the server's own.
    pub fn move_check_port(&self, port: u16) {
        self.change(|places| places.check_port = Some(port));
    }

    /// Moves its checks to an address.
    pub fn move_check_host(&self, ip: IpAddr) {
        self.change(|places| places.check_host = Some(ip));
    }

    fn change(&self, change: impl FnOnce(&mut Places)) {
        let mut places = self.moved.places.lock();
        change(&mut places);
        let mut settings = (*self.settings).clone();
        if let Some(check) = &mut settings.check {
            match places.check_port {
                Some(0) => check.port = None,
                Some(port) => check.port = Some(port),
                None => {}
            }
            if let Some(ip) = places.check_host {
                check.addr = Some(ir::Address {
                    host: Host::Ip(ip),
                    port: 0,
                    ..self.settings.address.clone()
                });
            }
        }
        let own = places.server.as_ref().unwrap_or(&self.address);
        places.check = resolve::check_address(&settings, own);
        self.moved.epoch.fetch_add(1, Ordering::Release);
    }
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

impl ServerAddress {
    /// Where it is for a client that went to `dst`, where that depends on the client: port 0 or an
    /// offset is the client's port, address 0.0.0.0 (or ::) its address. `None`: it does not.
    pub fn for_client(&self, dst: impl FnOnce() -> Option<SocketAddr>) -> Option<SocketAddr> {
        let (mut address, offset) = match self {
            ServerAddress::InetMapped(address, offset) => (*address, Some(*offset)),
            ServerAddress::Inet(address) if address.ip().is_unspecified() => (*address, None),
            _ => return None,
        };
        let dst = dst();
        if let Some(dst) = dst.filter(|_| address.ip().is_unspecified()) {
            address.set_ip(dst.ip());
        }
        if let Some(offset) = offset {
            address.set_port((dst.map_or(0, |d| i32::from(d.port())) + offset) as u16);
        }
        Some(address)
    }

    /// The address and port of a server that has them; `dst` is where the client went.
    pub fn inet(&self, dst: impl FnOnce() -> Option<SocketAddr>) -> Option<SocketAddr> {
        match self {
            ServerAddress::Inet(addr) => Some(*addr),
            ServerAddress::InetMapped(addr, offset) => {
                let port = dst().map_or(0, |d| i32::from(d.port())) + offset;
                Some(SocketAddr::new(addr.ip(), port as u16))
            }
            _ => None,
        }
    }
}

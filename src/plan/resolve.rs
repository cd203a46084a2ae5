//! Host names to addresses, as HAProxy does at start.

use super::Files;
use super::files::Family;
use super::resolvers::is_service;
use super::server::ServerAddress;
use crate::base::diag::{Diagnostic, Form};
use crate::ir::Server;
use crate::ir::address::{Address, Host};
use crate::ir::server::InitAddr;
use std::net::{IpAddr, Ipv4Addr};

/// Code of the finding about a server whose name has no address.
pub const UNRESOLVED: &str = "HX0312";

/// What became of a host.
pub enum Found {
    /// Its address.
    Ip(IpAddr),
    /// A name without any.
    Unknown(String),
    /// There is no machine to ask.
    NotAsked,
}

/// The address of a host; the resolver's first one for a name.
pub fn host(host: &Host, files: &dyn Files) -> Found {
    if let Some(ip) = host.ip() {
        return Found::Ip(ip);
    }
    let Host::Name { name, family } = host else {
        return Found::NotAsked;
    };
    if !files.present() {
        return Found::NotAsked;
    }
    match files.resolve(name, family_of(*family)).first() {
        Some(ip) => Found::Ip(*ip),
        None => Found::Unknown(name.clone()),
    }
}

/// The family that a prefix of an address asks for.
pub fn family_of(family: Option<u8>) -> Family {
    match family {
        Some(4) => Family::V4,
        Some(6) => Family::V6,
        _ => Family::Any,
    }
}

/// The methods of `init-addr`, the default ones where the line has none.
fn methods(server: &Server) -> &[InitAddr] {
    match server.init_addr.as_slice() {
        // the name servers will tell
        [] if server.resolution.resolvers.is_some() => {
            &[InitAddr::Last, InitAddr::Libc, InitAddr::None]
        }
        [] => &[InitAddr::Last, InitAddr::Libc],
        methods => methods,
    }
}

/// Whether the resolver will be asked for the server's name.
pub fn asks_libc(server: &Server) -> bool {
    !is_service(server)
        && methods(server)
            .iter()
            .take_while(|m| !matches!(m, InitAddr::None | InitAddr::Ip(_)))
            .any(|m| *m == InitAddr::Libc)
}

/// Where a server is, its name resolved by the methods of `init-addr`.
pub fn server(
    server: &Server,
    backend: &str,
    files: &dyn Files,
    diags: &mut Vec<Diagnostic>,
) -> ServerAddress {
    let address = &server.address;
    match &address.host {
        Host::Unix(path) => return ServerAddress::Unix(path.clone()),
        Host::Abstract { name, z } => {
            return ServerAddress::Abstract(abstract_name(name, *z));
        }
        Host::Fd(_) | Host::SockPair(_) | Host::Reverse(_) => return ServerAddress::Unresolved,
        _ => {}
    }
    if let Some(ip) = address.host.ip() {
        return inet(ip, address);
    }
    let mut unknown = None;
    for method in methods(server) {
        match method {
            // Addresses of an earlier process come with its state file.
            InitAddr::Last => {}
            InitAddr::Ip(ip) => return inet(*ip, address),
            InitAddr::Libc if is_service(server) => {}
            InitAddr::Libc => match host(&address.host, files) {
                Found::Ip(ip) => return inet(ip, address),
                Found::Unknown(name) => unknown = Some(name),
                Found::NotAsked => return ServerAddress::Unresolved,
            },
            InitAddr::None => {
                if let Some(name) = unknown {
                    let text = format!(
                        "'server {backend}/{}' : could not resolve address '{name}', disabling server.",
                        server.name
                    );
                    let finding = Diagnostic::notice(UNRESOLVED_NOTICE, address.span, text);
                    diags.push(finding.form(Form::PlainBracket));
                }
                return ServerAddress::Unresolved;
            }
        }
    }
    let name = match &address.host {
        Host::Name { name, .. } => name.as_str(),
        _ => "",
    };
    let what = match unknown {
        Some(_) => "could not",
        None => "no method found to",
    };
    let text = format!(
        "'server {backend}/{}' : {what} resolve address '{name}'.",
        server.name
    );
    let finding = Diagnostic::alert(UNRESOLVED, address.span, text)
        .form(Form::PlainBracket)
        .help("add ',none' to 'init-addr' to start without it");
    diags.push(finding);
    ServerAddress::Unresolved
}

/// Code of the notice about a server that starts without an address.
const UNRESOLVED_NOTICE: &str = "HX0316";

fn inet(ip: IpAddr, address: &Address) -> ServerAddress {
    let socket = (ip, address.port).into();
    match address.port_offset {
        Some(offset) => ServerAddress::InetMapped(socket, offset),
        None => ServerAddress::Inet(socket),
    }
}

/// Bytes of a name in the abstract namespace (unix(7), `sun_path` without its first byte).
const ABSTRACT: usize = 107;

/// A name in the abstract namespace as the system knows it: HAProxy's `abns@` fills it with NULs,
/// `abnsz@` takes it as it is.
pub fn abstract_name(name: &[u8], as_it_is: bool) -> Vec<u8> {
    let mut full = name.to_vec();
    if !as_it_is {
        full.resize(ABSTRACT, 0);
    }
    full.truncate(ABSTRACT);
    full
}

/// Where health checks of a server connect: `addr` and `port` over the server's own.
pub fn check_address(server: &Server, own: &ServerAddress) -> Option<ServerAddress> {
    let check = server.check.as_ref()?;
    let (mut ip, mut port) = match own {
        ServerAddress::Inet(a) | ServerAddress::InetMapped(a, _) => (a.ip(), a.port()),
        other if check.addr.is_none() => return Some(other.clone()),
        _ => (IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
    };
    if let Some(addr) = &check.addr {
        match &addr.host {
            Host::Unix(path) => return Some(ServerAddress::Unix(path.clone())),
            Host::Abstract { name, z } => {
                return Some(ServerAddress::Abstract(abstract_name(name, *z)));
            }
            host => ip = host.ip().unwrap_or(ip),
        }
        if addr.port != 0 {
            port = addr.port;
        }
    }
    Some(ServerAddress::Inet((ip, check.port.unwrap_or(port)).into()))
}

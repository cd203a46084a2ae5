//! `resolvers` sections with the addresses of their name servers, and which servers' names are
//! looked up by them.

use super::build::Builder;
use super::resolve::{self, Found};
use crate::base::diag::Diagnostic;
use crate::config::address::Proto;
use crate::ir::address::Host;
use crate::ir::resolvers::{Nameserver, Resolvers};
use crate::ir::{Config, Server};
use parking_lot::Mutex;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The port of name servers that a file of the system names.
const PORT: u16 = 53;
/// The file that `parse-resolv-conf` means.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// One section.
#[derive(Clone, Debug)]
pub struct ResolversPlan {
    /// Its lines.
    pub settings: Resolvers,
    /// Whom it asks.
    pub nameservers: Vec<NameserverPlan>,
}

/// One name server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameserverPlan {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub to: SocketAddr,
    /// Asked over a connection, not by datagrams.
    pub tcp: bool,
}

/// How a server's address is looked up while the process runs.
#[derive(Debug)]
pub struct DnsPlan {
    /// Place of the section in `Plan::resolvers`.
    pub resolvers: usize,
    /// The service (`_http._tcp.example.com`) whose places are given to servers.
    pub service: Option<Box<str>>,
    /// What is looked up now.
    pub host: Mutex<HostName>,
}

/// The name of a server's host.
#[derive(Clone, Debug, Default)]
pub struct HostName {
    /// The name; `None`: there is none to look up.
    pub name: Option<Box<str>>,
    /// Its port, where an answer told it.
    pub port: Option<u16>,
    /// The name does not come from the server's line.
    pub is_told: bool,
}

/// Whether a name means a service: its places are looked up, not its address.
pub fn is_service(server: &Server) -> bool {
    matches!(&server.address.host, Host::Name { name, .. } if name.starts_with('_'))
}

impl Builder<'_> {
    /// All sections, and at the end the one that exists by itself, unless it is written.
    pub(super) fn resolvers(&mut self) -> Box<[ResolversPlan]> {
        let mut sections = self.config.resolvers.clone();
        if !sections.iter().any(|s| s.name == Resolvers::DEFAULT) {
            let mut own = Resolvers::new(Resolvers::DEFAULT.to_owned());
            own.nameservers.push(Nameserver::ResolvConf);
            sections.push(own);
        }
        sections.into_iter().map(|s| self.section(s)).collect()
    }

    fn section(&mut self, settings: Resolvers) -> ResolversPlan {
        let mut nameservers = Vec::new();
        for nameserver in &settings.nameservers {
            let Nameserver::Given { name, address } = nameserver else {
                nameservers.extend(self.of_system());
                continue;
            };
            match resolve::host(&address.host, self.files) {
                Found::Ip(ip) => nameservers.push(NameserverPlan {
                    name: name.clone(),
                    to: (ip, address.port).into(),
                    tcp: address.proto != Proto::Datagram,
                }),
                Found::Unknown(host) => {
                    let text = format!(
                        "'nameserver {name}' : invalid address: '{host}' in '{host}:{}'",
                        address.port
                    );
                    let finding = Diagnostic::alert("HX0311", address.span, text);
                    self.diags.push(finding);
                }
                Found::NotAsked => {}
            }
        }
        ResolversPlan {
            settings,
            nameservers,
        }
    }

    /// The name servers of this machine.
    fn of_system(&self) -> Vec<NameserverPlan> {
        let text = self.files.read(RESOLV_CONF).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut found = Vec::new();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            if words.next() == Some("nameserver")
                && let Some(name) = words.next()
                && let Ok(ip) = name.parse::<IpAddr>()
            {
                found.push(NameserverPlan {
                    name: name.to_owned(),
                    to: (ip, PORT).into(),
                    tcp: false,
                });
            }
        }
        found
    }
}

/// What is looked up for a server.
pub(super) fn dns(config: &Config, server: &Server) -> Option<Arc<DnsPlan>> {
    let section = server.resolution.resolvers.as_ref()?;
    let mut sections = config.resolvers.iter();
    let place = sections.position(|s| s.name == *section);
    let name = match &server.address.host {
        Host::Name { name, .. } => Some(name.as_str().into()),
        _ => None,
    };
    let (service, name) = match is_service(server) {
        true => (name, None),
        false => (None, name),
    };
    Some(Arc::new(DnsPlan {
        resolvers: place.unwrap_or(config.resolvers.len()),
        service,
        host: Mutex::new(HostName {
            name,
            ..HostName::default()
        }),
    }))
}

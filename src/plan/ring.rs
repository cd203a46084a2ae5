//! Rings: messages in memory, and whom they are sent to.

use super::Files;
use super::files::Family;
use crate::base::events::EventRing;
use crate::ir;
use crate::ir::address::Host;
use crate::ir::log::Ring;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// One ring.
#[derive(Debug)]
pub struct RingPlan {
    /// Its section.
    pub settings: Ring,
    /// Its messages.
    pub events: EventRing,
    /// Whom they are sent to; servers whose names are unknown are not among them.
    pub receivers: Vec<RingReceiver>,
}

/// Whom the messages of a ring are sent to.
#[derive(Debug)]
pub struct RingReceiver {
    /// Its name.
    pub name: String,
    /// Where to, over TCP.
    pub address: SocketAddr,
    /// Each message has its length before it; else a line end behind it.
    pub counted: bool,
}

impl PartialEq for RingPlan {
    fn eq(&self, other: &RingPlan) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for RingPlan {}

/// The rings of a configuration, the built-in one first.
pub(super) fn plan(config: &ir::Config, files: &dyn Files) -> Box<[Arc<RingPlan>]> {
    let built_in = Ring::built_in();
    std::iter::once(&built_in)
        .chain(&config.rings)
        .map(|ring| {
            let receiver = |server: &ir::log::RingServer| {
                let ip: IpAddr = match &server.address.host {
                    Host::Ip(ip) => *ip,
                    Host::Name { name, .. } => *files.resolve(name, Family::Any).first()?,
                    _ => return None,
                };
                Some(RingReceiver {
                    name: server.name.clone(),
                    address: SocketAddr::new(ip, server.address.port),
                    counted: server.counted,
                })
            };
            Arc::new(RingPlan {
                events: EventRing::new(ring.size as usize),
                receivers: ring.servers.iter().filter_map(receiver).collect(),
                settings: ring.clone(),
            })
        })
        .collect()
}

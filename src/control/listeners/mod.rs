//! Opens the sockets that a plan listens on (configuration manual 5.1).

mod doors;
mod open;

pub use doors::Doors;

use super::handover::Inheritance;
use crate::plan::listener::ListenAddress;
use crate::plan::{ListenerPlan, Plan};
use open::Refused;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

/// What binding needs to know beyond the plan.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// How many threads there are.
    pub threads: usize,
    /// In how many groups.
    pub groups: u32,
    /// False under `-dR` and `noreuseport`: one socket per address, shared by all threads.
    pub reuse_port: bool,
    /// Length of the accept queue where neither the line nor the front end gives one: the
    /// process's `maxconn`, as in HAProxy.
    pub backlog: u32,
}

/// A listener with its open sockets.
#[derive(Debug)]
pub struct BoundListener {
    /// What it listens for.
    pub listener: ListenerPlan,
    /// The threads that the line lets accept share them out in order.
    pub sockets: Vec<OwnedFd>,
    /// The length of the accept queue that was asked for.
    pub backlog: u32,
}

/// Why an address could not be opened.
#[derive(Debug)]
pub struct Fault {
    /// The listener.
    pub listener: ListenerPlan,
    /// `frontend f` or `frontend GLOBAL`.
    pub owner: String,
    /// What went wrong and for which address, in HAProxy's words.
    pub message: String,
    /// Whether another process holds the address, so that waiting may help.
    pub in_use: bool,
    /// False where HAProxy only warns and listens all the same.
    pub fatal: bool,
}

impl Fault {
    /// The `[ALERT]` or `[WARNING]` text; `place` is the line as `file:line`.
    pub fn text(&self, place: &str) -> String {
        format!("Binding [{place}] for {}: {}", self.owner, self.message)
    }
}

/// Listeners that are open, by their place in the plan.
pub type Bound = BTreeMap<usize, BoundListener>;

/// Opens every listener of a plan that is not open yet, with the sockets of `old` where they fit.
pub fn bind_all(
    plan: &Plan,
    how: &Binding,
    old: &mut Inheritance,
    bound: &mut Bound,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let all = plan.global.stats_sockets.iter().chain(&plan.listeners);
    for (place, listener) in all.enumerate() {
        if bound.contains_key(&place) {
            continue;
        }
        let frontend = listener.frontend.and_then(|id| plan.frontend(id));
        let owner = frontend.map_or("frontend GLOBAL".to_string(), |f| {
            format!("frontend {}", f.name)
        });
        let backlog = listener
            .settings
            .backlog
            .or(listener.settings.maxconn)
            .or(frontend.and_then(|f| f.backlog))
            .unwrap_or(how.backlog);
        // one thread answers the runtime API
        let how = match frontend {
            Some(_) => *how,
            None => Binding { threads: 1, ..*how },
        };
        let mut warnings = Vec::new();
        let opened = open::open(listener, &how, backlog, old, &mut warnings);
        let mut note = |message, in_use, fatal| {
            faults.push(Fault {
                listener: listener.clone(),
                owner: owner.clone(),
                message,
                in_use,
                fatal,
            });
        };
        for message in warnings {
            note(message, false, false);
        }
        match opened {
            Ok(sockets) => {
                let listener = listener.clone();
                bound.insert(
                    place,
                    BoundListener {
                        listener,
                        sockets,
                        backlog,
                    },
                );
            }
            Err(Refused { message, in_use }) => note(message, in_use, true),
        }
    }
    faults
}

/// An address as the runtime API lists it: `unix@/path`, `ipv4@127.0.0.1:80`, `fd@3`.
pub fn name(listener: &ListenerPlan) -> String {
    match &listener.address {
        ListenAddress::Inet(SocketAddr::V4(a)) => format!("ipv4@{a}"),
        ListenAddress::Inet(SocketAddr::V6(a)) => format!("ipv6@{a}"),
        ListenAddress::Unix(path) => format!("unix@{}", String::from_utf8_lossy(path)),
        ListenAddress::Abstract(name) => format!(
            "abns@{}",
            String::from_utf8_lossy(name).trim_end_matches('\0')
        ),
        ListenAddress::Fd(number) => format!("sockname@{number}"),
    }
}

//! Floor 4: which server serves a request, and when.
//!
//! [`state`] holds what all threads share about servers and back ends, [`algorithm`] the order in
//! which servers are chosen (one file per algorithm), [`queue`] the slots of servers with
//! `maxconn` and the requests that wait for one, [`health`] what check results mean, and
//! [`event`] the sentences that HAProxy logs about it. No socket and no clock in here: callers
//! pass milliseconds of `base::clock`.
//!
//! A caller asks [`BackendState::assign`] and gets a [`Slot`], a [`Waiter`] or a refusal.

pub mod algorithm;
pub mod counters;
pub mod event;
mod first;
pub mod h2;
pub mod hash;
mod hash_expr;
mod hdr;
pub mod health;
pub mod key;
pub mod leastconn;
mod map;
pub mod observe;
pub mod queue;
pub mod random;
mod ranked;
mod rdp_cookie;
pub mod ring;
pub mod roundrobin;
mod server;
mod slot;
mod source;
pub mod state;
mod static_rr;
mod uri;
mod url_param;

pub use algorithm::{Algorithm, AlgorithmEntry, Ask, Desk, Facts, Pick, Setup};
pub use counters::{BackendCounters, Gauge, ServerCounters};
pub use server::{Admin, AgentState, Operational, ServerSettings, ServerState, WEIGHT_SCALE};
pub use slot::{Assigned, Cut, Slot, Turn, Waiter, Wake, Want};
pub use state::{BackendSettings, BackendState};

/// The algorithms that run: word of the `balance` line and maker. One line each.
pub const ALGORITHMS: &[AlgorithmEntry] = &[
    roundrobin::ENTRY,
    static_rr::ENTRY,
    leastconn::ENTRY,
    first::ENTRY,
    random::ENTRY,
    source::ENTRY,
    uri::ENTRY,
    url_param::ENTRY,
    hdr::ENTRY,
    rdp_cookie::ENTRY,
    hash_expr::ENTRY,
];

/// The algorithm of a `balance` word, if it runs.
pub fn algorithm(name: &str) -> Option<&'static AlgorithmEntry> {
    ALGORITHMS.iter().find(|a| a.name == name)
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

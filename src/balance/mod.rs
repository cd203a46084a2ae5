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
pub mod health;
pub mod leastconn;
pub mod queue;
mod ranked;
pub mod roundrobin;
mod server;
mod slot;
pub mod state;

pub use algorithm::{Algorithm, AlgorithmEntry};
pub use counters::{BackendCounters, Gauge, ServerCounters};
pub use server::{Admin, Operational, ServerSettings, ServerState, WEIGHT_SCALE};
pub use slot::{Assigned, Slot, Turn, Waiter, Wake, Want};
pub use state::{BackendSettings, BackendState};

/// The algorithms that run: word of the `balance` line and maker. One line each.
pub const ALGORITHMS: &[AlgorithmEntry] = &[roundrobin::ENTRY, leastconn::ENTRY];

/// The algorithm of a `balance` word, if it runs.
pub fn algorithm(name: &str) -> Option<&'static AlgorithmEntry> {
    ALGORITHMS.iter().find(|a| a.name == name)
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

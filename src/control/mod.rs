//! Floor 10: the process around the engine: listening sockets, limits, rights, signals, and the
//! runtime API.

mod change;
pub mod cli;
mod dump;
pub mod handover;
pub mod ipc;
pub mod listeners;
pub mod master;
pub mod notify;
pub mod process;
mod prometheus;
pub mod signals;
pub mod stats;
pub mod watch;
pub mod world;

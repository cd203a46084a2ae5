//! Floor 9: executes a plan: threads, listeners, sessions, streams, connections to servers.

pub mod reactor;

//! Floor 9: executes a plan: threads, listeners, sessions, streams, connections to servers.

pub mod admit;
pub mod captured;
pub mod check;
pub mod connect;
pub mod count;
mod descriptors;
pub mod events;
pub mod forward;
pub mod h2;
pub mod http;
pub mod listener;
pub mod log;
pub mod pool;
mod preface;
mod proxied;
pub mod reactor;
pub mod select;
pub mod service;
pub mod session;
pub mod shared;
mod source;
mod spread;
mod start;
pub mod stopping;
pub mod streams;
mod strict;
mod takeover;
pub mod tcp;
pub mod thread;
pub mod tls;
pub mod tunnel;
mod unique_id;
mod warmup;
mod world;

pub use shared::{Hub, Shared, ThreadFacts};
pub use start::{Config, Engine, Listening, Serve, Service, start, with_thread};

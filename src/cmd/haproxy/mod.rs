//! HAProxy's own command line.

pub mod args;
pub mod features;
pub mod version;

//! What is logged and where: `log` and its relatives, for `global` and for proxies, formats,
//! steps, profiles.

pub mod format;
pub mod profile;
pub mod steps;
pub mod target;

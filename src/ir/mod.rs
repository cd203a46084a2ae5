//! Floor 3: the validated configuration as plain data.
//!
//! Source order and spans are kept. Nothing here opens a file, asks DNS or builds a regex: that is
//! `plan`'s work. All times are milliseconds (`u32`, HAProxy's `TIME_ETERNITY` is `None`).

pub mod balance;
pub mod bind;
pub mod check;
pub mod compression;
pub mod global;
pub mod log;
pub mod persist;
pub mod proxy;
pub mod rare;
pub mod resolvers;
pub mod rule;
pub mod server;
pub mod stats;
pub mod tls;

pub use crate::config::address::{self, Address};
pub use bind::Bind;
pub use global::Global;
pub use proxy::{Mode, Proxy, ProxyId};
pub use server::Server;

/// A whole configuration.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The `global` sections together.
    pub global: Global,
    /// Every `frontend`, `backend` and `listen`, in source order; `ProxyId` indexes it.
    pub proxies: Vec<Proxy>,
    /// For every file of the configuration, by [`FileId`](crate::base::span::FileId), the
    /// directory that relative names in it start from; empty: where the process was started.
    pub directories: Vec<String>,
    /// The files' names, likewise.
    pub files: Vec<String>,
    /// `log-profile` sections in order.
    pub log_profiles: Vec<log::Profile>,
    /// `ring` sections in order.
    pub rings: Vec<log::Ring>,
    /// `healthcheck` sections: name, and the settings of a back end's checks.
    pub healthchecks: Vec<(String, proxy::Settings)>,
    /// `resolvers` sections in order, without the one that exists by itself.
    pub resolvers: Vec<resolvers::Resolvers>,
    /// `http-errors` sections.
    pub http_errors: Vec<proxy::HttpErrors>,
    /// Lists of patterns that conditions and maps share, by number, each with what
    /// `show map` tells of it.
    pub lists: Vec<(std::sync::Arc<crate::sample::reference::Reference>, String)>,
    /// Back ends, and servers by their index, that expressions name.
    pub pins: std::collections::BTreeSet<(ProxyId, Option<u32>)>,
    /// Stick tables, in source order.
    pub tables: Vec<std::sync::Arc<crate::table::Table>>,
    /// Pattern files that conditions and maps name; `plan` loads them.
    pub pattern_files: Vec<std::sync::Arc<crate::sample::acl::PatternFile>>,
    /// Keys that tokens are verified and decrypted with; `plan` loads them.
    pub keys: std::sync::Arc<crate::sample::keys::Keys>,
}

impl Config {
    /// The proxy of an id; ids are only made by `lower`, for this very list.
    pub fn proxy(&self, id: ProxyId) -> &Proxy {
        &self.proxies[id.0 as usize]
    }
}

//! Floor 7: the configuration as the engine executes it.
//!
//! [`build`] turns names into indexes and whatever needs the machine (error files, host names,
//! users) into values, through [`Files`]. A [`Plan`] never changes afterwards; what changes while
//! running lives in state that the plan only points at ([`BackendPlan::state`]).

mod assemble;
pub mod backend;
mod build;
mod case_map;
mod check;
mod errorfile;
pub mod errors;
pub mod files;
pub mod frontend;
pub mod global;
pub mod growth;
mod jwt;
pub mod listener;
pub mod log;
mod prefetch;
mod resolve;
pub mod resolvers;
pub mod ring;
pub mod server;
mod server_state;
pub mod stats;
mod threads;
pub mod tls;

pub use backend::{BackendPlan, Direct, Fullconn};
pub use build::build;
pub use check::{CheckPlan, ExternalPlan};
pub use errors::{ErrorPage, ErrorPages};
pub use files::{AbsentFiles, Files, RealFiles};
pub use frontend::{BackendTarget, FrontendPlan, UseBackendPlan};
pub use global::GlobalPlan;
pub use growth::Growth;
pub use listener::ListenerPlan;
pub use log::{LogPlan, TargetAddress, TargetPlan};
pub use ring::{RingPlan, RingReceiver};
pub use server::{ServerAddress, ServerPlan};
pub use stats::StatsPlan;

use crate::base::growing::Growing;
use crate::ir::rule::Rule;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;

/// Index into [`Plan::frontends`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrontendId(pub u32);

/// Index into [`Plan::backends`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackendId(pub u32);

/// Index into [`Plan::listeners`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerId(pub u32);

/// By the place of a server (back end, index), those that follow it (`track`).
pub type Followers = HashMap<(u32, u32), Vec<(BackendId, u32)>>;

/// Everything the engine executes. Immutable; shared by all threads.
pub struct Plan {
    /// Names of the configuration's files, by their ids.
    pub files: Box<[String]>,
    /// `log` lines of the `global` section.
    pub log: Option<Arc<LogPlan>>,
    /// `log-profile` sections in order.
    pub log_profiles: Box<[Arc<crate::ir::log::Profile>]>,
    /// By a server's place, those that follow it (`track`).
    pub followers: RwLock<Followers>,
    /// `resolvers` sections.
    pub resolvers: Box<[resolvers::ResolversPlan]>,
    /// Rings of messages, the built-in one first.
    pub rings: Box<[Arc<RingPlan>]>,
    /// Process-wide settings.
    pub global: GlobalPlan,
    /// One per address to listen on, in source order, `stats socket` lines not among them
    /// (they stand in [`GlobalPlan::stats_sockets`]).
    pub listeners: Vec<ListenerPlan>,
    /// `frontend` and `listen` sections that are not disabled, in source order.
    pub frontends: Vec<Arc<FrontendPlan>>,
    /// `backend` and `listen` sections that are not disabled, in source order, those added at run
    /// time behind them. Deleted ones keep their place.
    pub backends: Growing<Arc<BackendPlan>>,
    /// Some proxy has rules on header lines as text: messages keep their names as written.
    pub keeps_spelling: bool,
    /// Some proxy compresses bodies.
    pub compresses: bool,
    /// Lists of patterns that ACLs and maps share, by number, each with what `show map` tells of
    /// it.
    pub lists: Vec<(Arc<crate::sample::reference::Reference>, String)>,
    /// Keys of JSON Web Tokens, for the runtime API.
    pub keys: Arc<crate::sample::keys::Keys>,
    /// Stick tables, in source order.
    pub tables: Box<[Arc<crate::table::Table>]>,
    /// Certificates, authorities and lists, which the runtime API sees and changes.
    pub tls: tls::Store,
    /// Name to back end, for `use_backend` with an expression.
    pub backend_names: HashMap<Box<[u8]>, BackendId>,
    /// What is needed to add servers and back ends at run time.
    pub growth: Growth,
}

impl Plan {
    /// The front end of an id of this plan.
    pub fn frontend(&self, id: FrontendId) -> Option<&Arc<FrontendPlan>> {
        self.frontends.get(id.0 as usize)
    }
    /// File and line of a place in the configuration.
    pub fn place(&self, span: crate::base::span::Span) -> Option<(&str, u32)> {
        let file = self.files.get(span.file.0 as usize)?;
        Some((file, span.line))
    }
    /// The back end of an id of this plan.
    pub fn backend(&self, id: BackendId) -> Option<&Arc<BackendPlan>> {
        self.backends.get(id.0 as usize)
    }
    /// The back ends that have not been deleted.
    pub fn present(&self) -> impl Iterator<Item = &Arc<BackendPlan>> + Clone {
        self.backends.iter().filter(|b| !b.state.is_removed())
    }
    /// The back end of a name, case-sensitive.
    pub fn backend_by_name(&self, name: &[u8]) -> Option<BackendId> {
        if self.growth.has_changed() {
            return self.growth.backend_by_name(self, name);
        }
        self.backend_names.get(name).copied()
    }
    /// The back end of a proxy.
    pub fn backend_of(&self, proxy: u32) -> Option<&Arc<BackendPlan>> {
        let first = self.backends.first();
        match first.binary_search_by_key(&proxy, |b| b.proxy.0) {
            Ok(at) => first.get(at),
            Err(_) => {
                let mut late = self.backends.iter().skip(first.len());
                late.find(|b| b.proxy.0 == proxy)
            }
        }
    }
}

/// The rule sets of one front end or back end, those of its `defaults` first. An empty slice
/// costs nothing.
#[derive(Debug, Default)]
pub struct Rules {
    /// `tcp-request connection` (front ends)
    pub tcp_request_connection: Box<[Rule]>,
    /// `tcp-request session` (front ends)
    pub tcp_request_session: Box<[Rule]>,
    /// `tcp-request content`
    pub tcp_request_content: Box<[Rule]>,
    /// `tcp-request inspect-delay`, ms
    pub tcp_request_inspect_delay: Option<u32>,
    /// `tcp-response content` (back ends)
    pub tcp_response_content: Box<[Rule]>,
    /// `tcp-response inspect-delay`, ms
    pub tcp_response_inspect_delay: Option<u32>,
    /// `http-request`
    pub http_request: Box<[Rule]>,
    /// `redirect`, run after `http-request`
    pub redirects: Box<[Rule]>,
    /// `http-response`
    pub http_response: Box<[Rule]>,
    /// `http-after-response`
    pub http_after_response: Box<[Rule]>,
    /// `reqrep` and its relatives.
    pub lines: Option<Arc<crate::ir::rule::LineRules>>,
}

impl Rules {
    /// Whether any set is to be run on a request.
    pub fn any_on_request(&self) -> bool {
        !(self.http_request.is_empty()
            && self.redirects.is_empty()
            && self.lines.is_none()
            && self.tcp_request_content.is_empty())
    }
}

#[cfg(test)]
mod tests;

//! Back ends.

use super::check::CheckPlan;
use super::errors::ErrorPages;
use super::server::{ServerAddress, ServerPlan};
use super::{BackendId, FrontendId, Rules};
use crate::balance::key::Selector;
use crate::balance::{BackendState, ServerState};
use crate::base::growing::Growing;
use crate::ir::compression::Compression;
use crate::ir::persist::StickRule;
use crate::ir::proxy::{
    Balance, ConnectionMode, Forwarded, ForwardedHeader, HttpReuse, Mode, Options, ProxyId,
    RetryOn, TcpKeepalive, Timeouts,
};
use crate::ir::rule::{PersistRule, UseServer};
use crate::proto::h1::CaseMap;
use crate::stick::appsession::AppSessions;
use crate::stick::cookie::CookieRules;
use std::sync::Arc;

/// A back end.
pub struct BackendPlan {
    /// Its place in `Plan::backends`.
    pub id: BackendId,
    /// Its place in the configuration.
    pub proxy: ProxyId,
    /// Its name.
    pub name: Arc<str>,
    /// `id`
    pub uuid: u32,
    /// `unique-id-format`, for checks
    pub unique_id: Option<crate::sample::LogFormat>,
    /// `mode`
    pub mode: Mode,
    /// The front end of the same `listen` section.
    pub same_section: Option<FrontendId>,
    /// Milliseconds, `None` is "never"; `queue` and `tarpit` have their fallbacks filled in.
    pub timeouts: Timeouts,
    /// `option` words.
    pub options: Options,
    /// How connections are kept; see `FrontendPlan::connection_mode`.
    pub connection_mode: ConnectionMode,
    /// `retries`: further attempts to connect after the first.
    pub retries: u32,
    /// `option redispatch [N]`: `None` off; N > 0: every Nth retry may go elsewhere; -1 (the
    /// default of the option): only the last; other negatives count from the last.
    pub redispatch: Option<i32>,
    /// `retry-on`
    pub retry_on: RetryOn,
    /// `http-reuse`
    pub http_reuse: HttpReuse,
    /// `balance`
    pub balance: Balance,
    /// What of a request `balance` hashes, if its algorithm does.
    pub selector: Option<Selector>,
    /// `hash-type consistent`
    pub consistent: bool,
    /// `fullconn`, or what it comes to.
    pub fullconn: Fullconn,
    /// `srvtcpka-*`
    pub srvtcpka: TcpKeepalive,
    /// `cookie`
    pub cookie: Option<CookieRules>,
    /// `appsession` and its table, shared by all threads.
    pub appsession: Option<Arc<AppSessions>>,
    /// `use-server` in order; the first that holds, and whose server runs, decides.
    pub use_servers: Box<[UseServer]>,
    /// `force-persist`, `ignore-persist` in order; the last that holds decides.
    pub persist_rules: Box<[PersistRule]>,
    /// `stick` lines in order.
    pub stick_rules: Box<[StickRule]>,
    /// How servers with `check` are checked.
    pub check: CheckPlan,
    /// Where requests go that no server is chosen for.
    pub direct: Option<Direct>,
    /// `http-send-name-header`, in lower case
    pub name_header: Option<Box<[u8]>>,
    /// Servers in source order, those added at run time behind them; a server's id is its index.
    /// Deleted ones keep their place.
    pub servers: Growing<ServerPlan>,
    /// Something else in the configuration names it: it cannot be deleted.
    pub pinned: bool,
    /// What changes while running: server states, order of choice, queues.
    pub state: Arc<BackendState>,
    /// Rule sets.
    pub rules: Rules,
    /// `option forwardfor`
    pub forwardfor: Option<ForwardedHeader>,
    /// `option originalto`
    pub originalto: Option<ForwardedHeader>,
    /// `option forwarded`
    pub forwarded: Option<Arc<Forwarded>>,
    /// Where changes of its servers' states are logged.
    pub log: Option<Arc<super::LogPlan>>,
    /// The answers that hapax itself gives once this back end was chosen.
    pub errors: Arc<ErrorPages>,
    /// Header spelling towards servers; `None` unless `option h1-case-adjust-bogus-server`.
    pub case_map: Option<Arc<CaseMap>>,
    /// `compression`
    pub compression: Option<Arc<Compression>>,
    /// `description`
    pub description: Option<String>,
    /// The status page that is served here.
    pub stats: Option<Arc<super::StatsPlan>>,
}

impl BackendPlan {
    /// What messages call it: a `listen` section is a `proxy`.
    pub fn kind(&self) -> &'static str {
        match self.same_section {
            Some(_) => "proxy",
            None => "backend",
        }
    }
    /// Whether servers can come and go: the order of choice is no table made in advance.
    pub fn balances_dynamically(&self) -> bool {
        let mapped = self.selector.is_some() && !self.consistent;
        !mapped && self.balance != Balance::StaticRr
    }
    /// The servers that have not been deleted, each with its state.
    pub fn present(&self) -> impl Iterator<Item = (&ServerPlan, &Arc<ServerState>)> + Clone {
        let all = self.state.present();
        all.filter_map(|state| Some((self.servers.get(state.index as usize)?, state)))
    }
    /// Whether there is any server.
    pub fn has_servers(&self) -> bool {
        self.present().next().is_some()
    }
    /// The index of the first server that is as wanted and has not been deleted.
    pub fn find(&self, wanted: impl Fn(&ServerPlan) -> bool) -> Option<usize> {
        let mut all = self.present();
        let found = all.find(|(server, _)| wanted(server));
        found.map(|(_, state)| state.index as usize)
    }
    /// The server whose `cookie` value is exactly this, first one first.
    pub fn server_by_cookie(&self, value: &[u8]) -> Option<usize> {
        self.find(|s| s.settings.cookie.as_deref() == Some(value))
    }
    /// The server of a name, case-sensitive.
    pub fn server_by_name(&self, name: &[u8]) -> Option<usize> {
        self.find(|s| s.name.as_bytes() == name)
    }
}

/// Where requests go without a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Direct {
    /// `dispatch`
    Dispatch(ServerAddress),
    /// `option transparent`: where the client wanted to go.
    Transparent,
    /// `option http_proxy`: where the request's target says.
    Target,
}

/// `fullconn` (configuration manual 4.2)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fullconn {
    /// As the file says.
    Given(u32),
    /// A tenth of what the front ends let in that may lead here.
    Tenth {
        /// `maxconn` of those that have one, together.
        limited: u32,
        /// How many have none: each lets in as many as the process.
        unlimited: u32,
    },
}

impl Fullconn {
    /// The number in a process that takes `maxconn` connections; at least 1 if not given.
    pub fn of(self, maxconn: u32) -> u32 {
        match self {
            Fullconn::Given(n) => n,
            Fullconn::Tenth { limited, unlimited } => {
                let all = limited.saturating_add(unlimited.saturating_mul(maxconn));
                all.div_ceil(10).max(1)
            }
        }
    }
}

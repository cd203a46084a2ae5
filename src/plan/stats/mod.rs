//! The status page of one proxy (HAProxy configuration manual 4.2, `stats ...`).

mod auth;

use crate::ir::rule::{Condition, Rule};
use crate::ir::{Global, Mode, Proxy};
use std::sync::Arc;

/// Where the page is served when `stats uri` does not say.
const URI: &[u8] = b"/haproxy?stats";
/// What browsers are told to ask a password for when `stats realm` does not say.
const REALM: &[u8] = b"HAProxy Statistics";

/// A status page.
#[derive(Debug, Default)]
pub struct StatsPlan {
    /// Requests whose path and query begin so are answered with it.
    pub uri: Box<[u8]>,
    /// Seconds after which browsers ask again; `None`: never.
    pub refresh: Option<u32>,
    /// What browsers are told to ask a password for.
    pub realm: Box<[u8]>,
    /// `USER:PASSWORD`; empty: everybody may look.
    pub users: Box<[Box<[u8]>]>,
    /// `stats http-request`
    pub access: Box<[Rule]>,
    /// `stats admin`: one that holds lets forms change servers.
    pub admin: Box<[Condition]>,
    /// Names of the proxies shown; empty: all.
    pub scope: Box<[Box<str>]>,
    /// The version is shown.
    pub version: bool,
    /// The name of the node, shown if there is one (empty: that of the machine).
    pub node: Option<String>,
    /// A description, shown if there is one.
    pub description: Option<String>,
    /// More is told about proxies and servers: addresses, algorithms, cookies.
    pub legends: bool,
    /// Counters of protocols are shown.
    pub modules: bool,
}

impl StatsPlan {
    /// Whether a request for this (path and query, or a whole target where `uri` is one) asks for
    /// the page.
    pub fn is_asked(&self, asked: &[u8]) -> bool {
        asked.starts_with(&self.uri)
    }

    /// Whether who sends this `Authorization` header may look, as far as `stats auth` says.
    pub fn admits(&self, authorization: Option<&[u8]>) -> bool {
        auth::admitted(&self.users, authorization)
    }

    /// Whether a proxy is shown.
    pub fn shows(&self, proxy: &str) -> bool {
        self.scope.is_empty() || self.scope.iter().any(|name| &**name == proxy)
    }
}

/// The page of a proxy, if its `stats` lines ask for one.
pub(super) fn plan(proxy: &Proxy, global: &Global) -> Option<Arc<StatsPlan>> {
    let said = proxy.settings.stats.as_ref()?;
    if proxy.settings.mode != Mode::Http {
        return None;
    }
    let own = |name: &String| match name.as_str() {
        "." => proxy.name.as_str().into(),
        name => name.into(),
    };
    Some(Arc::new(StatsPlan {
        uri: said.uri.as_deref().unwrap_or(URI).into(),
        refresh: said.refresh.filter(|s| *s > 0),
        realm: said.realm.as_deref().unwrap_or(REALM).into(),
        users: said.users.iter().map(|u| u.as_slice().into()).collect(),
        access: proxy.rules.stats_http_request.clone().into(),
        admin: proxy.stats_admin.clone().into(),
        scope: said.scope.iter().map(own).collect(),
        version: said.version,
        node: said
            .node
            .clone()
            .map(|name| name.or_else(|| global.node.clone()).unwrap_or_default()),
        description: said
            .description
            .clone()
            .and_then(|text| text.or_else(|| global.description.clone())),
        legends: said.legends,
        modules: said.modules,
    }))
}

//! Names of proxies and servers, for expressions and references.

use super::context::Context;
use crate::ir::ProxyId;
use crate::ir::proxy::HttpErrors;
use crate::ir::resolvers::Resolvers;
use crate::sample::compile::Names;
use crate::sample::users::UserList;
use crate::table::Table;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;

/// Who is called what, once all sections were read.
#[derive(Debug, Default)]
pub struct NameIndex {
    frontends: HashMap<Vec<u8>, u32>,
    backends: HashMap<Vec<u8>, u32>,
    servers: Vec<Vec<Vec<u8>>>,
    names: Vec<Vec<u8>>,
    tables: HashMap<Vec<u8>, Arc<Table>>,
    user_lists: Vec<Arc<UserList>>,
    http_errors: Vec<HttpErrors>,
    log_profiles: Vec<Vec<u8>>,
    /// Back ends and servers that expressions have named so far.
    pub pins: RefCell<BTreeSet<(ProxyId, Option<u32>)>>,
    resolvers: Vec<String>,
}

impl NameIndex {
    /// The names of a configuration. Of two proxies with one name the first is meant.
    pub fn of(cx: &Context<'_>) -> NameIndex {
        let mut index = NameIndex::default();
        let profiles = cx.profiles.iter();
        index.log_profiles = profiles.map(|p| p.name.as_bytes().to_vec()).collect();
        index.resolvers = cx.resolvers.iter().map(|r| r.name.clone()).collect();
        for (draft, id) in cx.proxies.iter().zip(0u32..) {
            let name = draft.proxy.name.as_bytes().to_vec();
            if draft.proxy.frontend {
                index.frontends.entry(name.clone()).or_insert(id);
            }
            if draft.proxy.backend {
                index.backends.entry(name).or_insert(id);
            }
            index.names.push(draft.proxy.name.as_bytes().to_vec());
            let servers = draft.proxy.servers.iter();
            index
                .servers
                .push(servers.map(|s| s.name.as_bytes().to_vec()).collect());
        }
        let tables = cx.tables.iter();
        index.tables = tables
            .map(|(_, table)| (table.spec().name.as_bytes().to_vec(), table.clone()))
            .collect();
        index.http_errors.clone_from(&cx.http_errors);
        let lists = cx.user_lists.iter().cloned();
        index.user_lists = lists
            .map(|mut list| {
                list.complete();
                Arc::new(list)
            })
            .collect();
        index
    }

    fn pin(&self, backend: u32, server: Option<u32>) {
        let mut pins = self.pins.borrow_mut();
        pins.insert((ProxyId(backend), server));
    }

    /// The back end of that name.
    pub fn backend(&self, name: &[u8]) -> Option<ProxyId> {
        self.backends.get(name).copied().map(ProxyId)
    }

    /// The back end whose name is nearest to a mistyped one.
    pub fn nearest_backend(&self, name: &str) -> Option<&str> {
        let known = self
            .backends
            .keys()
            .filter_map(|n| std::str::from_utf8(n).ok());
        let mut known: Vec<&str> = known.collect();
        known.sort_unstable();
        crate::grammar::nearest(name.as_bytes(), known)
    }
}

/// The names as an expression in one proxy sees them.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// All names.
    pub index: &'a NameIndex,
    /// The proxy that the line stands in.
    pub current: Option<u32>,
}

impl Names for At<'_> {
    fn backend(&self, name: &[u8]) -> Option<u32> {
        let found = self.index.backends.get(name).copied()?;
        self.index.pin(found, None);
        Some(found)
    }
    fn frontend(&self, name: &[u8]) -> Option<u32> {
        self.index.frontends.get(name).copied()
    }
    fn backend_of_server(&self, name: &[u8]) -> Option<u32> {
        self.index.backends.get(name).copied()
    }
    fn server(&self, backend: u32, name: &[u8]) -> Option<u32> {
        let servers = self.index.servers.get(backend as usize)?;
        let at = servers.iter().position(|s| s == name)?;
        let at = u32::try_from(at).ok()?;
        self.index.pin(backend, Some(at));
        Some(at)
    }
    fn table(&self, name: &[u8]) -> Option<Arc<Table>> {
        let own = self
            .current
            .and_then(|at| self.index.names.get(at as usize));
        let name = match name {
            [] => own?,
            _ => name,
        };
        self.index.tables.get(name).cloned()
    }
    fn error_file(&self, section: &[u8], status: u16) -> Option<String> {
        let mut sections = self.index.http_errors.iter();
        let found = sections.find(|s| s.name.as_bytes() == section)?;
        found.files.get(&status).map(|(path, _)| path.clone())
    }
    fn user_list(&self, name: &[u8]) -> Option<Arc<UserList>> {
        let mut lists = self.index.user_lists.iter();
        lists.find(|l| l.name.as_bytes() == name).cloned()
    }
    fn current(&self) -> Option<u32> {
        self.current
    }
    fn log_profile(&self, name: &[u8]) -> Option<u32> {
        let at = self.index.log_profiles.iter().position(|p| p == name)?;
        u32::try_from(at).ok()
    }
    fn resolvers(&self, name: &[u8]) -> Option<usize> {
        let all = &self.index.resolvers;
        let found = all.iter().position(|r| r.as_bytes() == name);
        // the one that exists by itself comes behind the others
        found.or((name == Resolvers::DEFAULT.as_bytes()).then_some(all.len()))
    }
    fn resolve(&self, host: &[u8]) -> Option<IpAddr> {
        let host = std::str::from_utf8(host).ok()?;
        let mut found = (host, 0u16).to_socket_addrs().ok()?;
        found.next().map(|a| a.ip())
    }
}

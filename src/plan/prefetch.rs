//! Host names are looked up all at once: a start must not take the sum of all waits for a name
//! server that does not answer.

use super::Files;
use super::files::Family;
use super::resolve::family_of;
use crate::ir::address::{Address, Host};
use crate::ir::resolvers::Nameserver;
use crate::ir::{Config, Server};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many look-ups run at once.
const WORKERS: usize = 16;

/// A machine whose answers about names are known already.
pub struct Prefetched<'a> {
    inner: &'a dyn Files,
    names: HashMap<(String, Family), Vec<IpAddr>>,
}

impl<'a> Prefetched<'a> {
    /// Looks every name of the configuration up.
    pub fn new(config: &Config, inner: &'a dyn Files) -> Prefetched<'a> {
        let wanted = if inner.present() {
            wanted(config)
        } else {
            Vec::new()
        };
        let next = AtomicUsize::new(0);
        let names = Mutex::new(HashMap::new());
        let work = || {
            while let Some((name, family)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                let found = inner.resolve(name, *family);
                names.lock().insert((name.clone(), *family), found);
            }
        };
        if wanted.len() > 1 {
            std::thread::scope(|scope| {
                for _ in 0..WORKERS.min(wanted.len()) {
                    scope.spawn(work);
                }
            });
        } else {
            work();
        }
        Prefetched {
            inner,
            names: names.into_inner(),
        }
    }
}

/// The names that building a plan will ask for, each once.
fn wanted(config: &Config) -> Vec<(String, Family)> {
    let mut list: Vec<(String, Family)> = Vec::new();
    let mut add = |address: &Address| {
        if let Host::Name { name, family } = &address.host {
            let pair = (name.clone(), family_of(*family));
            if !list.contains(&pair) {
                list.push(pair);
            }
        }
    };
    for bind in &config.global.stats_sockets {
        bind.addresses.iter().for_each(&mut add);
    }
    for nameserver in config.resolvers.iter().flat_map(|r| &r.nameservers) {
        if let Nameserver::Given { address, .. } = nameserver {
            add(address);
        }
    }
    for proxy in config.proxies.iter().filter(|p| !p.disabled) {
        for bind in &proxy.binds {
            bind.addresses.iter().for_each(&mut add);
        }
        for server in &proxy.servers {
            addresses(server).for_each(&mut add);
        }
    }
    list
}

fn addresses(server: &Server) -> impl Iterator<Item = &Address> {
    let own = super::resolve::asks_libc(server).then_some(&server.address);
    let check = server.check.as_ref().and_then(|c| c.addr.as_ref());
    own.into_iter().chain(check).chain(&server.source)
}

impl Files for Prefetched<'_> {
    fn list(&self, path: &str) -> Option<Vec<String>> {
        self.inner.list(path)
    }
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.inner.read(path)
    }
    fn resolve(&self, host: &str, family: Family) -> Vec<IpAddr> {
        match self.names.get(&(host.to_owned(), family)) {
            Some(known) => known.clone(),
            None => self.inner.resolve(host, family),
        }
    }
    fn user(&self, name: &str) -> Option<(u32, u32)> {
        self.inner.user(name)
    }
    fn group(&self, name: &str) -> Option<u32> {
        self.inner.group(name)
    }
    fn socket(&self, fd: i32) -> Result<(), &'static str> {
        self.inner.socket(fd)
    }
    fn present(&self) -> bool {
        self.inner.present()
    }
}

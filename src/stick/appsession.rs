//! `appsession NAME len L timeout T ...`: an application's own session cookie remembered together
//! with the server that set it (configuration manual of 1.5, 4.2; dropped in 1.6).
//!
//! One table per back end for all threads. A value is forgotten when no request or response has
//! shown it for the timeout; the table is bounded by [`MEMORY`], beyond which the value that has
//! gone unseen for longest makes room.

use super::crumbs::{Crumb, Crumbs, set_cookie};
use crate::balance::BackendState;
use crate::ir::persist::{AppSession, AppSessionMode};
use parking_lot::Mutex;
use slab::Slab;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

/// Upper bound of one table's memory, bytes: more than a million values of 32 bytes.
pub const MEMORY: usize = 192 << 20;
/// What a value costs beside its own bytes: two allocations' heads, map and list entries.
const OVERHEAD: usize = 112;
const SHARDS: usize = 16;

const NONE: usize = usize::MAX;

#[derive(Debug)]
struct Entry {
    value: Arc<[u8]>,
    server: u32,
    expires: u64,
    older: usize,
    newer: usize,
}

/// A part of the table. All values live equally long, so the order of use is the order of expiry.
#[derive(Debug)]
struct Shard {
    by_value: HashMap<Arc<[u8]>, usize>,
    entries: Slab<Entry>,
    oldest: usize,
    newest: usize,
}

impl Shard {
    fn new() -> Self {
        Shard {
            by_value: HashMap::new(),
            entries: Slab::new(),
            oldest: NONE,
            newest: NONE,
        }
    }
    fn unlink(&mut self, at: usize) {
        let Some((older, newer)) = self.entries.get(at).map(|e| (e.older, e.newer)) else {
            return;
        };
        match self.entries.get_mut(older) {
            Some(e) => e.newer = newer,
            None => self.oldest = newer,
        }
        match self.entries.get_mut(newer) {
            Some(e) => e.older = older,
            None => self.newest = older,
        }
    }
    fn link_newest(&mut self, at: usize) {
        let last = self.newest;
        if let Some(e) = self.entries.get_mut(at) {
            e.older = last;
            e.newer = NONE;
        }
        match self.entries.get_mut(last) {
            Some(e) => e.newer = at,
            None => self.oldest = at,
        }
        self.newest = at;
    }
    fn remove(&mut self, at: usize) {
        self.unlink(at);
        if let Some(e) = self.entries.try_remove(at) {
            self.by_value.remove(&e.value);
        }
        if self.entries.is_empty() {
            // A table that had a great day gives its memory back.
            *self = Shard::new();
        }
    }
    fn expire(&mut self, now: u64) {
        while self
            .entries
            .get(self.oldest)
            .is_some_and(|e| e.expires <= now)
        {
            self.remove(self.oldest);
        }
    }
    /// The server of a value, which is kept for another `timeout`.
    fn touch(&mut self, value: &[u8], now: u64, timeout: u64) -> Option<u32> {
        self.expire(now);
        let at = *self.by_value.get(value)?;
        self.unlink(at);
        self.link_newest(at);
        let e = self.entries.get_mut(at)?;
        e.expires = now.saturating_add(timeout);
        Some(e.server)
    }
    fn insert(&mut self, value: &[u8], server: u32, expires: u64, capacity: usize) {
        if self.entries.len() >= capacity {
            self.remove(self.oldest);
        }
        let value: Arc<[u8]> = value.into();
        let at = self.entries.insert(Entry {
            value: value.clone(),
            server,
            expires,
            older: NONE,
            newer: NONE,
        });
        self.link_newest(at);
        self.by_value.insert(value, at);
    }
}

/// What a request's cookie or URL says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The server its value is known for, whether that runs or not.
    pub server: Option<u32>,
    /// An unknown value to be [`AppSessions::learn`]ed with the server that is chosen
    /// (`request-learn`).
    pub learn: Option<Box<[u8]>>,
}

/// The values of one back end and their servers.
#[derive(Debug)]
pub struct AppSessions {
    line: AppSession,
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    capacity: usize,
}

impl AppSessions {
    /// An empty table.
    pub fn new(line: &AppSession) -> Self {
        AppSessions {
            line: line.clone(),
            shards: (0..SHARDS).map(|_| Mutex::new(Shard::new())).collect(),
            hasher: RandomState::new(),
            capacity: (MEMORY / (line.len as usize + OVERHEAD) / SHARDS).max(1),
        }
    }

    /// Values held.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|s| s.lock().entries.len()).sum()
    }
    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Forgets what has not been seen for the timeout. To be called now and then (once in some
    /// seconds); what is asked for is never stale in between.
    pub fn expire(&self, now_ms: u64) {
        for s in &self.shards {
            s.lock().expire(now_ms);
        }
    }

    fn shard(&self, value: &[u8]) -> Option<&Mutex<Shard>> {
        let n = self.hasher.hash_one(value) as usize;
        self.shards.get(n % SHARDS)
    }
    fn cut<'v>(&self, value: &'v [u8]) -> &'v [u8] {
        value.get(..self.line.len as usize).unwrap_or(value)
    }
    fn lookup(&self, value: &[u8], now_ms: u64) -> Option<u32> {
        let timeout = self.line.timeout.into();
        self.shard(value)?.lock().touch(value, now_ms, timeout)
    }

    /// Remembers the server of a value. A value that is known keeps its server.
    pub fn learn(&self, value: &[u8], server: u32, now_ms: u64) {
        let value = self.cut(value);
        let Some(shard) = self.shard(value) else {
            return;
        };
        let timeout = self.line.timeout.into();
        let mut shard = shard.lock();
        if shard.touch(value, now_ms, timeout).is_none() {
            shard.insert(value, server, now_ms.saturating_add(timeout), self.capacity);
        }
    }

    /// Looks at the `Cookie` headers, then at the URI.
    pub fn request<'h>(
        &self,
        cookies: impl IntoIterator<Item = &'h [u8]>,
        uri: &[u8],
        now_ms: u64,
    ) -> Seen {
        let mut seen = Seen::default();
        for text in cookies {
            if memchr::memmem::find(text, &self.line.name).is_none() {
                continue;
            }
            for crumb in Crumbs::new(text) {
                if let Some(value) = self.value(text, &crumb) {
                    self.look(value, now_ms, &mut seen);
                }
            }
        }
        if seen.server.is_none()
            && let Some(value) = self.in_uri(uri)
        {
            self.look(value, now_ms, &mut seen);
        }
        seen
    }

    fn look(&self, value: &[u8], now_ms: u64, seen: &mut Seen) {
        if seen.server.is_some() {
            return;
        }
        let value = self.cut(value);
        seen.server = self.lookup(value, now_ms);
        if seen.server.is_none() && self.line.request_learn && seen.learn.is_none() {
            seen.learn = Some(value.into());
        }
    }

    /// The session's value in one cookie: what follows the name, or with `prefix` what follows
    /// the name's known beginning.
    fn value<'t>(&self, text: &'t [u8], crumb: &Crumb) -> Option<&'t [u8]> {
        let name = text.get(crumb.name.clone())?;
        let value = crumb.value.clone()?;
        if self.line.prefix {
            name.starts_with(&self.line.name)
                .then(|| text.get(crumb.name.start + self.line.name.len()..value.end))?
        } else {
            (name == &self.line.name[..]).then(|| text.get(value))?
        }
    }

    /// The value in a URI: `;NAME=value`, or `NAME=value` in the query string.
    fn in_uri<'u>(&self, uri: &'u [u8]) -> Option<&'u [u8]> {
        let (from, separators): (usize, &[u8]) = match self.line.mode {
            AppSessionMode::PathParameters => (memchr::memchr(b';', uri)?, b";"),
            AppSessionMode::QueryString => (memchr::memchr(b'?', uri)?, b"?&"),
        };
        let rest = uri.get(from..)?;
        rest.split(|b| separators.contains(b))
            .skip(1)
            .find_map(|part| {
                let end = part
                    .iter()
                    .position(|b| matches!(b, b';' | b'?' | b'&' | b'#'))
                    .unwrap_or(part.len());
                let after = part.get(..end)?.strip_prefix(&self.line.name[..])?;
                if self.line.prefix {
                    Some(after)
                } else {
                    after.strip_prefix(b"=")
                }
            })
    }

    /// Learns from the `Set-Cookie` headers of an answer of `server`.
    pub fn response<'h>(
        &self,
        set_cookies: impl IntoIterator<Item = &'h [u8]>,
        server: u32,
        now_ms: u64,
    ) {
        for text in set_cookies {
            if let Some(value) = self.value(text, &set_cookie(text)) {
                self.learn(value, server, now_ms);
            }
        }
    }

    /// The server of a value if requests may go there now.
    pub fn usable(&self, seen: &Seen, backend: &BackendState) -> Option<u32> {
        seen.server
            .filter(|i| backend.server(*i).is_some_and(|s| s.running()))
    }
}

//! `appsession NAME len L timeout T ...`: an application's own session cookie remembered together
//! with the server that set it (configuration manual of 1.5, 4.2; dropped in 1.6).
//!
//! One table per back end for all threads. A value is forgotten when no request or response has
//! shown it for the timeout; the table is bounded by [`MEMORY`], beyond which the value that has
//! gone unseen for longest makes room.

use super::cookie::Persist;
use super::crumbs::{Crumb, Crumbs, set_cookie};
use crate::balance::BackendState;
use crate::ir::persist::{AppSession, AppSessionMode};
use parking_lot::Mutex;
use slab::Slab;
use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

/// Upper bound of one table's memory, bytes: more than a million values of 32 bytes.
pub const MEMORY: usize = 192 << 20;
/// What a value costs beside its own bytes, with tables half grown: its allocation's head, its
/// entries in the map and in the list.
const OVERHEAD: usize = 160;
const SHARDS: usize = 16;
/// Values forgotten per shard and call of [`AppSessions::expire`].
const BATCH: usize = 4096;

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
    /// Forgets at most `most` values that have expired.
    fn expire(&mut self, now: u64, most: usize) {
        for _ in 0..most {
            let oldest = self.entries.get(self.oldest);
            if oldest.is_none_or(|e| e.expires > now) {
                break;
            }
            self.remove(self.oldest);
        }
    }
    /// The server of a value, which is kept for another `timeout`.
    fn touch(&mut self, value: &[u8], now: u64, timeout: u64) -> Option<u32> {
        self.expire(now, 4);
        let at = *self.by_value.get(value)?;
        if self.entries.get(at)?.expires <= now {
            self.remove(at);
            return None;
        }
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
    /// An unknown value to be learnt with the server that answers (`request-learn`).
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
    /// Forgets what has not been seen for the timeout, a batch per call so that nobody waits long
    /// for it. To be called about once a second; what is asked for is never stale in between.
    pub fn expire(&self, now_ms: u64) {
        for s in &self.shards {
            s.lock().expire(now_ms, BATCH);
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
    fn learn(&self, value: &[u8], server: u32, now_ms: u64) {
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
                    self.look(&value, now_ms, &mut seen);
                }
            }
        }
        // The URI has the last word, but with `request-learn` only in the absence of a cookie.
        if !self.line.request_learn || seen == Seen::default() {
            for value in self.in_uri(uri) {
                self.look(value, now_ms, &mut seen);
            }
        }
        seen
    }

    /// Of several values the last known one counts; the last one is learnt if it is unknown.
    fn look(&self, value: &[u8], now_ms: u64, seen: &mut Seen) {
        let value = self.cut(value);
        let known = self.lookup(value, now_ms);
        seen.server = known.or(seen.server);
        seen.learn = (known.is_none() && self.line.request_learn).then(|| value.into());
    }

    /// The session's value in one cookie; with `prefix` all that follows the name's known
    /// beginning, without spaces around the `=`.
    fn value<'t>(&self, text: &'t [u8], crumb: &Crumb) -> Option<Cow<'t, [u8]>> {
        let name = text.get(crumb.name.clone())?;
        let value = crumb.value.clone()?;
        if !self.line.prefix {
            return (name == &self.line.name[..]).then(|| text.get(value).map(Cow::Borrowed))?;
        }
        let tail = name.strip_prefix(&self.line.name[..])?;
        if crumb.is_loose() {
            return Some([tail, b"=", text.get(value)?].concat().into());
        }
        text.get(crumb.name.end - tail.len()..value.end)
            .map(Cow::Borrowed)
    }

    /// The values in a URI: `;NAME=value` up to the next `;` or `?`, or `NAME=value` in the query
    /// string up to the next `&`. The name counts in any case here.
    fn in_uri<'u>(&self, uri: &'u [u8]) -> impl Iterator<Item = &'u [u8]> {
        let (mark, separators): (u8, &[u8]) = match self.line.mode {
            AppSessionMode::PathParameters => (b';', b";"),
            AppSessionMode::QueryString => (b'?', b"&"),
        };
        let rest = memchr::memchr(mark, uri)
            .and_then(|n| uri.get(n + 1..))
            .unwrap_or_default();
        let name = &self.line.name[..];
        rest.split(move |b| separators.contains(b))
            .filter_map(move |part| {
                let (head, after) = part.split_at_checked(name.len())?;
                if !head.eq_ignore_ascii_case(name) {
                    return None;
                }
                let value = match self.line.prefix {
                    true => after,
                    false => after.strip_prefix(b"=")?,
                };
                // A path parameter ends where the query string begins.
                let value = match mark {
                    b';' => value.split(|b| *b == b'?').next()?,
                    _ => value,
                };
                (!value.is_empty()).then_some(value)
            })
    }

    /// Learns from an answer of `server`: the values of its `Set-Cookie` headers, or without one
    /// what [`AppSessions::request`] wants learnt.
    pub fn response<'h>(
        &self,
        seen: Option<&Seen>,
        set_cookies: impl IntoIterator<Item = &'h [u8]>,
        server: u32,
        now_ms: u64,
    ) {
        let mut said = false;
        for text in set_cookies {
            if let Some(value) = self.value(text, &set_cookie(text)) {
                self.learn(&value, server, now_ms);
                said = true;
            }
        }
        if !said && let Some(value) = seen.and_then(|s| s.learn.as_deref()) {
            self.learn(value, server, now_ms);
        }
    }

    /// The server of a value if requests may go there now: it runs, or `persist` forces them.
    pub fn usable(&self, seen: &Seen, backend: &BackendState, persist: Persist) -> Option<u32> {
        let server = backend.server(seen.server?)?;
        let may = match persist {
            Persist::Ignore => false,
            Persist::Force => true,
            Persist::Normal => server.running(),
        };
        may.then_some(server.index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::span::Span;

    fn line(timeout: u32) -> AppSession {
        AppSession {
            name: b"JS".to_vec(),
            len: 32,
            timeout,
            request_learn: false,
            prefix: false,
            mode: AppSessionMode::PathParameters,
            span: Span::default(),
        }
    }

    #[test]
    fn a_million_values_fit_and_go_with_time() {
        let t = AppSessions::new(&line(60_000));
        assert!(t.capacity * SHARDS >= 1_000_000);
        // Slow without optimisation; the bound is another test's.
        let count = if cfg!(debug_assertions) {
            100_000
        } else {
            1_000_000u32
        };
        for i in 0..count {
            t.learn(&i.to_le_bytes(), i % 3, u64::from(i / 100));
        }
        // The shards fill a little unevenly.
        assert!(t.len() > count as usize / 100 * 99 && t.len() <= t.capacity * SHARDS);
        assert_eq!(
            t.lookup(&(count - 1).to_le_bytes(), 10_000),
            Some((count - 1) % 3)
        );
        for _ in 0..count as usize / BATCH {
            t.expire(70_000);
        }
        assert!(t.is_empty());
        assert_eq!(t.lookup(&(count - 1).to_le_bytes(), 70_000), None);
        let kept: usize = t.shards.iter().map(|s| s.lock().entries.capacity()).sum();
        assert_eq!(kept, 0, "memory is given back");
    }

    #[test]
    fn use_keeps_a_value_alive_and_the_oldest_makes_room() {
        let mut t = AppSessions::new(&line(100));
        t.shards.truncate(1);
        t.capacity = 3;
        let shard = |t: &AppSessions, v: &[u8], now| t.shards[0].lock().touch(v, now, 100);
        let add = |t: &AppSessions, v: &[u8], server, now: u64| {
            t.shards[0].lock().insert(v, server, now + 100, t.capacity);
        };
        add(&t, b"a", 0, 0);
        add(&t, b"b", 1, 10);
        assert_eq!(shard(&t, b"a", 99), Some(0));
        assert_eq!(shard(&t, b"b", 110), None, "unseen for its timeout");
        assert_eq!(shard(&t, b"a", 198), Some(0));
        add(&t, b"c", 2, 200);
        add(&t, b"d", 2, 201);
        assert_eq!(shard(&t, b"a", 202), Some(0));
        add(&t, b"e", 2, 203);
        assert_eq!(shard(&t, b"c", 204), None, "the one unseen for longest");
        let left = [b"a", b"d", b"e"].map(|v| shard(&t, v, 204).is_some());
        assert_eq!(left, [true; 3]);
        assert_eq!(t.shards[0].lock().entries.len(), 3);
    }

    #[test]
    fn the_first_association_stays() {
        let t = AppSessions::new(&line(1000));
        t.learn(b"v", 1, 0);
        t.learn(b"v", 2, 10);
        assert_eq!(t.lookup(b"v", 20), Some(1));
        let cut = [b'x'; 40];
        t.learn(&cut, 2, 0);
        assert_eq!(t.lookup(&cut[..32], 1), Some(2));
        assert_eq!(t.lookup(&cut[..31], 1), None);
    }
}

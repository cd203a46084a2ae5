//! Stickiness of one stream: the back end's `cookie` and `appsession`, `force-persist` and
//! `ignore-persist`.

use super::{End, KeptConn, Stream};
use crate::base::clock;
use crate::engine::{log, select, stick};
use crate::ir::proxy::Options;
use crate::plan::BackendPlan;
use crate::proto::h1::{HeaderId, Message, Method, errors};
use crate::rules;
use crate::sample::view::Direction;
use crate::stick::appsession::Seen;
use crate::stick::cookie::{Persist, RequestFlag, RequestOutcome, ResponseContext, ResponseFlag};
use crate::stick::{Edits, cacheable, exposes_cookie};

/// What is known of the stream's stickiness.
#[derive(Debug, Default)]
pub struct Persistence {
    /// The server the request asked for, while it is not given up.
    pub pinned: Option<u32>,
    /// What the cookie said.
    pub cookie: RequestOutcome,
    /// What was done with the response's.
    pub set_cookie: ResponseFlag,
    /// What `appsession` said.
    pub seen: Option<Seen>,
    /// The application's session chose the server.
    pub by_session: bool,
    /// A stick table's entry chose the server.
    pub by_table: bool,
    /// `ignore-persist` holds.
    pub ignored: bool,
    /// What `stick` rules enter once the server has answered.
    pub stores: Option<Box<stick::Stores>>,
}

/// The fields with an id, by their places.
fn values(message: &Message, id: HeaderId) -> impl Iterator<Item = (usize, &[u8])> {
    message
        .fields()
        .iter()
        .enumerate()
        .filter(move |(_, f)| f.id == id)
        .map(|(i, f)| (i, message.value(f)))
}

fn apply(edits: &Edits, message: &mut Message) {
    // from the last to the first, so that places stay true while fields go
    let mut at = edits.changes().count();
    while at > 0 {
        at -= 1;
        if let Some((place, value)) = edits.changes().nth(at) {
            match value {
                Some(value) => message.replace_value(place, value),
                None => message.remove_at(place),
            }
        }
    }
    for (name, value) in edits.additions() {
        message.add_header(name.as_bytes(), value);
    }
}

impl Stream {
    /// Finds the server that the request belongs to.
    pub(super) fn find_persistence(&mut self, be: &BackendPlan) {
        if be.cookie.is_none() && be.appsession.is_none() {
            let found = select::use_server(self.s.t, be, self);
            self.persistence.pinned = self.stick(be, found);
            if self.persistence.pinned.is_none() {
                self.prefer_bound_connection(be);
            }
            return;
        }
        let t = self.s.t;
        let persist = self.persist_mode(be);
        self.persistence.ignored = persist == Persist::Ignore;
        let mut found = None;
        if let Some(sessions) = &be.appsession {
            let cookies = self.req.values(HeaderId::Cookie);
            let seen = sessions.request(cookies, self.req.target(), t.worker.now_ms());
            found = sessions.usable(&seen, &be.state, persist);
            self.persistence.by_session = found.is_some();
            self.persistence.seen = Some(seen);
        }
        if let Some(rules) = &be.cookie {
            let mut edits = t.edits.borrow_mut();
            edits.clear();
            let now = clock::unix_time().as_secs();
            let cookies = values(&self.req, HeaderId::Cookie);
            let mut outcome = rules.request(cookies, &be.state, persist, now, &mut edits);
            if !edits.is_empty() {
                apply(&edits, &mut self.req);
            }
            if found.is_some() {
                outcome.flag = RequestFlag::Valid;
            } else if self
                .persistence
                .seen
                .as_ref()
                .is_some_and(|s| s.server.is_some())
            {
                outcome.flag = RequestFlag::Down;
            }
            found = found.or(outcome.server);
            self.persistence.cookie = outcome;
        }
        // a rule goes before what the client brought (seen on 3.4)
        let found = select::use_server(t, be, self).or(found);
        self.persistence.pinned = self.stick(be, found);
        if self.persistence.pinned.is_none() {
            self.prefer_bound_connection(be);
        }
    }

    /// A connection that was authenticated for this client (NTLM) is worth more than an even
    /// spread; with `option prefer-last-server`, so is any that is still open to the server that
    /// answered last.
    fn prefer_bound_connection(&mut self, be: &BackendPlan) {
        let bound = |k: &&KeptConn| k.bound && k.backend == be.id && k.conn.sock.is_quiet();
        let mut server = self.s.kept.iter().rev().find(bound).map(|k| k.server);
        if server.is_none() && be.options.contains(Options::PREFER_LAST_SERVER) {
            let last = self.s.last.filter(|(backend, _)| *backend == be.id);
            let kept = |s: u32| {
                self.s
                    .kept
                    .iter()
                    .any(|k| k.backend == be.id && k.server == s)
            };
            server = last
                .map(|(_, server)| server)
                .filter(|s| kept(*s) || self.s.t.idle.count(be.id, *s) > 0);
        }
        self.persistence.pinned =
            server.filter(|s| be.state.server(*s).is_some_and(|s| s.usable()));
    }

    /// The `stick` rules: they find a server if nothing else did.
    fn stick(&mut self, be: &BackendPlan, found: Option<u32>) -> Option<u32> {
        if be.stick_rules.is_empty() {
            return found;
        }
        let forced = self.persist_mode(be) == Persist::Force;
        let (server, stores) = stick::request(self.s.t, be, self, found.is_some(), forced);
        self.persistence.stores = stores;
        self.persistence.by_table = server.is_some();
        found.or(server)
    }

    /// What `stick` rules learn from the response.
    #[inline]
    pub(super) fn learn(&mut self, be: &BackendPlan) {
        if !be.stick_rules.is_empty()
            && let Some(server) = self.server
        {
            let stores = self.persistence.stores.take();
            stick::response(self.s.t, be, self, stores, server);
        }
    }

    fn persist_mode(&self, be: &BackendPlan) -> Persist {
        let mut mode = match be.options.contains(Options::PERSIST) {
            true => Persist::Force,
            false => Persist::Normal,
        };
        if !be.persist_rules.is_empty() {
            let mut scratch = self.s.t.scratch.borrow_mut();
            for rule in &be.persist_rules {
                if rules::holds(&rule.condition, Direction::Request, self, &mut scratch) {
                    mode = if rule.force {
                        Persist::Force
                    } else {
                        Persist::Ignore
                    };
                    break;
                }
            }
        }
        mode
    }

    /// Another server than the one asked for answers.
    pub(super) fn give_up_persistence(&mut self) {
        self.persistence.pinned = None;
        self.persistence.by_session = false;
        self.persistence.by_table = false;
        self.persistence.cookie.redispatched();
    }

    /// `option checkcache`: a cookie that caches might keep is not let out.
    #[cold]
    pub(super) fn check_cache(&self, be: &BackendPlan) -> Result<(), End> {
        let Some(res) = &self.res else { return Ok(()) };
        let headers = res.fields().iter().map(|f| (res.name(f), res.value(f)));
        if res.values(HeaderId::SetCookie).next().is_none()
            || !exposes_cookie(self.req.method(), res.status(), headers)
        {
            return Ok(());
        }
        let server = self.server.and_then(|s| be.servers.get(s as usize));
        let text = format!(
            "Blocking cacheable cookie in response from instance {}, server {}.",
            be.name,
            server.map_or("<NOSRV>", |s| &s.name)
        );
        if let Some(log) = &be.log {
            log::send(self.s.t, log, log::ALERT, text.as_bytes());
        }
        // as 3.4: the page of the status, if there is one
        let status = Some(res.status()).filter(|s| errors::answer(*s).is_some());
        Err(End::Status(status.unwrap_or(500), *b"PH"))
    }

    /// Learns from the response, and sets the cookie.
    pub(super) fn response_persistence(&mut self, be: &BackendPlan) {
        let Some(res) = &mut self.res else { return };
        let server = self.server;
        if server.is_none() && be.direct.is_none() {
            return;
        }
        let t = self.s.t;
        if let Some(server) = server
            && let Some(sessions) = &be.appsession
        {
            let now = t.worker.now_ms();
            let seen = self.persistence.seen.as_ref();
            sessions.response(seen, res.values(HeaderId::SetCookie), server, now);
        }
        let Some(rules) = &be.cookie else { return };
        let mut edits = t.edits.borrow_mut();
        edits.clear();
        let p = &mut self.persistence;
        let context = ResponseContext {
            server: server.and_then(|s| be.state.server(s)).map(|s| &**s),
            request: p.cookie,
            direct: p.by_session || p.by_table || server.is_some() && p.cookie.server == server,
            ignore_persist: p.ignored,
            post: self.req.method_id() == Method::Post,
            cacheable: rules.wants_cacheability()
                && cacheable(
                    self.req.method(),
                    res.status(),
                    res.fields().iter().map(|f| (res.name(f), res.value(f))),
                ),
            now_s: clock::unix_time().as_secs(),
        };
        p.set_cookie = rules.response(values(res, HeaderId::SetCookie), &context, &mut edits);
        if !edits.is_empty() {
            apply(&edits, res);
        }
    }
}

//! `mode tcp`: one connection to a server for one of a client.

mod view;

use super::connect;
use super::contstats::Contstats;
use super::count::{self, ms};
use super::forward::{Half, Pump};
use super::log;
use super::pool::ServerConn;
use super::preface::{self, Preface};
use super::reactor::{Io, Wake};
use super::resolvers;
use super::retry;
use super::select;
use super::session::Session;
use super::source;
use super::stick;
use super::streams::{Listed, until_ended};
use super::tls;
use super::track;
use super::tunnel;
use super::unique_id::UniqueId;
use crate::action::{Question, RuleSet};
use crate::balance::queue::{Assigned, Slot, Turn, Want};
use crate::base::span::Span;
use crate::ir::proxy::Options;
use crate::ir::rule::Rule;
use crate::plan::{BackendPlan, Direct, ServerAddress};
use crate::proto::h1::{BodyLength, Message};
use crate::rules::{self, Verdict};
use crate::sample::capture::Captures;
use crate::sample::vars::VarStore;
use crate::sample::view::{LogData, LogStep, StreamView};
use crate::table::Counters;
use std::borrow::Cow;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

/// When the phases ended, microseconds; 0: not reached.
#[derive(Clone, Copy, Default)]
struct Times {
    queued: u64,
    connected: u64,
}

/// One stream in TCP mode.
struct TcpStream {
    s: Box<Session>,
    /// What the client sent while rules waited for it.
    early: Box<Message>,
    /// What the server sent while rules waited for it.
    late: Option<Box<Message>>,
    be: Option<Arc<BackendPlan>>,
    server: Option<u32>,
    vars: VarStore,
    req_vars: VarStore,
    res_vars: VarStore,
    times: Times,
    state: [u8; 2],
    sent: u64,
    /// Bytes that the client sent.
    received: u64,
    tries: u32,
    /// Another server was taken after a failure.
    redispatched: bool,
    /// `option contstats`
    contstats: Option<Box<Contstats>>,
    log: Option<LogData>,
    log_level: Option<Option<u8>>,
    /// Class and offset (ms) in queues.
    priority: (i16, i32),
    listed: Listed,
    /// Stick tables' entries that it tracks.
    tracked: Option<Box<Counters>>,
    /// What `stick` rules enter once the server's connection stands.
    stores: Option<Box<stick::Stores>>,
    /// The proxy's own address towards the server, if an expression asks for it.
    own_address: Option<SocketAddr>,
    /// What is known of the server's connection, if an expression asks for it.
    server_facts: Option<Box<crate::sample::view::Connection>>,
    /// What rules ask of packets to the server.
    marks: Option<Box<connect::Marks>>,
    /// The last final rule that ran.
    last_rule: Option<Span>,
    /// Places in the server's and the back end's queue when it came.
    waited: (u32, u32),
    /// A line was written already.
    logged: bool,
    /// Captured values, if the front end has slots.
    captures: Option<Box<Captures>>,
    unique_id: UniqueId,
    id: u32,
}

/// Serves a client in TCP mode until both sides have ended.
pub async fn serve(mut s: Box<Session>) {
    super::admit::queue_up(&s).await;
    if !super::admit::admitted(&mut s).await {
        return;
    }
    s.log_connect();
    s.client.watch();
    let early = s.t.message();
    let captures = s.t.captures(&s.fe.captures);
    let (id, t) = (s.t.shared.next_stream(), s.t);
    let listed = Listed::new(t, id, s.fe.id, s.listener, s.src, s.accepted_us);
    listed.show(None);
    let mark = listed.mark();
    let mut stream = TcpStream {
        listed,
        tracked: None,
        stores: None,
        s,
        early,
        late: None,
        be: None,
        server: None,
        vars: VarStore::default(),
        req_vars: VarStore::default(),
        res_vars: VarStore::default(),
        times: Times::default(),
        state: *b"--",
        sent: 0,
        received: 0,
        tries: 0,
        redispatched: false,
        contstats: None,
        log: None,
        log_level: None,
        priority: (0, 0),
        own_address: None,
        server_facts: None,
        marks: None,
        last_rule: None,
        waited: (0, 0),
        logged: false,
        captures,
        unique_id: UniqueId::default(),
        id,
    };
    stream.log_step(LogStep::Accept);
    let ended = until_ended(mark, pin!(stream.run())).await;
    if let Err(cause) = ended {
        stream.state = [cause, b'C'];
    }
    stream.count_end();
    stream.log_end();
    let t = stream.s.t;
    t.recycle_captures(stream.captures);
    t.recycle(stream.early);
}

impl TcpStream {
    async fn run(&mut self) -> Option<()> {
        let fe = self.s.fe.clone();
        let rules = &fe.rules;
        self.inspect(&rules.tcp_request_content, rules.tcp_request_inspect_delay)
            .await?;
        let chosen = select::backend(self.s.t, &self.s.plan, &self.s.fe, &*self);
        let Some(be) = chosen.and_then(|id| self.s.plan.backend(id)).cloned() else {
            self.state = *b"SC";
            // what has come is read: the client sees an end, not a reset (as with 3.4)
            self.s.client.recv(self.early.space());
            return None;
        };
        self.be = Some(be.clone());
        self.listed.backend(be.id);
        count::backend(&be, self.s.t.worker.now_ms());
        if be.same_section != Some(fe.id) {
            let rules = &be.rules;
            self.inspect(&rules.tcp_request_content, rules.tcp_request_inspect_delay)
                .await?;
        }
        if be.direct.is_some() && select::use_server(self.s.t, &be, self).is_none() {
            return Box::pin(self.run_directly(&be)).await;
        }
        let t = self.s.t;
        let mut retries = be.retries;
        let found = select::use_server(self.s.t, &be, self);
        let mut pinned = self.stick(&be, found);
        let mut slot = self.assign(&be, &mut pinned, None).await?;
        loop {
            let server = slot.index();
            count::connection(&be, Some(server), false);
            let fault = match self.connect(&be, server).await {
                Ok(conn) => {
                    self.times.connected = t.worker.now_us().max(1);
                    if self.s.plan.global.settings.asks_server_connection {
                        self.own_address = conn.sock.local_address();
                        self.server_facts = Some(super::facts::of(&conn.sock));
                    }
                    self.log_step(LogStep::Connect);
                    if !be.stick_rules.is_empty() {
                        let stores = self.stores.take();
                        stick::response(t, &be, self, stores, server);
                    }
                    self.tunnel(&be, &conn).await;
                    return Some(());
                }
                Err(None) => {
                    self.state = *b"CC";
                    return None;
                }
                Err(Some(fault)) => fault,
            };
            self.state = match fault {
                connect::Fault::NoSource => *b"IC",
                connect::Fault::Abandoned => *b"CC",
                connect::Fault::TimedOut | connect::Fault::HandshakeTimedOut => *b"sC",
                connect::Fault::Resource(_) => *b"RC",
                connect::Fault::Full | connect::Fault::Failed(_) | connect::Fault::Handshake => {
                    *b"SC"
                }
            };
            retries = retries.checked_sub(1)?;
            self.tries += 1;
            if retry::elsewhere(&be, retries, Some(server), pinned.is_some()) {
                drop(slot);
                pinned = None;
                slot = self.assign(&be, &mut pinned, Some(server)).await?;
                self.redispatched |= retry::counted(&be, Some(server), self.server);
            } else {
                retry::counted(&be, Some(server), Some(server));
                count::server(&be, server, false, t.worker.now_ms());
                if !matches!(fault, connect::Fault::TimedOut | connect::Fault::Full) {
                    self.pause(&be).await?;
                }
            }
        }
    }

    /// Waits before the same server is asked again; `None`: the client left.
    async fn pause(&mut self, be: &BackendPlan) -> Option<()> {
        let w = self.s.t.worker;
        let until = w.after(Some(retry::pause(be.timeouts.connect)));
        self.s.client.watch();
        while w.now_ms() < until {
            if self.gone(be) {
                self.state = *b"CC";
                return None;
            }
            w.park(until).await;
        }
        Some(())
    }

    /// To where the back end sends what it has no server for.
    async fn run_directly(&mut self, be: &Arc<BackendPlan>) -> Option<()> {
        let w = self.s.t.worker;
        let address = match be.direct.as_ref()? {
            Direct::Dispatch(address) => address.clone(),
            Direct::Transparent => ServerAddress::Inet(self.s.dst_now()?),
            Direct::Target => ServerAddress::Unresolved,
        };
        self.times.queued = w.now_us().max(1);
        let mut retries = be.retries;
        loop {
            count::connection(be, None, false);
            let until = w.after(be.timeouts.connect);
            let fault = match connect::start(w, &address, connect::Options::default()) {
                Err(fault) => Some(fault),
                Ok(sock) => match connect::established(w, &sock, until, || self.gone(be)).await {
                    Err(fault) => fault,
                    Ok(()) => {
                        self.times.connected = w.now_us().max(1);
                        self.log_step(LogStep::Connect);
                        let counted = self.s.t.shared.descriptors.server();
                        let conn = ServerConn::new(sock, 0, counted, None);
                        self.tunnel(be, &conn).await;
                        return Some(());
                    }
                },
            };
            self.state = match fault {
                None => *b"CC",
                Some(connect::Fault::TimedOut) => *b"sC",
                Some(connect::Fault::Resource(_)) => *b"RC",
                Some(_) => *b"SC",
            };
            fault?;
            retries = retries.checked_sub(1)?;
            self.tries += 1;
            count::retry(be, None, false);
            self.pause(be).await?;
        }
    }

    async fn tunnel(&mut self, be: &BackendPlan, conn: &ServerConn) {
        let (mut up, mut down) = (Half::idle(), Half::idle());
        up.begin(BodyLength::Tunnel, false);
        down.begin(BodyLength::Tunnel, false);
        let s = &self.s;
        if up
            .push(s.t, &conn.sock, &[], self.early.received(), false)
            .is_err()
        {
            return;
        }
        if !be.rules.tcp_response_content.is_empty()
            && !self.inspect_response(be, conn, &mut up, &mut down).await
        {
            self.state = *b"PD";
            return;
        }
        let s = &self.s;
        self.contstats = self
            .be
            .as_ref()
            .and_then(|be| Contstats::of(s, be, self.server));
        let s = &self.s;
        let limits = tunnel::Timeouts {
            client: be.timeouts.tunnel.or(s.fe.timeouts.client),
            server: be.timeouts.tunnel.or(be.timeouts.server),
            client_fin: s.fe.timeouts.client_fin,
            server_fin: be.timeouts.server_fin,
        };
        let sides = tunnel::Sides {
            client: s.fe.options,
            server: be.options,
        };
        let (t, client, server) = (s.t, &s.client, &conn.sock);
        let contstats = self.contstats.as_deref_mut();
        let ended = tunnel::run(t, (client, server), up, down, limits, sides, contstats).await;
        self.state = ended.state;
        self.sent = ended.down;
        self.received = ended.up;
    }

    /// `tcp-response content`: holds the server's first bytes back until the rules decide; false
    /// when they refuse.
    async fn inspect_response(
        &mut self,
        be: &BackendPlan,
        conn: &ServerConn,
        up: &mut Half,
        down: &mut Half,
    ) -> bool {
        let t = self.s.t;
        let delay = be.rules.tcp_response_inspect_delay;
        let mut until = None;
        let mut nothing = Vec::new();
        let (mut from, mut last) = (0, false);
        loop {
            let mut late = self.late.take().unwrap_or_else(|| t.message());
            let got = conn.sock.recv(late.space());
            match got {
                Io::Done(n) => late.filled(n),
                Io::Eof | Io::Failed(_) => last = true,
                Io::Blocked => {}
            }
            let some = !late.received().is_empty();
            last |= late.space().is_empty();
            self.late = Some(late);
            if some || last {
                let limit = *until.get_or_insert_with(|| t.worker.after(Some(delay.unwrap_or(0))));
                last |= t.worker.now_ms() >= limit;
                let list = &be.rules.tcp_response_content;
                let mode = rules::Mode {
                    set: RuleSet::TcpResponseContent,
                    from,
                    last,
                };
                match rules::run(list, mode, self, &mut t.scratch.borrow_mut()) {
                    Verdict::Continue => break,
                    Verdict::Wait { from: at, .. } => {
                        from = if last { at + 1 } else { at };
                        if last {
                            continue;
                        }
                    }
                    _ => return false,
                }
            }
            // the client may go on meanwhile
            let moved = up.pump(t, &self.s.client, &conn.sock, &mut nothing);
            if matches!(moved, Pump::SinkFailed(_) | Pump::SourceFailed(_)) {
                break;
            }
            if moved != Pump::Moved && !matches!(got, Io::Done(_)) {
                let server = t.worker.after(be.timeouts.server);
                let limit = until.unwrap_or(server).min(server);
                if t.worker.park(limit).await == Wake::TimedOut && until.is_none() {
                    break;
                }
            }
        }
        let Some(late) = self.late.take() else {
            return true;
        };
        let pushed = down.push(t, &self.s.client, &[], late.received(), false);
        t.recycle(late);
        pushed.is_ok()
    }

    /// Statistics, and the back end's present number.
    fn count_end(&self) {
        let t = self.s.t;
        let times = &self.times;
        let by_server = times.connected != 0;
        let (received, sent) = match &self.contstats {
            None => (self.received, self.sent),
            Some(counted) => counted.rest(self.received, self.sent),
        };
        let ended = count::Ended {
            be: self.be.as_deref(),
            server: self.server,
            state: self.state,
            received,
            sent,
            by_server,
            times: Some(match by_server {
                true => [
                    ms(self.s.accepted_us, times.queued),
                    ms(times.queued, times.connected),
                    0,
                    ms(self.s.accepted_us, t.worker.now_us()),
                ],
                false => [0; 4],
            }),
            ..count::Ended::default()
        };
        count::end(&t.shared, self.s.fe.id, self.s.listener, &ended);
        track::bytes(self.tracked.as_deref(), &self.s, self.received, self.sent);
        if let Some(be) = &self.be {
            be.state.sessions.leave();
        }
    }

    /// The line of the log at the end.
    fn log_end(&mut self) {
        let Some(plan) = self.s.fe.log.as_ref() else {
            return;
        };
        if plan.skips_null && self.received == 0 && self.early.received().is_empty() {
            return;
        }
        if plan.logs(LogStep::Close) || plan.one_line && !self.logged {
            self.log_line(LogStep::Close);
        }
    }

    /// The line of a step on the way, where one is wanted.
    fn log_step(&mut self, step: LogStep) {
        if self.s.fe.log.as_ref().is_some_and(|plan| plan.logs(step)) {
            self.logged = true;
            self.log_line(step);
        }
    }

    fn log_line(&mut self, step: LogStep) {
        let Some(plan) = self.s.fe.log.clone() else {
            return;
        };
        let data = LogData {
            early: plan.asap,
            lines: log::count(&plan),
            ..self.log_data(step)
        };
        if let Some(level) = log::level(&plan, self.log_level, &data) {
            self.log = Some(data);
            log::step(self.s.t, &plan, self, step, level, None);
            self.log = None;
        }
    }

    /// `do-log`
    fn log_now(&mut self, step: LogStep, profile: Option<u32>) {
        let Some(plan) = self.s.fe.log.clone() else {
            return;
        };
        let profile = profile.and_then(|p| self.s.plan.log_profiles.get(p as usize).cloned());
        let level = self.log_level.map_or(Some(log::INFO), |said| said);
        if let Some(level) = level {
            self.log = Some(LogData {
                early: plan.asap,
                lines: log::count(&plan),
                ..self.log_data(step)
            });
            log::step(self.s.t, &plan, self, step, level, profile.as_deref());
            self.log = None;
        }
    }

    fn log_data(&self, step: LogStep) -> LogData {
        let s = &self.s;
        let t = s.t;
        let ms = |from: u64, to: u64| match to {
            0 => -1,
            to => (to.saturating_sub(from) / 1000) as i64,
        };
        let [cause, phase] = self.state;
        let server = self.be.as_ref().and_then(|b| b.state.server(self.server?));
        LogData {
            step,
            state: [cause, phase, b'-', b'-'],
            status: -1,
            sent: self.sent,
            received: self.received,
            request: -1,
            response: -1,
            // counted from a request that never was, at -1 ms, as 3.4 does
            queue: match self.times.queued {
                0 => -1,
                queued => ms(s.accepted_us, queued) + 1,
            },
            connect: ms(self.times.queued, self.times.connected),
            total: ms(s.accepted_us, t.worker.now_us().max(1)),
            actconn: t.shared.conns.current(),
            feconn: t
                .shared
                .frontends
                .get(s.fe.id.0 as usize)
                .map_or(0, |f| f.conns.current()),
            beconn: self.be.as_ref().map_or(0, |b| b.state.sessions.cur()),
            srvconn: server.map_or(0, |s| s.served()),
            retries: self.tries,
            redispatched: self.redispatched,
            srv_queue: self.waited.0,
            backend_queue: self.waited.1,
            ..LogData::default()
        }
    }

    /// `tcp-request content`: runs the rules again with each piece that arrives, until they
    /// decide, or `inspect-delay` is over, or nothing more can come.
    async fn inspect(&mut self, list: &[Rule], delay: Option<u32>) -> Option<()> {
        if list.is_empty() {
            return Some(());
        }
        let t = self.s.t;
        let until = t.worker.after(Some(delay.unwrap_or(0)));
        let (mut from, mut last) = (0, false);
        loop {
            if !last {
                match self.s.client.recv(self.early.space()) {
                    Io::Done(n) => self.early.filled(n),
                    Io::Blocked => {}
                    Io::Eof | Io::Failed(_) => last = true,
                }
                last |= self.early.space().is_empty() || t.worker.now_ms() >= until;
            }
            let mode = rules::Mode {
                set: RuleSet::TcpRequestContent,
                from,
                last,
            };
            let verdict = rules::run(list, mode, self, &mut t.scratch.borrow_mut());
            match verdict {
                Verdict::Continue => return Some(()),
                Verdict::Wait { from: at, .. } if !last => from = at,
                Verdict::Wait { from: at, .. } => {
                    from = at + 1;
                    continue;
                }
                Verdict::Resolve { from: at, question } => {
                    from = at;
                    Box::pin(self.rule_resolves(&question)).await;
                    continue;
                }
                Verdict::SilentDrop { rst_ttl } => {
                    self.s.client.vanish_on_close(rst_ttl);
                    self.state = *b"PR";
                    return None;
                }
                _ => {
                    self.state = *b"PR";
                    return None;
                }
            }
            t.worker.park(until).await;
        }
    }

    /// `do-resolve`
    #[cold]
    async fn rule_resolves(&mut self, question: &Question) {
        let found = resolvers::ask(self.s.t, question)
            .wait(self.s.t.worker)
            .await;
        if let Some(ip) = found {
            question.answer(self, ip);
        }
    }

    /// A slot on `server` was given to this stream; `chosen`: by the algorithm.
    fn assigned(&mut self, be: &BackendPlan, server: u32, chosen: bool) {
        let w = self.s.t.worker;
        self.server = Some(server);
        self.listed.server(server);
        self.times.queued = w.now_us().max(1);
        count::server(be, server, chosen, w.now_ms());
    }

    /// Waits for a slot; `None` when the client is gone or there is none to be had. `pinned`: the
    /// server that persistence asks for, until it is given up.
    async fn assign(
        &mut self,
        be: &Arc<BackendPlan>,
        pinned: &mut Option<u32>,
        avoid: Option<u32>,
    ) -> Option<Slot> {
        let w = self.s.t.worker;
        let mut want = Want {
            pinned: *pinned,
            key: select::key(self.s.t, be, self),
            avoid,
            token: w.current().token(),
            class: self.priority.0,
            offset: self.priority.1,
            redispatch: be.redispatch.is_some(),
        };
        let until = w.after(be.timeouts.queue);
        loop {
            let mut waiter = match be.state.assign(&want, w.now_ms()) {
                Assigned::Slot(slot) => {
                    let chosen = pinned.is_none() && avoid != Some(slot.index());
                    self.assigned(be, slot.index(), chosen);
                    return Some(slot);
                }
                Assigned::Queued(waiter) => waiter,
                Assigned::Full if want.redispatch && want.pinned.is_some() => {
                    *pinned = None;
                    want.pinned = None;
                    continue;
                }
                Assigned::Full => {
                    self.state = *b"SQ";
                    return None;
                }
                Assigned::None => {
                    self.state = *b"SC";
                    return None;
                }
            };
            loop {
                match waiter.turn() {
                    Turn::Go(slot) => {
                        self.waited = (slot.srv_queue(), slot.backend_queue());
                        // what waited for any server was not chosen for (seen on 3.4)
                        self.assigned(be, slot.index(), false);
                        return Some(slot);
                    }
                    Turn::Redispatch => {
                        *pinned = None;
                        want.pinned = None;
                        break;
                    }
                    Turn::Wait => {}
                }
                let gone = self.gone(be);
                if gone || w.park(until).await == Wake::TimedOut {
                    self.state = if gone { *b"CQ" } else { *b"sQ" };
                    self.times.queued = w.now_us().max(1);
                    self.waited = (0, 1);
                    return None;
                }
            }
        }
    }

    /// The `stick` rules: they find a server if nothing else did.
    fn stick(&mut self, be: &BackendPlan, found: Option<u32>) -> Option<u32> {
        if be.stick_rules.is_empty() {
            return found;
        }
        let forced = be.options.contains(Options::PERSIST);
        let (server, stores) = stick::request(self.s.t, be, self, found.is_some(), forced);
        self.stores = stores;
        found.or(server)
    }

    fn gone(&self, be: &BackendPlan) -> bool {
        let client = &self.s.client;
        client.broken() || client.hung_up() && be.options.contains(Options::ABORTONCLOSE)
    }

    async fn connect(
        &mut self,
        be: &BackendPlan,
        server: u32,
    ) -> Result<ServerConn, Option<connect::Fault>> {
        let worker = self.s.t.worker;
        let Some(plan) = be.servers.get(server as usize) else {
            return Err(None);
        };
        let tune = &self.s.plan.global.settings.tune;
        let options = connect::Options {
            foreign: source::foreign(&plan.settings, self.s.src, None).map_err(Some)?,
            // there is nothing yet that could go out with the first packet
            fast_open: false,
            smart: false,
            marks: self.marks.as_deref().copied().unwrap_or_default(),
            ..connect::Options::of(be, &plan.settings, tune)
        };
        let until = worker.after(be.timeouts.connect);
        let mut preface = Preface {
            header: preface::header(plan, self, &self.s),
            ..Preface::default()
        };
        let mut address = plan.address_now();
        if let Some(to) = address.for_client(|| self.s.dst()) {
            address = Cow::Owned(ServerAddress::Inet(to));
        }
        let lead = preface.lead(plan.settings.socks4, &address);
        let address = lead.as_ref().unwrap_or(&address);
        let mut sock = connect::start(worker, address, options).map_err(Some)?;
        if plan.settings.has_preface() {
            let gone = || self.gone(be);
            Box::pin(preface.play(worker, &sock, until, gone)).await?;
        }
        if let Some(encrypted) = plan.tls.as_deref().filter(|tls| tls.encrypted) {
            let config = encrypted.traffic().ok_or(Some(connect::Fault::Handshake))?;
            let name = tls::name_for(self.s.t, plan, self);
            tls::towards_server(&mut sock, config, name.as_deref());
        }
        let stands = connect::established(worker, &sock, until, || self.gone(be)).await;
        tls::count(self.s.t, be, Some(server), &sock, stands.err());
        stands?;
        Ok(ServerConn::new(
            sock,
            0,
            self.s.t.shared.descriptors.server(),
            None,
        ))
    }
}

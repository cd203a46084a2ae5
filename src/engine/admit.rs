//! `tcp-request connection` and `tcp-request session`: whether a connection is let in.

use super::connect::set_tos;
use super::session::Session;
use crate::action::RuleSet;
use crate::engine::http::contains;
use crate::ir::proxy::Mode;
use crate::proto::h1::Message;
use crate::proto::proxy_protocol::Received;
use crate::rules::{self, Verdict};
use crate::sample::vars::{Scope, VarStore};
use crate::sample::view::{Connection, Effect, LogData, StreamView, TlsFacts, World};
use crate::table::Tracked;
use socket2::SockRef;
use std::net::SocketAddr;
use std::rc::Rc;

impl StreamView for Session {
    fn request(&self) -> Option<&Message> {
        None
    }
    fn request_mut(&mut self) -> Option<&mut Message> {
        None
    }
    fn response(&self) -> Option<&Message> {
        None
    }
    fn response_mut(&mut self) -> Option<&mut Message> {
        None
    }
    fn tls(&self) -> Option<&TlsFacts> {
        self.tls.as_deref()
    }
    fn http_major(&self) -> u8 {
        if self.client.pipe().is_some() { 2 } else { 1 }
    }
    fn glitches(&self) -> u32 {
        let pipe = self.client.pipe();
        pipe.map_or(0, |pipe| pipe.connection().glitches())
    }
    fn client_connection(&self) -> Option<Box<Connection>> {
        let mut known = super::facts::of(&self.client);
        if let Some(log) = &self.log {
            known.fault = log.fault;
        }
        Some(known)
    }
    fn listener_connections(&self) -> Option<u32> {
        let all = &self.t.shared.listeners;
        all.get(self.listener as usize).map(|l| l.current())
    }
    fn src(&self) -> Option<SocketAddr> {
        self.src
    }
    fn dst(&self) -> Option<SocketAddr> {
        self.dst_now()
    }
    fn fc_src(&self) -> Option<SocketAddr> {
        self.own_src()
    }
    fn fc_dst(&self) -> Option<SocketAddr> {
        self.own_dst()
    }
    fn received_proxy_header(&self) -> Option<&Received> {
        self.received_header()
    }
    fn frontend(&self) -> Option<(&str, u32)> {
        Some((&self.fe.name, self.fe.uuid))
    }
    fn default_backend(&self) -> Option<&str> {
        let id = self.fe.default_backend?;
        self.plan.backend(id).map(|b| &*b.name)
    }
    fn listener(&self) -> Option<(&str, u32)> {
        let l = self.plan.listeners.get(self.listener as usize)?;
        Some((l.name.as_deref().unwrap_or(""), l.uuid))
    }
    fn accept_date_us(&self) -> u64 {
        self.accept_date_us
    }
    fn random(&self) -> u32 {
        self.t.random()
    }
    fn vars(&self, scope: Scope) -> Option<&VarStore> {
        (scope == Scope::Sess).then(|| self.vars())
    }
    fn world(&self) -> &dyn World {
        self.t
    }
    fn tracked(&self, number: u32) -> Option<&Tracked> {
        self.tracked.as_ref()?.get(number)
    }
    fn track(&mut self, number: u32, entry: Tracked) {
        // nobody shares it before the first stream
        if let Some(tracked) = Rc::get_mut(self.tracked.get_or_insert_default()) {
            tracked.set(number, entry);
        }
    }
    fn log(&self) -> Option<&LogData> {
        self.log.as_deref()
    }
    fn apply(&mut self, effect: Effect) -> bool {
        match effect {
            Effect::Src(a) => {
                self.keep_addresses();
                self.src = Some(a);
            }
            Effect::Dst(a) => {
                self.keep_addresses();
                self.dst = Some(a);
            }
            Effect::FcTos(tos) => return self.client.fd().is_some_and(|fd| set_tos(fd, tos)),
            Effect::FcMark(mark) => {
                let client = self.client.fd();
                return client.is_some_and(|fd| SockRef::from(&fd).set_mark(mark).is_ok());
            }
            Effect::Nice(nice) => self.t.worker.give_way(nice > self.t.shared.least_nice),
            Effect::Log(step, profile) => self.log_now(step, profile),
            Effect::ExpectProxy => self.expects_proxy = true,
            _ => return false,
        }
        true
    }
}

/// Lets the connections of less nice listeners go first, from now on (`nice`).
pub async fn queue_up(s: &Session) {
    let listener = s.plan.listeners.get(s.listener as usize);
    let nice = listener.map_or(0, |l| l.settings.nice);
    if nice > s.t.shared.least_nice {
        s.t.worker.give_way(true);
        s.t.worker.yield_now().await;
    }
}

/// Lets a connection in: the rules that know nothing but the connection, a PROXY protocol header,
/// TLS, and the rules that know what it agreed upon. False: close it.
pub async fn admitted(s: &mut Session) -> bool {
    if !connection(s) {
        return false;
    }
    if s.expects_proxy && !Box::pin(super::proxied::accept(s)).await {
        return false;
    }
    if s.speaks_tls() && !super::tls::accept(s).await {
        return false;
    }
    s.let_in = true;
    let fe = s.fe.clone();
    let rules = &fe.rules.tcp_request_session;
    if !rules.is_empty() && !passes(s, rules, RuleSet::TcpRequestSession) {
        if s.received_header().is_some() || s.tls.is_some() {
            // HAProxy cannot tell this from a handshake that failed
            s.log_handshake("Success", true);
        }
        return false;
    }
    if !(rules.is_empty() && fe.rules.tcp_request_connection.is_empty())
        && let Some(fe) = s.t.shared.frontends.get(fe.id.0 as usize)
    {
        fe.counters.admitted_rate.add(s.t.worker.now_ms());
    }
    super::track::session(s);
    true
}

/// What is decided before the client has said anything.
fn connection(s: &mut Session) -> bool {
    if let (Some(net), Some(src)) = (s.fe.monitor_net, s.src)
        && contains(net, src.ip())
    {
        // a monitoring device: it only wants to see that we live (manual of 2.0, 4.2)
        if s.fe.mode == Mode::Http {
            s.client.send(b"HTTP/1.0 200 OK\r\n\r\n", false);
        }
        return false;
    }
    if s.fe.mode == Mode::Health {
        s.client.send(b"OK\n", false);
        return false;
    }
    if s.fe.rules.tcp_request_connection.is_empty() {
        return true;
    }
    let fe = s.fe.clone();
    let rules = &fe.rules.tcp_request_connection;
    passes(s, rules, RuleSet::TcpRequestConnection)
}

fn passes(s: &mut Session, list: &[crate::ir::rule::Rule], set: RuleSet) -> bool {
    let t = s.t;
    let verdict = rules::run(list, rules::Mode::of(set), s, &mut t.scratch.borrow_mut());
    if matches!(verdict, Verdict::Continue | Verdict::Wait { .. }) {
        return true;
    }
    if let Verdict::SilentDrop { rst_ttl } = verdict {
        s.client.vanish_on_close(rst_ttl);
    }
    t.shared.front(s.fe.id, s.listener, |fe| match set {
        RuleSet::TcpRequestConnection => fe.denied_connections.inc(),
        _ => fe.denied_sessions.inc(),
    });
    false
}

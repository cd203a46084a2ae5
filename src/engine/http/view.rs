//! What rules see of a stream.

use super::Stream;
use super::stream::Service;
use crate::base::span::Span;
use crate::engine::count;
use crate::proto::h1::Message;
use crate::proto::proxy_protocol::Received;
use crate::sample::capture::Captures;
use crate::sample::vars::{Scope, VarStore};
use crate::sample::view::{
    Connection, Direction, Effect, LogData, Progress, StreamTimeouts, StreamView, TlsFacts, Whose,
    World,
};
use crate::table::Tracked;
use std::net::SocketAddr;

impl StreamView for Stream {
    fn request(&self) -> Option<&Message> {
        self.req.is_parsed().then_some(&*self.req)
    }
    fn request_mut(&mut self) -> Option<&mut Message> {
        self.req.is_parsed().then_some(&mut *self.req)
    }
    fn response(&self) -> Option<&Message> {
        self.res.as_deref().filter(|m| m.is_parsed())
    }
    fn response_mut(&mut self) -> Option<&mut Message> {
        self.res.as_deref_mut().filter(|m| m.is_parsed())
    }
    fn rewrite_failed(&mut self, direction: Direction, fatal: bool) {
        let server = match direction {
            Direction::Request => None,
            Direction::Response => self.server,
        };
        count::rewrite_failed(&self.s, self.be.as_deref(), server, fatal);
    }
    fn tls(&self) -> Option<&TlsFacts> {
        self.s.tls.as_deref()
    }
    fn http_major(&self) -> u8 {
        self.s.http_major()
    }
    fn glitches(&self) -> u32 {
        self.s.glitches()
    }
    fn client_connection(&self) -> Option<Box<Connection>> {
        self.s.client_connection()
    }
    fn server_connection(&self) -> Option<&Connection> {
        self.server_facts.as_deref()
    }
    fn server_status(&self) -> Option<u16> {
        // 0 without a response, as 3.4 shows it
        Some(self.server_status)
    }
    fn response_coding(&self) -> Option<&'static str> {
        let coding = self.codings.1.filter(|_| self.status >= 0)?;
        Some(coding.name())
    }
    fn listener_connections(&self) -> Option<u32> {
        self.s.listener_connections()
    }
    fn src(&self) -> Option<SocketAddr> {
        self.src.or(self.s.src)
    }
    fn dst(&self) -> Option<SocketAddr> {
        self.dst.or_else(|| self.s.dst_now())
    }
    fn fc_src(&self) -> Option<SocketAddr> {
        self.s.own_src()
    }
    fn fc_dst(&self) -> Option<SocketAddr> {
        self.s.own_dst()
    }
    fn session_src(&self) -> Option<SocketAddr> {
        self.s.src
    }
    fn session_dst(&self) -> Option<SocketAddr> {
        self.s.dst_now()
    }
    fn received_proxy_header(&self) -> Option<&Received> {
        self.s.received_header()
    }
    fn server_tls(&self) -> Option<&TlsFacts> {
        self.server_facts.as_ref()?.tls.as_deref()
    }
    fn bc_src(&self) -> Option<SocketAddr> {
        self.own_address
    }
    fn bc_dst(&self) -> Option<SocketAddr> {
        let server = self.be.as_ref()?.servers.get(self.server? as usize)?;
        server.address.inet(|| self.dst())
    }
    fn frontend(&self) -> Option<(&str, u32)> {
        self.s.frontend()
    }
    fn backend(&self) -> Option<(&str, u32)> {
        self.be.as_ref().map(|b| (&*b.name, b.uuid))
    }
    fn server(&self) -> Option<(&str, u32)> {
        match self.service {
            Service::None => {}
            Service::Page => return Some(("<STATS>", 0)),
            Service::Metrics => return Some(("<PROMEX>", 0)),
        }
        let server = self.be.as_ref()?.servers.get(self.server? as usize)?;
        Some((&server.name, server.settings.id))
    }
    fn default_backend(&self) -> Option<&str> {
        self.s.default_backend()
    }
    fn listener(&self) -> Option<(&str, u32)> {
        self.s.listener()
    }
    fn timeouts(&self, whose: Whose) -> Option<StreamTimeouts> {
        let of = |t: &crate::ir::proxy::Timeouts| StreamTimeouts {
            client: t.client,
            server: t.server,
            connect: t.connect,
            queue: t.queue,
            tunnel: t.tunnel,
            tarpit: t.tarpit,
        };
        match whose {
            Whose::Frontend => Some(of(&self.s.fe.timeouts)),
            Whose::Backend => self.be.as_ref().map(|be| of(&be.timeouts)),
            Whose::Stream => Some(self.timeouts),
        }
    }
    fn first_request(&self) -> bool {
        self.s.requests <= 1
    }
    fn request_body(&self) -> Option<&[u8]> {
        Some(super::body::received(&self.req, &self.decoded, 0))
    }
    fn response_body(&self) -> Option<&[u8]> {
        let res = self.res.as_ref()?;
        Some(super::body::received(res, &self.decoded, 1))
    }
    fn log(&self) -> Option<&LogData> {
        self.log.as_ref()
    }
    fn progress(&self) -> Option<Box<Progress>> {
        Some(Box::new(self.progress_now()))
    }
    fn stream_id(&self) -> u32 {
        self.id
    }
    fn accept_date_us(&self) -> u64 {
        self.s.accept_date_us
    }
    fn request_date_us(&self) -> u64 {
        self.s.accept_date_us + (self.times.begin - self.s.accepted_us)
    }
    fn random(&self) -> u32 {
        self.s.t.random()
    }
    fn world(&self) -> &dyn World {
        self.s.t
    }
    fn tracked(&self, number: u32) -> Option<&Tracked> {
        let own = self.tracked.as_ref().and_then(|t| t.get(number));
        own.or_else(|| self.s.tracked(number))
    }
    fn track(&mut self, number: u32, entry: Tracked) {
        self.tracked.get_or_insert_default().set(number, entry);
    }
    fn vars(&self, scope: Scope) -> Option<&VarStore> {
        match scope {
            Scope::Sess => Some(self.s.vars()),
            Scope::Txn => Some(&self.txn_vars),
            Scope::Req => Some(&self.req_vars),
            Scope::Res => Some(&self.res_vars),
            _ => None,
        }
    }
    fn last_rule(&self) -> Option<(&str, u32)> {
        self.s.plan.place(self.last_rule?)
    }
    fn note_rule(&mut self, rule: Span) {
        self.last_rule = Some(rule);
    }
    fn captures(&self) -> Option<&Captures> {
        // what could not be understood has none
        self.captures.as_deref().filter(|_| self.req.is_parsed())
    }
    fn uri_len(&self) -> usize {
        self.s.plan.global.settings.tune.http_logurilen as usize
    }
    fn unique_id(&self) -> Option<&[u8]> {
        self.make_unique_id()
    }
    fn log_level(&self) -> Option<u8> {
        self.log_level.flatten()
    }
    fn early_hint(&mut self, name: &[u8], value: &[u8]) {
        if !self.req.is_http11() {
            return;
        }
        let text = [
            b"HTTP/1.1 103 Early Hints\r\n",
            name,
            b": ",
            value,
            b"\r\n\r\n",
        ]
        .concat();
        // a client that is gone shows itself with the final response
        self.s.client.send(&text, false);
    }
    fn apply(&mut self, effect: Effect) -> bool {
        let ms = |v: u32| (v != 0).then_some(v);
        match effect {
            Effect::ClientTimeout(v) => self.timeouts.client = ms(v),
            Effect::ServerTimeout(v) => self.timeouts.server = ms(v),
            Effect::TunnelTimeout(v) => self.timeouts.tunnel = ms(v),
            Effect::TarpitTimeout(v) => self.timeouts.tarpit = ms(v),
            Effect::ConnectTimeout(v) => self.timeouts.connect = ms(v),
            Effect::QueueTimeout(v) => self.timeouts.queue = ms(v),
            Effect::Src(a) => self.src = Some(a),
            Effect::Dst(a) => self.dst = Some(a),
            Effect::BcMark(mark) => self.marks.get_or_insert_default().mark = Some(mark),
            Effect::BcTos(tos) => self.marks.get_or_insert_default().tos = Some(tos),
            Effect::Retries(n) => self.retries = n,
            Effect::DisableL7Retry => self.no_l7_retry = true,
            Effect::PriorityClass(class) => self.priority.0 = class,
            Effect::PriorityOffset(ms) => self.priority.1 = ms,
            Effect::LogLevel(level) => self.log_level = Some(level),
            Effect::Log(step, profile) => self.log_now(step, profile),
            other => return self.s.apply(other),
        }
        true
    }
}

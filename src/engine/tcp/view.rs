//! What rules and logs see of a stream in TCP mode.

use super::TcpStream;
use crate::base::span::Span;
use crate::proto::h1::Message;
use crate::proto::proxy_protocol::Received;
use crate::sample::capture::Captures;
use crate::sample::vars::{Scope, VarStore};
use crate::sample::view::{
    Connection, Effect, LogData, LogStep, Progress, StreamView, Stuck, TlsFacts, World,
};
use crate::table::Tracked;
use std::net::SocketAddr;

impl StreamView for TcpStream {
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
        self.s.tls.as_deref()
    }
    fn client_connection(&self) -> Option<Box<Connection>> {
        self.s.client_connection()
    }
    fn server_connection(&self) -> Option<&Connection> {
        self.server_facts.as_deref()
    }
    fn listener_connections(&self) -> Option<u32> {
        self.s.listener_connections()
    }
    fn src(&self) -> Option<SocketAddr> {
        self.s.src
    }
    fn dst(&self) -> Option<SocketAddr> {
        self.s.dst_now()
    }
    fn fc_src(&self) -> Option<SocketAddr> {
        self.s.own_src()
    }
    fn fc_dst(&self) -> Option<SocketAddr> {
        self.s.own_dst()
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
        let server = self.be.as_ref()?.servers.get(self.server? as usize)?;
        Some((&server.name, server.settings.id))
    }
    fn default_backend(&self) -> Option<&str> {
        self.s.default_backend()
    }
    fn listener(&self) -> Option<(&str, u32)> {
        self.s.listener()
    }
    fn log(&self) -> Option<&LogData> {
        self.log.as_ref()
    }
    fn response_buffer(&self) -> Option<&[u8]> {
        self.late.as_ref().map(|m| m.received())
    }
    fn request_buffer(&self) -> Option<&[u8]> {
        Some(self.early.received())
    }
    fn accept_date_us(&self) -> u64 {
        self.s.accept_date_us
    }
    fn random(&self) -> u32 {
        self.s.t.random()
    }
    fn vars(&self, scope: Scope) -> Option<&VarStore> {
        match scope {
            Scope::Sess => Some(self.s.vars()),
            Scope::Txn => Some(&self.vars),
            Scope::Req => Some(&self.req_vars),
            Scope::Res => Some(&self.res_vars),
            _ => None,
        }
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
    fn last_rule(&self) -> Option<(&str, u32)> {
        self.s.plan.place(self.last_rule?)
    }
    fn note_rule(&mut self, rule: Span) {
        self.last_rule = Some(rule);
    }
    fn captures(&self) -> Option<&Captures> {
        self.captures.as_deref()
    }
    fn stream_id(&self) -> u32 {
        self.id
    }
    fn unique_id(&self) -> Option<&[u8]> {
        let format = self.s.fe.unique_id.as_ref()?;
        self.unique_id.of(format, self)
    }
    fn progress(&self) -> Option<Box<Progress>> {
        Some(Box::new(Progress {
            log: self.log.unwrap_or_else(|| self.log_data(LogStep::Close)),
            ended: self.log.is_some(),
            to_server: self.received,
            to_client: self.sent,
            priority: self.priority,
            reused: false,
            stuck: Stuck::No,
        }))
    }
    fn log_level(&self) -> Option<u8> {
        self.log_level.flatten()
    }
    fn apply(&mut self, effect: Effect) -> bool {
        match effect {
            Effect::LogLevel(level) => self.log_level = Some(level),
            Effect::BcMark(mark) => self.marks.get_or_insert_default().mark = Some(mark),
            Effect::BcTos(tos) => self.marks.get_or_insert_default().tos = Some(tos),
            Effect::PriorityClass(class) => self.priority.0 = class,
            Effect::PriorityOffset(ms) => self.priority.1 = ms,
            Effect::Log(step, profile) => self.log_now(step, profile),
            other => return self.s.apply(other),
        }
        true
    }
}

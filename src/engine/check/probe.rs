//! One run of a check: its connection, what was received, its variables.

use super::outcome::{self, Outcome};
use super::request::request;
use crate::balance::{Operational, ServerState};
use crate::engine::connect::{self, Fault};
use crate::engine::preface::{self, Preface};
use crate::engine::reactor::{Io, Sock, Wake};
use crate::engine::thread::Thread;
use crate::engine::tls;
use crate::engine::unique_id::UniqueId;
use crate::ir::check::{Act, CheckStatus, Connect, HttpSend, Port, Set, SetValue, Step, Steps};
use crate::plan::{BackendPlan, ServerAddress, ServerPlan};
use crate::proto::h1::{Message, Method, RequestContext};
use crate::sample::LogFormat;
use crate::sample::value::{Sample, Type};
use crate::sample::vars::{self, Owned, Scope, VarStore};
use crate::sample::view::{Direction, Eval, StreamView, World};
use rustix::io::Errno;
use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

/// A check that goes on, or how it ended.
pub(super) type Go<T = ()> = Result<T, Outcome>;

/// One run of a check.
pub(super) struct Probe<'a> {
    pub t: &'static Thread,
    pub be: &'a BackendPlan,
    pub server: &'a ServerPlan,
    pub state: &'a ServerState,
    pub steps: &'a Steps,
    /// What came last: the bytes, or with HTTP the message.
    pub received: Vec<u8>,
    /// The HTTP answer.
    pub response: Option<Box<Message>>,
    /// Its body, decoded, as far as it is there.
    pub body: Vec<u8>,
    /// Its body is complete.
    pub body_ended: bool,
    /// The server ended its side.
    pub eof: bool,
    /// The code to be shown.
    pub code: u16,
    /// What is to be said at the end.
    pub info: String,
    sock: Option<Sock>,
    linger: bool,
    is_tls: bool,
    asked: RequestContext,
    began: u64,
    /// Until when the step in work may last, ms tick.
    until: u64,
    vars: VarStore,
    unique_id: UniqueId,
}

impl<'a> Probe<'a> {
    /// A run that begins now.
    pub fn new(
        t: &'static Thread,
        be: &'a BackendPlan,
        server: &'a ServerPlan,
        state: &'a ServerState,
        steps: &'a Steps,
    ) -> Probe<'a> {
        Probe {
            t,
            be,
            server,
            state,
            steps,
            received: Vec::new(),
            response: None,
            body: Vec::new(),
            body_ended: false,
            eof: false,
            code: 0,
            info: String::new(),
            sock: None,
            linger: false,
            is_tls: false,
            asked: RequestContext::default(),
            began: t.worker.now_ms(),
            until: 0,
            vars: VarStore::default(),
            unique_id: UniqueId::default(),
        }
    }

    /// Takes all steps.
    pub async fn run(mut self) -> Outcome {
        let steps = self.steps;
        let mut status = CheckStatus::L4Ok;
        let mut ended = None;
        for (at, step) in steps.list.iter().enumerate() {
            match self.step(at, step).await {
                Ok(Some(reached)) => status = reached,
                Ok(None) => {}
                Err(outcome) => {
                    ended = Some(outcome);
                    break;
                }
            }
        }
        let written = steps.list.iter().any(|s| s.number > 0);
        let mut outcome = ended.unwrap_or_else(|| {
            if self.info.is_empty() && steps.told && written {
                self.info = "(tcp-check)".into();
            }
            Outcome::told(status, std::mem::take(&mut self.info))
        });
        if outcome.status.has_code() {
            outcome.code = Some(outcome.code.unwrap_or(self.code));
        }
        self.hang_up(true);
        if let Some(message) = self.response.take() {
            self.t.recycle(message);
        }
        outcome
    }

    /// Takes one step; the status that the check has then if it was the last.
    async fn step(&mut self, at: usize, step: &'a Step) -> Go<Option<CheckStatus>> {
        let sent = match &step.act {
            Act::Comment => return Ok(None),
            Act::Set(set) => {
                self.set(set);
                return Ok(None);
            }
            Act::Unset(scope, id) => {
                vars::unset(self, *scope, *id);
                return Ok(None);
            }
            Act::Connect(connect) => {
                self.connect(at, connect).await?;
                return Ok(Some(match self.is_tls {
                    true => CheckStatus::L6Ok,
                    false => CheckStatus::L4Ok,
                }));
            }
            Act::Expect(expect) => return self.expect(at, expect).await.map(Some),
            Act::Send(bytes) => Cow::Borrowed(bytes.as_slice()),
            Act::SendFormat(format) => Cow::Owned(self.render(format)),
            Act::SendHex(format) => {
                let digits = self.render(format);
                let bytes = crate::sample::pattern::hex(&digits).map_err(|_| {
                    let info = format!(
                        "tcp-check send : failed to build log-format string at step {}",
                        step.number
                    );
                    Outcome::told(CheckStatus::L7Response, info)
                })?;
                Cow::Owned(bytes)
            }
            Act::Request(send) => Cow::Owned(self.request(send)),
        };
        self.send(at, &sent).await?;
        Ok(Some(CheckStatus::L7Ok))
    }

    /// What the step is called, for messages that tell it; empty for others.
    pub fn place(&self, at: usize) -> String {
        match (self.steps.told, self.steps.list.get(at)) {
            (true, Some(step)) => outcome::place(step, self.comment(at)),
            _ => String::new(),
        }
    }

    /// A step's own comment, or that of a comment just before it.
    pub fn comment(&self, at: usize) -> Option<&'a str> {
        let list = &self.steps.list;
        let own = list.get(at)?.comment.as_deref();
        let before = || {
            let step = list.get(at.checked_sub(1)?)?;
            step.comment
                .as_deref()
                .filter(|_| matches!(step.act, Act::Comment))
        };
        own.or_else(before)
    }

    /// Evaluates something for the check.
    pub fn eval<R>(&self, work: impl FnOnce(&Eval<'_>) -> R) -> R {
        let mut scratch = self.t.scratch.borrow_mut();
        scratch.reset();
        work(&Eval {
            view: self,
            scratch: &scratch,
            direction: Direction::Response,
            last: true,
        })
    }

    /// A log format for the check.
    pub fn render(&self, format: &LogFormat) -> Vec<u8> {
        let mut text = Vec::new();
        self.eval(|e| format.render(e, &mut text));
        text
    }

    fn set(&self, set: &Set) {
        let store = |e: &Eval<'_>, value: Sample<'_>| {
            if set.when.allows(set.scope, set.id, e, value) {
                vars::write(self, set.scope, set.id, Owned::from(value));
            }
        };
        match &set.value {
            SetValue::Expr(expr) => self.eval(|e| {
                if let Some(value) = expr.eval(e) {
                    store(e, value);
                }
            }),
            SetValue::Format(format) => {
                let text = self.render(format);
                self.eval(|e| store(e, Sample::Str(&text)));
            }
        }
    }

    fn hang_up(&mut self, last: bool) {
        let Some(sock) = self.sock.take() else {
            return;
        };
        // no TIME_WAIT for each check: the answer is known, the connection may go at once
        let orderly = self.linger || self.eof || self.steps.http && !last;
        match orderly {
            true => drop(sock),
            false => sock.abort(),
        }
    }

    /// Where a step connects to.
    fn target(&self, connect: &Connect) -> ServerAddress {
        let mut address = self.server.check_address_now().into_owned();
        if let Some(addr) = &connect.addr {
            let own = match &address {
                ServerAddress::Inet(a) | ServerAddress::InetMapped(a, _) => a.port(),
                _ => 0,
            };
            let port = if addr.port == 0 { own } else { addr.port };
            if let Some(ip) = addr.host.ip() {
                address = ServerAddress::Inet((ip, port).into());
            }
        }
        let port = connect.port.as_ref().and_then(|port| match port {
            Port::Number(n) => Some(*n),
            Port::Expr(expr) => self.eval(|e| match expr.eval_as(Type::Sint, e) {
                Some(Sample::Int(n)) => u16::try_from(n).ok(),
                _ => None,
            }),
        });
        if let (Some(port), ServerAddress::Inet(a) | ServerAddress::InetMapped(a, _)) =
            (port, &address)
        {
            address = ServerAddress::Inet((a.ip(), port).into());
        }
        address
    }

    /// `timeout check` limits the answer, and the connection is limited by the smaller of
    /// `timeout connect` and the interval; without it the interval limits everything together.
    async fn connect(&mut self, at: usize, connect: &Connect) -> Go {
        let w = self.t.worker;
        self.hang_up(false);
        self.forget();
        let inter = self
            .server
            .settings
            .check
            .as_ref()
            .map_or(2000, |c| c.inter);
        let whole = self.began + u64::from(inter);
        let limited = self.be.timeouts.check.is_some();
        let until = match self.be.timeouts.connect {
            Some(ms) if limited => w.now_ms() + u64::from(ms.min(inter)),
            _ if limited => w.now_ms() + u64::from(inter),
            _ => whole,
        };
        let tls = self.server.tls.as_deref();
        let tls = tls.filter(|tls| connect.ssl || connect.default && tls.checks_by_default);
        let later = self.steps.list.get(at + 1..).unwrap_or_default();
        let last = later
            .iter()
            .all(|s| matches!(s.act, Act::Comment | Act::Set(_) | Act::Unset(..)));
        let settings = &self.server.settings;
        let how = &settings.send_proxy;
        let prefaced = connect.send_proxy
            || connect.via_socks4
            || connect.default && (how.checks || settings.has_preface());
        let options = connect::Options {
            probe: last && !prefaced && tls.is_none(),
            source: settings.source.as_ref(),
            interface: settings.interface.as_deref(),
            ..connect::Options::default()
        };
        let failed = |p: &Probe<'_>, fault| Outcome::not_connected(fault, &p.place(at));
        let address = self.target(connect);
        let mut preface = Preface::default();
        let by_default = connect.default && settings.check_via_socks4;
        let socks = settings.socks4.filter(|_| connect.via_socks4 || by_default);
        let lead = preface.lead(socks, &address);
        let address = lead.as_ref().unwrap_or(&address);
        let mut sock = connect::start(w, address, options)
            .map_err(|f| Outcome::not_begun(f, &self.place(at)))?;
        if prefaced {
            // in front of everything, TLS included
            let standing = connect::established(w, &sock, until, || false).await;
            standing.map_err(|f| failed(self, f.unwrap_or(Fault::TimedOut)))?;
            let own = settings.check.as_ref();
            // checks of a server that was added at run time do nothing that is not said
            let elsewhere = self.server.said.is_some()
                || own.is_some_and(|c| c.port.is_some() || c.addr.is_some());
            preface.header = match (connect.send_proxy, connect.default) {
                (true, _) => Some(preface::own_header(self.server, &sock)),
                (_, true) => preface::check_header(self.server, &sock, elsewhere),
                _ => None,
            };
            let played = Box::pin(preface.play(w, &sock, until, || false)).await;
            played.map_err(|f| failed(self, f.unwrap_or(Fault::TimedOut)))?;
        }
        if let Some((tls, spoken)) = tls.and_then(|tls| Some((tls, tls.spoken()?))) {
            let mut config = Arc::clone(&spoken.checks);
            if let Some(names) = &connect.alpn {
                Arc::make_mut(&mut config).alpn_protocols.clone_from(names);
            }
            let name = match connect.default {
                true => connect.sni.as_ref().or(tls.check_sni.as_ref()),
                false => connect.sni.as_ref(),
            };
            tls::towards_server(&mut sock, config, name.map(String::as_bytes));
        }
        let standing = connect::established(w, &sock, until, || false).await;
        standing.map_err(|f| failed(self, f.unwrap_or(Fault::TimedOut)))?;
        self.is_tls = tls.is_some();
        self.linger = connect.linger;
        self.sock = Some(sock);
        self.until = match self.be.timeouts.check {
            Some(check) => w.now_ms() + u64::from(check),
            None => whole,
        };
        Ok(())
    }

    /// Forgets what was received.
    fn forget(&mut self) {
        self.received.clear();
        self.body.clear();
        self.body_ended = false;
        self.eof = false;
        if let Some(message) = self.response.take() {
            self.t.recycle(message);
        }
    }

    /// The system's complaint about a connection that stood.
    fn broken(&self, at: usize, e: Errno) -> Outcome {
        let text = outcome::system(e, !self.steps.http);
        Outcome::told(
            CheckStatus::SocketError,
            format!("{text}{}", self.place(at)),
        )
    }

    async fn send(&mut self, at: usize, bytes: &[u8]) -> Go {
        self.forget();
        let w = self.t.worker;
        let mut sent = 0;
        while let Some(rest) = bytes.get(sent..).filter(|rest| !rest.is_empty()) {
            let Some(sock) = &self.sock else {
                return Err(Outcome::of(CheckStatus::SocketError));
            };
            match sock.send(rest, false) {
                Io::Done(n) => sent += n,
                Io::Blocked => {
                    if w.park(self.until).await == Wake::TimedOut {
                        return Err(Outcome::told(CheckStatus::L7Timeout, self.place(at)));
                    }
                }
                Io::Eof => break,
                Io::Failed(e) => return Err(self.broken(at, e)),
            }
        }
        Ok(())
    }

    fn request(&mut self, send: &HttpSend) -> Vec<u8> {
        // whatever it answers is an answer
        self.asked.upgrade = true;
        self.asked.method = Method::of(send.method.as_deref().unwrap_or(b"OPTIONS"));
        let state = self.steps.send_state.then(|| self.server_state());
        request(send, state.as_deref(), |format| self.render(format))
    }

    /// The value of `x-haproxy-server-state` (configuration manual 4.2 `http-check send-state`).
    fn server_state(&self) -> String {
        let (state, backend) = (self.state, &self.be.state);
        let (rise, fall) = match &self.server.settings.check {
            Some(c) => (c.rise, c.fall),
            None => (1, 1),
        };
        let score = state.score();
        let word = match state.operational() {
            Operational::Stopped if score > 0 => format!("DOWN {score}/{rise}"),
            Operational::Stopped => "DOWN".into(),
            other => {
                let word = if other == Operational::Stopping {
                    "NOLB"
                } else {
                    "UP"
                };
                match score + 1 < rise + fall {
                    true => {
                        let step = i64::from(score) - i64::from(rise) + 1;
                        format!("{word} {step}/{fall}")
                    }
                    false => word.into(),
                }
            }
        };
        let place = match &*self.server.address_now() {
            ServerAddress::Inet(a) | ServerAddress::InetMapped(a, _) => {
                format!("address={}; port={}", a.ip(), a.port())
            }
            _ => "address=unix; port=0".into(),
        };
        let settings = &self.t.shared.plan.global.settings;
        let node = match &settings.node {
            Some(node) => node.clone(),
            None => rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
        };
        let scale = crate::balance::WEIGHT_SCALE;
        let usable = backend.servers().iter().filter(|s| s.usable());
        let all: u32 = usable.map(|s| s.effective_weight()).sum();
        let throttle = match state.is_starting() {
            true => format!("; throttle={}%", state.throttle()),
            false => String::new(),
        };
        format!(
            "{word}; {place}; name={}/{}; node={node}; weight={}/{}; scur={}/{}; qcur={}{throttle}",
            self.be.name,
            self.server.name,
            state.effective_weight().div_ceil(scale),
            all.div_ceil(scale),
            state.served(),
            backend.sessions.cur(),
            state.queued(),
        )
    }

    /// Waits for more of the answer; an error if none can come any more.
    pub async fn receive(&mut self, at: usize, late: CheckStatus) -> Go {
        let w = self.t.worker;
        let size = self.t.bufsize;
        loop {
            let Some(sock) = &self.sock else {
                return Err(Outcome::of(CheckStatus::SocketError));
            };
            let read = if self.steps.http {
                let message = self.response.get_or_insert_with(|| self.t.message());
                let read = sock.recv(message.space());
                if let Io::Done(n) = read {
                    message.filled(n);
                }
                read
            } else {
                let filled = self.received.len();
                self.received.resize(size, 0);
                let read = sock.recv(self.received.get_mut(filled..).unwrap_or_default());
                let more = if let Io::Done(n) = read { n } else { 0 };
                self.received.truncate(filled + more);
                read
            };
            match read {
                Io::Done(_) => return self.decode(),
                Io::Eof => self.eof = true,
                Io::Failed(_) if self.any() => self.eof = true,
                Io::Failed(e) => return Err(self.broken(at, e)),
                Io::Blocked => {
                    if w.park(self.until).await == Wake::TimedOut {
                        return Err(Outcome::told(late, self.place(at)));
                    }
                    continue;
                }
            }
            return self.decode();
        }
    }

    /// Whether anything was received.
    pub fn any(&self) -> bool {
        !self.received.is_empty() || self.response.as_ref().is_some_and(|m| !m.is_empty())
    }

    /// Whether no more can be taken in.
    pub fn full(&self) -> bool {
        match &self.response {
            Some(message) => message.received().len() >= message.capacity(),
            None => self.received.len() >= self.t.bufsize,
        }
    }

    /// Reads the head of an HTTP answer and its body.
    fn decode(&mut self) -> Go {
        if !self.steps.http {
            return Ok(());
        }
        super::http::decode(self)
    }

    /// What was asked, on which the answer's framing depends.
    pub fn asked(&self) -> RequestContext {
        self.asked
    }
}

impl StreamView for Probe<'_> {
    fn request(&self) -> Option<&Message> {
        None
    }
    fn request_mut(&mut self) -> Option<&mut Message> {
        None
    }
    fn response(&self) -> Option<&Message> {
        self.response.as_deref().filter(|m| m.is_parsed())
    }
    fn response_mut(&mut self) -> Option<&mut Message> {
        None
    }
    fn src(&self) -> Option<SocketAddr> {
        None
    }
    fn dst(&self) -> Option<SocketAddr> {
        None
    }
    fn bc_src(&self) -> Option<SocketAddr> {
        self.sock.as_ref()?.local_address()
    }
    fn bc_dst(&self) -> Option<SocketAddr> {
        self.server.check_address_now().inet(|| None)
    }
    fn backend(&self) -> Option<(&str, u32)> {
        Some((&self.be.name, self.be.uuid))
    }
    fn server(&self) -> Option<(&str, u32)> {
        Some((&self.server.name, self.server.settings.id))
    }
    fn response_buffer(&self) -> Option<&[u8]> {
        (!self.steps.http).then_some(&self.received)
    }
    fn response_body(&self) -> Option<&[u8]> {
        self.steps.http.then_some(&self.body)
    }
    fn unique_id(&self) -> Option<&[u8]> {
        self.unique_id.of(self.be.unique_id.as_ref()?, self)
    }
    fn random(&self) -> u32 {
        self.t.random()
    }
    fn world(&self) -> &dyn World {
        self.t
    }
    fn vars(&self, scope: Scope) -> Option<&VarStore> {
        (scope == Scope::Check).then_some(&self.vars)
    }
}

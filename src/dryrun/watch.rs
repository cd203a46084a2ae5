//! What rules did: every action of a prepared configuration writes it here.

use crate::action::{Act, Answer, Flow, Run};
use crate::base::span::Span;
use crate::engine;
use crate::plan::BackendId;
use crate::rules;
use crate::sample::Scratch;
use crate::sample::condition::Condition;
use crate::sample::vars::{Owned, Scope};
use crate::sample::view::{Direction, Progress, StreamView};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

/// Something that happened on the way.
#[derive(Clone, Debug)]
pub struct Event {
    /// The rule set, or the keyword: `http-request`, `use_backend`.
    pub kind: &'static str,
    /// The proxy whose rule it was.
    pub proxy: String,
    /// The line.
    pub span: Option<Span>,
    /// What it changed, one line each.
    pub effects: Vec<String>,
}

/// The connection that a server was lent.
#[derive(Debug)]
pub struct Lent {
    /// Its back end.
    pub backend: BackendId,
    /// Its place there.
    pub server: u32,
    /// The server's end.
    pub stream: UnixStream,
}

/// What is known of one request.
#[derive(Debug, Default)]
pub struct Log {
    /// In order.
    pub events: Vec<Event>,
    /// Variables by name, as they were set last.
    pub variables: BTreeMap<String, String>,
    /// Back end whose rules were reached.
    pub backend: Option<String>,
    /// The server that was to answer.
    pub server: Option<String>,
    /// What the log would say once there was an answer.
    pub progress: Option<Progress>,
    /// Ends of connections that the driver has not taken yet.
    pub lent: Vec<Lent>,
}

/// The log that all watchers of a configuration write to.
#[derive(Debug, Default)]
pub struct Trace {
    log: Mutex<Log>,
    /// Told when something was lent.
    wake: Mutex<Option<UnixStream>>,
}

impl Trace {
    /// Begins anew.
    pub fn begin(&self, wake: UnixStream) {
        *self.log.lock() = Log::default();
        *self.wake.lock() = Some(wake);
    }

    /// What was written since [`Trace::begin`].
    pub fn take(&self) -> Log {
        std::mem::take(&mut *self.log.lock())
    }

    /// The connections lent since this was asked before.
    pub fn lent(&self) -> Vec<Lent> {
        std::mem::take(&mut self.log.lock().lent)
    }

    fn lend(&self, lent: Lent) {
        self.log.lock().lent.push(lent);
    }

    fn tell(&self) {
        if let Some(wake) = &mut *self.wake.lock() {
            // the driver is awake already if there is no room
            let _ = wake.write(b"!");
        }
    }
}

/// Lends every server of a back end a connection; on a thread of the engine.
pub fn lend(trace: &Trace, t: &'static engine::thread::Thread, backend: BackendId) {
    let servers = t
        .shared
        .plan
        .backend(backend)
        .map_or(0, |b| b.servers.len());
    for server in 0..u32::try_from(servers).unwrap_or(0) {
        let Ok((own, far)) = UnixStream::pair() else {
            continue;
        };
        if own.set_nonblocking(true).is_err() || far.set_nonblocking(true).is_err() {
            continue;
        }
        engine::dryrun::lend(t, backend, server, own.into());
        trace.lend(Lent {
            backend,
            server,
            stream: far,
        });
    }
    trace.tell();
}

/// What rules can change of a stream.
#[derive(Default)]
struct Seen {
    line: Vec<u8>,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    variables: BTreeMap<String, String>,
    addresses: [Option<std::net::SocketAddr>; 2],
}

fn shown(value: &Owned) -> String {
    match value {
        Owned::Bool(b) => b.to_string(),
        Owned::Int(i) => i.to_string(),
        Owned::V4(a) => a.to_string(),
        Owned::V6(a) => a.to_string(),
        Owned::Str(s) | Owned::Meth(s) => String::from_utf8_lossy(s).into_owned(),
        Owned::Bin(b) => b.iter().map(|b| format!("{b:02X}")).collect(),
    }
}

const SCOPES: [(Scope, &str); 4] = [
    (Scope::Sess, "sess"),
    (Scope::Txn, "txn"),
    (Scope::Req, "req"),
    (Scope::Res, "res"),
];

impl Seen {
    fn of(view: &dyn StreamView, direction: Direction) -> Seen {
        let mut seen = Seen {
            addresses: [view.src(), view.dst()],
            ..Seen::default()
        };
        let message = match direction {
            Direction::Request => view.request(),
            Direction::Response => view.response(),
        };
        if let Some(message) = message {
            message.start_line_text(&mut seen.line);
            let headers = message.headers();
            seen.headers = headers.map(|(n, v)| (n.to_vec(), v.to_vec())).collect();
        }
        for (scope, name) in SCOPES {
            for (rest, value) in view.vars(scope).map(|s| s.named()).unwrap_or_default() {
                let name = format!("{name}.{}", String::from_utf8_lossy(&rest));
                seen.variables.insert(name, shown(&value));
            }
        }
        seen
    }

    /// What became different, in words.
    fn changed(&self, to: &Seen) -> Vec<String> {
        let text = |b: &[u8]| String::from_utf8_lossy(b).trim_end().to_owned();
        let mut told = Vec::new();
        for (was, is, name) in [
            (self.addresses[0], to.addresses[0], "src"),
            (self.addresses[1], to.addresses[1], "dst"),
        ] {
            if let (true, Some(is)) = (was != is, is) {
                told.push(format!("{name} = {is}"));
            }
        }
        if self.line != to.line && !to.line.is_empty() {
            told.push(format!("{} -> {}", text(&self.line), text(&to.line)));
        }
        let mut gone = self.headers.clone();
        let mut new = Vec::new();
        for header in &to.headers {
            match gone.iter().position(|h| h == header) {
                Some(at) => drop(gone.remove(at)),
                None => new.push(header),
            }
        }
        let line = |(n, v): &(Vec<u8>, Vec<u8>)| format!("{}: {}", text(n), text(v));
        told.extend(gone.iter().map(|h| format!("- {}", line(h))));
        told.extend(new.into_iter().map(|h| format!("+ {}", line(h))));
        for (name, value) in &to.variables {
            if self.variables.get(name) != Some(value) {
                told.push(format!("{name} = {value}"));
            }
        }
        for name in self.variables.keys() {
            if !to.variables.contains_key(name) {
                told.push(format!("{name} unset"));
            }
        }
        told
    }
}

/// An action with somebody who watches it.
#[derive(Debug)]
pub struct Watched {
    /// The action.
    pub inner: Arc<dyn Act>,
    /// Its rule set.
    pub kind: &'static str,
    /// Its proxy.
    pub proxy: String,
    /// Its line.
    pub span: Span,
    /// Who is told.
    pub trace: Arc<Trace>,
}

impl Act for Watched {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let before = Seen::of(run.view, run.direction);
        let flow = self.inner.run(run);
        if let Flow::Wait { .. } = flow {
            return flow;
        }
        let after = Seen::of(run.view, run.direction);
        let mut effects = before.changed(&after);
        let flow = match flow {
            // nobody has to wait for the answer
            Flow::Pause { ms } => {
                effects.push(format!("waits {ms} ms"));
                Flow::Continue
            }
            Flow::Resolve(_) => {
                effects.push("asks the name service: no answer here".to_owned());
                Flow::Continue
            }
            other => other,
        };
        if let Some(end) = ended(&flow) {
            effects.push(end);
        }
        let mut log = self.trace.log.lock();
        for name in before.variables.keys() {
            if !after.variables.contains_key(name) {
                log.variables.remove(name);
            }
        }
        log.variables.extend(after.variables);
        log.events.push(Event {
            kind: self.kind,
            proxy: self.proxy.clone(),
            span: Some(self.span),
            effects,
        });
        flow
    }
}

/// What an action decided.
fn ended(flow: &Flow) -> Option<String> {
    let answer = |a: &Answer| match a {
        Answer::Status(status) => format!("{status}"),
        Answer::Challenge(_) => "401 (or 407)".to_owned(),
        Answer::Metrics => "the exporter's page".to_owned(),
        Answer::Ready(reply) => {
            let location = super::message::header(&reply.head, "location");
            match location {
                Some(to) => format!("{} to {}", reply.status, String::from_utf8_lossy(to)),
                None => reply.status.to_string(),
            }
        }
    };
    Some(match flow {
        Flow::Continue | Flow::Wait { .. } | Flow::Pause { .. } | Flow::Resolve(_) => return None,
        Flow::Stop => "ends this rule set".to_owned(),
        Flow::Deny(a) => format!("denies: {}", answer(a)),
        Flow::Return(a) => format!("answers: {}", answer(a)),
        Flow::Redirect(a) => format!("redirects: {}", answer(a)),
        Flow::Tarpit(a) => format!("tarpits: {}", answer(a)),
        Flow::Reject => "closes the connection".to_owned(),
        Flow::SilentDrop { .. } => "drops the connection in silence".to_owned(),
        Flow::Close => "closes the server's connection".to_owned(),
        Flow::Body { ms, .. } => format!("waits for the body, {ms} ms at most"),
        Flow::Error => "fails: 500".to_owned(),
    })
}

/// A `use_backend` line.
#[derive(Clone, Debug)]
pub struct Switch {
    /// When it applies.
    pub condition: Option<Condition>,
    /// The back end's name; `None`: by an expression.
    pub target: Option<String>,
    /// The line.
    pub span: Span,
}

/// How front ends choose their back end, by their names: `use_backend` lines, and the place of
/// `default_backend`.
pub type Switches = BTreeMap<String, (Vec<Switch>, Option<Span>)>;

/// Stands before the rules of a back end: it was chosen. Says why, and lends its servers
/// connections.
#[derive(Debug)]
pub struct Chosen {
    /// The back end's name.
    pub backend: String,
    /// How it may have come to that.
    pub switches: Arc<Switches>,
    /// Who is told.
    pub trace: Arc<Trace>,
}

impl Act for Chosen {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        if run.view.backend().is_none() {
            // a section that is both runs its rules once, before a back end is chosen
            return Flow::Continue;
        }
        let name = run.view.frontend().map(|(name, _)| name.to_owned());
        let name = name.unwrap_or_default();
        let (span, kind) = self.why(&name, run.view);
        {
            let mut log = self.trace.log.lock();
            log.backend = Some(self.backend.clone());
            log.events.push(Event {
                kind,
                proxy: name,
                span,
                effects: vec![format!("back end {}", self.backend)],
            });
        }
        engine::with_thread(|t| {
            if let Some(id) = t.shared.plan.backend_by_name(self.backend.as_bytes()) {
                lend(&self.trace, t, id);
            }
        });
        Flow::Continue
    }
}

impl Chosen {
    /// The first line whose condition holds and that names this back end, else the default. The
    /// engine has decided already; conditions are asked again only to tell.
    fn why(&self, frontend: &str, view: &mut dyn StreamView) -> (Option<Span>, &'static str) {
        let Some((switches, default)) = self.switches.get(frontend) else {
            return (None, "default_backend");
        };
        let mut scratch = Scratch::new();
        for switch in switches {
            let fits = switch.target.as_ref().is_none_or(|t| *t == self.backend);
            let holds = switch
                .condition
                .as_ref()
                .is_none_or(|c| rules::holds(c, Direction::Request, view, &mut scratch));
            if fits && holds {
                return (Some(switch.span), "use_backend");
            }
        }
        (*default, "default_backend")
    }
}

/// Stands before the rules after a response: an answer is there.
#[derive(Debug)]
pub struct Answered {
    /// Who is told.
    pub trace: Arc<Trace>,
}

impl Act for Answered {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let mut log = self.trace.log.lock();
        log.progress = run.view.progress().map(|p| *p);
        log.server = run.view.server().map(|(name, _)| name.to_owned());
        if log.backend.is_none() {
            log.backend = run.view.backend().map(|(name, _)| name.to_owned());
        }
        Flow::Continue
    }
}

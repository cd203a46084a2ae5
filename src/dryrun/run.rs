//! One request through the engine.

use super::prepare::Setup;
use super::watch::{self, Event, Lent, Trace};
use super::{Request, Said, message};
use crate::balance::{Admin, Operational, Wake};
use crate::base::clock;
use crate::base::diag::Diagnostic;
use crate::engine::dryrun::Client;
use crate::engine::reactor::{InboxMessage, Worker};
use crate::engine::{self, Engine, Hub};
use crate::plan::{self, FrontendId, Plan, ServerAddress};
use crate::sample::view::{Progress, Stuck};
use rustix::event::{PollFd, PollFlags, Timespec};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

/// A configuration that takes requests.
pub struct Running {
    engine: Option<Engine>,
    hub: Arc<Hub>,
    trace: Arc<Trace>,
    plan: Arc<Plan>,
}

/// What became of a request.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Rules and choices in order.
    pub events: Vec<Event>,
    /// Variables that rules set.
    pub variables: BTreeMap<String, String>,
    /// The back end, if it came so far.
    pub backend: Option<String>,
    /// The server that got it.
    pub server: Option<String>,
    /// Where that server is.
    pub address: Option<String>,
    /// Servers of the back end.
    pub candidates: Vec<Candidate>,
    /// Termination state and flags of cookies, as the log has them.
    pub state: Option<[u8; 4]>,
    /// What chose the server before `balance`.
    pub stuck: Stuck,
    /// The request as the server got it.
    pub to_server: Option<Vec<u8>>,
    /// The answer that the client got; empty: none.
    pub to_client: Vec<u8>,
}

/// A server that might have been chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Its weight, 0 to 256.
    pub weight: u32,
    /// `up`, `down`, `drain`, `maint`.
    pub state: &'static str,
    /// `backup`
    pub backup: bool,
}

/// How long an answer may take, ms.
const PATIENCE: u64 = 10_000;

impl Running {
    pub(super) fn start(setup: &Setup) -> Result<Running, Vec<Diagnostic>> {
        let hub = Hub::new();
        let wake: Arc<dyn Wake> = hub.clone();
        let (plan, findings) = plan::build(&setup.config, &*setup.files, &wake);
        let Some(plan) = plan else {
            return Err(findings);
        };
        for backend in &plan.backends {
            // whatever goes wrong, nobody is called
            for server in &backend.servers {
                server.move_to(ServerAddress::Abstract(b"hapax: nobody".to_vec()));
            }
        }
        let plan = Arc::new(plan);
        let engine = engine::start(engine::Config {
            plan: plan.clone(),
            hub: hub.clone(),
            listening: Vec::new(),
            services: Vec::new(),
            threads: 1,
            maxconn: 0,
            descriptors: 100_000,
        });
        let engine = engine.map_err(|e| {
            let text = format!("cannot start: {e}");
            let severity = crate::base::diag::Severity::Alert;
            vec![Diagnostic::new(severity, "HX0313", text)]
        })?;
        Ok(Running {
            engine: Some(engine),
            hub,
            trace: setup.trace.clone(),
            plan,
        })
    }

    /// Says how a server is. `path` is BACKEND/SERVER.
    ///
    /// # Errors
    /// When there is no such server.
    pub fn set_server(&self, path: &str, said: Said) -> Result<(), String> {
        let found = path.split_once('/').and_then(|(backend, server)| {
            let id = self.plan.backend_by_name(backend.as_bytes())?;
            let backend = self.plan.backend(id)?;
            let index = backend.server_by_name(server.as_bytes())?;
            let state = backend.state.server(u32::try_from(index).ok()?)?;
            Some((backend, state))
        });
        let (backend, server) = found.ok_or_else(|| format!("no server is called `{path}`"))?;
        let now = clock::now_ms();
        backend
            .state
            .set_operational(server, said.operational(), now);
        backend.state.set_admin(server, said.admin(), now);
        Ok(())
    }

    /// Sends a request through.
    ///
    /// # Errors
    /// When it cannot be sent, in words.
    pub fn ask(&self, request: &Request) -> Result<Outcome, String> {
        let trouble = |e: std::io::Error| format!("a pair of sockets: {e}");
        let (own, far) = UnixStream::pair().map_err(trouble)?;
        let (wake, waker) = UnixStream::pair().map_err(trouble)?;
        for socket in [&own, &far, &wake, &waker] {
            socket.set_nonblocking(true).map_err(trouble)?;
        }
        self.trace.begin(waker);
        let plan = &self.plan;
        let front = plan.frontends.iter().find(|f| *f.name == *request.frontend);
        let front = front.ok_or_else(|| format!("no front end `{}`", request.frontend))?;
        self.begin(request, front.id, far);
        let mut talk = Talk {
            client: own,
            to_write: request.text.clone(),
            answer: Vec::new(),
            lent: Vec::new(),
            to_server: None,
            head: request.text.starts_with(b"HEAD "),
        };
        let deadline = clock::now_ms() + PATIENCE;
        while !talk.turn(&request.response) && !talk.is_over() && clock::now_ms() < deadline {
            talk.wait(&wake);
            let new = self.trace.lent();
            let new = new.into_iter().map(|lent| (lent, Vec::new()));
            talk.lent.extend(new);
        }
        Ok(self.outcome(talk))
    }

    /// The client's connection is accepted, as it were.
    fn begin(&self, request: &Request, frontend: FrontendId, fd: UnixStream) {
        let Some(inbox) = self.hub.inbox(0) else {
            return;
        };
        let client = Client {
            fd: fd.into(),
            frontend,
            src: request.src,
            dst: request.dst,
            tls: request.tls.clone(),
        };
        let own = self.plan.frontend(frontend).and_then(|f| f.same_section);
        let trace = self.trace.clone();
        inbox.send(InboxMessage::Run(Box::new(move |_: &'static Worker| {
            engine::with_thread(|t| {
                if let Some(backend) = own {
                    watch::lend(&trace, t, backend);
                }
                engine::dryrun::serve(t, client);
            });
        })));
    }

    fn outcome(&self, talk: Talk) -> Outcome {
        let log = self.trace.take();
        let mut outcome = Outcome {
            events: log.events,
            variables: log.variables,
            backend: log.backend,
            server: log.server,
            to_client: talk.answer,
            ..Outcome::default()
        };
        if let Some(progress) = log.progress {
            let Progress { log, stuck, .. } = progress;
            outcome.state = Some(log.state);
            outcome.stuck = stuck;
        }
        if let Some((text, backend, server)) = talk.to_server {
            let backend = self.plan.backend(backend);
            let name = backend.and_then(|b| b.servers.get(server as usize));
            outcome.backend = backend.map(|b| b.name.to_string());
            outcome.server = name.map(|s| s.name.to_string());
            outcome.address = name.map(|s| s.settings.address.to_string());
            outcome.to_server = Some(text);
        }
        let backend = outcome.backend.as_ref();
        let backend = backend.and_then(|b| self.plan.backend_by_name(b.as_bytes()));
        if let Some(backend) = backend.and_then(|id| self.plan.backend(id)) {
            outcome.candidates = backend
                .state
                .servers()
                .iter()
                .zip(&backend.servers)
                .map(|(state, server)| Candidate {
                    name: server.name.to_string(),
                    weight: state.weight(),
                    state: match (state.admin(), state.operational()) {
                        (admin, _) if admin.intersects(Admin::ANY_MAINT) => "maint",
                        (_, Operational::Stopped) => "down",
                        (admin, _) if admin.intersects(Admin::ANY_DRAIN) => "drain",
                        _ => "up",
                    },
                    backup: state.backup,
                })
                .collect();
        }
        outcome
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.stop();
            engine.join();
        }
    }
}

/// Both ends of the exchange.
struct Talk {
    client: UnixStream,
    /// What of the request was not written so far.
    to_write: Vec<u8>,
    answer: Vec<u8>,
    lent: Vec<(Lent, Vec<u8>)>,
    /// The request as a server got it, and where.
    to_server: Option<(Vec<u8>, crate::plan::BackendId, u32)>,
    /// The request asks for a head alone.
    head: bool,
}

impl Talk {
    /// The client has its answer.
    fn is_over(&self) -> bool {
        let mut rest = &self.answer[..];
        while (100..200).contains(&message::status(rest)) {
            let Some(end) = message::end(rest, false, true) else {
                return false;
            };
            rest = rest.get(end..).unwrap_or_default();
        }
        !rest.is_empty() && message::end(rest, self.head, true).is_some()
    }

    /// Waits until something can be read.
    fn wait(&self, wake: &UnixStream) {
        let mut fds = vec![
            PollFd::new(&self.client, PollFlags::IN),
            PollFd::new(wake, PollFlags::IN),
        ];
        let lent = self.lent.iter();
        fds.extend(lent.map(|(lent, _)| PollFd::new(&lent.stream, PollFlags::IN)));
        let limit = Timespec {
            tv_sec: 0,
            tv_nsec: 100_000_000,
        };
        let _ = rustix::event::poll(&mut fds, Some(&limit));
        drop(fds);
        let mut waste = [0; 64];
        let _ = (&*wake).read(&mut waste);
    }

    /// Moves what can be moved; true when the client's connection ended.
    fn turn(&mut self, response: &[u8]) -> bool {
        while !self.to_write.is_empty() {
            match (&self.client).write(&self.to_write) {
                Ok(n) if n > 0 => drop(self.to_write.drain(..n)),
                _ => break,
            }
        }
        for (lent, have) in &mut self.lent {
            read(&mut lent.stream, have);
            let Some(end) = message::end(have, false, false) else {
                continue;
            };
            let request: Vec<u8> = have.drain(..end).collect();
            let head = request.starts_with(b"HEAD ");
            let text = match message::end(response, true, true) {
                Some(end) if head => response.get(..end).unwrap_or(response),
                _ => response,
            };
            // a socket pair takes some hundred kilobytes at once; an answer is short
            let _ = lent.stream.set_nonblocking(false);
            let _ = lent.stream.write_all(text);
            let _ = lent.stream.set_nonblocking(true);
            self.to_server = Some((request, lent.backend, lent.server));
        }
        read(&mut self.client, &mut self.answer)
    }
}

/// Reads what is there; true at the end.
fn read(stream: &mut UnixStream, into: &mut Vec<u8>) -> bool {
    let mut piece = [0; 16_384];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return true,
            Ok(n) => into.extend_from_slice(piece.get(..n).unwrap_or_default()),
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => return false,
            Err(_) => return true,
        }
    }
}

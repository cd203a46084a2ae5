//! Agent checks: one task per server with an agent (configuration manual 5.2 `agent-check`).

use super::outcome::{Outcome, line, system};
use crate::balance::counters::LastCheck;
use crate::balance::event::{Change, CheckResult, HealthNews, ServerEvent};
use crate::balance::{Admin, AgentState, Operational, ServerState};
use crate::engine::connect;
use crate::engine::follow::Subject;
use crate::engine::reactor::{Io, Wake};
use crate::engine::thread::Thread;
use crate::ir::check::CheckStatus;
use crate::ir::server::AgentSettings;
use crate::plan::{BackendPlan, ServerAddress, ServerPlan};
use crate::proto::probe::agent::{self, Wish, Words};
use std::sync::Arc;

/// Longest answer that is read.
const LONGEST: usize = 16384;

/// What came of asking once.
enum Answer {
    /// A line.
    Said(Words),
    /// A line without its end: nothing changes but the text.
    Incomplete,
    /// None.
    Failed(Outcome),
}

/// Asks an agent again and again, first after `delay` ms.
pub(super) async fn run(t: &'static Thread, be: Arc<BackendPlan>, index: u32, delay: u32) {
    let w = t.worker;
    let Some(server) = be.servers.get(index as usize) else {
        return;
    };
    let Some(state) = be.state.server(index).cloned() else {
        return;
    };
    let (Some(settings), Some(agent)) = (&server.settings.agent, &state.agent) else {
        return;
    };
    w.sleep(delay).await;
    while !t.shared.is_stopping() && !state.is_removed() {
        if !agent.is_paused() {
            let begin = w.now_ms();
            let answer = Box::pin(ask(t, &be, server, settings, agent)).await;
            let took = u32::try_from(w.now_ms() - begin).unwrap_or(u32::MAX);
            let subject = Subject {
                t,
                be: &be,
                server,
                state: &state,
            };
            heard(&subject, agent, answer, took);
        }
        w.sleep(settings.inter).await;
    }
    agent.task_ended();
}

/// Where the agent is.
fn place(server: &ServerPlan, settings: &AgentSettings, agent: &AgentState) -> ServerAddress {
    let changed = agent.changed.lock();
    let port = changed.port.unwrap_or(settings.port);
    let own = settings.addr.as_ref().and_then(|a| a.host.ip());
    let ip = changed.host.or(own).or_else(|| {
        let address = server.address_now();
        match &*address {
            ServerAddress::Inet(a) | ServerAddress::InetMapped(a, _) => Some(a.ip()),
            _ => None,
        }
    });
    match ip {
        Some(ip) => ServerAddress::Inet((ip, port).into()),
        None => server.address_now().into_owned(),
    }
}

async fn ask(
    t: &'static Thread,
    be: &BackendPlan,
    server: &ServerPlan,
    settings: &AgentSettings,
    agent: &AgentState,
) -> Answer {
    let w = t.worker;
    let options = connect::Options {
        source: server.settings.source.as_ref(),
        interface: server.settings.interface.as_deref(),
        ..connect::Options::default()
    };
    let whole = w.now_ms() + u64::from(settings.inter);
    let until = match (be.timeouts.check, be.timeouts.connect) {
        (Some(_), Some(ms)) => w.now_ms() + u64::from(ms.min(settings.inter)),
        _ => whole,
    };
    let failed = |fault| Answer::Failed(Outcome::not_connected(fault, ""));
    let address = place(server, settings, agent);
    let sock = match connect::start(w, &address, options) {
        Ok(sock) => sock,
        Err(fault) => return Answer::Failed(Outcome::not_begun(fault, "")),
    };
    if let Err(fault) = connect::established(w, &sock, until, || false).await {
        return failed(fault.unwrap_or(connect::Fault::TimedOut));
    }
    let until = match be.timeouts.check {
        Some(ms) => w.now_ms() + u64::from(ms),
        None => whole,
    };
    let late = || Answer::Failed(Outcome::of(CheckStatus::L7Timeout));
    let broken = |e| Answer::Failed(Outcome::told(CheckStatus::SocketError, system(e, true)));
    let changed = agent.changed.lock().send.clone();
    let text = changed.unwrap_or_else(|| settings.send.clone());
    let mut sent = 0;
    while let Some(rest) = text.get(sent..).filter(|rest| !rest.is_empty()) {
        match sock.send(rest, false) {
            Io::Done(n) => sent += n,
            Io::Eof => break,
            Io::Failed(e) => return broken(e),
            Io::Blocked => {
                if w.park(until).await == Wake::TimedOut {
                    return late();
                }
            }
        }
    }
    let mut got = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        if let Some(line) = agent::first_line(&got) {
            return Answer::Said(agent::words(line));
        }
        if got.len() > LONGEST {
            return Answer::Incomplete;
        }
        match sock.recv(&mut buffer) {
            Io::Done(n) => got.extend_from_slice(buffer.get(..n).unwrap_or_default()),
            Io::Eof if got.is_empty() => {
                let info = "TCPCHK got an empty response at step 2".into();
                return Answer::Failed(Outcome::told(CheckStatus::L7Response, info));
            }
            Io::Failed(e) if got.is_empty() => return broken(e),
            Io::Eof | Io::Failed(_) => return Answer::Incomplete,
            Io::Blocked => {
                if w.park(until).await == Wake::TimedOut {
                    return late();
                }
            }
        }
    }
}

/// What an answer comes to.
fn heard(subject: &Subject<'_>, agent: &AgentState, answer: Answer, took: u32) {
    let words = match answer {
        Answer::Said(words) => {
            if words.unknown.is_none() {
                agent.speaks();
            }
            words
        }
        Answer::Failed(outcome) => return note(subject, agent, &outcome, took, agent.is_up()),
        Answer::Incomplete => {
            if let Some(last) = agent.last.lock().as_mut() {
                last.info = "Ignoring incomplete line from agent".into();
            }
            return;
        }
    };
    let state = subject.state;
    if let Some(percent) = words.weight {
        let whole = subject.server.settings.weight;
        let weight = whole.saturating_mul(percent) / 100;
        let was_down = subject.be.state.is_down();
        subject.be.state.set_weight(state, weight.min(256));
        subject.tell_if_lost(was_down);
    }
    if let Some(most) = words.maxconn {
        subject.be.state.set_maxconn(state, most);
    }
    match words.wish {
        Some(Wish::Ready) => {
            subject.maintenance(Admin::MAINT, false, "");
            subject.drain(Admin::DRAIN, false, "");
        }
        Some(Wish::Drain) => {
            subject.maintenance(Admin::MAINT, false, "");
            subject.drain(Admin::DRAIN, true, "");
        }
        Some(Wish::Maint) => subject.maintenance(Admin::MAINT, true, ""),
        None => {}
    }
    let status = match words.health {
        Some((true, _)) => CheckStatus::L7Ok,
        Some((false, _)) => CheckStatus::L7Status,
        None => CheckStatus::Unchanged,
    };
    let note_text = words.note.as_ref().map(|n| format!(" ({n})"));
    let info = match (&words.health, &words.unknown) {
        (Some((_, word)), _) => {
            format!("via agent : {word}{}", note_text.unwrap_or_default())
        }
        (None, Some(word)) => format!("agent reports an error : {word}"),
        (None, None) => String::new(),
    };
    let outcome = Outcome {
        status,
        code: status.has_code().then_some(0),
        info: line(info.as_bytes()),
    };
    let up = words.health.map_or(agent.is_up(), |(up, _)| up);
    note(subject, agent, &outcome, took, up);
}

/// Remembers and tells how asking ended, and lets the server go up or down by it.
fn note(subject: &Subject<'_>, agent: &AgentState, outcome: &Outcome, took: u32, up: bool) {
    let Subject {
        t,
        be,
        server,
        state,
    } = subject;
    let was_up = agent.is_up();
    agent.set_up(up);
    let last = agent.last.lock().replace(LastCheck {
        status: outcome.status,
        code: outcome.code,
        info: outcome.info.as_str().into(),
        duration_ms: took,
    });
    let news = was_up != up || last.is_none_or(|l| l.status != outcome.status);
    let quiet = outcome.status == CheckStatus::Unchanged;
    let result = CheckResult {
        status: outcome.status,
        code: outcome.code,
        info: &outcome.info,
        duration_ms: Some(took),
    };
    let line = HealthNews {
        kind: "Agent",
        backend: &be.name,
        server: &server.name,
        backup: state.backup,
        check: result,
        shown: (up, u32::from(up), 1),
    };
    let told = news && !quiet && super::report::told(t, be, &line);
    let (was, now) = (state.operational(), t.worker.now_ms());
    let change = match up {
        false if was != Operational::Stopped => Some((Operational::Stopped, Change::Down)),
        true if !was_up && was == Operational::Stopped && checks_allow(server, state) => {
            Some((Operational::Running, Change::Up))
        }
        _ => None,
    };
    if let Some((to, change)) = change {
        let requeued = be.state.set_operational(state, to, now);
        let event = ServerEvent {
            backend: &be.name,
            server: &server.name,
            backup: state.backup,
            was,
            now: change,
            check: (!told).then_some(result),
            active: be.state.usable_active(),
            backup_left: be.state.usable_backup(),
            sessions: state.served(),
            requeued,
            queued: state.queued(),
        };
        super::tell(t, be, &event);
    }
}

/// Whether the health checks of a server have nothing against its use.
fn checks_allow(server: &ServerPlan, state: &ServerState) -> bool {
    let check = server.settings.check.as_ref();
    check.is_none_or(|c| state.checks_paused() || state.score() >= c.rise)
}

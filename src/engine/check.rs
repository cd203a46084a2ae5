//! Health checks: one task per checked server (HAProxy configuration manual 5.2 `check`).

use super::connect::{self, Fault};
use super::preface::{self, Preface};
use super::reactor::{Io, Sock, Wake};
use super::thread::Thread;
use crate::balance::counters::LastCheck;
use crate::balance::event::{CheckResult, CheckStatus, HealthNews, ServerEvent, Verdict};
use crate::balance::health::{Health, Spread};
use crate::balance::state::Admin;
use crate::ir::proxy::Options;
use crate::plan::{BackendPlan, CheckPlan, ServerPlan};
use rustix::io::Errno;
use std::sync::Arc;

/// Syslog level `notice`.
const NOTICE: u8 = 5;
/// Longest answer that is read before it is judged.
const MAX_ANSWER: usize = 16384;

/// How one check ended.
struct Outcome {
    status: CheckStatus,
    code: Option<u16>,
    info: String,
}

impl Outcome {
    fn of(status: CheckStatus) -> Outcome {
        Outcome {
            status,
            code: None,
            info: String::new(),
        }
    }

    fn failed(status: CheckStatus, e: Errno) -> Outcome {
        let error = std::io::Error::from(e);
        let name = error_name(e);
        let text = error.to_string();
        let text = text.split(" (os error").next().unwrap_or_default();
        Outcome {
            status,
            code: None,
            info: format!("{name} returned by OS ({text})"),
        }
    }
}

/// The symbolic name of an error number, as HAProxy 3.4 shows it.
fn error_name(e: Errno) -> String {
    match e {
        Errno::CONNREFUSED => "ECONNREFUSED".into(),
        Errno::CONNRESET => "ECONNRESET".into(),
        Errno::HOSTUNREACH => "EHOSTUNREACH".into(),
        Errno::NETUNREACH => "ENETUNREACH".into(),
        Errno::TIMEDOUT => "ETIMEDOUT".into(),
        Errno::ADDRNOTAVAIL => "EADDRNOTAVAIL".into(),
        Errno::PIPE => "EPIPE".into(),
        Errno::NOENT => "ENOENT".into(),
        Errno::ACCESS => "EACCES".into(),
        other => format!("errno {}", other.raw_os_error()),
    }
}

/// Starts the checks that fall to this thread: servers go round the threads.
pub fn start(t: &'static Thread) {
    let threads = t.shared.loads.len().max(1);
    let checked = || {
        let backends = t.shared.plan.backends.iter();
        backends
            .flat_map(|be| (0..be.servers.len()).map(move |i| (be, i)))
            .filter_map(|(be, i)| {
                let server = be.servers.get(i)?;
                server.settings.check.as_ref().map(|c| (be, i, c))
            })
    };
    let max_spread = t.shared.plan.global.settings.max_spread_checks;
    let first = Spread::new(checked().map(|(_, _, c)| c.inter), max_spread);
    for (position, (be, i, settings)) in checked().enumerate() {
        if position % threads == t.worker.id {
            let health = Health::new(settings, disable_on_404(&be.check));
            let delay = first.first_delay(position as u32, settings.inter);
            t.worker
                .spawn(run(t, Arc::clone(be), i as u32, health, delay));
        }
    }
}

fn disable_on_404(plan: &CheckPlan) -> bool {
    matches!(
        plan,
        CheckPlan::Http {
            disable_on_404: true,
            ..
        }
    )
}

async fn run(t: &'static Thread, be: Arc<BackendPlan>, index: u32, mut health: Health, delay: u32) {
    let w = t.worker;
    let spread = t.shared.plan.global.settings.spread_checks.unsigned_abs();
    let Some(server) = be.servers.get(index as usize) else {
        return;
    };
    let Some(state) = be.state.server(index).cloned() else {
        return;
    };
    w.sleep(delay).await;
    while !t.shared.is_stopping() {
        let begin = w.now_ms();
        if !state.admin().intersects(Admin::ANY_MAINT) && !state.checks_paused() {
            state.set_checking(true);
            let outcome = check(t, &be, server).await;
            state.set_checking(false);
            let took = (w.now_ms() - begin) as u32;
            health.resume(state.score(), state.operational());
            let proven = health.score() >= health.rise();
            let judged = health.result(outcome.status);
            state.set_score(health.score());
            if proven && judged.status.verdict() == Verdict::Failed {
                state.counters.failed_checks.inc();
            }
            *state.counters.last_check.lock() = Some(LastCheck {
                status: judged.status,
                code: outcome.code,
                info: outcome.info.as_str().into(),
                duration_ms: took,
            });
            let result = CheckResult {
                status: judged.status,
                code: outcome.code,
                info: &outcome.info,
                duration_ms: Some(took),
            };
            let mut told = false;
            if judged.news
                && be.options.contains(Options::LOG_HEALTH_CHECKS)
                && let Some(log) = &be.log
            {
                let news = HealthNews {
                    backend: &be.name,
                    server: &server.name,
                    backup: state.backup,
                    check: result,
                    shown: health.shown(),
                };
                told = true;
                super::log::send(t, log, NOTICE, news.to_string().as_bytes());
            }
            if let Some(change) = judged.change {
                let requeued = be.state.set_operational(&state, health.state(), w.now_ms());
                let event = ServerEvent {
                    backend: &be.name,
                    server: &server.name,
                    backup: state.backup,
                    was: judged.was,
                    now: change,
                    check: (!told).then_some(result),
                    active: be.state.usable_active(),
                    backup_left: be.state.usable_backup(),
                    sessions: state.served(),
                    requeued,
                    queued: state.queued(),
                };
                if let Some(log) = &be.log {
                    super::log::send(t, log, event.level(), event.to_string().as_bytes());
                    if event.backend_lost() {
                        let text = format!("backend {} has no server available!", be.name);
                        super::log::send(t, log, super::log::EMERG, text.as_bytes());
                    }
                }
                t.shared.events.server(&be, &event);
            }
        }
        // counted from the end of the check (observed)
        let next = w.now_ms() + u64::from(health.next_delay(spread, t.random()));
        while w.now_ms() < next {
            w.park(next).await;
        }
    }
}

/// Checks once. `timeout check` limits the answer, and the connection is limited by the smaller
/// of `timeout connect` and the interval; without it the interval limits both together.
async fn check(t: &'static Thread, be: &BackendPlan, server: &ServerPlan) -> Outcome {
    let w = t.worker;
    let inter = server.settings.check.as_ref().map_or(2000, |c| c.inter);
    let (connect_ms, answer_ms) = match be.timeouts.check {
        Some(check) => (be.timeouts.connect.unwrap_or(inter).min(inter), check),
        None => (inter, inter),
    };
    let begin = w.now_ms();
    let how = &server.settings.send_proxy;
    let prefaced = how.checks || server.settings.has_preface();
    let options = connect::Options {
        probe: !prefaced && server.tls.is_none() && !matches!(be.check, CheckPlan::Http { .. }),
        source: server.settings.source.as_ref(),
        interface: server.settings.interface.as_deref(),
        ..connect::Options::default()
    };
    let address = server.check_address_now();
    let mut preface = Preface::default();
    let socks = server
        .settings
        .socks4
        .filter(|_| server.settings.check_via_socks4);
    let lead = preface.lead(socks, &address);
    let address = lead.as_ref().unwrap_or(&address);
    let mut sock = match connect::start(w, address, options) {
        Ok(sock) => sock,
        Err(fault) => return not_connected(fault),
    };
    let until = begin + u64::from(connect_ms);
    if prefaced {
        if let Err(fault) = connect::established(w, &sock, until, || false).await {
            return not_connected(fault.unwrap_or(Fault::TimedOut));
        }
        let own = server.settings.check.as_ref();
        let elsewhere = own.is_some_and(|c| c.port.is_some() || c.addr.is_some());
        preface.header = preface::check_header(server, &sock, elsewhere);
        let played = Box::pin(preface.play(w, &sock, until, || false)).await;
        if let Err(fault) = played {
            return not_connected(fault.unwrap_or(Fault::TimedOut));
        }
    }
    let secure = server
        .tls
        .as_deref()
        .and_then(|tls| Some((tls, tls.checks.as_ref()?)));
    if let Some((tls, config)) = secure {
        let name = tls.check_sni.as_deref().map(str::as_bytes);
        super::tls::towards_server(&mut sock, config, name);
    }
    if let Err(fault) = connect::established(w, &sock, until, || false).await {
        return not_connected(fault.unwrap_or(Fault::TimedOut));
    }
    let until = match be.timeouts.check {
        Some(_) => w.now_ms() + u64::from(answer_ms),
        None => until,
    };
    let outcome = match &be.check {
        CheckPlan::Http {
            request,
            disable_on_404,
        } => http(t, &sock, request, *disable_on_404, until).await,
        _ if secure.is_some() => Outcome::of(CheckStatus::L6Ok),
        _ => Outcome::of(CheckStatus::L4Ok),
    };
    // no TIME_WAIT for each check: the answer is known, the connection may go at once
    sock.abort();
    outcome
}

fn not_connected(fault: Fault) -> Outcome {
    match fault {
        Fault::TimedOut => Outcome::of(CheckStatus::L4Timeout),
        Fault::HandshakeTimedOut => Outcome::of(CheckStatus::L6Timeout),
        Fault::Handshake => Outcome {
            status: CheckStatus::L6Response,
            code: None,
            info: "SSL handshake failure".into(),
        },
        Fault::Failed(e) => Outcome::failed(CheckStatus::L4Connection, e),
        Fault::Full | Fault::NoSource | Fault::Abandoned => Outcome::of(CheckStatus::SocketError),
        Fault::Resource(e) => Outcome::failed(CheckStatus::SocketError, e),
    }
}

async fn http(
    t: &'static Thread,
    sock: &Sock,
    request: &[u8],
    on_404: bool,
    until: u64,
) -> Outcome {
    let w = t.worker;
    let mut at = 0;
    while at < request.len() {
        match sock.send(&request[at..], false) {
            Io::Done(n) => at += n,
            Io::Blocked => {
                if w.park(until).await == Wake::TimedOut {
                    return Outcome::of(CheckStatus::L7Timeout);
                }
            }
            Io::Eof => break,
            Io::Failed(e) => return Outcome::failed(CheckStatus::L4Connection, e),
        }
    }
    let mut answer = vec![0u8; MAX_ANSWER];
    let mut len = 0;
    let mut ended = false;
    loop {
        if let Some(outcome) = judge(&answer[..len], ended, on_404) {
            return outcome;
        }
        match sock.recv(&mut answer[len..]) {
            Io::Done(n) => len += n,
            Io::Eof => ended = true,
            Io::Failed(e) if len == 0 => return Outcome::failed(CheckStatus::L4Connection, e),
            Io::Failed(_) => ended = true,
            Io::Blocked => {
                if w.park(until).await == Wake::TimedOut {
                    return Outcome::of(CheckStatus::L7Timeout);
                }
            }
        }
    }
}

/// What an answer means; `None` while its status line is not complete.
fn judge(answer: &[u8], ended: bool, on_404: bool) -> Option<Outcome> {
    let line = answer.split(|b| *b == b'\n').next().unwrap_or_default();
    let complete = line.len() < answer.len();
    if !complete && !ended && answer.len() < MAX_ANSWER {
        return None;
    }
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut words = line.splitn(3, |b| *b == b' ').map(|w| w.trim_ascii());
    let (version, code, reason) = (words.next()?, words.next(), words.next());
    let code = code
        .filter(|c| version.starts_with(b"HTTP/1.") && c.len() == 3)
        .and_then(|c| std::str::from_utf8(c).ok()?.parse::<u16>().ok());
    let Some(code) = code else {
        let info = match answer.is_empty() {
            true => String::new(),
            false => String::from_utf8_lossy(line).into_owned(),
        };
        return Some(Outcome {
            status: CheckStatus::L7Response,
            code: None,
            info,
        });
    };
    let status = match code {
        200..=399 => CheckStatus::L7Ok,
        404 if on_404 => CheckStatus::L7OkConditional,
        _ => CheckStatus::L7Status,
    };
    let info = String::from_utf8_lossy(reason.unwrap_or_default()).into_owned();
    Some(Outcome {
        status,
        code: Some(code),
        info,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lines() {
        let of = |text: &[u8]| judge(text, false, true).map(|o| (o.status, o.code));
        assert_eq!(of(b"HTTP/1.0 200 OK"), None);
        assert_eq!(
            of(b"HTTP/1.0 200 OK\r\n"),
            Some((CheckStatus::L7Ok, Some(200)))
        );
        assert_eq!(of(b"HTTP/1.1 302\n"), Some((CheckStatus::L7Ok, Some(302))));
        assert_eq!(
            of(b"HTTP/1.1 404 no\r\n"),
            Some((CheckStatus::L7OkConditional, Some(404)))
        );
        assert_eq!(
            of(b"HTTP/1.1 500 x\r\n"),
            Some((CheckStatus::L7Status, Some(500)))
        );
        assert_eq!(of(b"SSH-2.0-x\r\n"), Some((CheckStatus::L7Response, None)));
        assert!(judge(b"", true, false).is_some());
    }
}

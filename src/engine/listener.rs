//! Accepting connections.

use super::reactor::{InboxMessage, Sock, Wake, Worker};
use super::session::Session;
use super::shared::{FrontendState, Phase};
use super::spread::Spread;
use super::thread::Thread;
use crate::base::clock;
use crate::plan::listener::ListenAddress;
use crate::plan::{FrontendPlan, ListenerPlan};
use rustix::io::Errno;
use rustix::net::SocketFlags;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Connections accepted in one go before the other tasks run (`tune.maxaccept`).
const MAX_ACCEPT: u32 = 64;
/// Connections that wait at the listener when the process begins to stop, and are still accepted.
const DRAINED: u32 = 1024;

/// An accepted connection on its way to a thread.
pub struct Accepted {
    /// The socket, non-blocking.
    pub fd: OwnedFd,
    /// The client's address, when it has one.
    pub src: Option<SocketAddr>,
    /// Index of the listener in the plan.
    pub listener: u32,
}

/// Accepts for one listening socket until the process stops. `serve` starts a session on the
/// thread it is called on.
pub async fn accept(
    t: &'static Thread,
    listener: Arc<ListenerPlan>,
    fe: Arc<FrontendPlan>,
    sock: Sock,
    spread: Arc<Spread>,
    serve: fn(&'static Thread, Accepted),
) {
    let shared = t.shared.clone();
    let max_accept = shared
        .plan
        .global
        .settings
        .tune
        .maxaccept
        .unwrap_or(MAX_ACCEPT)
        .max(1);
    let Some(state) = shared.frontends.get(fe.id.0 as usize) else {
        return;
    };
    let Some(own) = shared.listeners.get(listener.id.0 as usize) else {
        return;
    };
    let limits = [own, &state.conns, &shared.conns];
    let leaving = || shared.is_stopping() || state.leaving.load(Ordering::Relaxed);
    let mut waiting = DRAINED;
    let speaks_tls = listener.tls.is_some();
    loop {
        for _ in 0..max_accept {
            match state.phase() {
                Phase::Open => {}
                Phase::Paused => pause(t, &listener, &fe, state, &sock).await,
                Phase::Stopped => {
                    refuse(&listener, &sock);
                    return;
                }
            }
            if leaving() {
                // what the kernel has accepted already would be reset
                waiting = match waiting.checked_sub(1) {
                    Some(left) => left,
                    None => return,
                };
            } else if let Some(limit) = fe.rate_limit_sessions {
                loop {
                    let wait = state.rate.wait(t.worker.now_ms(), limit);
                    if wait == 0 {
                        break;
                    }
                    t.worker.sleep(wait).await;
                }
            }
            if !leaving() {
                loop {
                    let now = t.worker.now_ms();
                    let mut wait = shared.rate_limits.wait(now);
                    if speaks_tls {
                        wait = wait.max(shared.tls_wait(now));
                    }
                    if wait == 0 {
                        break;
                    }
                    t.worker.sleep(wait).await;
                }
            }
            if !room(t, state, &limits).await {
                if leaving() {
                    return;
                }
                continue;
            }
            match accept_one(&sock) {
                Ok((fd, src)) => {
                    limits.iter().for_each(|limit| limit.used());
                    shared.connections.fetch_add(1, Ordering::Relaxed);
                    state.connections.fetch_add(1, Ordering::Relaxed);
                    state.counters.rate.add(t.worker.now_ms());
                    if let Some(Some(own)) = shared.listener_counters.get(listener.id.0 as usize) {
                        own.connections.inc();
                    }
                    shared.rate_limits.count(t.worker.now_ms());
                    if speaks_tls {
                        shared.rate_limits.count_tls(t.worker.now_ms());
                    }
                    if fe.rate_limit_sessions.is_some() {
                        state.rate.add(t.worker.now_ms());
                    }
                    place(
                        t,
                        Accepted {
                            fd,
                            src,
                            listener: listener.id.0,
                        },
                        &spread,
                        serve,
                    );
                }
                Err(e) => {
                    for limit in limits {
                        limit.give(&shared.hub);
                    }
                    match e {
                        Errno::AGAIN | Errno::INVAL if leaving() => return,
                        // INVAL: it does not listen for now; who resumes it wakes us
                        Errno::AGAIN | Errno::INVAL => {
                            sock.drained();
                            t.worker.park(super::reactor::NEVER).await;
                        }
                        Errno::INTR | Errno::CONNABORTED => {}
                        // out of descriptors or memory: what ends will make room
                        _ => t.worker.sleep(100).await,
                    }
                }
            }
        }
        t.worker.yield_now().await;
    }
}

/// Has clients refused until the front end is to take them again. (Clients of Unix sockets are
/// left waiting, as in HAProxy.)
async fn pause(
    t: &'static Thread,
    listener: &ListenerPlan,
    fe: &FrontendPlan,
    state: &FrontendState,
    sock: &Sock,
) {
    refuse(listener, sock);
    while state.phase() == Phase::Paused && !t.shared.is_stopping() {
        t.worker.park(super::reactor::NEVER).await;
    }
    if state.phase() == Phase::Open
        && matches!(listener.address, ListenAddress::Inet(_))
        && let Some(fd) = sock.fd()
    {
        let settings = &listener.settings;
        let backlog = settings.backlog.or(settings.maxconn).or(fe.backlog);
        let backlog = backlog.unwrap_or_else(|| t.shared.conns.max.load(Ordering::Relaxed));
        // another thread with the same socket may have been first
        let _ = rustix::net::listen(fd, i32::try_from(backlog.max(1)).unwrap_or(i32::MAX));
    }
}

/// Ends listening without closing the socket, which other processes may share.
fn refuse(listener: &ListenerPlan, sock: &Sock) {
    if matches!(listener.address, ListenAddress::Inet(_))
        && let Some(fd) = sock.fd()
    {
        // another thread with the same socket may have been first
        let _ = rustix::net::shutdown(fd, rustix::net::Shutdown::Read);
    }
}

/// Waits for room below all limits and takes it; false when the process stops or the front end is
/// not to accept.
async fn room(
    t: &'static Thread,
    state: &FrontendState,
    limits: &[&super::shared::Limit; 3],
) -> bool {
    loop {
        let full = limits.iter().position(|limit| !limit.take());
        let Some(full) = full else { return true };
        if full + 1 == limits.len() {
            t.shared.maxconn_reached.fetch_add(1, Ordering::Relaxed);
        }
        // what was taken before is not kept while waiting
        for limit in limits.iter().take(full) {
            limit.give(&t.shared.hub);
        }
        if let Some(limit) = limits.get(full) {
            limit.wait(t.worker.current());
            if limit.has_room() {
                continue;
            }
        }
        let leaving = state.leaving.load(Ordering::Relaxed);
        if t.shared.is_stopping() || leaving || state.phase() != Phase::Open {
            return false;
        }
        let _: Wake = t.worker.park(t.worker.after(Some(1000))).await;
    }
}

/// Accepts for a service of the process's own; it goes on answering while the process stops.
pub async fn accept_service(t: &'static Thread, socket: OwnedFd, serve: super::start::Serve) {
    let sock = Sock::new(t.worker, socket);
    loop {
        match accept_one(&sock) {
            Ok((fd, _)) => serve(t, fd),
            Err(Errno::AGAIN) => {
                sock.drained();
                t.worker.park(super::reactor::NEVER).await;
            }
            Err(Errno::INTR | Errno::CONNABORTED) => {}
            Err(_) => t.worker.sleep(100).await,
        }
    }
}

fn accept_one(sock: &Sock) -> Result<(OwnedFd, Option<SocketAddr>), Errno> {
    let fd = sock.fd().ok_or(Errno::BADF)?;
    let (fd, from) =
        rustix::net::acceptfrom_with(fd, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)?;
    Ok((fd, from.and_then(|a| SocketAddr::try_from(a).ok())))
}

/// Gives a connection to the thread that is to serve it.
fn place(
    t: &'static Thread,
    accepted: Accepted,
    spread: &Spread,
    serve: fn(&'static Thread, Accepted),
) {
    let shared = &t.shared;
    let target = spread.other(shared, t.worker.id);
    let id = target.unwrap_or(t.worker.id);
    if let Some(load) = shared.loads.get(id) {
        load.enter();
    }
    match target.and_then(|id| shared.hub.inbox(id)) {
        Some(inbox) => inbox.send(InboxMessage::Run(Box::new(move |_: &'static Worker| {
            super::with_thread(|t| serve(t, accepted));
        }))),
        None => serve(t, accepted),
    }
}

/// A session for an accepted connection; to be made inside its task, so that the task is woken
/// for its socket.
pub fn session(t: &'static Thread, a: Accepted, fe: Arc<FrontendPlan>) -> Box<Session> {
    let now = t.worker.now_us();
    let listener = t.shared.plan.listeners.get(a.listener as usize);
    let accepts_proxy = listener.is_some_and(|l| l.settings.accept_proxy);
    Box::new(Session {
        t,
        plan: t.shared.plan.clone(),
        fe,
        listener: a.listener,
        client: Sock::new(t.worker, a.fd),
        src: a.src,
        dst: None,
        accepted_us: now,
        accept_date_us: u64::try_from(clock::unix_time().as_micros()).unwrap_or(0),
        requests: 0,
        next: super::session::Next::KeepAlive,
        carry: Vec::new(),
        last: None,
        kept: Vec::new(),
        log: None,
        tls: None,
        proxied: None,
        let_in: false,
        expects_proxy: accepts_proxy,
        tracked: None,
        vars: std::cell::OnceCell::new(),
    })
}

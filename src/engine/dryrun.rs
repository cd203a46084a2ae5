//! Connections that nobody made, for a dry run: a client's, as if it had been accepted, and idle
//! ones to servers, so that none has to be opened. Nothing of it is on the way of real traffic.

use super::http;
use super::listener::{self, Accepted};
use super::pool::ServerConn;
use super::reactor::Sock;
use super::session::{self, FuturePool, Session};
use super::source;
use super::thread::Thread;
use crate::plan::{BackendId, FrontendId};
use crate::sample::view::TlsFacts;
use std::cell::OnceCell;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::rc::Rc;

/// A client.
pub struct Client {
    /// Its connection: non-blocking.
    pub fd: OwnedFd,
    /// The front end it came to.
    pub frontend: FrontendId,
    /// Where it comes from.
    pub src: SocketAddr,
    /// Where it went to.
    pub dst: SocketAddr,
    /// Whether it speaks TLS to the listener; the name it asks for, if it does.
    pub tls: Option<Option<String>>,
}

/// Serves requests of a session of its own task.
type Serve = dyn Fn(Box<dyn FnOnce() -> Box<Session>>);

thread_local! {
    static HTTP: OnceCell<Box<Serve>> = const { OnceCell::new() };
}

/// Serves a client of a front end in HTTP mode, on the thread it is called on. False: there is no
/// such front end.
pub fn serve(t: &'static Thread, client: Client) -> bool {
    let shared = &t.shared;
    let Some(fe) = shared.plan.frontend(client.frontend).cloned() else {
        return false;
    };
    let listeners = &shared.plan.listeners;
    let own = listeners
        .iter()
        .find(|l| l.frontend == Some(fe.id) && l.address == listen_address(client.dst))
        .or_else(|| listeners.iter().find(|l| l.frontend == Some(fe.id)));
    let listener = own.map_or(u32::MAX, |l| l.id.0);
    // what accepting it would have counted
    shared.conns.take();
    if let Some(state) = shared.frontends.get(fe.id.0 as usize) {
        state.conns.take();
        state.counters.rate.add(t.worker.now_ms());
    }
    if let Some(limit) = shared.listeners.get(listener as usize) {
        limit.take();
    }
    if let Some(load) = shared.loads.get(t.worker.id) {
        load.enter();
    }
    let make = move || {
        let accepted = Accepted {
            fd: client.fd,
            src: Some(client.src),
            listener,
        };
        let mut session = listener::session(t, accepted, fe);
        session.dst = Some(client.dst);
        session.tls = client.tls.map(|sni| {
            Rc::new(TlsFacts {
                version: "TLSv1.3",
                sni: sni.map(Into::into),
                ..TlsFacts::default()
            })
        });
        session
    };
    HTTP.with(|cell| {
        let serve = cell.get_or_init(|| {
            let pool = FuturePool::new(http::transaction);
            Box::new(move |make| {
                t.worker
                    .spawn(async move { session::http(make(), pool).await });
            })
        });
        serve(Box::new(make));
    });
    true
}

fn listen_address(address: SocketAddr) -> crate::plan::listener::ListenAddress {
    crate::plan::listener::ListenAddress::Inet(address)
}

/// Gives a server an idle connection (non-blocking), to be used for its next request.
pub fn lend(t: &'static Thread, backend: BackendId, server: u32, fd: OwnedFd) {
    let plan = &t.shared.plan;
    let place = plan.backend(backend).cloned();
    let epoch = place
        .as_ref()
        .and_then(|be| be.servers.get(server as usize))
        .map_or(0, |s| s.epoch());
    let sock = Sock::new(t.worker, fd);
    let kind = source::kind(None, None, epoch);
    let mut conn = ServerConn::new(sock, kind, t.shared.descriptors.server(), None);
    conn.home = place;
    conn.uses = 1;
    conn.idle_since = t.worker.now_ms();
    t.idle.put(t.worker, backend, server, conn, 5000, || true);
}

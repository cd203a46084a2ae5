//! Connections to servers: one carries many requests.

use super::mux::{Closing, Mux, Peer};
use super::pipe::Pipe;
use crate::balance::h2::H2Counters;
use crate::engine::connect::{self, Fault};
use crate::engine::pool::ServerConn;
use crate::engine::reactor::{Io, NEVER, Sock, Wake};
use crate::engine::thread::Thread;
use crate::ir::proxy::HttpReuse;
use crate::plan::{BackendId, ServerPlan};
use crate::proto::h2::{Code, frame};
use std::cell::RefCell;
use std::rc::Rc;

/// Streams on one connection at once (`tune.h2.be.max-concurrent-streams`).
const STREAMS: usize = 100;

/// Which server a connection belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The back end.
    pub backend: BackendId,
    /// The server.
    pub server: u32,
    /// As [`ServerConn::kind`].
    pub kind: u64,
}

/// The HTTP/2 connections of a thread to servers.
#[derive(Default)]
pub struct Servers(RefCell<Vec<(Place, Rc<Mux>)>>);

/// Whether a server may come to speak HTTP/2.
pub fn may_speak(server: &ServerPlan) -> bool {
    server.settings.h2
        || server
            .tls
            .as_deref()
            .is_some_and(|tls| tls.encrypted && tls.offers_h2)
}

impl Servers {
    /// A stream on a connection that stands, if `http-reuse` lets a request have one: on an idle
    /// connection, with `always` also beside the streams of others, with `aggressive` where one
    /// has gone well. `first`: the request is the first of its client's connection.
    pub fn reuse(&self, place: Place, mode: HttpReuse, first: bool) -> Option<Sock> {
        let list = self.0.borrow();
        let fits = |mux: &Mux| {
            let state = mux.state.borrow();
            let idle = state.streams.is_empty();
            let open = !state.leaving
                && state.closing == Closing::Open
                && state.streams.len() < state.most
                && state.last < 1 << 30;
            open && match mode {
                HttpReuse::Never => false,
                HttpReuse::Safe => idle && !first,
                HttpReuse::Aggressive => state.proven || idle && !first,
                HttpReuse::Always => true,
            }
        };
        let (_, mux) = list.iter().find(|(p, mux)| *p == place && fits(mux))?;
        Some(stream(mux))
    }

    /// No more requests go over the connections to a server.
    pub fn leave(&self, backend: BackendId, server: u32) {
        let own = |p: &Place| (p.backend, p.server) == (backend, server);
        for (_, mux) in self.0.borrow().iter().filter(|(p, _)| own(p)) {
            mux.state.borrow_mut().leaving = true;
        }
    }

    fn forget(&self, mux: &Rc<Mux>) {
        self.0.borrow_mut().retain(|(_, m)| !Rc::ptr_eq(m, mux));
    }
}

/// One more stream on a connection.
fn stream(mux: &Rc<Mux>) -> Sock {
    let mut state = mux.state.borrow_mut();
    let id = if state.last == 0 { 1 } else { state.last + 2 };
    state.last = id;
    let pipe = Rc::new(Pipe::towards_server(mux, id, state.initial));
    state.streams.push(pipe.clone());
    drop(state);
    mux.counted(H2Counters::begin_stream);
    Sock::stream(mux.t.worker, pipe)
}

/// Waits until a new connection stands; if it speaks HTTP/2, what is returned is its first stream.
///
/// # Errors
/// As the attempt ended.
pub async fn open(
    t: &'static Thread,
    plan: &ServerPlan,
    place: Place,
    conn: ServerConn,
    until: u64,
) -> Result<ServerConn, Fault> {
    let stood = connect::established(t.worker, &conn.sock, until, || false).await;
    stood.map_err(|fault| fault.unwrap_or(Fault::Failed(rustix::io::Errno::CANCELED)))?;
    let agreed = conn
        .sock
        .tls(|tls| tls.common().alpn_protocol() == Some(b"h2"));
    if !plan.settings.h2 && agreed != Some(true) {
        return Ok(conn);
    }
    let (kind, home) = (conn.kind, conn.home.clone());
    let delay = plan.settings.pool_purge_delay;
    let mux = Mux::with_server(t, conn, STREAMS);
    t.h2.0.borrow_mut().push((place, mux.clone()));
    let sock = stream(&mux);
    t.worker.spawn_soon(run(mux, delay));
    let counted = t.shared.descriptors.server();
    let mut conn = ServerConn::new(sock, kind, counted, None);
    conn.home = home;
    Ok(conn)
}

/// Serves a connection until it ends.
async fn run(mux: Rc<Mux>, idle_ms: u32) {
    let t = mux.t;
    mux.adopt();
    loop {
        if matches!(mux.flush(), Io::Failed(_) | Io::Eof) {
            break;
        }
        match mux.receive() {
            Io::Done(_) => continue,
            Io::Blocked => {}
            Io::Eof | Io::Failed(_) => break,
        }
        let until = {
            let mut state = mux.state.borrow_mut();
            let idle = state.streams.is_empty();
            if state.closing == Closing::Failed || idle && state.leaving {
                if state.pending() == 0 {
                    break;
                }
                NEVER
            } else if idle {
                let until = state.idle_since + u64::from(idle_ms);
                if until <= t.worker.now_ms() {
                    state.leaving = true;
                    state.tally.farewells_sent += 1;
                    frame::goaway(&mut state.out, 0, Code::NoError);
                    continue;
                }
                until
            } else {
                NEVER
            }
        };
        if t.worker.park(until).await == Wake::TimedOut && until == NEVER {
            break;
        }
    }
    t.h2.forget(&mux);
    mux.over();
    let mut state = mux.state.borrow_mut();
    state.leaving = true;
    state.break_streams(t);
    drop(state);
    if let Peer::Server { conn } = &mux.peer {
        conn.settle();
    }
}

//! What statistics learn of connections, requests and TCP streams.

use super::session::Session;
use super::shared::Shared;
use crate::balance::ServerState;
use crate::balance::observe::Sight;
use crate::plan::{BackendPlan, FrontendId};
use std::sync::Arc;

/// A back end was chosen; to be given back when the stream ends.
pub fn backend(be: &BackendPlan, now_ms: u64) {
    be.state.sessions.enter();
    let counters = &be.state.counters;
    counters.sessions.inc();
    counters.rate.add(now_ms);
}

fn state(be: &BackendPlan, server: Option<u32>) -> Option<&Arc<ServerState>> {
    be.state.server(server?)
}

/// Traffic shows something of a server that is observed.
fn watched(be: &BackendPlan, server: Option<u32>, sight: Sight) {
    if let Some(server) = state(be, server).filter(|s| s.observer.is_some()) {
        be.state.observed(server, sight);
    }
}

/// A server's slot was taken, chosen by the algorithm or by persistence.
pub fn server(be: &BackendPlan, server: u32, by_algorithm: bool, now_ms: u64) {
    let counters = &be.state.counters;
    counters.last_session.set(now_ms);
    if by_algorithm {
        counters.chosen.inc();
    }
    if let Some(server) = be.state.server(server) {
        let counters = &server.counters;
        counters.sessions.inc();
        counters.rate.add(now_ms);
        counters.last_session.set(now_ms);
        if by_algorithm {
            counters.chosen.inc();
        }
    }
}

/// A connection to the server was begun or taken from the pool.
pub fn connection(be: &BackendPlan, server: Option<u32>, reused: bool) {
    let server = state(be, server);
    if reused {
        be.state.counters.reuses.inc();
        if let Some(s) = server {
            s.counters.reuses.inc();
        }
    } else {
        be.state.counters.connects.inc();
        if let Some(s) = server {
            s.counters.connects.inc();
        }
    }
}

/// A TLS handshake with a client ended; `resumed`: it went on with a session of before, `None`: it
/// failed.
pub fn client_tls(s: &Session, resumed: Option<bool>) {
    let shared = &s.t.shared;
    shared.front(s.fe.id, s.listener, |fe| fe.tls.ended(resumed));
    let now = s.t.worker.now_ms();
    shared.tls.connections.inc();
    shared.tls.rate.add(now);
    if resumed == Some(false) {
        shared.tls.client_keys.add(now);
    }
}

/// The same with a server; one that failed is not among the proxy's (as in 3.4).
pub fn server_tls(
    shared: &Shared,
    be: &BackendPlan,
    server: Option<u32>,
    resumed: Option<bool>,
    now_ms: u64,
) {
    shared.tls.connections.inc();
    if resumed.is_none() {
        return;
    }
    be.state.counters.tls.ended(resumed);
    if let Some(s) = state(be, server) {
        s.counters.tls.ended(resumed);
    }
    if resumed == Some(false) {
        shared.tls.server_keys.add(now_ms);
    }
}

/// A rule could not write what it was to write; `server`: into the answer of one. `fatal`: the
/// request ends by it.
#[cold]
pub fn rewrite_failed(s: &Session, be: Option<&BackendPlan>, server: Option<u32>, fatal: bool) {
    let shared = &s.t.shared;
    shared.front(s.fe.id, s.listener, |fe| fe.mishaps.rewrite(fatal));
    let Some(be) = be else { return };
    be.state.counters.mishaps.rewrite(fatal);
    if let Some(server) = state(be, server) {
        server.counters.mishaps.rewrite(fatal);
    }
}

/// A server's response came, whatever the client will see of it.
pub fn response(be: &BackendPlan, server: Option<u32>, status: u16) {
    if let Some(s) = state(be, server) {
        s.counters.http.answered(status);
        if s.observer.is_some() {
            // what a server cannot do is no failure of it
            let good = !(500..=599).contains(&status) || matches!(status, 501 | 505);
            be.state.observed(
                s,
                if good {
                    Sight::Answered
                } else {
                    Sight::WrongStatus
                },
            );
        }
    }
}

/// Another attempt is made, at the same server or elsewhere.
pub fn retry(be: &BackendPlan, server: Option<u32>, elsewhere: bool) {
    let server = state(be, server);
    if elsewhere {
        be.state.counters.redispatches.inc();
        if let Some(s) = server {
            s.counters.redispatches.inc();
        }
    } else {
        be.state.counters.retries.inc();
        if let Some(s) = server {
            s.counters.retries.inc();
        }
    }
}

/// A request or TCP stream that has ended.
#[derive(Clone, Copy, Default)]
pub struct Ended<'a> {
    /// Its back end, when one was chosen.
    pub be: Option<&'a BackendPlan>,
    /// Its server, when one was chosen.
    pub server: Option<u32>,
    /// Termination state of the log.
    pub state: [u8; 2],
    /// Status that the client was sent; 0: none.
    pub status: Option<u16>,
    /// Bytes of the client.
    pub received: u64,
    /// Bytes for the client.
    pub sent: u64,
    /// Bytes that the server was sent beyond those received.
    pub request_growth: i64,
    /// Bytes that the client was sent beyond those of the server's answer.
    pub response_growth: i64,
    /// A rule answered it.
    pub intercepted: bool,
    /// A rule refused it.
    pub denied: bool,
    /// The request never came whole, or could not be understood.
    pub bad: bool,
    /// The server answered.
    pub by_server: bool,
    /// Queue, connect, response and total time, milliseconds; zeros without an answer of a server,
    /// `None` where nothing was asked of one.
    pub times: Option<[u32; 4]>,
}

/// Counts a request or TCP stream of a front end.
pub fn end(shared: &Shared, fe: FrontendId, listener: u32, e: &Ended<'_>) {
    shared.front(fe, listener, |fe| {
        fe.bytes_in.add(e.received);
        fe.bytes_out.add(e.sent);
        if let Some(status) = e.status {
            fe.http.answered(status);
        }
        if e.intercepted {
            fe.intercepted.inc();
        }
        match (e.denied, e.by_server) {
            (true, false) => fe.denied_requests.inc(),
            (true, true) => fe.denied_responses.inc(),
            _ => {}
        }
        if e.bad {
            fe.bad_requests.inc();
        }
        fe.request_growth.add(e.request_growth);
        fe.response_growth.add(e.response_growth);
    });
    let Some(be) = e.be else { return };
    let all = &be.state.counters;
    let one = state(be, e.server).map(|s| &s.counters);
    all.requests.inc();
    all.bytes_in.add(e.received);
    all.bytes_out.add(e.sent);
    if let Some(status) = e.status {
        all.http.answered(status);
    }
    all.request_growth.add(e.request_growth);
    all.response_growth.add(e.response_growth);
    if let Some(one) = one {
        one.bytes_in.add(e.received);
        one.request_growth.add(e.request_growth);
        one.response_growth.add(e.response_growth);
        if e.by_server {
            one.bytes_out.add(e.sent);
        }
    }
    match (e.denied, e.by_server) {
        (true, false) => all.denied_requests.inc(),
        (true, true) => {
            all.denied_responses.inc();
            if let Some(one) = one {
                one.denied_responses.inc();
            }
        }
        _ => {}
    }
    match e.state {
        _ if e.denied => {}
        [b's' | b'S', b'Q'] => all.connect_errors.inc(),
        // nothing was under way yet that the client could have broken off
        [b'C', b'C' | b'Q'] => {}
        [b'C', phase] if phase != b'R' => {
            all.client_aborts.inc();
            if let Some(one) = one {
                one.client_aborts.inc();
            }
        }
        [_, b'C'] => {
            all.connect_errors.inc();
            if let Some(one) = one {
                one.connect_errors.inc();
            }
            watched(be, e.server, Sight::NotConnected);
        }
        [cause, phase @ (b'H' | b'D')] => {
            // a server that says nothing more has broken a TCP stream off (observed)
            let silent = (cause, phase) == (b's', b'D') && e.status.is_none();
            if (cause, phase) == (b'S', b'D') || silent {
                all.server_aborts.inc();
                if let Some(one) = one {
                    one.server_aborts.inc();
                }
            }
            // 3.4 counts a head that never came or cannot be understood twice (observed)
            match (cause, phase) {
                (b's', b'H') => watched(be, e.server, Sight::TimedOut),
                (b'S', b'H') => watched(be, e.server, Sight::Closed),
                (b'P', b'H') => watched(be, e.server, Sight::WrongHead),
                _ => {}
            }
            let errors = match (cause, phase) {
                (b'S' | b'P', b'H') => 2,
                (b's', b'H') | (b'S', b'D') => 1,
                _ => 0,
            };
            all.response_errors.add(errors);
            if let Some(one) = one {
                one.response_errors.add(errors);
            }
        }
        _ => {}
    }
    if let Some([queue, connect, response, total]) = e.times {
        // what no server answered counts for the back end alone, with no time at all (observed)
        let one = one.filter(|_| e.by_server).map(|one| &one.times);
        for list in std::iter::once(&all.times).chain(one) {
            list.queue.add(queue);
            list.connect.add(connect);
            list.response.add(response);
            list.total.add(total);
        }
    }
}

/// What went over a client's connection since this was called before.
pub fn wire(s: &Session) {
    let (read, written) = s.client.take_moved();
    if read | written != 0 {
        s.t.shared.front(s.fe.id, s.listener, |fe| {
            fe.wire_in.add(read);
            fe.wire_out.add(written);
        });
    }
}

/// A connection ended without a request, or waited too long for one: `status` 400 or 408.
pub fn no_request(s: &Session, status: u16) {
    super::session::count_request(s);
    if status == 400 {
        super::track::error(None, s);
    }
    s.t.shared.front(s.fe.id, s.listener, |fe| {
        fe.silent.inc();
        fe.bad_requests.inc();
        fe.http.answered(status);
    });
}

/// Milliseconds between two moments given in microseconds.
pub fn ms(from: u64, to: u64) -> u32 {
    u32::try_from(to.saturating_sub(from) / 1000).unwrap_or(u32::MAX)
}

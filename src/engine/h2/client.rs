//! Connections of clients.

use super::mux::{Closing, Mux};
use super::pipe::Pipe;
use crate::engine::reactor::sock::WRITABLE;
use crate::engine::reactor::{Io, NEVER, Sock, Wake};
use crate::engine::session::{self, Next, Session, Transactions};
use crate::proto::h2::{Code, PREFACE, frame};
use std::cell::OnceCell;
use std::rc::Rc;

/// Whether a client of a listener may begin with HTTP/2 unasked.
pub fn may_begin(s: &Session) -> bool {
    let listener = s.plan.listeners.get(s.listener as usize);
    listener.is_none_or(|l| !l.settings.h1)
}

/// Whether what a client says first is HTTP/2, as far as can be told: `None`, when more must come.
pub fn announced(said: &[u8]) -> Option<bool> {
    let known = said.len().min(PREFACE.len());
    match said.get(..known) == PREFACE.get(..known) {
        true if known < PREFACE.len() => None,
        same => Some(same),
    }
}

/// Serves a client that speaks HTTP/2 until its connection ends; `said` was received already.
pub async fn serve(session: Box<Session>, said: Vec<u8>, transactions: &'static dyn Transactions) {
    let t = session.t;
    let fe = session.fe.clone();
    let begin_ms = session.accepted_us / 1000;
    let mux = Mux::with_client(session, transactions, 100);
    if !said.is_empty() {
        mux.counted(|c| c.upgrades.inc());
    }
    mux.take_in(&said);
    drop(said);
    let (mut asked_to_leave, mut leave) = (false, NEVER);
    let mut leave_by = NEVER;
    loop {
        let flushed = mux.flush();
        if matches!(flushed, Io::Failed(_) | Io::Eof) {
            mux.state.borrow_mut().break_streams(t);
            break;
        }
        let received = mux.receive();
        log_faults(&mux);
        match received {
            Io::Done(_) => continue,
            Io::Blocked => {}
            Io::Eof | Io::Failed(_) => {
                let mut state = mux.state.borrow_mut();
                if !std::mem::replace(&mut state.leaving, true) {
                    for pipe in &state.streams {
                        t.worker.note(pipe.slot(), pipe.hang_up());
                    }
                }
            }
        }
        let until = {
            let mut state = mux.state.borrow_mut();
            let idle = state.streams.is_empty();
            let now = t.worker.now_ms();
            // as 3.4: who was asked to leave is left the time to do so
            let left = state.closing == Closing::Graceful && now >= leave_by;
            let over = state.closing == Closing::Failed || idle && (state.leaving || left);
            if over && state.pending() == 0 {
                break;
            }
            let timeouts = &fe.timeouts;
            let quiet = match state.last {
                0 => timeouts.http_request.or(timeouts.client),
                _ => timeouts
                    .http_keep_alive
                    .or(timeouts.http_request)
                    .or(timeouts.client),
            };
            let since = match state.last {
                0 => begin_ms,
                _ => state.idle_since,
            };
            let mut until = match (idle, quiet) {
                (true, Some(ms)) => since + u64::from(ms),
                _ => NEVER,
            };
            if state.pending() > 0 {
                // who takes nothing at all is given up
                until = t.worker.after(timeouts.client);
            } else if state.closing == Closing::Open {
                if t.shared.stopping.is_closing() && !asked_to_leave {
                    if leave == NEVER {
                        leave = t.shared.stopping.idle_until(now, t.random());
                    }
                    if leave <= now {
                        asked_to_leave = true;
                        state.closing = Closing::Graceful;
                    }
                    until = until.min(leave);
                }
                if until <= now {
                    state.closing = Closing::Graceful;
                }
                if state.closing == Closing::Graceful {
                    // as 3.4: who is asked to leave since the process stops may still ask
                    let last = match asked_to_leave {
                        true => (1 << 31) - 1,
                        false => state.last,
                    };
                    state.farewell = last;
                    state.tally.farewells_sent += 1;
                    frame::goaway(&mut state.out, last, Code::NoError);
                    leave_by = t.worker.after(timeouts.client);
                    continue;
                }
            } else if idle {
                until = leave_by;
            }
            until
        };
        let stuck = mux.state.borrow().pending() > 0;
        if t.worker.park(until).await == Wake::TimedOut && stuck {
            mux.state.borrow_mut().break_streams(t);
            break;
        }
    }
    mux.over();
    // streams that were broken end by themselves; the socket stays until the last one has
    let broken: Vec<Rc<Pipe>> = mux.state.borrow().streams.clone();
    for pipe in &broken {
        pipe.lose();
        t.worker.note(pipe.slot(), WRITABLE);
    }
    drop(broken);
    if let Some(Mux {
        peer: super::mux::Peer::Client { session, .. },
        ..
    }) = Rc::into_inner(mux)
    {
        session::close(session).await;
    }
}

/// Logs what could not be understood, as 3.4 does.
fn log_faults(mux: &Rc<Mux>) {
    let faults = std::mem::take(&mut mux.state.borrow_mut().faults);
    for _ in 0..faults {
        if let Some(mut session) = session(Rc::new(Pipe::dead(mux))) {
            session.log_fault(0, *b"PR");
        }
    }
}

/// The session of one stream, as the connection it came on has it.
pub fn session(pipe: Rc<Pipe>) -> Option<Box<Session>> {
    let of = pipe.clone();
    let connection = of.connection().session()?;
    let t = connection.t;
    let now = t.worker.now_us();
    let (src, dst, listener) = (connection.src, connection.dst_now(), connection.listener);
    let (plan, fe, tls) = (
        connection.plan.clone(),
        connection.fe.clone(),
        connection.tls.clone(),
    );
    let accept_date_us = connection.accept_date_us + now.saturating_sub(connection.accepted_us);
    Some(Box::new(Session {
        t,
        plan,
        fe,
        listener,
        client: Sock::stream(t.worker, pipe),
        src,
        dst,
        accepted_us: now,
        accept_date_us,
        // none is the first, as 3.4 sees it
        requests: 2,
        next: Next::KeepAlive,
        carry: Vec::new(),
        last: None,
        kept: Vec::new(),
        log: None,
        tls,
        proxied: connection.proxied.clone(),
        let_in: true,
        expects_proxy: false,
        tracked: connection.tracked.clone(),
        vars: OnceCell::new(),
    }))
}

//! Taking over idle server connections of other threads (`tune.idle-pool.shared`): a thread that
//! has none itself asks one that has before it opens a new connection.
//!
//! The connection lives in its thread's epoll set, so its owner hands it over: descriptor and
//! number of uses travel through the two inboxes. Who has how many is told by counters, one array
//! per thread, so that keeping them costs no shared cache line.

use super::pool::ServerConn;
use super::reactor::{Detached, InboxMessage, Sock, TaskRef, Worker};
use super::strict::Held;
use super::thread::Thread;
use crate::ir::global::IdlePoolShared;
use crate::plan::BackendId;
use std::cell::Cell;
use std::sync::Arc;

/// A thread that does not answer within this time, ms, is not waited for.
const PATIENCE: u32 = 50;

/// What was asked for.
#[derive(Clone, Copy)]
struct Ask {
    backend: BackendId,
    server: u32,
    kind: u64,
    proven: bool,
    number: u64,
    /// Until when the answer is waited for, ms tick.
    until: u64,
}

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

/// An answer on its way to the task that asked.
pub struct Answer {
    /// Which question of this thread it answers: one task may ask again, of another server, while
    /// the answer it no longer waits for is on its way.
    number: u64,
    until: u64,
    given: Option<(Detached, u32, Option<Held>)>,
}

/// Whether another thread may have an idle connection to give.
pub fn worthwhile(t: &Thread, backend: BackendId, server: u32) -> bool {
    let shared = &t.shared;
    let counts = &shared.idle;
    if counts.len() < 2 || shared.plan.global.settings.tune.idle_pool_shared == IdlePoolShared::Off
    {
        return false;
    }
    let idle: u32 = counts.iter().map(|c| c.get(backend, server)).sum();
    let be = shared.plan.backend(backend);
    let plan = be.and_then(|be| be.servers.get(server as usize));
    idle > 0 && plan.is_some_and(|s| idle >= s.settings.pool_low_conn)
}

/// An idle connection of another thread; `None` when nobody has one.
pub async fn take(
    t: &'static Thread,
    backend: BackendId,
    server: u32,
    kind: u64,
    proven: bool,
) -> Option<ServerConn> {
    if !worthwhile(t, backend, server) {
        return None;
    }
    let mut owners: Vec<(u32, usize)> = t
        .shared
        .idle
        .iter()
        .enumerate()
        .map(|(thread, c)| (c.get(backend, server), thread))
        .filter(|(idle, thread)| *thread != t.worker.id && *idle > 0)
        .collect();
    // who has many is asked first; another one only where connections differ in kind
    owners.sort_unstable_by(|a, b| b.cmp(a));
    for (_, owner) in owners {
        let ask = Ask {
            backend,
            server,
            kind,
            proven,
            number: ASKED.replace(ASKED.get() + 1),
            until: t.worker.after(Some(PATIENCE)),
        };
        if let Some(conn) = ask_for(t, owner, ask).await {
            return Some(conn);
        }
    }
    None
}

/// Asks one thread.
async fn ask_for(t: &'static Thread, owner: usize, ask: Ask) -> Option<ServerConn> {
    let shared = &t.shared;
    let me = t.worker.current();
    let message = move |_: &'static Worker| super::with_thread(|owner| give(owner, ask, me));
    shared
        .hub
        .inbox(owner)?
        .send(InboxMessage::Run(Box::new(message)));
    loop {
        let mine = |a: &mut Answer| a.number == ask.number;
        if let Some(answer) = t.answers.borrow_mut().extract_if(.., mine).next() {
            let (socket, uses, strict) = answer.given?;
            let sock = Sock::attach(t.worker, socket);
            let conn = ServerConn {
                home: shared.plan.backend(ask.backend).cloned(),
                sock,
                kind: ask.kind,
                strict,
                counted: shared.descriptors.server(),
                uses,
                idle_since: 0,
                lingers: false,
            };
            return conn.sock.is_quiet().then_some(conn);
        }
        if t.worker.now_ms() >= ask.until {
            return None;
        }
        t.worker.park(ask.until).await;
    }
}

/// On the owner's thread: lets a connection go.
fn give(owner: &'static Thread, ask: Ask, to: TaskRef) {
    let conn = owner
        .idle
        .take(ask.backend, ask.server, ask.kind, ask.proven);
    let given = conn.and_then(|mut c| Some((c.sock.detach()?, c.uses, c.strict.take())));
    let hub = Arc::clone(&owner.shared.hub);
    if let Some(inbox) = hub.inbox(to.worker as usize) {
        inbox.send(InboxMessage::Run(Box::new(move |w: &'static Worker| {
            super::with_thread(|t| {
                // the task may have ended meanwhile: the connection then closes
                let mut answers = t.answers.borrow_mut();
                // nor is one kept that was not fetched in time
                answers.retain(|a| a.until > w.now_ms());
                if w.wake(to) && ask.until > w.now_ms() {
                    answers.push(Answer {
                        number: ask.number,
                        until: ask.until,
                        given,
                    });
                }
            });
        })));
    }
}

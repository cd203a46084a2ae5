//! The state of a connection, and what its task does whatever side it is on.

use super::pipe::Pipe;
use crate::balance::h2::{H2Counters, H2Tally};
use crate::engine::pool::ServerConn;
use crate::engine::reactor::sock::{ERROR, HANGUP, READABLE, WRITABLE};
use crate::engine::reactor::{Io, Sock, TaskRef};
use crate::engine::session::{Session, Transactions};
use crate::engine::thread::Thread;
use crate::proto::h2::frame::{self, kind, setting};
use crate::proto::h2::{Code, DEFAULT_FRAME, DEFAULT_WINDOW, Fields, PREFACE, hpack};
use std::cell::{Cell, RefCell};
use std::os::fd::BorrowedFd;
use std::rc::Rc;

/// Frames that wait for the kernel: above this, streams wait with their bodies.
pub const FULL: usize = 64 * 1024;
/// Frames that wait for the kernel: above this, nothing more is read.
const OVERFULL: usize = 256 * 1024;
/// Buffers that uploads share, in units of [`UNIT`] (`tune.h2.fe.rxbuf`: 1600k).
const SHARED: usize = 100;
/// What a stream may always send before its reader has taken anything.
pub const UNIT: usize = 16 * 1024;

/// Who is on the other end.
pub enum Peer {
    /// A client: its connection, and what serves its requests.
    Client {
        /// The connection.
        session: Box<Session>,
        /// Serves a request.
        transactions: &'static dyn Transactions,
    },
    /// A server.
    Server {
        /// The connection.
        conn: ServerConn,
    },
}

/// One HTTP/2 connection.
pub struct Mux {
    /// Its thread.
    pub t: &'static Thread,
    /// The other end.
    pub peer: Peer,
    task: Cell<Option<TaskRef>>,
    pub(super) state: RefCell<State>,
}

/// Whose field block it is.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// The stream.
    pub stream: u32,
    /// Flags of its HEADERS frame.
    pub flags: u8,
    /// The stream was known before.
    pub known: bool,
}

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// It goes on.
    Open,
    /// Streams under way may end, new ones are not taken.
    Graceful,
    /// It is over.
    Failed,
}

/// What changes.
pub struct State {
    /// Frames for the other side, from `sent` on.
    pub out: Vec<u8>,
    pub sent: usize,
    /// The beginning of a frame.
    pub partial: Vec<u8>,
    /// The preface came (clients).
    pub begun: bool,
    /// The first SETTINGS came.
    pub settled: bool,
    pub decoder: hpack::Decoder,
    pub fields: Fields,
    /// A field block that more frames belong to: its stream, its flags.
    pub collecting: Option<Block>,
    pub block: Vec<u8>,
    /// By number.
    pub streams: Vec<Rc<Pipe>>,
    /// The highest stream that the other side began, or that we did.
    pub last: u32,
    /// What may be sent, over all streams.
    pub window: i64,
    /// What each stream may send at first.
    pub initial: i64,
    /// The largest frame that the other side takes.
    pub frame: usize,
    /// Streams that may be open at once.
    pub most: usize,
    /// Received and not yet given back to the connection's window.
    pub owed: u32,
    /// The connection's window was opened wide.
    pub widened: bool,
    /// Shared buffers that streams hold.
    pub claimed: usize,
    /// Somebody waits for a window or for room in `out`.
    pub waiting: bool,
    pub closing: Closing,
    /// The last stream that is served, as told by GOAWAY.
    pub farewell: u32,
    /// The other side has said GOAWAY or closed.
    pub leaving: bool,
    /// Where the last DATA frame in `out` begins, and its stream.
    pub last_data: Option<(u32, usize)>,
    /// Faults and oddities of the other side so far.
    pub glitches: u32,
    /// A stream went well.
    pub proven: bool,
    /// When the last stream ended, ms.
    pub idle_since: u64,
    /// Faults to be logged: so many lines.
    pub faults: u32,
    /// What the statistics do not know yet.
    pub tally: H2Tally,
}

impl State {
    fn new(now_ms: u64, most: usize) -> State {
        State {
            out: Vec::new(),
            sent: 0,
            partial: Vec::new(),
            begun: false,
            settled: false,
            decoder: hpack::Decoder::new(hpack::TABLE_SIZE),
            fields: Fields::default(),
            collecting: None,
            block: Vec::new(),
            streams: Vec::new(),
            last: 0,
            window: DEFAULT_WINDOW,
            initial: DEFAULT_WINDOW,
            frame: DEFAULT_FRAME,
            most,
            owed: 0,
            widened: false,
            claimed: 0,
            waiting: false,
            closing: Closing::Open,
            farewell: u32::MAX,
            leaving: false,
            last_data: None,
            glitches: 0,
            proven: false,
            idle_since: now_ms,
            faults: 0,
            tally: H2Tally::default(),
        }
    }

    /// Says what a client may do; it has said that it speaks HTTP/2.
    pub fn welcome(&mut self) {
        frame::settings(
            &mut self.out,
            &[
                (setting::ENABLE_CONNECT, 1),
                (setting::INITIAL_WINDOW_SIZE, UNIT as u32),
                (setting::MAX_CONCURRENT_STREAMS, self.most as u32),
            ],
        );
    }

    /// Bytes that wait for the kernel.
    pub fn pending(&self) -> usize {
        self.out.len() - self.sent
    }

    /// The stream with this number.
    pub fn stream(&self, id: u32) -> Option<&Rc<Pipe>> {
        // the newest are the liveliest
        match self.streams.last() {
            Some(last) if last.id() == id => Some(last),
            _ => {
                let at = self.streams.binary_search_by_key(&id, |p| p.id()).ok()?;
                self.streams.get(at)
            }
        }
    }

    /// Grants a stream more of the shared buffers; returns how many bytes.
    pub fn claim(&mut self) -> usize {
        let free = (SHARED - 1).saturating_sub(self.claimed / UNIT + self.streams.len());
        let granted = free * 7 / 8 * UNIT;
        self.claimed += granted;
        granted
    }

    /// Ends the connection: says so, once, and lets every stream know.
    pub fn fail(&mut self, t: &Thread, code: Code) {
        if self.closing == Closing::Failed {
            return;
        }
        self.closing = Closing::Failed;
        // who never came to speak HTTP/2 would not understand
        if self.settled {
            self.tally.farewells_sent += 1;
            frame::goaway(&mut self.out, self.last, code);
        }
        self.break_streams(t);
    }

    /// No stream can go on.
    pub fn break_streams(&mut self, t: &Thread) {
        for pipe in &self.streams {
            pipe.lose();
            t.worker
                .note(pipe.slot(), READABLE | WRITABLE | HANGUP | ERROR);
        }
    }

    /// Wakes the streams that wait for windows or room.
    pub fn wake_waiting(&mut self, t: &Thread) {
        if !std::mem::replace(&mut self.waiting, false) {
            return;
        }
        for pipe in &self.streams {
            if pipe.stops_waiting() {
                t.worker.note(pipe.slot(), WRITABLE);
            }
        }
    }
}

impl Mux {
    /// A connection with a client, its settings on their way.
    pub fn with_client(
        session: Box<Session>,
        transactions: &'static dyn Transactions,
        most: usize,
    ) -> Rc<Mux> {
        let t = session.t;
        let mux = Rc::new(Mux {
            t,
            task: Cell::new(Some(t.worker.current())),
            peer: Peer::Client {
                session,
                transactions,
            },
            state: RefCell::new(State::new(t.worker.now_ms(), most)),
        });
        mux.counted(H2Counters::begin);
        mux
    }

    /// A connection to a server that stands: who we are is on its way.
    pub fn with_server(t: &'static Thread, conn: ServerConn, most: usize) -> Rc<Mux> {
        let mut state = State::new(t.worker.now_ms(), most);
        state.begun = true;
        state.out.extend_from_slice(PREFACE);
        frame::settings(
            &mut state.out,
            &[
                (setting::ENABLE_PUSH, 0),
                (setting::INITIAL_WINDOW_SIZE, UNIT as u32),
            ],
        );
        let mux = Rc::new(Mux {
            t,
            peer: Peer::Server { conn },
            task: Cell::new(None),
            state: RefCell::new(state),
        });
        mux.counted(H2Counters::begin);
        mux
    }

    /// The running task is the connection's.
    pub(super) fn adopt(&self) {
        self.task.set(Some(self.t.worker.current()));
        self.sock().adopt();
    }

    /// The connection's socket.
    pub fn sock(&self) -> &Sock {
        match &self.peer {
            Peer::Client { session, .. } => &session.client,
            Peer::Server { conn } => &conn.sock,
        }
    }

    /// Its descriptor.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.sock().fd()
    }

    /// The client's connection, on that side.
    pub fn session(&self) -> Option<&Session> {
        match &self.peer {
            Peer::Client { session, .. } => Some(session),
            Peer::Server { .. } => None,
        }
    }

    /// Faults and oddities of the other side so far.
    pub fn glitches(&self) -> u32 {
        self.state.borrow().glitches
    }

    /// Streams that are open, and how many may be.
    pub fn stream_counts(&self) -> (u32, u32) {
        let state = self.state.borrow();
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (number(state.streams.len()), number(state.most))
    }

    /// There is something to be sent: the connection's task looks, in this turn of the loop.
    pub fn wake(&self) {
        if let Some(task) = self.task.get() {
            self.t.worker.wake_soon(task);
        }
    }

    /// Does something to the counters of its front or back end.
    pub(super) fn counted(&self, f: impl FnOnce(&H2Counters)) {
        match &self.peer {
            Peer::Client { session, .. } => {
                let frontends = &self.t.shared.frontends;
                if let Some(fe) = frontends.get(session.fe.id.0 as usize) {
                    f(&fe.counters.h2);
                }
            }
            Peer::Server { conn } => {
                if let Some(be) = &conn.home {
                    f(&be.state.counters.h2);
                }
            }
        }
    }

    /// Nothing is received any more: the statistics have one connection fewer.
    pub(super) fn over(&self) {
        let tally = std::mem::take(&mut self.state.borrow_mut().tally);
        self.counted(|c| {
            c.add(tally);
            c.end();
        });
    }

    /// Sends what waits. `Done` when nothing does any more.
    pub(super) fn flush(&self) -> Io {
        let mut state = self.state.borrow_mut();
        if state.tally != H2Tally::default() {
            let tally = std::mem::take(&mut state.tally);
            self.counted(|c| c.add(tally));
        }
        let state = &mut *state;
        while let Some(rest) = state.out.get(state.sent..).filter(|r| !r.is_empty()) {
            match self.sock().send(rest, false) {
                Io::Done(n) => state.sent += n,
                Io::Blocked => {
                    if state.sent > FULL {
                        state.out.drain(..state.sent);
                        (state.sent, state.last_data) = (0, None);
                    }
                    if state.pending() < FULL {
                        state.wake_waiting(self.t);
                    }
                    return Io::Blocked;
                }
                other => return other,
            }
        }
        (state.sent, state.last_data) = (0, None);
        match state.out.capacity() > FULL / 4 && state.streams.is_empty() {
            true => state.out = Vec::new(),
            false => state.out.clear(),
        }
        state.wake_waiting(self.t);
        Io::Done(0)
    }

    /// Reads once and does what the frames say.
    pub(super) fn receive(self: &Rc<Mux>) -> Io {
        if self.state.borrow().pending() > OVERFULL {
            return Io::Blocked;
        }
        let mut scratch = self.t.worker.scratch.borrow_mut();
        match self.sock().recv(&mut scratch) {
            Io::Done(n) => {
                let received = scratch.get(..n).unwrap_or_default();
                self.take_in(received);
                Io::Done(n)
            }
            other => other,
        }
    }

    /// Takes received bytes in.
    pub(super) fn take_in(self: &Rc<Mux>, received: &[u8]) {
        let mut state = self.state.borrow_mut();
        if state.partial.is_empty() {
            let used = self.frames(&mut state, received);
            let rest = received.get(used..).unwrap_or_default();
            state.partial.extend_from_slice(rest);
        } else {
            let mut joined = std::mem::take(&mut state.partial);
            joined.extend_from_slice(received);
            let used = self.frames(&mut state, &joined);
            if used < joined.len() {
                joined.drain(..used);
                state.partial = joined;
            }
        }
        if state.owed > 0 && (!state.widened || state.owed > 1 << 20) {
            let by = match std::mem::replace(&mut state.widened, true) {
                true => state.owed,
                // as 3.4: the connection's window holds nobody back, those of the streams do
                false => (crate::proto::h2::MAX_WINDOW - DEFAULT_WINDOW) as u32 + state.owed,
            };
            state.owed = 0;
            frame::window(&mut state.out, 0, by);
        }
    }

    /// A stream is over: it counts no more.
    pub(super) fn forget(&self, id: u32, claimed: usize) {
        let mut state = self.state.borrow_mut();
        if let Ok(at) = state.streams.binary_search_by_key(&id, |p| p.id()) {
            state.streams.remove(at);
            self.counted(H2Counters::end_stream);
        }
        state.claimed = state.claimed.saturating_sub(claimed);
        state.idle_since = self.t.worker.now_ms();
        drop(state);
        self.wake();
    }
}

/// Whether a frame may be as long as it says.
pub(super) fn fits(header: &frame::Header) -> bool {
    header.length <= DEFAULT_FRAME || header.kind > kind::CONTINUATION
}

//! One stream, as a socket that HTTP/1 text goes through.

use super::mux::{FULL, Mux, State, UNIT};
use super::outgoing::Text;
use crate::engine::reactor::Io;
use crate::engine::reactor::sock::{ERROR, HANGUP, READABLE};
use crate::proto::h2::frame::{self, flag, kind};
use crate::proto::h2::{Asked, Body, Code, Fields};
use rustix::io::Errno;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// "No socket".
const NONE: u32 = u32::MAX;

/// How far the other side has come with its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// More is to come.
    Open,
    /// It is whole.
    Ended,
    /// The rest will never come.
    Lost,
}

/// What came and was not taken yet.
struct Incoming {
    text: Vec<u8>,
    at: usize,
    progress: Progress,
    body: Body,
    /// What the other side may still send.
    window: i64,
    /// Bytes of its window that its reader has not taken.
    held: u32,
    /// Shared buffers that it holds.
    claimed: usize,
    /// The head of a response is still to come.
    headless: bool,
}

/// What goes out.
pub(super) struct Outgoing {
    pub(super) text: Text,
    pub(super) window: i64,
    /// It can take nothing more: the other side has ended the stream, or is gone.
    pub(super) lost: bool,
    waits: bool,
}

/// One stream of a connection.
pub struct Pipe {
    mux: Rc<Mux>,
    id: u32,
    slot: Cell<u32>,
    /// The code that the other side gave it up with.
    reset: Cell<Option<u32>>,
    incoming: RefCell<Incoming>,
    pub(super) outgoing: RefCell<Outgoing>,
}

impl Pipe {
    /// A stream that the other side began: its head as text, and whether that is all.
    pub(super) fn new(
        mux: &Rc<Mux>,
        id: u32,
        window: i64,
        text: Vec<u8>,
        body: Body,
        asked: Asked,
        ended: bool,
    ) -> Pipe {
        Pipe {
            mux: mux.clone(),
            id,
            slot: Cell::new(NONE),
            reset: Cell::new(None),
            incoming: RefCell::new(Incoming {
                text,
                at: 0,
                progress: if ended {
                    Progress::Ended
                } else {
                    Progress::Open
                },
                body,
                window: UNIT as i64,
                held: 0,
                claimed: 0,
                headless: false,
            }),
            outgoing: RefCell::new(Outgoing {
                text: Text::response(asked),
                window,
                lost: false,
                waits: false,
            }),
        }
    }

    /// A stream that is about to be begun.
    pub(super) fn towards_server(mux: &Rc<Mux>, id: u32, window: i64) -> Pipe {
        let pipe = Pipe::new(mux, id, window, Vec::new(), Body::None, Asked::Any, false);
        pipe.outgoing.borrow_mut().text = Text::request();
        pipe.incoming.borrow_mut().headless = true;
        pipe
    }

    /// Whether the head of a response is still to come.
    pub(super) fn is_headless(&self) -> bool {
        self.incoming.borrow().headless
    }

    /// The head of a response, out of its fields: `None` if they make none.
    pub(super) fn head(&self, fields: &mut Fields, ends: bool) -> Option<u8> {
        let mut incoming = self.incoming.borrow_mut();
        let incoming = &mut *incoming;
        let outgoing = self.outgoing.borrow();
        let (asked, switch) = outgoing.text.asked();
        let (status, body) = fields.response(ends, asked, switch, &mut incoming.text)?;
        if status >= 200 || status == 101 {
            incoming.headless = false;
            incoming.body = body;
            if ends {
                incoming.progress = Progress::Ended;
            }
        }
        Some(READABLE)
    }

    /// A stream that never was, for what is to be told in its place.
    pub(super) fn dead(mux: &Rc<Mux>) -> Pipe {
        let asked = Asked::Any;
        let pipe = Pipe::new(mux, u32::MAX, 0, Vec::new(), Body::None, asked, true);
        pipe.lose();
        pipe
    }

    /// Its number.
    #[inline]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Its connection.
    pub fn connection(&self) -> &Mux {
        &self.mux
    }

    /// The number of its socket, for wakes.
    pub(super) fn slot(&self) -> u32 {
        self.slot.get()
    }

    /// Belongs to a socket from now on; returns what became of it so far.
    pub fn attach(&self, slot: u32) -> u8 {
        self.slot.set(slot);
        match self.outgoing.borrow().lost {
            true => HANGUP | ERROR,
            false => 0,
        }
    }

    /// Takes what came.
    pub fn recv(&self, buf: &mut [u8]) -> Io {
        let mut incoming = self.incoming.borrow_mut();
        let have = incoming.text.get(incoming.at..).unwrap_or_default();
        let n = have.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..n), have.get(..n)) {
            to.copy_from_slice(from);
        }
        incoming.at += n;
        if incoming.at < incoming.text.len() {
            return Io::Done(n);
        }
        incoming.text.clear();
        incoming.at = 0;
        let held = std::mem::take(&mut incoming.held);
        if held > 0 && incoming.progress == Progress::Open {
            // what was granted beyond is taken back where others need it
            incoming.window += i64::from(held);
            let mut state = self.mux.state.borrow_mut();
            frame::window(&mut state.out, self.id, held);
            drop(state);
            self.mux.wake();
        }
        match incoming.progress {
            _ if n > 0 => Io::Done(n),
            Progress::Open => Io::Blocked,
            Progress::Ended => Io::Eof,
            Progress::Lost => Io::Failed(Errno::CONNRESET),
        }
    }

    /// Looks at what came.
    pub fn peek(&self, buf: &mut [u8]) -> Io {
        let incoming = self.incoming.borrow();
        let have = incoming.text.get(incoming.at..).unwrap_or_default();
        let n = have.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..n), have.get(..n)) {
            to.copy_from_slice(from);
        }
        match incoming.progress {
            _ if n > 0 => Io::Done(n),
            Progress::Open => Io::Blocked,
            Progress::Ended => Io::Eof,
            Progress::Lost => Io::Failed(Errno::CONNRESET),
        }
    }

    /// How many bytes of a body would be taken now; 1 if none, so that a try makes it wait.
    pub fn room(&self) -> usize {
        let outgoing = self.outgoing.borrow();
        let state = self.mux.state.borrow();
        may_send(&outgoing, &state).max(1)
    }

    /// Takes text of a message.
    pub fn send(&self, pieces: &[&[u8]]) -> Io {
        let mut outgoing = self.outgoing.borrow_mut();
        let outgoing = &mut *outgoing;
        if outgoing.lost {
            return Io::Failed(Errno::PIPE);
        }
        let mut state = self.mux.state.borrow_mut();
        let state = &mut *state;
        let (mut total, mut wanted) = (0, 0);
        for piece in pieces {
            wanted += piece.len();
            let mut at = 0;
            while let Some(rest) = piece.get(at..).filter(|r| !r.is_empty()) {
                let room = may_send(outgoing, state);
                let used = outgoing.text.take(self.id, rest, room, state);
                outgoing.window -= used.window as i64;
                state.window -= used.window as i64;
                at += used.bytes;
                if used.bytes == 0 {
                    break;
                }
            }
            total += at;
            if at < piece.len() {
                break;
            }
        }
        if total < wanted {
            outgoing.waits = true;
            state.waiting = true;
        }
        self.mux.wake();
        match total {
            0 if wanted > 0 => Io::Blocked,
            n => Io::Done(n),
        }
    }

    /// No more waiting for a window or room; whether it did.
    pub(super) fn stops_waiting(&self) -> bool {
        std::mem::replace(&mut self.outgoing.borrow_mut().waits, false)
    }

    /// The message that goes out is whole, if nothing else told.
    pub fn finish(&self) {
        let mut outgoing = self.outgoing.borrow_mut();
        if !outgoing.lost && outgoing.text.ends_with_close() {
            let mut state = self.mux.state.borrow_mut();
            frame::begin(&mut state.out, 0, kind::DATA, flag::END_STREAM, self.id);
            outgoing.text.end();
            drop(state);
            self.mux.wake();
        }
    }

    /// Its socket is gone.
    pub fn close(&self, resets: bool) {
        if !resets {
            self.finish();
        }
        self.slot.set(NONE);
        let (ended, lost, untouched) = {
            let outgoing = self.outgoing.borrow();
            let untouched = !resets && outgoing.text.is_untouched();
            // who never asked has nothing to take back
            let lost = outgoing.lost || outgoing.text.is_unsent();
            (outgoing.text.is_ended(), lost, untouched)
        };
        let (progress, claimed) = {
            let incoming = self.incoming.borrow();
            (incoming.progress, incoming.claimed)
        };
        let code = match (ended, progress) {
            _ if lost => None,
            // what is still to come is of no use
            (true, Progress::Open) => Some(Code::NoError),
            (true, _) => None,
            // as 3.4: it was not looked at, and may be repeated
            (false, _) if untouched => Some(Code::RefusedStream),
            (false, _) => Some(Code::Cancel),
        };
        if let Some(code) = code {
            frame::reset(&mut self.mux.state.borrow_mut().out, self.id, code);
        }
        self.mux.forget(self.id, claimed);
    }

    /// The other side gives the stream up.
    pub(super) fn give_up(&self, code: u32) {
        self.reset.set(Some(code));
        self.lose();
    }

    /// The code that the other side gave it up with (RFC 9113 section 7).
    pub fn reset_code(&self) -> Option<u32> {
        self.reset.get()
    }

    /// The stream cannot go on: nothing more comes, nothing more is taken.
    pub(super) fn lose(&self) {
        self.outgoing.borrow_mut().lost = true;
        let mut incoming = self.incoming.borrow_mut();
        if incoming.progress == Progress::Open {
            incoming.progress = Progress::Lost;
        }
    }

    /// The other side has sent all of its message.
    pub(super) fn has_ended(&self) -> bool {
        self.incoming.borrow().progress != Progress::Open
    }

    /// Grants more window, as the message may be long; returns how much.
    pub(super) fn grant(&self, state: &mut State) -> usize {
        let mut incoming = self.incoming.borrow_mut();
        let long = match incoming.body {
            Body::Length(n) => n > UNIT as u64,
            Body::Chunked | Body::Raw => true,
            Body::None => false,
        };
        if !long || incoming.progress != Progress::Open {
            return 0;
        }
        let granted = state.claim();
        incoming.claimed += granted;
        incoming.window += granted as i64;
        granted
    }

    /// A DATA frame: its body, what it weighs in windows, and whether it is the last.
    ///
    /// # Errors
    /// What the stream is to be ended with.
    pub(super) fn data(&self, body: &[u8], weight: usize, ends: bool) -> Result<u8, Code> {
        let mut incoming = self.incoming.borrow_mut();
        let incoming = &mut *incoming;
        if incoming.progress != Progress::Open {
            return Err(Code::StreamClosed);
        }
        incoming.window -= weight as i64;
        if incoming.window < 0 {
            return Err(Code::FlowControl);
        }
        incoming.held = incoming.held.saturating_add(weight as u32);
        match &mut incoming.body {
            Body::Length(left) => {
                *left = left.checked_sub(body.len() as u64).ok_or(Code::Protocol)?;
                if ends && *left > 0 {
                    return Err(Code::Protocol);
                }
                incoming.text.extend_from_slice(body);
            }
            Body::Raw => incoming.text.extend_from_slice(body),
            Body::Chunked if body.is_empty() => {}
            Body::Chunked => {
                crate::proto::h1::write_chunk_head(&mut incoming.text, body.len() as u64);
                incoming.text.extend_from_slice(body);
                incoming.text.extend_from_slice(b"\r\n");
            }
            Body::None if body.is_empty() => {}
            Body::None => return Err(Code::Protocol),
        }
        if ends {
            incoming.progress = Progress::Ended;
            if incoming.body == Body::Chunked {
                incoming.text.extend_from_slice(b"0\r\n\r\n");
            }
        }
        Ok(READABLE)
    }

    /// Trailers, as text: the message is whole.
    ///
    /// # Errors
    /// What the stream is to be ended with.
    pub(super) fn trailers(&self, text: &[u8]) -> Result<u8, Code> {
        let mut incoming = self.incoming.borrow_mut();
        match incoming.body {
            _ if incoming.progress != Progress::Open => return Err(Code::StreamClosed),
            Body::Length(left) if left > 0 => return Err(Code::Protocol),
            // a length was said: HTTP/1 has no place for them
            Body::Length(_) | Body::None | Body::Raw => {}
            Body::Chunked => {
                incoming.text.extend_from_slice(b"0\r\n");
                incoming.text.extend_from_slice(text);
            }
        }
        incoming.progress = Progress::Ended;
        Ok(READABLE)
    }

    /// The whole connection has ended while its message was still to be answered.
    pub(super) fn hang_up(&self) -> u8 {
        let mut incoming = self.incoming.borrow_mut();
        if incoming.progress == Progress::Open {
            incoming.progress = Progress::Lost;
        }
        READABLE | HANGUP
    }
}

/// Body bytes that windows and buffers allow.
fn may_send(outgoing: &Outgoing, state: &State) -> usize {
    let window = outgoing.window.min(state.window).max(0) as usize;
    window.min(FULL.saturating_sub(state.pending()))
}

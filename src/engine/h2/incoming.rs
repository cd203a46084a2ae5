//! What the other side's frames mean.

use super::mux::{Block, Closing, Mux, Peer, State, fits};
use super::pipe::Pipe;
use crate::balance::h2::H2Counters;
use crate::engine::reactor::sock::{ERROR, HANGUP, READABLE, WRITABLE};
use crate::proto::h2::frame::{self, HEADER, Header, flag, kind, setting};
use crate::proto::h2::{Code, Kind, MAX_WINDOW, PREFACE};
use std::rc::Rc;

/// What a fault ends.
enum Fault {
    /// The connection.
    Connection(Code),
    /// The same, without a line in the log (as 3.4).
    Quiet(Code),
    /// One stream.
    Stream(Code),
}

impl From<Code> for Fault {
    fn from(code: Code) -> Fault {
        Fault::Connection(code)
    }
}

impl Mux {
    /// Does what the frames in `bytes` say; returns how many bytes that were.
    pub(super) fn frames(self: &Rc<Mux>, s: &mut State, bytes: &[u8]) -> usize {
        let mut at = 0;
        if !s.begun {
            let known = bytes.len().min(PREFACE.len());
            if bytes.get(..known) != PREFACE.get(..known) {
                s.faults += 1;
                s.tally.connection_faults += 1;
                s.fail(self.t, Code::Protocol);
                return bytes.len();
            }
            if known < PREFACE.len() {
                return 0;
            }
            s.begun = true;
            s.welcome();
            at = known;
        }
        while s.closing != Closing::Failed {
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(header) = Header::read(rest) else {
                break;
            };
            if !fits(&header) || header.length > 1 << 20 {
                s.glitches += 1;
                s.tally.connection_faults += 1;
                s.fail(self.t, Code::FrameSize);
                break;
            }
            let Some(payload) = rest.get(HEADER..HEADER + header.length) else {
                break;
            };
            at += HEADER + header.length;
            match self.frame(s, &header, payload) {
                Ok(()) => {}
                Err(Fault::Connection(code)) => {
                    s.faults += 1;
                    s.glitches += 1;
                    s.tally.connection_faults += 1;
                    s.fail(self.t, code);
                }
                Err(Fault::Quiet(code)) => {
                    s.glitches += 1;
                    s.tally.connection_faults += 1;
                    s.fail(self.t, code);
                }
                Err(Fault::Stream(code)) => self.end_stream(s, header.stream, code),
            }
        }
        match s.closing {
            Closing::Failed => bytes.len(),
            _ => at,
        }
    }

    /// Ends a stream for a fault of the other side.
    fn end_stream(&self, s: &mut State, id: u32, code: Code) {
        s.glitches += 1;
        s.tally.stream_faults += 1;
        s.tally.resets_sent += 1;
        frame::reset(&mut s.out, id, code);
        if let Some(pipe) = s.stream(id) {
            pipe.lose();
            let slot = pipe.slot();
            self.t
                .worker
                .note(slot, READABLE | WRITABLE | HANGUP | ERROR);
        }
    }

    fn frame(self: &Rc<Mux>, s: &mut State, h: &Header, payload: &[u8]) -> Result<(), Fault> {
        if !s.settled && h.kind != kind::SETTINGS {
            return Err(Code::Protocol.into());
        }
        if let Some(block) = s.collecting
            && (h.kind != kind::CONTINUATION || h.stream != block.stream)
        {
            return Err(Code::Protocol.into());
        }
        match h.kind {
            kind::DATA => s.tally.data += 1,
            kind::HEADERS => s.tally.headers += 1,
            kind::RST_STREAM => s.tally.resets += 1,
            // 3.4 counts the one that begins a connection twice
            kind::SETTINGS => s.tally.settings += 1 + u32::from(!s.settled),
            kind::GOAWAY => s.tally.farewells += 1,
            _ => {}
        }
        match h.kind {
            kind::DATA => self.data(s, h, payload),
            kind::HEADERS => {
                let mut block = frame::unpadded(h, payload)?;
                let known = h.stream <= s.last;
                if h.stream == 0 || !known && !self.may_begin(h.stream) {
                    return Err(Code::Protocol.into());
                }
                s.last = s.last.max(h.stream);
                if h.has(flag::PRIORITY) {
                    let (priority, rest) = block.split_at_checked(5).ok_or(Code::FrameSize)?;
                    if frame::number(priority) & !(1 << 31) == h.stream {
                        return Err(Fault::Quiet(Code::Protocol));
                    }
                    block = rest;
                }
                let whose = Block {
                    stream: h.stream,
                    flags: h.flags,
                    known,
                };
                if h.has(flag::END_HEADERS) {
                    return self.block(s, whose, block);
                }
                s.collecting = Some(whose);
                s.block.clear();
                s.block.extend_from_slice(block);
                Ok(())
            }
            kind::CONTINUATION => {
                let Some(whose) = s.collecting else {
                    return Err(Code::Protocol.into());
                };
                // a list that fits no buffer is never decoded
                if s.block.len() + payload.len() > self.t.bufsize {
                    return Err(Code::Internal.into());
                }
                s.block.extend_from_slice(payload);
                if !h.has(flag::END_HEADERS) {
                    return Ok(());
                }
                s.collecting = None;
                let block = std::mem::take(&mut s.block);
                self.block(s, whose, &block)
            }
            kind::PRIORITY => match payload.len() {
                _ if h.stream == 0 => Err(Code::Protocol.into()),
                5 if frame::number(payload) & !(1 << 31) == h.stream => {
                    Err(Fault::Quiet(Code::Protocol))
                }
                5 => Ok(()),
                _ => Err(Code::FrameSize.into()),
            },
            kind::RST_STREAM => {
                if h.length != 4 {
                    return Err(Code::FrameSize.into());
                }
                if h.stream == 0 || h.stream > s.last {
                    return Err(Code::Protocol.into());
                }
                if let Some(pipe) = s.stream(h.stream) {
                    let code = payload.first_chunk::<4>();
                    pipe.give_up(code.map_or(0, |code| u32::from_be_bytes(*code)));
                    let slot = pipe.slot();
                    self.t
                        .worker
                        .note(slot, READABLE | WRITABLE | HANGUP | ERROR);
                }
                Ok(())
            }
            kind::SETTINGS => self.settings(s, h, payload),
            kind::PUSH_PROMISE => Err(Code::Protocol.into()),
            kind::PING => {
                if h.length != 8 {
                    return Err(Code::FrameSize.into());
                }
                if h.stream != 0 {
                    return Err(Code::Protocol.into());
                }
                if !h.has(flag::ACK) {
                    frame::begin(&mut s.out, 8, kind::PING, flag::ACK, 0);
                    s.out.extend_from_slice(payload);
                }
                Ok(())
            }
            kind::GOAWAY => {
                if h.stream != 0 {
                    return Err(Code::Protocol.into());
                }
                if h.length < 8 {
                    return Err(Code::FrameSize.into());
                }
                s.leaving = true;
                Ok(())
            }
            kind::WINDOW_UPDATE => self.window_update(s, h, payload),
            // as 3.4, though whoever knows a frame may send it anywhere
            _ if h.stream > s.last => Err(Code::Protocol.into()),
            _ => Ok(()),
        }
    }

    /// Whether the other side may begin a stream with this number.
    fn may_begin(&self, stream: u32) -> bool {
        match &self.peer {
            Peer::Client { .. } => stream % 2 == 1,
            Peer::Server { .. } => false,
        }
    }

    fn settings(&self, s: &mut State, h: &Header, payload: &[u8]) -> Result<(), Fault> {
        if h.stream != 0 {
            return Err(Code::Protocol.into());
        }
        if !h.length.is_multiple_of(6) || h.has(flag::ACK) && h.length > 0 {
            return Err(Code::FrameSize.into());
        }
        if h.has(flag::ACK) {
            return match s.settled {
                true => Ok(()),
                false => Err(Code::Protocol.into()),
            };
        }
        s.settled = true;
        for (id, value) in frame::pairs(payload) {
            match id {
                setting::INITIAL_WINDOW_SIZE => {
                    if i64::from(value) > MAX_WINDOW {
                        return Err(Code::FlowControl.into());
                    }
                    let change = i64::from(value) - s.initial;
                    s.initial = i64::from(value);
                    for pipe in &s.streams {
                        pipe.outgoing.borrow_mut().window += change;
                    }
                }
                setting::MAX_FRAME_SIZE => {
                    if !(1 << 14..1 << 24).contains(&value) {
                        return Err(Code::Protocol.into());
                    }
                    // larger ones would only make others wait
                    s.frame = (value as usize).min(crate::proto::h2::DEFAULT_FRAME);
                }
                setting::MAX_CONCURRENT_STREAMS if matches!(self.peer, Peer::Server { .. }) => {
                    s.most = s.most.min(value as usize);
                }
                setting::ENABLE_PUSH if value > 1 => return Err(Code::Protocol.into()),
                _ => {}
            }
        }
        frame::begin(&mut s.out, 0, kind::SETTINGS, flag::ACK, 0);
        s.wake_waiting(self.t);
        Ok(())
    }

    fn window_update(&self, s: &mut State, h: &Header, payload: &[u8]) -> Result<(), Fault> {
        if h.length != 4 {
            return Err(Code::FrameSize.into());
        }
        let by = i64::from(frame::number(payload) & !(1 << 31));
        if h.stream == 0 {
            if by == 0 {
                return Err(Fault::Quiet(Code::Protocol));
            }
            s.window += by;
            if s.window > MAX_WINDOW {
                return Err(Fault::Quiet(Code::FlowControl));
            }
        } else {
            if h.stream > s.last {
                return Err(Code::Protocol.into());
            }
            let Some(pipe) = s.stream(h.stream) else {
                return Ok(());
            };
            if by == 0 {
                return Err(Fault::Stream(Code::Protocol));
            }
            let mut outgoing = pipe.outgoing.borrow_mut();
            outgoing.window += by;
            if outgoing.window > MAX_WINDOW {
                return Err(Fault::Stream(Code::FlowControl));
            }
        }
        s.wake_waiting(self.t);
        Ok(())
    }

    fn data(&self, s: &mut State, h: &Header, payload: &[u8]) -> Result<(), Fault> {
        if h.stream == 0 || h.stream > s.last {
            return Err(Code::Protocol.into());
        }
        let body = frame::unpadded(h, payload)?;
        s.owed = s.owed.saturating_add(h.length as u32);
        let Some(pipe) = s.stream(h.stream) else {
            return Err(Fault::Stream(Code::StreamClosed));
        };
        let slot = pipe.slot();
        match pipe.data(body, h.length, h.has(flag::END_STREAM)) {
            Ok(flags) => {
                s.proven = true;
                self.t.worker.note(slot, flags);
                Ok(())
            }
            Err(code) => Err(Fault::Stream(code)),
        }
    }

    /// A whole field block.
    fn block(self: &Rc<Mux>, s: &mut State, whose: Block, block: &[u8]) -> Result<(), Fault> {
        let Block {
            stream: id, known, ..
        } = whose;
        let ends = whose.flags & flag::END_STREAM != 0;
        let kind = match &self.peer {
            Peer::Server { .. } if s.stream(id).is_some_and(|p| p.is_headless()) => Kind::Response,
            _ if known => Kind::Trailers,
            _ => Kind::Request,
        };
        s.fields.begin(kind);
        let State {
            decoder, fields, ..
        } = s;
        if decoder.decode(block, |n, v| fields.field(n, v)).is_err() {
            return Err(Code::Compression.into());
        }
        if known {
            let Some(pipe) = s.stream(id).cloned() else {
                if matches!(self.peer, Peer::Server { .. }) {
                    // nobody waits for it any more
                    return Ok(());
                }
                return Err(Fault::Quiet(Code::StreamClosed));
            };
            if kind == Kind::Response {
                let head = pipe.head(&mut s.fields, ends);
                let flags = head.ok_or(Fault::Stream(Code::Protocol))?;
                if ends {
                    s.proven = true;
                } else if !pipe.is_headless() {
                    let granted = pipe.grant(s);
                    if granted > 0 {
                        frame::window(&mut s.out, id, granted as u32);
                    }
                }
                self.t.worker.note(pipe.slot(), flags);
                return Ok(());
            }
            if pipe.has_ended() {
                return Err(Fault::Quiet(Code::Protocol));
            }
            if !ends {
                return Err(Code::Protocol.into());
            }
            let mut text = Vec::new();
            if s.fields.trailers(&mut text).is_none() {
                s.faults += 1;
                return Err(Fault::Stream(Code::Protocol));
            }
            let flags = pipe.trailers(&text).map_err(Fault::Stream)?;
            self.t.worker.note(pipe.slot(), flags);
            return Ok(());
        }
        if id > s.farewell {
            // GOAWAY said that it would not be looked at
            return Ok(());
        }
        if s.streams.len() >= s.most {
            s.faults += 1;
            return Err(Fault::Stream(Code::RefusedStream));
        }
        let mut text = Vec::with_capacity(512);
        let most = self.t.limits.max_headers;
        let Some((body, asked)) = s.fields.request(ends, most, &mut text) else {
            s.faults += 1;
            return Err(Fault::Stream(Code::Protocol));
        };
        let pipe = Rc::new(Pipe::new(self, id, s.initial, text, body, asked, ends));
        if !ends {
            let granted = pipe.grant(s);
            if granted > 0 {
                frame::window(&mut s.out, id, granted as u32);
            }
        }
        s.streams.push(pipe.clone());
        self.counted(H2Counters::begin_stream);
        if let Peer::Client { transactions, .. } = &self.peer {
            transactions.begin(self.t, pipe);
        }
        Ok(())
    }
}

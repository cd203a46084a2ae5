//! One direction of a message body, from one socket to another.
//!
//! Bytes are read into the thread's bulk buffer and written at once; only what the receiver does
//! not take is kept, and reading stops until it is gone, so that a slow side holds the fast one
//! back instead of filling memory.

use super::compression::Coder;
use super::reactor::{Io, SKEW, Sock};
use super::thread::Thread;
use crate::proto::h1::{
    BodyLength, ChunkDecoder, ChunkEvent, Limits, Parsed, Trailers, write_chunk_head,
    write_last_chunk,
};
use rustix::io::Errno;
use std::io::IoSlice;

/// Heads and bodies up to this size are joined by copying, which is cheaper than two pieces.
const JOIN: usize = 4096;
/// Body pieces given to one system call.
const PIECES: usize = 24;

/// What is still to be read of a body.
#[derive(Debug)]
pub enum Remaining {
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunks(ChunkDecoder),
    /// The trailer section behind the last chunk.
    Trailers(Box<Trailers>),
    /// Everything until the sender closes.
    UntilClose,
    /// Nothing.
    Nothing,
}

/// What became of one try to move a body on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pump {
    /// Something moved; there may be more.
    Moved,
    /// Neither side can go on now.
    Blocked,
    /// The body was read to its end and written.
    Finished,
    /// The sender closed before the body's end.
    Truncated,
    /// The sender's connection broke.
    SourceFailed(Errno),
    /// The receiver's connection broke.
    SinkFailed(Errno),
    /// The chunked coding is broken.
    Malformed,
}

/// One direction.
#[derive(Debug)]
pub struct Half {
    remaining: Remaining,
    /// Chunked coding towards the receiver.
    chunked_out: bool,
    /// Pass trailers on.
    pub trailers_out: bool,
    /// Trailers are parsed leniently (`option accept-unsafe-violations-in-http-...`).
    pub relaxed: bool,
    /// A receiver that is lost does not end the body: the rest is read and thrown away.
    pub outlives_sink: bool,
    /// The receiver is lost.
    sink_lost: bool,
    /// What is read is not for the receiver.
    silent: bool,
    /// Codes the body, which is sent in chunks then.
    pub coder: Option<Box<Coder>>,
    /// What the receiver has not taken yet.
    unsent: Vec<u8>,
    sent: usize,
    /// Body bytes read so far, coding not counted.
    pub body_bytes: u64,
    /// All bytes written.
    pub written: u64,
}

impl Half {
    /// A direction with nothing to move.
    pub fn idle() -> Half {
        Half {
            remaining: Remaining::Nothing,
            chunked_out: false,
            trailers_out: true,
            relaxed: false,
            outlives_sink: false,
            sink_lost: false,
            silent: false,
            coder: None,
            unsent: Vec::new(),
            sent: 0,
            body_bytes: 0,
            written: 0,
        }
    }

    /// Prepares for a body; a chunked one is chunked again towards a receiver that knows it.
    pub fn begin(&mut self, body: BodyLength, receiver_chunks: bool) {
        (self.remaining, self.chunked_out) = match body {
            BodyLength::None | BodyLength::Length(0) => (Remaining::Nothing, false),
            BodyLength::Length(n) => (Remaining::Length(n), false),
            BodyLength::Chunked => (Remaining::Chunks(ChunkDecoder::default()), receiver_chunks),
            BodyLength::UntilClose => (Remaining::UntilClose, receiver_chunks),
            BodyLength::Tunnel => (Remaining::UntilClose, false),
        };
        self.body_bytes = 0;
    }

    /// Prepares for a body that the receiver of what was written so far does not get.
    pub fn discard(&mut self, body: BodyLength) {
        self.begin(body, false);
        self.silent = true;
    }

    /// The body was read to its end.
    pub fn is_read(&self) -> bool {
        matches!(self.remaining, Remaining::Nothing)
    }

    /// Bytes wait for the receiver.
    pub fn is_pending(&self) -> bool {
        self.sent < self.unsent.len()
    }

    /// Everything was read and written.
    pub fn is_done(&self) -> bool {
        self.is_read() && !self.is_pending()
    }

    /// Reads no more: the sender has ended, or what follows is of no use.
    pub fn stop_reading(&mut self) {
        self.remaining = Remaining::Nothing;
    }

    /// The receiver's connection broke ([`Half::outlives_sink`]).
    pub fn is_sink_lost(&self) -> bool {
        self.sink_lost
    }

    fn lose_sink(&mut self, e: Errno) -> Result<(), Pump> {
        if !self.outlives_sink {
            return Err(Pump::SinkFailed(e));
        }
        self.sink_lost = true;
        self.drop_pending();
        Ok(())
    }

    /// Drops what the receiver will never take.
    pub fn drop_pending(&mut self) {
        self.unsent = Vec::new();
        self.sent = 0;
    }

    /// Takes the first bytes of `data` that belong to the body and writes them behind `head`.
    /// Returns how many bytes of `data` were taken; the rest belongs to the next message.
    ///
    /// # Errors
    /// As [`Half::pump`]'s outcomes say.
    pub fn push(
        &mut self,
        t: &Thread,
        sink: &Sock,
        head: &[u8],
        data: &[u8],
        more: bool,
    ) -> Result<usize, Pump> {
        if let Some(coder) = self.coder.take() {
            return self.push_coded(t, sink, head, data, coder);
        }
        match &mut self.remaining {
            Remaining::Nothing => {
                self.write(t, sink, &[head], more)?;
                Ok(0)
            }
            Remaining::Length(left) => {
                let n = data.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= n as u64;
                self.body_bytes += n as u64;
                if *left == 0 {
                    self.remaining = Remaining::Nothing;
                }
                self.write(t, sink, &[head, &data[..n]], more)?;
                Ok(n)
            }
            Remaining::UntilClose if self.chunked_out && !data.is_empty() => {
                self.body_bytes += data.len() as u64;
                let mut size = Vec::with_capacity(18);
                write_chunk_head(&mut size, data.len() as u64);
                self.write(t, sink, &[head, &size, data, b"\r\n"], more)?;
                Ok(data.len())
            }
            Remaining::UntilClose => {
                self.body_bytes += data.len() as u64;
                self.write(t, sink, &[head, data], more)?;
                Ok(data.len())
            }
            Remaining::Chunks(_) | Remaining::Trailers(_) => {
                let mut at = self.push_chunks(t, sink, head, data)?;
                // more chunks than pieces: go on with the rest
                while at < data.len() && !self.is_read() {
                    let used = self.push_chunks(t, sink, &[], &data[at..])?;
                    if used == 0 {
                        break;
                    }
                    at += used;
                }
                Ok(at)
            }
        }
    }

    fn push_chunks(
        &mut self,
        t: &Thread,
        sink: &Sock,
        head: &[u8],
        data: &[u8],
    ) -> Result<usize, Pump> {
        let mut ranges: [&[u8]; PIECES] = [&[]; PIECES];
        let (mut count, mut total, mut at) = (0, 0usize, 0usize);
        if let Remaining::Chunks(decoder) = &mut self.remaining {
            while at < data.len() && count < PIECES {
                let (used, event) = decoder.decode(&data[at..]);
                at += used;
                match event {
                    ChunkEvent::NeedMore => break,
                    ChunkEvent::Data { len } => {
                        ranges[count] = &data[at - len..at];
                        count += 1;
                        total += len;
                    }
                    ChunkEvent::Trailers => {
                        self.remaining = Remaining::Trailers(Box::default());
                        break;
                    }
                    ChunkEvent::Error(_) => return Err(Pump::Malformed),
                }
            }
        }
        let mut tail: Vec<u8> = Vec::new();
        at += self.take_trailers(t, &data[at..], &mut tail)?;
        self.body_bytes += total as u64;
        let mut size = Vec::new();
        let mut pieces: [&[u8]; PIECES + 4] = [&[]; PIECES + 4];
        let mut n = 0;
        let mut add = |piece| {
            if let Some(slot) = pieces.get_mut(n) {
                *slot = piece;
                n += 1;
            }
        };
        add(head);
        if total > 0 && self.chunked_out {
            write_chunk_head(&mut size, total as u64);
            add(&size);
        }
        for range in &ranges[..count] {
            add(range);
        }
        if total > 0 && self.chunked_out {
            add(b"\r\n");
        }
        add(&tail);
        self.write(t, sink, &pieces[..n], false)?;
        Ok(at)
    }

    /// Reads trailers if they are next; once they are complete, what ends the body stands in `tail`.
    fn take_trailers(
        &mut self,
        t: &Thread,
        data: &[u8],
        tail: &mut Vec<u8>,
    ) -> Result<usize, Pump> {
        let Remaining::Trailers(trailers) = &mut self.remaining else {
            return Ok(0);
        };
        let limits = Limits {
            relaxed: self.relaxed,
            ..t.limits
        };
        let (used, parsed) = trailers.feed(data, &limits);
        match parsed {
            Parsed::Incomplete => {}
            Parsed::Error(_) => return Err(Pump::Malformed),
            Parsed::Done => {
                if !trailers.is_empty() {
                    self.body_bytes += trailers.weight();
                }
                if self.chunked_out {
                    tail.extend_from_slice(b"0\r\n");
                    match self.trailers_out {
                        true => trailers.encode(tail),
                        false => tail.extend_from_slice(b"\r\n"),
                    }
                }
                self.remaining = Remaining::Nothing;
            }
        }
        Ok(used)
    }

    /// As [`Half::push`] for a body that is coded: what came is coded and given out as one chunk.
    #[cold]
    fn push_coded(
        &mut self,
        t: &Thread,
        sink: &Sock,
        head: &[u8],
        data: &[u8],
        mut coder: Box<Coder>,
    ) -> Result<usize, Pump> {
        self.chunked_out = true;
        let (mut coded, mut tail, mut at) = (Vec::new(), Vec::new(), 0usize);
        match &mut self.remaining {
            Remaining::Length(left) => {
                at = data.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= at as u64;
                coder.code(t, data.get(..at).unwrap_or_default(), &mut coded);
                self.body_bytes += at as u64;
                if *left == 0 {
                    self.remaining = Remaining::Nothing;
                    write_last_chunk(&mut tail);
                }
            }
            Remaining::Chunks(decoder) => loop {
                let (used, event) = decoder.decode(data.get(at..).unwrap_or_default());
                at += used;
                match event {
                    ChunkEvent::NeedMore => break,
                    ChunkEvent::Data { len } => {
                        let piece = data.get(at.saturating_sub(len)..at).unwrap_or_default();
                        coder.code(t, piece, &mut coded);
                        self.body_bytes += len as u64;
                    }
                    ChunkEvent::Trailers => {
                        self.remaining = Remaining::Trailers(Box::default());
                        break;
                    }
                    ChunkEvent::Error(_) => return Err(Pump::Malformed),
                }
            },
            // nothing else is coded
            _ => {}
        }
        at += self.take_trailers(t, data.get(at..).unwrap_or_default(), &mut tail)?;
        match self.is_read() {
            true => coder.end(t, &mut coded),
            false => {
                coder.flush(t, &mut coded);
                self.coder = Some(coder);
            }
        }
        let mut size = Vec::new();
        if coded.is_empty() {
            self.write(t, sink, &[head, &tail], false)?;
        } else {
            write_chunk_head(&mut size, coded.len() as u64);
            self.write(t, sink, &[head, &size, &coded, b"\r\n", &tail], false)?;
        }
        Ok(at)
    }

    /// Writes the end that only the sender's close told: the last chunk, where chunks are used.
    ///
    /// # Errors
    /// When the receiver's connection broke.
    pub fn finish_at_close(&mut self, t: &Thread, sink: &Sock) -> Result<(), Pump> {
        self.remaining = Remaining::Nothing;
        if self.chunked_out {
            let mut tail = Vec::new();
            write_last_chunk(&mut tail);
            self.write(t, sink, &[&tail], false)?;
        }
        Ok(())
    }

    /// Writes pieces in order; what does not go now is kept.
    fn write(&mut self, t: &Thread, sink: &Sock, pieces: &[&[u8]], more: bool) -> Result<(), Pump> {
        let total: usize = pieces.iter().map(|p| p.len()).sum();
        if total == 0 || self.sink_lost || self.silent {
            return Ok(());
        }
        if self.is_pending() {
            for piece in pieces {
                self.unsent.extend_from_slice(piece);
            }
            return Ok(());
        }
        let single = pieces.iter().filter(|p| !p.is_empty()).count() == 1;
        let io = if single {
            let piece = pieces
                .iter()
                .find(|p| !p.is_empty())
                .copied()
                .unwrap_or_default();
            sink.send(piece, more)
        } else if total <= JOIN {
            let mut joined = t.joined.borrow_mut();
            joined.clear();
            for piece in pieces {
                joined.extend_from_slice(piece);
            }
            sink.send(&joined, more)
        } else {
            let mut slices = [IoSlice::new(&[]); PIECES + 4];
            let mut n = 0;
            for (slot, piece) in slices
                .iter_mut()
                .zip(pieces.iter().filter(|p| !p.is_empty()))
            {
                *slot = IoSlice::new(piece);
                n += 1;
            }
            sink.send_vectored(&slices[..n], more)
        };
        let went = match io {
            Io::Done(n) => n,
            Io::Blocked => 0,
            Io::Eof => return self.lose_sink(Errno::PIPE),
            Io::Failed(e) => return self.lose_sink(e),
        };
        self.written += went as u64;
        if went < total {
            self.unsent.clear();
            self.sent = 0;
            let mut skip = went;
            for piece in pieces {
                let from = skip.min(piece.len());
                skip -= from;
                self.unsent.extend_from_slice(&piece[from..]);
            }
        }
        Ok(())
    }

    /// Writes what waits for the receiver. True when nothing waits any more.
    ///
    /// # Errors
    /// When the receiver's connection broke.
    pub fn flush(&mut self, sink: &Sock) -> Result<bool, Pump> {
        while self.is_pending() {
            match sink.send(&self.unsent[self.sent..], false) {
                Io::Done(n) => {
                    self.sent += n;
                    self.written += n as u64;
                }
                Io::Blocked => return Ok(false),
                Io::Eof => self.lose_sink(Errno::PIPE)?,
                Io::Failed(e) => self.lose_sink(e)?,
            }
        }
        self.unsent.clear();
        self.sent = 0;
        if self.unsent.capacity() > JOIN {
            self.unsent = Vec::new();
        }
        Ok(true)
    }

    /// Moves the body on by one read. `rest` receives bytes read behind the body's end.
    pub fn pump(&mut self, t: &Thread, source: &Sock, sink: &Sock, rest: &mut Vec<u8>) -> Pump {
        let had_pending = self.is_pending();
        match self.flush(sink) {
            Ok(true) => {}
            Ok(false) => return Pump::Blocked,
            Err(fault) => return fault,
        }
        let want = match &self.remaining {
            Remaining::Nothing if had_pending => return Pump::Moved,
            Remaining::Nothing => return Pump::Finished,
            Remaining::Length(left) => usize::try_from(*left).unwrap_or(usize::MAX),
            _ => usize::MAX,
        };
        let mut scratch = t.worker.scratch.borrow_mut();
        let scratch = scratch.get_mut(SKEW..).unwrap_or_default();
        let size = scratch.len().min(want).min(sink.room());
        match source.recv(&mut scratch[..size]) {
            Io::Done(n) => match self.push(t, sink, &[], &scratch[..n], false) {
                Ok(used) => {
                    rest.extend_from_slice(&scratch[used..n]);
                    Pump::Moved
                }
                Err(fault) => fault,
            },
            Io::Blocked => Pump::Blocked,
            Io::Eof => match self.remaining {
                Remaining::UntilClose => match self.finish_at_close(t, sink) {
                    Ok(()) => Pump::Moved,
                    Err(fault) => fault,
                },
                _ => Pump::Truncated,
            },
            Io::Failed(e) => Pump::SourceFailed(e),
        }
    }
}

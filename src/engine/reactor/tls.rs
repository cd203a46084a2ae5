//! TLS between a socket and its readers and writers.
//!
//! The state of a connection is rustls's unbuffered one: bytes are decrypted out of, and encrypted
//! into, buffers of the thread, so that an idle connection holds no buffer at all. What was read
//! of an unfinished record, decrypted and not fetched, or encrypted and not taken by the kernel is
//! kept here until the next call.
//!
//! A write is reported once the kernel has taken all of its records (as OpenSSL does it): whoever
//! is told [`Io::Blocked`] comes again with the same bytes, and nobody believes an answer sent
//! while a part of it waits here.

use super::{Io, SKEW};
use crate::plan::{self, tls::Observed};
use crate::sample::view::TlsFacts;
use rustix::io::Errno;
use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus};
use rustls::{CommonState, Error};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Most plain bytes encrypted for one write: with their records they stay in a CPU's second cache.
pub const WRITE: usize = 64 * 1024;
/// Encrypted bytes read at once.
pub const READ: usize = 64 * 1024;
/// What a record may add to its content: header, type, nonce and tag, rounded up.
const RECORD_OVERHEAD: usize = 64;
/// Most content of a record.
const RECORD: usize = 16 * 1024;

/// One of both sides.
pub enum Side {
    /// We are the server.
    Server(UnbufferedServerConnection),
    /// We are the client.
    Client(UnbufferedClientConnection),
}

/// The buffers of a thread, borrowed for one call.
#[derive(Default)]
pub struct Buffers {
    read: Vec<u8>,
    write: Vec<u8>,
    gather: Vec<u8>,
}

/// TLS connections of the process.
static OPEN: AtomicU32 = AtomicU32::new(0);

/// How many TLS connections the process has (`CurrSslConns`).
pub fn open() -> u32 {
    OPEN.load(Ordering::Relaxed)
}

impl Drop for Tls {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The state of one TLS connection.
pub struct Tls {
    side: Side,
    /// The beginning of a record.
    partial: Vec<u8>,
    /// Decrypted, not yet fetched; from `fetched` on.
    plain: Vec<u8>,
    fetched: usize,
    /// Encrypted, not yet sent; from `sent` on.
    cipher: Vec<u8>,
    sent: usize,
    /// Plain bytes to report once `cipher` is sent.
    owed: usize,
    /// The first of those bytes, to know them again.
    owed_begin: [u8; 8],
    ended: bool,
    error: Option<Box<Error>>,
    /// What the steps of the handshake have shown so far.
    observed: Option<Box<Observed>>,
    /// What was agreed upon with a server.
    pub facts: Option<Arc<TlsFacts>>,
}

impl Tls {
    /// A connection before its first byte.
    pub fn new(side: Side) -> Tls {
        OPEN.fetch_add(1, Ordering::Relaxed);
        Tls {
            side,
            partial: Vec::new(),
            plain: Vec::new(),
            fetched: 0,
            cipher: Vec::new(),
            sent: 0,
            owed: 0,
            owed_begin: [0; 8],
            ended: false,
            error: None,
            observed: None,
            facts: None,
        }
    }

    /// The same, of which the first bytes were received already.
    pub fn after(side: Side, received: Vec<u8>) -> Tls {
        let mut tls = Tls::new(side);
        tls.partial = received;
        tls
    }

    /// What the handshake has shown; it is forgotten here.
    pub fn take_observed(&mut self) -> Observed {
        self.observed.take().map(|o| *o).unwrap_or_default()
    }

    /// What was agreed upon.
    pub fn common(&self) -> &CommonState {
        match &self.side {
            Side::Server(c) => c,
            Side::Client(c) => c,
        }
    }

    /// The server's side.
    pub fn server(&self) -> Option<&UnbufferedServerConnection> {
        match &self.side {
            Side::Server(c) => Some(c),
            Side::Client(_) => None,
        }
    }

    /// Why it broke.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_deref()
    }

    /// Whether decrypted bytes wait to be fetched.
    pub fn has_plain(&self) -> bool {
        self.fetched < self.plain.len()
    }

    /// Whether encrypted bytes wait to be sent.
    pub fn has_cipher(&self) -> bool {
        self.sent < self.cipher.len()
    }

    /// Whether plain bytes may be written.
    pub fn is_ready(&self) -> bool {
        !self.common().is_handshaking()
    }

    fn fetch(&mut self, into: &mut [u8]) -> usize {
        let from = self.plain.get(self.fetched..).unwrap_or_default();
        let n = copy(from, into);
        self.fetched += n;
        if self.fetched == self.plain.len() {
            self.plain = Vec::new();
            self.fetched = 0;
        }
        n
    }

    /// Bytes decrypted, without taking them.
    pub fn peek(&self, into: &mut [u8]) -> usize {
        copy(self.plain.get(self.fetched..).unwrap_or_default(), into)
    }

    /// Decrypts received bytes; returns how many are done with, and how many plain ones `into`
    /// holds. After an error the alert for the other side waits among what is to be sent.
    fn process(&mut self, input: &mut [u8], into: &mut [u8]) -> Result<(usize, usize), Error> {
        let Tls {
            side,
            plain,
            cipher,
            ended,
            ..
        } = self;
        let sink = &mut Sink {
            into,
            taken: 0,
            plain,
            cipher,
            ended,
        };
        let used = match side {
            Side::Server(c) => turn(input, sink, |bytes, sink| {
                step(c.process_tls_records(bytes), sink)
            }),
            Side::Client(c) => turn(input, sink, |bytes, sink| {
                step(c.process_tls_records(bytes), sink)
            }),
        };
        used.map(|used| (used, sink.taken))
    }

    /// Lets rustls say what it has to say of itself: the first flight, tickets, key updates. What
    /// is kept of an unfinished record goes with it, since rustls counts on seeing it again.
    fn settle(&mut self) -> Result<(), Error> {
        let mut partial = std::mem::take(&mut self.partial);
        let done = self.process(&mut partial, &mut []);
        if let Ok((used, _)) = done {
            partial.drain(..used.min(partial.len()));
        }
        self.partial = partial;
        done.map(|_| ())
    }

    fn fail(&mut self, e: Error) -> Io {
        self.error.get_or_insert(Box::new(e));
        Io::Failed(Errno::PROTO)
    }

    /// Reads: `raw` reads from the socket, `send` writes to it.
    pub fn recv(
        &mut self,
        into: &mut [u8],
        buffers: &mut Buffers,
        raw: impl Fn(&mut [u8]) -> Io,
        send: impl Fn(&[u8]) -> Io,
    ) -> Io {
        if self.has_cipher() {
            self.flush(&send);
        }
        let mut got = self.fetch(into);
        if buffers.read.len() < READ {
            buffers.read.resize(READ, 0);
        }
        while got < into.len() || into.is_empty() {
            if self.ended {
                break;
            }
            if self.error.is_some() {
                return Io::Failed(Errno::PROTO);
            }
            let kept = self.partial.len();
            if kept + RECORD > buffers.read.len() {
                buffers.read.resize(kept + READ, 0);
            }
            let (head, space) = buffers.read.split_at_mut(kept);
            head.copy_from_slice(&self.partial);
            let n = match raw(space) {
                Io::Done(n) => n,
                Io::Eof => {
                    self.ended = true;
                    break;
                }
                Io::Blocked if got > 0 => return Io::Done(got),
                other if got == 0 => return other,
                _ => break,
            };
            let filled = kept + n;
            let Some(input) = buffers.read.get_mut(..filled) else {
                break;
            };
            let room = into.get_mut(got..).unwrap_or_default();
            let done = self.process(input, room);
            if matches!(done, Err(Error::InvalidMessage(_))) && !self.is_ready() {
                // who does not speak TLS is not answered in it
                self.cipher.clear();
                self.sent = 0;
            }
            self.flush(&send);
            let (used, taken) = match done {
                Ok(done) => done,
                Err(e) => return self.fail(e),
            };
            got += taken;
            let rest = buffers.read.get(used..filled).unwrap_or_default();
            // most reads end with a record: then nothing is kept
            if rest.is_empty() {
                self.partial = Vec::new();
            } else {
                self.partial.clear();
                self.partial.extend_from_slice(rest);
            }
            if into.is_empty() && self.has_plain() {
                break;
            }
        }
        match got {
            0 if self.ended && !self.has_plain() => Io::Eof,
            n => Io::Done(n),
        }
    }

    /// One step of the handshake: `Done` when it is over. What rustls's callbacks learn in it is
    /// this connection's: others take their steps on the same thread.
    pub fn handshake(
        &mut self,
        buffers: &mut Buffers,
        raw: impl Fn(&mut [u8]) -> Io,
        send: impl Fn(&[u8]) -> Io,
    ) -> Io {
        let done = self.shake_hands(buffers, raw, send);
        if let Some(new) = plan::tls::take_observed() {
            match &mut self.observed {
                Some(observed) => observed.add(new),
                None => self.observed = Some(Box::new(new)),
            }
        }
        done
    }

    fn shake_hands(
        &mut self,
        buffers: &mut Buffers,
        raw: impl Fn(&mut [u8]) -> Io,
        send: impl Fn(&[u8]) -> Io,
    ) -> Io {
        // a client speaks first
        if let Err(e) = self.settle() {
            if matches!(e, Error::InvalidMessage(_)) {
                // who does not speak TLS is not answered in it
                self.cipher.clear();
                self.sent = 0;
            }
            self.flush(&send);
            return self.fail(e);
        }
        loop {
            match self.flush(&send) {
                Io::Failed(e) => return Io::Failed(e),
                Io::Blocked => return Io::Blocked,
                _ => {}
            }
            if self.is_ready() {
                return Io::Done(0);
            }
            if self.ended {
                return Io::Eof;
            }
            match self.recv(&mut [], buffers, &raw, &send) {
                Io::Done(_) | Io::Eof => {}
                // the last flight may have gone out in the same turn
                Io::Blocked if self.is_ready() && !self.has_cipher() => return Io::Done(0),
                other => return other,
            }
        }
    }

    /// Sends what is encrypted. `Done` when nothing waits.
    fn flush(&mut self, send: &impl Fn(&[u8]) -> Io) -> Io {
        while let Some(rest) = self.cipher.get(self.sent..).filter(|r| !r.is_empty()) {
            match send(rest) {
                Io::Done(n) => self.sent += n,
                other => return other,
            }
        }
        if self.sent > 0 {
            self.cipher = Vec::new();
            self.sent = 0;
        }
        Io::Done(0)
    }

    /// Writes plain bytes: the kernel has taken the records of those reported.
    pub fn send(&mut self, bytes: &[u8], buffers: &mut Buffers, send: impl Fn(&[u8]) -> Io) -> Io {
        let mut done = 0;
        loop {
            let rest = bytes.get(done..).unwrap_or_default();
            match self.send_some(rest, buffers, &send) {
                Io::Done(n) if n > 0 && n < rest.len() => done += n,
                Io::Done(n) => return Io::Done(done + n),
                Io::Blocked if done > 0 => return Io::Done(done),
                other => return other,
            }
        }
    }

    fn send_some(&mut self, bytes: &[u8], buffers: &mut Buffers, send: impl Fn(&[u8]) -> Io) -> Io {
        if self.error.is_some() {
            return Io::Failed(Errno::PROTO);
        }
        if self.owed == 0
            && let Err(e) = self.settle()
        {
            return self.fail(e);
        }
        if self.has_cipher() {
            match self.flush(&send) {
                Io::Done(_) => {}
                other => return other,
            }
        }
        if self.owed > 0 {
            let known = self.owed.min(8).min(bytes.len());
            if bytes.get(..known) != self.owed_begin.get(..known) {
                // something else than what waited: it must not be counted as sent
                return Io::Failed(Errno::PROTO);
            }
            let n = self.owed.min(bytes.len());
            self.owed -= n;
            remember(&mut self.owed_begin, bytes.get(n..).unwrap_or_default());
            return Io::Done(n);
        }
        if bytes.is_empty() {
            return Io::Done(0);
        }
        if !self.is_ready() {
            return Io::Blocked;
        }
        let n = bytes.len().min(WRITE);
        let bytes = bytes.get(..n).unwrap_or_default();
        let room = SKEW + n + (n / RECORD + 2) * RECORD_OVERHEAD;
        if buffers.write.len() < room {
            buffers.write.resize(room.max(SKEW + WRITE + 1024), 0);
        }
        let partial = &mut self.partial;
        let made = match &mut self.side {
            Side::Server(c) => encrypt(c.process_tls_records(partial), bytes, &mut buffers.write),
            Side::Client(c) => encrypt(c.process_tls_records(partial), bytes, &mut buffers.write),
        };
        let made = match made {
            Ok(made) => made,
            Err(e) => return self.fail(e),
        };
        let records = buffers.write.get(SKEW..SKEW + made).unwrap_or_default();
        let mut at = 0;
        while let Some(rest) = records.get(at..).filter(|r| !r.is_empty()) {
            match send(rest) {
                Io::Done(k) => at += k,
                Io::Blocked => {
                    self.cipher = rest.to_vec();
                    self.sent = 0;
                    self.owed = n;
                    remember(&mut self.owed_begin, bytes);
                    return Io::Blocked;
                }
                other => return other,
            }
        }
        Io::Done(n)
    }

    /// Writes several pieces as one.
    pub fn send_vectored(
        &mut self,
        pieces: &[std::io::IoSlice<'_>],
        buffers: &mut Buffers,
        send: impl Fn(&[u8]) -> Io,
    ) -> Io {
        if let [piece] = pieces {
            return self.send(piece, buffers, send);
        }
        let mut gather = std::mem::take(&mut buffers.gather);
        gather.clear();
        for piece in pieces {
            gather.extend_from_slice(piece);
        }
        let done = self.send(&gather, buffers, send);
        buffers.gather = gather;
        done
    }

    /// Tells the other side that nothing more comes (`close_notify`).
    pub fn close(&mut self, send: impl Fn(&[u8]) -> Io) {
        if self.error.is_some() || !self.is_ready() {
            return;
        }
        if self.settle().is_err() {
            return;
        }
        let mut alert = [0; 256];
        let partial = &mut self.partial;
        let made = match &mut self.side {
            Side::Server(c) => farewell(c.process_tls_records(partial), &mut alert),
            Side::Client(c) => farewell(c.process_tls_records(partial), &mut alert),
        };
        self.cipher
            .extend_from_slice(alert.get(..made).unwrap_or_default());
        self.flush(&send);
    }
}

fn copy(from: &[u8], into: &mut [u8]) -> usize {
    let n = from.len().min(into.len());
    if let (Some(from), Some(into)) = (from.get(..n), into.get_mut(..n)) {
        into.copy_from_slice(from);
    }
    n
}

fn remember(begin: &mut [u8; 8], bytes: &[u8]) {
    copy(bytes, begin);
}

/// Where the results of a turn go.
struct Sink<'s> {
    into: &'s mut [u8],
    taken: usize,
    plain: &'s mut Vec<u8>,
    cipher: &'s mut Vec<u8>,
    ended: &'s mut bool,
}

impl Sink<'_> {
    fn payload(&mut self, bytes: &[u8]) {
        let room = self.into.get_mut(self.taken..).unwrap_or_default();
        let n = copy(bytes, room);
        self.taken += n;
        self.plain
            .extend_from_slice(bytes.get(n..).unwrap_or_default());
    }
}

/// Lets rustls work until it wants more bytes; returns how many of `input` it is done with.
fn turn(
    input: &mut [u8],
    sink: &mut Sink<'_>,
    mut step: impl FnMut(&mut [u8], &mut Sink<'_>) -> (usize, Result<bool, Error>),
) -> Result<usize, Error> {
    let mut used = 0;
    let mut failed: Option<Error> = None;
    loop {
        let queued = sink.cipher.len();
        let more = match failed {
            None => input.get_mut(used..).unwrap_or_default(),
            // looking at the faulty bytes again would make another alert
            Some(_) => &mut [],
        };
        let (discard, result) = step(more, sink);
        used += discard;
        match (result, &failed) {
            // the alert is made; what cannot be understood must not be shown once more
            (Ok(true), Some(e)) if sink.cipher.len() > queued => return Err(e.clone()),
            (Ok(true), _) => {}
            (Ok(false), None) => return Ok(used),
            (Ok(false), Some(e)) => return Err(e.clone()),
            // the alert about it is made by the next steps
            (Err(e), None) => failed = Some(e),
            (Err(_), Some(e)) if sink.cipher.len() == queued => return Err(e.clone()),
            (Err(_), Some(_)) => {}
        }
    }
}

/// One state of rustls: whether to go on at once.
fn step<Data>(
    status: UnbufferedStatus<'_, '_, Data>,
    sink: &mut Sink<'_>,
) -> (usize, Result<bool, Error>) {
    let mut discard = status.discard;
    let more = match status.state {
        Err(e) => Err(e),
        Ok(ConnectionState::ReadTraffic(mut traffic)) => {
            let mut result = Ok(true);
            while let Some(record) = traffic.next_record() {
                match record {
                    Ok(record) => {
                        discard += record.discard;
                        sink.payload(record.payload);
                    }
                    Err(e) => {
                        result = Err(e);
                        break;
                    }
                }
            }
            result
        }
        Ok(ConnectionState::EncodeTlsData(mut data)) => {
            let at = sink.cipher.len();
            sink.cipher.resize(at + 4096, 0);
            let mut encode =
                |sink: &mut Sink<'_>| data.encode(sink.cipher.get_mut(at..).unwrap_or_default());
            let made = match encode(sink) {
                Err(EncodeError::InsufficientSize(e)) => {
                    sink.cipher.resize(at + e.required_size, 0);
                    encode(sink)
                }
                made => made,
            };
            match made {
                Ok(n) => {
                    sink.cipher.truncate(at + n);
                    Ok(true)
                }
                Err(e) => {
                    sink.cipher.truncate(at);
                    Err(Error::General(e.to_string()))
                }
            }
        }
        Ok(ConnectionState::TransmitTlsData(data)) => {
            data.done();
            Ok(true)
        }
        Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => {
            *sink.ended = true;
            Ok(false)
        }
        Ok(_) => Ok(false),
    };
    (discard, more)
}

/// Encrypts into what lies behind [`SKEW`]; returns the length of the records.
fn encrypt<Data>(
    status: UnbufferedStatus<'_, '_, Data>,
    bytes: &[u8],
    into: &mut Vec<u8>,
) -> Result<usize, Error> {
    match status.state? {
        ConnectionState::WriteTraffic(mut traffic) => loop {
            let records = into.get_mut(SKEW..).unwrap_or_default();
            match traffic.encrypt(bytes, records) {
                Ok(n) => return Ok(n),
                Err(EncryptError::InsufficientSize(e)) if e.required_size + SKEW > into.len() => {
                    into.resize(e.required_size + SKEW, 0);
                }
                Err(e) => return Err(Error::General(e.to_string())),
            }
        },
        // what had to come first was settled before
        _ => Err(Error::General("nothing can be sent now".into())),
    }
}

/// Makes the alert `close_notify`; returns its length.
fn farewell<Data>(status: UnbufferedStatus<'_, '_, Data>, into: &mut [u8]) -> usize {
    match status.state {
        Ok(ConnectionState::WriteTraffic(mut traffic)) => {
            traffic.queue_close_notify(into).unwrap_or(0)
        }
        _ => 0,
    }
}

//! Receiving the request's head, and its body where the configuration wants it first.

use super::stream::State;
use super::{End, Stream};
use crate::engine::reactor::{Io, NEVER, Wake};
use crate::engine::{session, track};
use crate::proto::h1::{Answer, BodyLength, ChunkDecoder, ChunkEvent, ErrorKind, Message, Parsed};

/// What the buffer holds of a request's body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BodySoFar {
    Whole,
    Part,
    Broken,
}

impl Stream {
    /// Until when the request must be complete (`timeout http-request`): counted from accept for
    /// the first request of a connection, else from its first byte.
    fn request_deadline(&self) -> u64 {
        let timeouts = &self.s.fe.timeouts;
        match timeouts.http_request.or(timeouts.client) {
            Some(ms) => self.times.begin / 1000 + u64::from(ms),
            None => NEVER,
        }
    }

    /// Keeps what cannot be understood for `show errors`.
    #[cold]
    fn capture(&self, position: usize, kind: Option<ErrorKind>) {
        let captured = &self.s.t.shared.captured;
        captured.request(&self.s, self.req.received(), position, kind);
    }

    /// Reads until the head is complete and counts the request.
    pub(super) async fn read_head(&mut self) -> Result<(), End> {
        let t = self.s.t;
        let mut limits = t.limits;
        limits.relaxed = self
            .s
            .fe
            .options
            .contains(crate::ir::proxy::Options::ACCEPT_UNSAFE_REQUEST);
        let mut until = None;
        loop {
            match self.req.parse_request(&limits) {
                Parsed::Done => break,
                Parsed::Incomplete => {}
                Parsed::Error(e) => {
                    session::count_request(&self.s);
                    self.capture(e.position, Some(e.kind));
                    track::error(None, &self.s);
                    return Err(match e.answer {
                        Answer::Raw => End::Raw(e.status, *b"PR"),
                        Answer::Response => End::Status(e.status, *b"PR"),
                    });
                }
            }
            if self.req.space().is_empty() {
                self.capture(self.req.received().len(), Some(ErrorKind::TooLarge));
                track::error(None, &self.s);
                return Err(End::Raw(400, *b"PR"));
            }
            match self.s.client.recv(self.req.space()) {
                Io::Done(n) => self.req.filled(n),
                Io::Blocked => {
                    let until = *until.get_or_insert_with(|| self.request_deadline());
                    if t.worker.park(until).await == Wake::TimedOut {
                        session::count_request(&self.s);
                        return Err(End::Raw(408, *b"cR"));
                    }
                }
                // only empty lines: nothing was asked
                Io::Eof | Io::Failed(_) if self.s.requests > 1 && self.only_empty_lines() => {
                    self.status = 400;
                    return Err(End::Silent(*b"CR"));
                }
                Io::Eof => {
                    session::count_request(&self.s);
                    track::error(None, &self.s);
                    return Err(End::Raw(400, *b"CR"));
                }
                Io::Failed(_) => {
                    self.status = 400;
                    return Err(End::Silent(*b"CR"));
                }
            }
        }
        session::count_request(&self.s);
        self.times.request = t.worker.now_us();
        let req = &self.req;
        self.listed
            .show(Some((req.method(), req.target(), req.version())));
        self.received = super::count::received_size(&self.req);
        if self.req.is_h2() {
            self.received = self.received_as_h2();
        }
        self.keep_client = self.req.keep_alive();
        if self.body_so_far() == BodySoFar::Broken {
            self.capture(self.req.head_len(), None);
            // as 3.4: a body that comes broken with its head is refused before anything else
            return Err(End::Raw(400, *b"PR"));
        }
        Ok(())
    }

    /// What 3.4 counts for the head of an HTTP/2 request: without what only its HTTP/1 text has.
    #[cold]
    fn received_as_h2(&self) -> u64 {
        let added = match self.req.body() {
            BodyLength::Chunked => "transfer-encodingchunked".len(),
            _ if self.req.context().upgrade => {
                "sec-websocket-key".len() + crate::proto::h2::WEBSOCKET_KEY.len()
            }
            _ => 0,
        };
        super::count::request_size(&self.req).saturating_sub(added as u64)
    }

    fn only_empty_lines(&self) -> bool {
        self.req
            .received()
            .iter()
            .all(|b| matches!(b, b'\r' | b'\n'))
    }

    /// Reads on until the body is complete, or the buffer is full (`option http-buffer-request`).
    pub(super) async fn buffer_body(&mut self) -> Result<(), End> {
        let until = self.request_deadline();
        self.receive_body(until, 0).await
    }

    /// Reads on until the body is complete, the buffer full, or so many bytes of it are there
    /// (0: all).
    pub(super) async fn receive_body(&mut self, until: u64, at_least: usize) -> Result<(), End> {
        let t = self.s.t;
        if matches!(self.req.body(), BodyLength::None | BodyLength::Tunnel) {
            return Ok(());
        }
        if self.req.expect_continue() {
            // nobody else would tell the client to go on before the server is chosen
            self.s.client.send(b"HTTP/1.1 100 Continue\r\n\r\n", false);
            self.req.del_header(b"expect");
        }
        self.decoded.take();
        while !self.whole_body_received() && !self.req.space().is_empty() {
            if at_least > 0 {
                let have = super::body::received(&self.req, &self.decoded, 0).len();
                if have >= at_least {
                    break;
                }
                self.decoded.take();
            }
            match self.s.client.recv(self.req.space()) {
                Io::Done(n) => self.req.filled(n),
                Io::Blocked => {
                    if t.worker.park(until).await == Wake::TimedOut {
                        return Err(End::Status(408, *b"cR"));
                    }
                }
                Io::Eof | Io::Failed(_) => {
                    // found out once the back end is known, as the log shows
                    self.truncated = true;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Whether the request's body stands in the buffer whole, so that it can be sent twice.
    pub(super) fn whole_body_received(&self) -> bool {
        self.body_so_far() != BodySoFar::Part
    }

    /// The client closed before its request was whole: 400 in the log, and (as 3.4) nothing on
    /// the wire.
    pub(super) fn left_early(&mut self, state: State) -> End {
        if self.status < 0 {
            self.status = 400;
        }
        End::Silent(state)
    }

    /// How many bytes of the buffer the whole body takes, chunks and trailers included; `None`:
    /// it is not there whole, or broken.
    pub(super) fn whole_body_len(&self) -> Option<usize> {
        self.whole_body_len_of(&self.req)
    }

    /// The same for either message.
    pub(super) fn whole_body_len_of(&self, message: &Message) -> Option<usize> {
        let have = message.body_prefix();
        match message.body() {
            BodyLength::None => Some(0),
            BodyLength::Length(n) => usize::try_from(n).ok().filter(|n| *n <= have.len()),
            BodyLength::Chunked => match chunked(have) {
                Chunked::Whole(n) => Some(n),
                _ => None,
            },
            _ => None,
        }
    }

    fn body_so_far(&self) -> BodySoFar {
        let broken = self.req.body() == BodyLength::Chunked
            && matches!(chunked(self.req.body_prefix()), Chunked::Broken);
        match self.whole_body_len() {
            Some(_) => BodySoFar::Whole,
            None if broken => BodySoFar::Broken,
            None => BodySoFar::Part,
        }
    }
}

/// What a buffer holds of a chunked body.
enum Chunked {
    /// All of it, so many bytes.
    Whole(usize),
    Part,
    Broken,
}

fn chunked(have: &[u8]) -> Chunked {
    let (mut decoder, mut at) = (ChunkDecoder::default(), 0);
    loop {
        let (used, event) = decoder.decode(have.get(at..).unwrap_or_default());
        at += used;
        match event {
            ChunkEvent::Data { .. } => {}
            ChunkEvent::NeedMore => return Chunked::Part,
            ChunkEvent::Error(_) => return Chunked::Broken,
            ChunkEvent::Trailers => {
                let rest = have.get(at..).unwrap_or_default();
                if rest.starts_with(b"\r\n") {
                    return Chunked::Whole(at + 2);
                }
                return match rest.windows(4).position(|w| w == b"\r\n\r\n") {
                    Some(end) => Chunked::Whole(at + end + 4),
                    None => Chunked::Part,
                };
            }
        }
    }
}

//! The text of an HTTP/1 message, turned into frames as it is written.

use super::mux::State;
use crate::proto::h2::frame::{self, HEADER, flag, kind};
use crate::proto::h2::{Asked, Body, Switch, head};
use crate::sample::conv::to_base64;

/// Where in its message a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The head, or one more after an interim response.
    Head,
    /// So many bytes of the body are left.
    Length(u64),
    /// The size of a chunk, so far.
    Size(u64, bool),
    /// The rest of a line with a chunk's size.
    SizeEnd(u64),
    /// So many bytes of a chunk are left.
    Chunk(u64),
    /// The line end behind a chunk.
    ChunkEnd,
    /// The trailer section.
    Trailers,
    /// As long as it lasts.
    Raw,
    /// Whole: what still comes is not sent (the body of an answer to HEAD).
    Ended,
}

/// What was done with some text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    /// Bytes of text.
    pub bytes: usize,
    /// Bytes of the windows.
    pub window: usize,
}

/// A message on its way out.
pub(super) struct Text {
    phase: Phase,
    asked: Asked,
    /// It is a request.
    request: bool,
    /// The protocol that a request asks for instead.
    protocol: Option<Vec<u8>>,
    /// What a server says to the key of a WebSocket handshake.
    accept: Option<Vec<u8>>,
    /// The beginning of a head or of trailers.
    partial: Vec<u8>,
}

impl Text {
    /// A response to what was asked.
    pub(super) fn response(asked: Asked) -> Text {
        Text {
            phase: Phase::Head,
            asked,
            request: false,
            protocol: None,
            accept: None,
            partial: Vec::new(),
        }
    }

    /// A request.
    pub(super) fn request() -> Text {
        Text {
            request: true,
            ..Text::response(Asked::Any)
        }
    }

    /// A request of which nothing was sent.
    pub(super) fn is_unsent(&self) -> bool {
        self.request && self.phase == Phase::Head
    }

    /// A message of which nothing was sent.
    pub(super) fn is_untouched(&self) -> bool {
        self.phase == Phase::Head
    }

    /// What the response to a request depends on.
    pub(super) fn asked(&self) -> (Asked, Option<Switch<'_>>) {
        let switch = self.protocol.as_deref().map(|protocol| Switch {
            protocol,
            accept: self.accept.as_deref(),
        });
        (self.asked, switch)
    }

    pub(super) fn is_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// The end of the stream was told.
    pub(super) fn end(&mut self) {
        self.phase = Phase::Ended;
    }

    /// Whether nothing but its sender's close ends the message.
    pub(super) fn ends_with_close(&self) -> bool {
        self.phase == Phase::Raw
    }

    /// Takes some of `bytes`, of a body at most `room`.
    pub(super) fn take(&mut self, id: u32, bytes: &[u8], room: usize, s: &mut State) -> Used {
        let all = Used {
            bytes: bytes.len(),
            window: 0,
        };
        match self.phase {
            Phase::Ended => all,
            Phase::Head => self.take_head(id, bytes, s),
            Phase::Trailers => self.take_trailers(id, bytes, s),
            Phase::Length(left) => {
                let n = usize::try_from(left).unwrap_or(usize::MAX);
                let n = n.min(bytes.len()).min(room);
                let left = left - n as u64;
                data(id, bytes.get(..n).unwrap_or_default(), left == 0, s);
                self.phase = match left {
                    0 => Phase::Ended,
                    left => Phase::Length(left),
                };
                Used {
                    bytes: n,
                    window: n,
                }
            }
            Phase::Raw => {
                let n = bytes.len().min(room);
                data(id, bytes.get(..n).unwrap_or_default(), false, s);
                Used {
                    bytes: n,
                    window: n,
                }
            }
            Phase::Chunk(left) => {
                let n = usize::try_from(left).unwrap_or(usize::MAX);
                let n = n.min(bytes.len()).min(room);
                data(id, bytes.get(..n).unwrap_or_default(), false, s);
                self.phase = match left - n as u64 {
                    0 => Phase::ChunkEnd,
                    left => Phase::Chunk(left),
                };
                Used {
                    bytes: n,
                    window: n,
                }
            }
            Phase::Size(..) | Phase::SizeEnd(_) | Phase::ChunkEnd => {
                let mut used = 0;
                for byte in bytes {
                    if matches!(self.phase, Phase::Chunk(_) | Phase::Trailers) {
                        break;
                    }
                    self.coding(*byte);
                    used += 1;
                }
                Used {
                    bytes: used,
                    window: 0,
                }
            }
        }
    }

    /// One byte of the chunked coding. (It is our own: there is no fault in it.)
    fn coding(&mut self, byte: u8) {
        let open = |size| match size {
            0 => Phase::Trailers,
            size => Phase::Chunk(size),
        };
        self.phase = match (self.phase, byte) {
            (Phase::ChunkEnd, b'\n') => Phase::Size(0, false),
            (Phase::Size(size, true), b'\n') | (Phase::SizeEnd(size), b'\n') => open(size),
            (Phase::Size(size, _), byte) => match char::from(byte).to_digit(16) {
                Some(digit) => Phase::Size(size << 4 | u64::from(digit), true),
                None => Phase::SizeEnd(size),
            },
            (phase, _) => phase,
        };
    }

    fn take_head(&mut self, id: u32, bytes: &[u8], s: &mut State) -> Used {
        let joined;
        let whole = if self.partial.is_empty() {
            bytes
        } else {
            let before = std::mem::take(&mut self.partial);
            joined = [&before[..], bytes].concat();
            &joined[..]
        };
        let before = whole.len() - bytes.len();
        let Some(end) = memchr::memmem::find(whole, b"\r\n\r\n").map(|at| at + 4) else {
            self.partial = whole.to_vec();
            return Used {
                bytes: bytes.len(),
                window: 0,
            };
        };
        let text = whole.get(..end).unwrap_or_default();
        let used = Used {
            bytes: end.saturating_sub(before),
            window: 0,
        };
        if self.request {
            self.request_head(id, text, s);
            return used;
        }
        let at = begin(id, s);
        let Some((status, framing)) =
            head::response(text, self.asked == Asked::Upgrade, &mut s.out)
        else {
            // no head at all: the stream ends without one
            s.out.truncate(at);
            self.phase = Phase::Ended;
            frame::reset(&mut s.out, id, crate::proto::h2::Code::Internal);
            return used;
        };
        let body = match (status, self.asked) {
            (101, _) => Body::Raw,
            (100..=199, _) => {
                finish(at, false, s);
                return used;
            }
            (204 | 304, _) | (_, Asked::Head) => Body::None,
            (200..=299, Asked::Connect) => Body::Raw,
            _ => framing.body(Body::Raw),
        };
        self.begin_body(body);
        finish(at, body == Body::None, s);
        used
    }

    fn request_head(&mut self, id: u32, text: &[u8], s: &mut State) {
        let at = begin(id, s);
        let Some(made) = head::request(text, &mut s.out) else {
            // no head at all: there is nothing to be asked
            s.out.truncate(at);
            self.phase = Phase::Ended;
            return;
        };
        self.accept = made.websocket_key.map(accept);
        self.protocol = made.upgrade.map(<[u8]>::to_vec);
        self.asked = match made.method {
            _ if made.upgrade.is_some() => Asked::Upgrade,
            b"HEAD" => Asked::Head,
            b"CONNECT" => Asked::Connect,
            _ => Asked::Any,
        };
        let body = match self.asked {
            Asked::Upgrade | Asked::Connect => Body::Raw,
            _ => made.framing.body(Body::None),
        };
        self.begin_body(body);
        finish(at, body == Body::None, s);
    }

    fn begin_body(&mut self, body: Body) {
        self.phase = match body {
            Body::None => Phase::Ended,
            Body::Length(n) => Phase::Length(n),
            Body::Chunked => Phase::Size(0, false),
            Body::Raw => Phase::Raw,
        };
    }

    fn take_trailers(&mut self, id: u32, bytes: &[u8], s: &mut State) -> Used {
        let mut used = 0;
        for byte in bytes {
            self.partial.push(*byte);
            used += 1;
            if self.partial == b"\r\n" || self.partial.ends_with(b"\r\n\r\n") {
                let text = std::mem::take(&mut self.partial);
                self.phase = Phase::Ended;
                if text.len() == 2 {
                    end(id, s);
                } else {
                    let at = begin(id, s);
                    head::trailers(&text, &mut s.out);
                    finish(at, true, s);
                }
                break;
            }
        }
        Used {
            bytes: used,
            window: 0,
        }
    }
}

/// What a server says to the key of a WebSocket handshake (RFC 6455 section 4.2.2).
fn accept(key: &[u8]) -> Vec<u8> {
    use sha1::{Digest, Sha1};
    let digest = Sha1::new()
        .chain_update(key)
        .chain_update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
        .finalize();
    let mut text = Vec::with_capacity(28);
    to_base64(&digest, &mut |b| text.push(b));
    text
}

/// Begins a field block; returns where.
fn begin(id: u32, s: &mut State) -> usize {
    let at = s.out.len();
    frame::begin(&mut s.out, 0, kind::HEADERS, flag::END_HEADERS, id);
    at
}

/// Ends the field block that begins at `at`, in as many frames as it takes.
fn finish(at: usize, ends: bool, s: &mut State) {
    let last = if ends { flag::END_STREAM } else { 0 };
    let length = s.out.len() - at - HEADER;
    if length <= s.frame {
        if let Some(flags) = s.out.get_mut(at + 4) {
            *flags |= last;
        }
        return frame::finish(&mut s.out, at);
    }
    let id = frame::Header::read(s.out.get(at..).unwrap_or_default()).map_or(0, |h| h.stream);
    let block = s.out.split_off(at + HEADER);
    s.out.truncate(at);
    let parts = block.chunks(s.frame.max(1)).count();
    for (n, part) in block.chunks(s.frame.max(1)).enumerate() {
        let (kind, flags) = match n {
            0 => (kind::HEADERS, last),
            _ => (kind::CONTINUATION, 0),
        };
        let flags = if n + 1 == parts {
            flags | flag::END_HEADERS
        } else {
            flags
        };
        frame::begin(&mut s.out, part.len(), kind, flags, id);
        s.out.extend_from_slice(part);
    }
}

/// Appends DATA frames.
fn data(id: u32, bytes: &[u8], ends: bool, s: &mut State) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let n = rest.len().min(s.frame);
        let (part, more) = rest.split_at_checked(n).unwrap_or((rest, &[]));
        rest = more;
        let flags = if ends && rest.is_empty() {
            flag::END_STREAM
        } else {
            0
        };
        s.last_data = Some((id, s.out.len()));
        frame::begin(&mut s.out, part.len(), kind::DATA, flags, id);
        s.out.extend_from_slice(part);
    }
}

/// Tells the end of the stream: in its last frame if that is still here.
fn end(id: u32, s: &mut State) {
    if let Some((stream, at)) = s.last_data
        && stream == id
        && at >= s.sent
        && let Some(flags) = s.out.get_mut(at + 4)
    {
        *flags |= flag::END_STREAM;
        return;
    }
    frame::begin(&mut s.out, 0, kind::DATA, flag::END_STREAM, id);
}

#[cfg(test)]
mod tests {
    use crate::proto::h2::{WEBSOCKET_ACCEPT, WEBSOCKET_KEY};

    #[test]
    fn a_key_and_its_answer() {
        assert_eq!(super::accept(WEBSOCKET_KEY), WEBSOCKET_ACCEPT);
        let sample = super::accept(b"dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(sample, b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}

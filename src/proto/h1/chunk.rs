//! Chunked coding (RFC 9112 section 7.1).
//!
//! Bodies are decoded and coded anew, never passed on as received: HAProxy drops extensions, joins
//! the chunks of one read into one and writes sizes in upper-case hexadecimal, and a chunk line that
//! two readers could understand differently must not travel. How the data is cut into chunks carries
//! no meaning and may differ from HAProxy's. Decode what came with a head before sending the head
//! on: HAProxy answers 400 to a chunk that is broken there, and the server sees nothing.

use super::scan::{self, EXTENSION};

/// Reads a chunked body piece by piece; keeps no bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChunkDecoder {
    state: State,
    /// Bytes of the current chunk still to come, or its size so far.
    left: u64,
    /// A digit of the size was read.
    sized: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Size,
    AfterSize,
    Extension,
    Quoted,
    QuotedPair,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// At the first byte of the trailer section.
    Trailers,
    Failed,
}

/// What the next bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkEvent {
    /// The input is used up; feed more.
    NeedMore,
    /// So many bytes at the end of what was consumed are body data.
    Data {
        /// How many.
        len: usize,
    },
    /// The last chunk was read: what follows is the trailer section up to and including the empty
    /// line, which [`super::Trailers`] reads.
    Trailers,
    /// The coding is broken.
    Error(ChunkError),
}

/// What is wrong with a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkError {
    /// No hexadecimal digit where the size should be, or rubbish behind it.
    Size,
    /// A size of more than 52 bits, the most that HAProxy accepts.
    TooLarge,
    /// A control character or an unclosed quote in a chunk extension.
    Extension,
    /// No line end where one must be.
    LineEnd,
}

impl ChunkDecoder {
    /// Looks at `input`: returns how many bytes it consumed and what they were. Data is the tail of
    /// the consumed bytes, so `input[consumed - len..consumed]` is the body's next piece.
    pub fn decode(&mut self, input: &[u8]) -> (usize, ChunkEvent) {
        let mut pos = 0;
        while let Some(&b) = input.get(pos) {
            match self.state {
                State::Size => match (b as char).to_digit(16) {
                    Some(digit) => {
                        if self.left >> (52 - 4) != 0 {
                            return self.fail(pos, ChunkError::TooLarge);
                        }
                        self.left = self.left << 4 | u64::from(digit);
                        self.sized = true;
                    }
                    None if !self.sized => return self.fail(pos, ChunkError::Size),
                    None => {
                        self.state = State::AfterSize;
                        continue;
                    }
                },
                State::AfterSize => match b {
                    b' ' | b'\t' => {}
                    b';' => self.state = State::Extension,
                    b'\r' => self.state = State::SizeLf,
                    _ => return self.fail(pos, ChunkError::Size),
                },
                State::Extension => match b {
                    b'\r' => self.state = State::SizeLf,
                    b'"' => self.state = State::Quoted,
                    _ if scan::is(b, EXTENSION) => {}
                    _ => return self.fail(pos, ChunkError::Extension),
                },
                State::Quoted | State::QuotedPair => {
                    let plain = scan::is(b, EXTENSION);
                    self.state = match (self.state, b) {
                        (State::Quoted, b'"') => State::Extension,
                        (State::Quoted, b'\\') => State::QuotedPair,
                        (State::QuotedPair, b'"' | b'\\') => State::Quoted,
                        _ if plain => State::Quoted,
                        _ => return self.fail(pos, ChunkError::Extension),
                    };
                }
                State::SizeLf => {
                    if b != b'\n' {
                        return self.fail(pos, ChunkError::LineEnd);
                    }
                    if self.left == 0 {
                        self.state = State::Trailers;
                        return (pos + 1, ChunkEvent::Trailers);
                    }
                    self.state = State::Data;
                }
                State::Data => {
                    let have = (input.len() - pos) as u64;
                    let len = have.min(self.left) as usize;
                    self.left -= len as u64;
                    if self.left == 0 {
                        self.state = State::DataCr;
                    }
                    return (pos + len, ChunkEvent::Data { len });
                }
                State::DataCr => {
                    if b != b'\r' {
                        return self.fail(pos, ChunkError::LineEnd);
                    }
                    self.state = State::DataLf;
                }
                State::DataLf => {
                    if b != b'\n' {
                        return self.fail(pos, ChunkError::LineEnd);
                    }
                    *self = ChunkDecoder::default();
                }
                State::Trailers => return (pos, ChunkEvent::Trailers),
                State::Failed => return self.fail(pos, ChunkError::Size),
            }
            pos += 1;
        }
        (pos, ChunkEvent::NeedMore)
    }

    /// The last chunk was read.
    pub fn is_at_trailers(&self) -> bool {
        self.state == State::Trailers
    }

    fn fail(&mut self, pos: usize, error: ChunkError) -> (usize, ChunkEvent) {
        self.state = State::Failed;
        (pos, ChunkEvent::Error(error))
    }
}

/// Appends the line before a chunk of `len` bytes (more than 0): upper-case hexadecimal, no
/// extension. The chunk itself must be followed by CR LF.
pub fn write_chunk_head(out: &mut Vec<u8>, len: u64) {
    let mut digits = [0u8; 16];
    let mut at = digits.len();
    let mut n = len;
    for slot in digits.iter_mut().rev() {
        *slot = b"0123456789ABCDEF"
            .get((n & 15) as usize)
            .copied()
            .unwrap_or(b'0');
        n >>= 4;
        at -= 1;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(at..).unwrap_or_default());
    out.extend_from_slice(b"\r\n");
}

/// Appends the last chunk and an empty trailer section.
pub fn write_last_chunk(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0\r\n\r\n");
}

//! HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112) without any I/O, with HAProxy 3.4's verdicts.
//!
//! A [`Message`] owns the received bytes and an index of ranges into them. Reading goes straight
//! into [`Message::space`]; [`Message::parse_request`] and [`Message::parse_response`] take up
//! where they stopped, look at every byte once, and answer at the byte that decides, so that the
//! outcome does not depend on how the bytes were cut. Edits are appended to a second buffer;
//! [`Message::encode_request`] and [`Message::encode_response`] write the outgoing head, copying
//! untouched runs of header lines as they stand. Bodies are framed by [`Message::body`]; a
//! [`ChunkDecoder`] walks through chunked ones.
//!
//! The head is parsed by an own one-pass parser rather than by a crate: HAProxy's verdicts differ
//! from every published parser (fragments, folded lines, versions, duplicated fields), the pass
//! also lower-cases and identifies names, and it must resume at any byte. A GET with five fields
//! costs about 1,900 instructions from bytes to rewritten head, wrk's own GET 900.
//!
//! `fixtures/h1/*.cases` hold what HAProxy 3.4.0 did with some 5,000 messages; `tests/h1_cases.rs`
//! replays them.

mod authority;
mod chunk;
mod comma;
mod edit;
mod encode;
pub mod errors;
mod fast;
mod field;
mod finish;
mod framing;
mod head;
mod limits;
mod lines;
mod message;
mod method;
#[cfg(test)]
mod properties;
mod reason;
mod scan;
mod start_line;
mod target;
mod text_lines;
mod tokens;
mod trailers;

pub use authority::is_host;
pub use chunk::{ChunkDecoder, ChunkError, ChunkEvent, write_chunk_head, write_last_chunk};
pub use comma::comma_list;
pub use encode::{CaseMap, EncodeOptions, Persist};
pub use field::{Field, HeaderId};
pub use framing::{BodyLength, Connection};
pub use limits::{Answer, ErrorKind, Limits, ParseError, Parsed, RequestContext};
pub use message::Message;
pub use method::Method;
pub use reason::reason_phrase;
pub use text_lines::NoStartLine;
pub use trailers::Trailers;

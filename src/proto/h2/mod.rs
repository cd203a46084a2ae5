//! HTTP/2 (RFC 9113) and HPACK (RFC 7541) without any I/O.
//!
//! Why not the `h2` crate: what stands behind it here speaks HTTP/1 text on thread-local tasks
//! without a `Waker`, so a stream is best a pair of small translators between field lists and that
//! text. The crate's `HeaderMap` loses the order of fields, its locks and boxed frames cost more
//! than the frames themselves, and it decides for itself what counts as a fault. The pieces here
//! answer with HAProxy 3.4's verdicts (observed) and allocate nothing per field.
//!
//! - [`frame`]: frame headers, settings, the small frames.
//! - [`hpack`]: the decoder with its dynamic table; an encoder that needs none, since heads are
//!   written with static names and literal values.
//! - [`Fields`]: a decoded field list becomes the head of an HTTP/1 message, or a fault.
//! - [`head`]: the head of an HTTP/1 message becomes a field block.

mod fields;
pub mod frame;
pub mod head;
pub mod hpack;
mod huffman;

pub use fields::{Asked, Body, Fields, Kind, Switch, WEBSOCKET_ACCEPT, WEBSOCKET_KEY};

/// Error codes (RFC 9113 section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Code {
    NoError = 0,
    Protocol = 1,
    Internal = 2,
    FlowControl = 3,
    SettingsTimeout = 4,
    StreamClosed = 5,
    FrameSize = 6,
    RefusedStream = 7,
    Cancel = 8,
    Compression = 9,
    Connect = 10,
    EnhanceYourCalm = 11,
    InadequateSecurity = 12,
    Http11Required = 13,
}

/// What a client says first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The window of a connection, and of streams before any setting (RFC 9113 section 6.9.2).
pub const DEFAULT_WINDOW: i64 = 65_535;

/// The largest window.
pub const MAX_WINDOW: i64 = (1 << 31) - 1;

/// The largest frame that everybody takes.
pub const DEFAULT_FRAME: usize = 16_384;

//! What a parser may accept, and how it answers.

use super::Method;

/// Limits and relaxations of a parser.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `tune.http.maxhdr`: lines of a head, the first one included (default 101).
    pub max_headers: usize,
    /// Bytes of a head that is still incomplete when the parser gives up:
    /// `tune.bufsize` - `tune.maxrewrite` (default 16384 - 1024).
    pub max_head: usize,
    /// `option accept-unsafe-violations-in-http-request` or `-response`.
    pub relaxed: bool,
    /// `h1-accept-payload-with-any-method`.
    pub accept_payload_with_any_method: bool,
    /// `h1-do-not-close-on-insecure-transfer-encoding`.
    pub keep_on_insecure_transfer_encoding: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_headers: 101,
            max_head: 16384 - 1024,
            relaxed: false,
            accept_payload_with_any_method: false,
            keep_on_insecure_transfer_encoding: false,
        }
    }
}

/// The outcome of a parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// More bytes are needed; nothing is wrong so far.
    Incomplete,
    /// The head is complete and indexed.
    Done,
    /// The message cannot be accepted; every later call answers the same.
    Error(ParseError),
}

/// Why a message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The rule that was broken.
    pub kind: ErrorKind,
    /// Offset of the deciding byte in [`super::Message::received`].
    pub position: usize,
    /// The status that HAProxy 3.4 answers to a request with; for a response always 502.
    pub status: u16,
}

/// The rules that a message head can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A byte that no method may contain.
    Method,
    /// A byte that no target may contain, or a target of the wrong form.
    Target,
    /// An authority that disagrees with `Host`, or a `CONNECT` without a port.
    Authority,
    /// Not `HTTP/x.y`.
    Version,
    /// A status that is not three digits.
    Status,
    /// A byte that no header name may contain.
    HeaderName,
    /// A NUL, or a CR without LF.
    HeaderValue,
    /// More header lines than [`Limits::max_headers`].
    TooManyHeaders,
    /// The head does not end within [`Limits::max_head`] bytes.
    TooLarge,
    /// `Content-Length` is not a number, or two of them disagree.
    ContentLength,
    /// A `Transfer-Encoding` that HAProxy does not decode.
    TransferEncoding,
    /// Two `Host` fields that disagree.
    Host,
    /// A body where HAProxy refuses one (HTTP/1.0 GET, HEAD, DELETE; CONNECT).
    Payload,
    /// A WebSocket handshake without its key, or a 101 that nobody asked for.
    Upgrade,
}

/// What the answer's framing depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestContext {
    /// The method as sent to the server.
    pub method: Method,
    /// The request asked for another protocol (`Connection: upgrade` and `Upgrade`).
    pub upgrade: bool,
}

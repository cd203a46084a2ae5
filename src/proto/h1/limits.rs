//! What a parser may accept, and how it answers.

use super::Method;

/// Limits and relaxations of a parser.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `tune.http.maxhdr`: lines of a head, the first one included (default 101).
    pub max_headers: usize,
    /// Bytes of a head that is still incomplete when the parser gives up (observed: 56 less than
    /// `tune.bufsize`).
    pub max_head: usize,
    /// Room for a complete head in HAProxy's internal form, which weighs method, target, names and
    /// values, 8 bytes for each line and 25 for the whole (observed: `tune.bufsize` less
    /// `tune.maxrewrite` less 60).
    pub max_fields: usize,
    /// `option accept-unsafe-violations-in-http-request` or `-response`.
    pub relaxed: bool,
    /// `h1-accept-payload-with-any-method`.
    pub accept_payload_with_any_method: bool,
    /// `h1-do-not-close-on-insecure-transfer-encoding`.
    pub keep_on_insecure_transfer_encoding: bool,
}

impl Limits {
    /// The limits that follow from `tune.bufsize`, `tune.maxrewrite` and `tune.http.maxhdr`.
    pub fn new(bufsize: usize, maxrewrite: usize, max_headers: usize) -> Limits {
        Limits {
            max_headers,
            max_head: bufsize.saturating_sub(56),
            max_fields: bufsize.saturating_sub(maxrewrite).saturating_sub(60),
            relaxed: false,
            accept_payload_with_any_method: false,
            keep_on_insecure_transfer_encoding: false,
        }
    }

    /// `tune.bufsize` less `tune.maxrewrite`.
    pub(super) fn receivable(&self) -> u32 {
        u32::try_from(self.max_fields.saturating_add(60)).unwrap_or(u32::MAX)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits::new(16384, 1024, 101)
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
    /// The status that HAProxy 3.4 answers with; for a response always 502.
    pub status: u16,
    /// How the answer is sent.
    pub answer: Answer,
}

/// Two ways of answering what cannot be forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// [`errors::raw`](super::errors::raw), then close: no rule sees the request.
    Raw,
    /// [`errors::answer`](super::errors::answer): an ordinary response, which response rules may
    /// change.
    Response,
}

/// The rules that a message head can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A byte that no method may contain, or `PRI`.
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

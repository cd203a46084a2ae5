//! Where a body ends, and what becomes of the connection.

use super::limits::RequestContext;
use super::message::Message;
use super::method::Method;

/// How the end of a message's body is found (RFC 9112 section 6.3, as HAProxy reads it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// No body.
    None,
    /// Exactly so many bytes.
    Length(u64),
    /// Chunked coding.
    Chunked,
    /// Everything until the connection closes (responses only).
    UntilClose,
    /// No longer HTTP: both directions are passed through as they come.
    Tunnel,
}

/// What the connection's header fields ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// The `close` token.
    pub close: bool,
    /// The `keep-alive` token.
    pub keep_alive: bool,
    /// The `upgrade` token.
    pub upgrade: bool,
    /// An `Upgrade` field was received.
    pub has_upgrade_field: bool,
    /// A rule wrote the `close` token: the connection that the message goes to is closed.
    pub rule_close: bool,
    /// The body's length was told in two ways: the connection must not be used again
    /// (RFC 9112 section 6.1).
    pub unsafe_framing: bool,
}

impl Connection {
    /// Takes a token in; true if it is for this hop only and must not be passed on.
    pub(super) fn note(&mut self, token: &[u8]) -> bool {
        if token.eq_ignore_ascii_case(b"close") {
            self.close = true;
            true
        } else if token.eq_ignore_ascii_case(b"keep-alive") {
            self.keep_alive = true;
            true
        } else {
            self.upgrade |= token.eq_ignore_ascii_case(b"upgrade");
            false
        }
    }
}

impl Message {
    /// What the `Connection` and `Upgrade` fields asked for.
    pub fn connection(&self) -> Connection {
        self.head.connection
    }

    /// Whether the sender lets the connection be used again after this message.
    pub fn keep_alive(&self) -> bool {
        let c = self.head.connection;
        !c.close && !c.unsafe_framing && (self.is_http11() || c.keep_alive)
    }

    /// `Expect: 100-continue`.
    pub fn expect_continue(&self) -> bool {
        self.head.expect_continue
    }

    /// How the body's end is found; for responses as of the last
    /// [`parse_response`](Message::parse_response).
    pub fn body(&self) -> BodyLength {
        self.body
    }

    /// What the answer to this request depends on.
    pub fn context(&self) -> RequestContext {
        let c = self.head.connection;
        RequestContext {
            method: self.head.method_id,
            upgrade: c.upgrade && c.has_upgrade_field,
        }
    }

    /// For requests: the server connection cannot be used again after this one (`chunked` from an
    /// HTTP/1.0 client or with `CONNECT`, or a rule that wrote `Connection: close`).
    pub fn closes_server(&self) -> bool {
        let head = &self.head;
        let odd = head.version < (1, 1) || head.method_id == Method::Connect;
        head.connection.rule_close || (head.transfer_encoding && odd)
    }

    /// For responses: the client connection must be closed after this one (no other end of the
    /// body, or `chunked` from an HTTP/1.0 server). A `close` of the server alone does not ask for
    /// it.
    pub fn closes_client(&self) -> bool {
        let head = &self.head;
        let until_close = self.body == BodyLength::UntilClose;
        head.connection.rule_close
            || until_close
            || (head.transfer_encoding && head.version < (1, 1))
    }

    pub(super) fn request_body(&self) -> BodyLength {
        if self.head.method_id == Method::Connect {
            return BodyLength::Tunnel;
        }
        if self.head.chunked {
            return BodyLength::Chunked;
        }
        match self.head.content_length {
            None | Some(0) => BodyLength::None,
            Some(n) => BodyLength::Length(n),
        }
    }

    pub(super) fn response_body(&self, request: RequestContext) -> BodyLength {
        let status = self.head.status;
        if request.method == Method::Connect && (200..300).contains(&status) {
            return BodyLength::Tunnel;
        }
        if status == 101 {
            return BodyLength::Tunnel;
        }
        if request.method == Method::Head || matches!(status, 100..=199 | 204 | 304) {
            return BodyLength::None;
        }
        if self.head.chunked {
            return BodyLength::Chunked;
        }
        match self.head.content_length {
            None => BodyLength::UntilClose,
            Some(0) => BodyLength::None,
            Some(n) => BodyLength::Length(n),
        }
    }
}

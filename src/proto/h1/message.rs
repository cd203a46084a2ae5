//! One request or response: the received bytes plus an index of ranges into them.

use super::field::{Field, HeaderId, Text};
use super::framing::BodyLength;
use super::head::{Fault, Head, Side, State};
use super::limits::{Limits, Parsed, RequestContext};
use super::method::Method;
use super::text_lines::Spelling;

/// A message head and the bytes received behind it.
///
/// The object is made once and recycled: [`clear`](Message::clear) keeps every allocation.
#[derive(Debug)]
pub struct Message {
    /// Kept at full length, so that a read can go straight into the rest of it.
    buf: Vec<u8>,
    filled: usize,
    /// Text of edits, appended; ranges with `EDITED` set point here.
    pub(super) edits: Vec<u8>,
    pub(super) head: Head,
    pub(super) body: BodyLength,
    /// Names as written, for rules that look at lines as text.
    pub(super) spelling: Option<Box<Spelling>>,
    /// It came as HTTP/2: see [`Message::came_as_h2`].
    h2: bool,
    /// See [`Message::sends_whole_target`].
    whole: bool,
    /// Bytes of the buffer that what is received may take (`tune.bufsize` less `tune.maxrewrite`).
    receivable: u32,
}

impl Default for Message {
    fn default() -> Self {
        Message::with_capacity(0)
    }
}

impl Message {
    /// An empty message that can receive `bufsize` bytes (`tune.bufsize`).
    pub fn with_capacity(bufsize: usize) -> Message {
        Message {
            buf: vec![0; bufsize],
            filled: 0,
            edits: Vec::new(),
            head: Head::default(),
            body: BodyLength::None,
            spelling: None,
            h2: false,
            whole: false,
            receivable: 0,
        }
    }

    /// Gives a buffer to a message that has none; returns what it had.
    pub fn exchange_buffer(&mut self, buf: Vec<u8>) -> Vec<u8> {
        self.filled = self.filled.min(buf.len());
        std::mem::replace(&mut self.buf, buf)
    }

    /// Keeps nothing but the head, in `small`, and gives the large buffer away.
    ///
    /// # Errors
    /// `small` itself, when the head is not complete or does not fit.
    pub fn keep_head(&mut self, mut small: Vec<u8>) -> Result<Vec<u8>, Vec<u8>> {
        let len = self.head_len();
        match (small.get_mut(..len), self.buf.get(..len)) {
            (Some(to), Some(from)) if len > 0 => {
                to.copy_from_slice(from);
                self.filled = len;
                Ok(std::mem::replace(&mut self.buf, small))
            }
            _ => Err(small),
        }
    }

    /// Forgets everything received and edited; the allocations stay.
    pub fn clear(&mut self) {
        self.filled = 0;
        self.spelling = None;
        self.h2 = false;
        self.reset();
    }

    /// Tells that a request came as HTTP/2, whose targets always tell scheme and authority: an
    /// HTTP/1 server is asked for the path alone, unless the scheme is none of the web's.
    pub fn came_as_h2(&mut self) {
        self.h2 = true;
    }

    /// Whether the next [`encode_request`](Message::encode_request) is for an HTTP/2 server, which
    /// is told the scheme and the authority all the same.
    pub fn sends_whole_target(&mut self, whole: bool) {
        self.whole = whole;
    }

    /// How many bytes of the body may lie in the buffer while rules run.
    pub(super) fn room_for_body(&self) -> usize {
        if self.head.own {
            return 0;
        }
        (self.receivable as usize).saturating_sub(self.head_len())
    }

    /// Whether [`came_as_h2`](Message::came_as_h2) was called.
    pub fn is_h2(&self) -> bool {
        self.h2
    }

    /// The target as an HTTP/1 server is asked for it.
    pub(super) fn sent_target(&self) -> &[u8] {
        let target = self.target();
        let web = |scheme: &[u8]| {
            let given = target.get(..scheme.len());
            given.is_some_and(|t| t.eq_ignore_ascii_case(scheme))
        };
        if !self.h2 || self.whole || !(web(b"https://") || web(b"http://")) {
            return target;
        }
        match self.path_and_query() {
            b"" if self.head.method_id == Method::Options => b"*",
            b"" => b"/",
            path => path,
        }
    }

    /// Forgets the index and the edits, not the bytes.
    fn reset(&mut self) {
        self.edits.clear();
        self.head.clear();
        self.body = BodyLength::None;
        if let Some(spelling) = &mut self.spelling {
            spelling.clear();
        }
    }

    /// Drops the head and the first `body` bytes behind it, moves what was received after them
    /// (the next pipelined message) to the front, and begins anew.
    pub fn advance(&mut self, body: usize) {
        let from = self.head_len().saturating_add(body).min(self.filled);
        self.buf.copy_within(from..self.filled, 0);
        self.filled -= from;
        self.reset();
    }

    /// Where the next received bytes go; empty when the buffer is full.
    pub fn space(&mut self) -> &mut [u8] {
        self.buf.get_mut(self.filled..).unwrap_or_default()
    }

    /// Tells that the first `n` bytes of [`space`](Message::space) were written.
    pub fn filled(&mut self, n: usize) {
        self.filled = self.filled.saturating_add(n).min(self.buf.len());
    }

    /// Copies as much of `bytes` in as fits; returns how many.
    pub fn feed(&mut self, bytes: &[u8]) -> usize {
        let space = self.space();
        let n = bytes.len().min(space.len());
        if let (Some(to), Some(from)) = (space.get_mut(..n), bytes.get(..n)) {
            to.copy_from_slice(from);
        }
        self.filled(n);
        n
    }

    /// The bytes received so far; header names are lower-cased and folded lines joined once they
    /// were parsed.
    pub fn received(&self) -> &[u8] {
        self.buf.get(..self.filled).unwrap_or_default()
    }

    /// Nothing was received.
    pub fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// The size given to [`with_capacity`](Message::with_capacity).
    pub fn capacity(&self) -> usize {
        self.buf.len()
    }

    /// Goes on parsing a request head.
    pub fn parse_request(&mut self, limits: &Limits) -> Parsed {
        self.note_spelling();
        let buf = self.buf.get_mut(..self.filled).unwrap_or_default();
        let parsed = self.head.parse(buf, &mut self.edits, limits, Side::Request);
        self.receivable = limits.receivable();
        if parsed == Parsed::Done {
            self.body = self.request_body();
        }
        parsed
    }

    /// Goes on parsing a response head; `request` tells what was asked.
    pub fn parse_response(&mut self, limits: &Limits, request: RequestContext) -> Parsed {
        self.note_spelling();
        let buf = self.buf.get_mut(..self.filled).unwrap_or_default();
        let parsed = self
            .head
            .parse(buf, &mut self.edits, limits, Side::Response);
        self.receivable = limits.receivable();
        if parsed == Parsed::Done {
            if let Err(kind) = self.head.finish_response(request) {
                let fault = Fault::new(kind, self.head.pos);
                return self.head.fail(fault, Side::Response);
            }
            self.body = self.response_body(request);
        }
        parsed
    }

    /// Keeps names as they are before the parser lower-cases them.
    #[inline]
    fn note_spelling(&mut self) {
        if let Some(spelling) = &mut self.spelling {
            spelling.follow(self.buf.get(..self.filled).unwrap_or_default());
        }
    }

    /// Replaces everything by a response of our own or of an `errorfile`, given as HTTP/1 text;
    /// the bytes behind its head are the body. Grows the buffer if `text` needs it.
    pub fn load_response(&mut self, text: &[u8], request: RequestContext) -> Parsed {
        self.clear();
        self.head.own = true;
        if self.buf.len() < text.len() {
            self.buf.resize(text.len(), 0);
        }
        self.feed(text);
        let limits = Limits {
            max_head: usize::MAX,
            max_fields: usize::MAX,
            ..Limits::default()
        };
        self.parse_response(&limits, request)
    }

    /// The head is complete.
    pub fn is_parsed(&self) -> bool {
        self.head.state == State::Done
    }

    /// Bytes of the head as received, line ends and skipped empty lines included; 0 before it is
    /// complete.
    pub fn head_len(&self) -> usize {
        if self.is_parsed() { self.head.pos } else { 0 }
    }

    /// The bytes received behind the head: of the body, and of messages pipelined behind it.
    pub fn body_prefix(&self) -> &[u8] {
        self.received().get(self.head_len()..).unwrap_or_default()
    }

    pub(super) fn text(&self, t: Text) -> &[u8] {
        t.of(&self.buf, &self.edits)
    }

    /// The method as sent.
    pub fn method(&self) -> &[u8] {
        self.text(self.head.method)
    }

    /// The method.
    pub fn method_id(&self) -> Method {
        self.head.method_id
    }

    /// The request target.
    pub fn target(&self) -> &[u8] {
        self.text(self.head.target)
    }

    /// The method before any edit.
    pub fn received_method(&self) -> &[u8] {
        self.text(self.head.first.map_or(self.head.method, |(m, _)| m))
    }

    /// The request target before any edit.
    pub fn received_target(&self) -> &[u8] {
        self.text(self.head.first.map_or(self.head.target, |(_, t)| t))
    }

    /// Major and minor version, as received.
    pub fn version(&self) -> (u8, u8) {
        self.head.version
    }

    /// The sender speaks HTTP/1.1 or better.
    pub fn is_http11(&self) -> bool {
        self.head.version >= (1, 1)
    }

    /// The status of a response; 0 for a request.
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// The reason phrase of a response.
    pub fn reason(&self) -> &[u8] {
        self.text(self.head.reason)
    }

    /// Names (lower case) and values, in order.
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.head
            .fields
            .iter()
            .map(|f| (self.text(f.name), self.text(f.value)))
    }

    /// The bytes of all names and values, without what separates them.
    pub fn fields_size(&self) -> usize {
        let of = |f: &Field| (f.name.len + f.value.len) as usize;
        self.head.fields.iter().map(of).sum()
    }

    /// The fields, in order; [`name`](Message::name) and [`value`](Message::value) give their text.
    pub fn fields(&self) -> &[Field] {
        &self.head.fields
    }

    /// Whether it is no longer as it was received.
    pub fn is_changed(&self) -> bool {
        !self.edits.is_empty() || self.head.reduced
    }

    /// The lower-case name of a field of this message.
    pub fn name(&self, field: &Field) -> &[u8] {
        self.text(field.name)
    }

    /// The value of a field of this message, without surrounding blanks.
    pub fn value(&self, field: &Field) -> &[u8] {
        self.text(field.value)
    }

    /// The values of a field that has an id, in order.
    pub fn values(&self, id: HeaderId) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.head
            .fields
            .iter()
            .filter(move |f| f.id == id)
            .map(|f| self.text(f.value))
    }

    /// The values of all fields of a name (any case), in order.
    pub fn values_of<'a>(&'a self, name: &'a [u8]) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        self.head
            .fields
            .iter()
            .filter(move |f| self.text(f.name).eq_ignore_ascii_case(name))
            .map(|f| self.text(f.value))
    }

    /// The first value of a name (any case).
    pub fn header(&self, name: &[u8]) -> Option<&[u8]> {
        let field = self.head.fields.iter().find(|f| {
            f.name.len as usize == name.len() && self.text(f.name).eq_ignore_ascii_case(name)
        })?;
        Some(self.text(field.value))
    }

    /// The first value of a field that has an id.
    pub fn header_id(&self, id: HeaderId) -> Option<&[u8]> {
        let field = self.head.fields.iter().find(|f| f.id == id)?;
        Some(self.text(field.value))
    }

    /// The `Host` field.
    pub fn host(&self) -> Option<&[u8]> {
        self.header_id(HeaderId::Host)
    }
}

//! The one-pass parser of message heads.
//!
//! Every byte is looked at once and the state is kept between calls. Names are lower-cased in
//! place, since HAProxy 3.4 sends them in lower case and matches them so.

use super::comma::{comma_list, trim};
use super::field::{Field, HeaderId, Text};
use super::framing::Connection;
use super::limits::{ErrorKind, Limits, ParseError, Parsed};
use super::method::Method;

/// Where the parser stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Start,
    StartLf,
    Method,
    BeforeTarget,
    Target,
    BeforeVersion,
    Version,
    ResponseVersion,
    BeforeStatus,
    Status,
    BeforeReason,
    Reason,
    FirstLf,
    LineStart,
    Name,
    BeforeValue,
    BeforeValueLf,
    BeforeValueFold,
    Value,
    ValueLf,
    ValueFold,
    LastLf,
    Done,
    Failed(ErrorKind, u16),
}

/// Which of the two start lines to expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Response,
    /// No start line: the fields behind the last chunk.
    Trailers,
}

/// The index of a head.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub state: State,
    /// First byte not looked at yet; once done, the first byte behind the head.
    pub pos: usize,
    /// First byte of the current token.
    pub mark: usize,
    pub name: Text,
    pub value: Text,
    /// First byte of the start line.
    pub start: usize,
    pub method: Text,
    pub method_id: Method,
    pub target: Text,
    pub version: (u8, u8),
    pub status: u16,
    pub reason: Text,
    /// End of the start line with its line end, if it stands as it would be sent; else 0.
    pub start_line_end: usize,
    pub fields: Vec<Field>,
    pub content_length: Option<u64>,
    pub chunked: bool,
    /// A `Transfer-Encoding` was there (chunked or not).
    pub transfer_encoding: bool,
    pub connection: Connection,
    pub expect_continue: bool,
    pub host: Option<u16>,
    pub lines: usize,
}

const TOKEN: u8 = 1;
const URI: u8 = 2;

/// Character classes: `TOKEN` of RFC 9110 section 5.6.2, `URI` what HAProxy lets through in a
/// target (0x21 to 0x7e).
static CLASS: [u8; 256] = {
    let mut t = [0u8; 256];
    let mut i = 0x21;
    while i < 0x7f {
        t[i] = URI;
        let c = i as u8;
        if c.is_ascii_alphanumeric()
            || matches!(
                c,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            )
        {
            t[i] |= TOKEN;
        }
        i += 1;
    }
    t
};

fn class(b: u8) -> u8 {
    CLASS[b as usize]
}

/// Length of the prefix without NUL, CR and LF.
fn plain_prefix(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let stop = |b: u8| matches!(b, 0 | b'\r' | b'\n');
    let mut at = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let x = u64::from_le_bytes(*word);
        // A byte below 14 sets its high bit; tabs do so too and are sorted out below.
        if x.wrapping_sub(ONES * 14) & !x & HIGH != 0
            && let Some(i) = word.iter().position(|&b| stop(b))
        {
            return at + i;
        }
        at += 8;
    }
    at + rest.iter().position(|&b| stop(b)).unwrap_or(rest.len())
}

impl Head {
    /// Goes on with the bytes received so far.
    pub(super) fn parse(
        &mut self,
        buf: &mut [u8],
        edits: &mut Vec<u8>,
        limits: &Limits,
        side: Side,
    ) -> Parsed {
        let (position, kind, status) = match self.run(buf, edits, limits, side) {
            Ok(true) => return Parsed::Done,
            Ok(false) if buf.len() < limits.max_head => return Parsed::Incomplete,
            Ok(false) => (buf.len(), ErrorKind::TooLarge, 0),
            Err(Fault { kind, at, status }) => (at, kind, status),
        };
        let status = match (side, status) {
            (Side::Response, _) => 502,
            (_, 0) => 400,
            (_, other) => other,
        };
        self.state = State::Failed(kind, status);
        self.pos = position;
        Parsed::Error(ParseError {
            kind,
            position,
            status,
        })
    }

    fn run(
        &mut self,
        buf: &mut [u8],
        edits: &mut Vec<u8>,
        limits: &Limits,
        side: Side,
    ) -> Result<bool, Fault> {
        let mut pos = self.pos;
        while let Some(&b) = buf.get(pos) {
            match self.state {
                State::Value => {
                    let rest = buf.get(pos..).unwrap_or(&[]);
                    pos += plain_prefix(rest);
                    match buf.get(pos) {
                        None => break,
                        Some(b'\r') => self.state = State::ValueLf,
                        Some(b'\n') => self.state = State::ValueFold,
                        Some(_) if limits.relaxed => {}
                        Some(_) => return Err(Fault::new(ErrorKind::HeaderValue, pos)),
                    }
                    if self.state != State::Value {
                        self.value = Text::received(self.mark, pos);
                    }
                    pos += 1;
                }
                State::Name => {
                    let mut stop = None;
                    for (i, b) in buf.iter_mut().enumerate().skip(pos) {
                        if class(*b) & TOKEN == 0 {
                            stop = Some((i, *b));
                            break;
                        }
                        *b = b.to_ascii_lowercase();
                    }
                    let Some((at, b)) = stop else {
                        pos = buf.len();
                        break;
                    };
                    if b != b':' || at == self.mark {
                        return Err(Fault::new(ErrorKind::HeaderName, at));
                    }
                    self.name = Text::received(self.mark, at);
                    self.state = State::BeforeValue;
                    pos = at + 1;
                }
                State::BeforeValue => match b {
                    b' ' | b'\t' => pos += 1,
                    b'\r' => {
                        self.state = State::BeforeValueLf;
                        pos += 1;
                    }
                    b'\n' => {
                        self.state = State::BeforeValueFold;
                        pos += 1;
                    }
                    _ => {
                        self.mark = pos;
                        self.state = State::Value;
                    }
                },
                State::BeforeValueLf => {
                    if b != b'\n' {
                        return Err(Fault::new(ErrorKind::HeaderValue, pos));
                    }
                    self.state = State::BeforeValueFold;
                    pos += 1;
                }
                State::BeforeValueFold => {
                    if matches!(b, b' ' | b'\t') {
                        self.state = State::BeforeValue;
                    } else {
                        self.value = Text::received(pos, pos);
                        self.commit(buf, edits, limits, side, pos)?;
                        self.state = State::LineStart;
                    }
                }
                State::ValueLf => {
                    if b != b'\n' {
                        return Err(Fault::new(ErrorKind::HeaderValue, pos));
                    }
                    self.state = State::ValueFold;
                    pos += 1;
                }
                State::ValueFold => {
                    if matches!(b, b' ' | b'\t') {
                        let end = self.value.end() as usize;
                        for b in buf.iter_mut().take(pos).skip(end) {
                            *b = b' ';
                        }
                        self.state = State::Value;
                        pos += 1;
                    } else {
                        self.commit(buf, edits, limits, side, pos)?;
                        self.state = State::LineStart;
                    }
                }
                State::LineStart => match b {
                    b'\r' => {
                        self.state = State::LastLf;
                        pos += 1;
                    }
                    b'\n' => {
                        self.state = State::LastLf;
                    }
                    _ => {
                        self.lines += 1;
                        if self.lines >= limits.max_headers {
                            return Err(Fault::new(ErrorKind::TooManyHeaders, pos));
                        }
                        self.mark = pos;
                        self.state = State::Name;
                    }
                },
                State::LastLf => {
                    if b != b'\n' {
                        return Err(Fault::new(ErrorKind::HeaderName, pos));
                    }
                    pos += 1;
                    self.pos = pos;
                    self.finish(buf, edits, limits, side)?;
                    self.state = State::Done;
                    return Ok(true);
                }
                State::Done => {
                    self.pos = pos;
                    return Ok(true);
                }
                State::Failed(kind, status) => {
                    return Err(Fault {
                        kind,
                        at: self.pos,
                        status,
                    });
                }
                _ => pos = self.start_line(buf, pos, b, limits, side)?,
            }
        }
        self.pos = pos;
        Ok(self.state == State::Done)
    }

    /// One step through the start line.
    fn start_line(
        &mut self,
        buf: &[u8],
        pos: usize,
        b: u8,
        limits: &Limits,
        side: Side,
    ) -> Result<usize, Fault> {
        let token_end = |accept: &dyn Fn(u8) -> bool| {
            let rest = buf.get(pos..).unwrap_or(&[]);
            pos + rest.iter().position(|&b| !accept(b)).unwrap_or(rest.len())
        };
        match self.state {
            State::Start => match b {
                b'\n' => return Ok(pos + 1),
                b'\r' => {
                    self.state = State::StartLf;
                    return Ok(pos + 1);
                }
                _ => {
                    self.start = pos;
                    self.mark = pos;
                    self.state = match side {
                        Side::Request => State::Method,
                        Side::Response => State::ResponseVersion,
                        Side::Trailers => State::LineStart,
                    };
                }
            },
            State::StartLf => {
                if b != b'\n' {
                    return Err(Fault::new(ErrorKind::Method, pos));
                }
                self.state = State::Start;
                return Ok(pos + 1);
            }
            State::Method => {
                let end = token_end(&|b| class(b) & TOKEN != 0);
                match buf.get(end) {
                    None => return Ok(end),
                    Some(b' ') if end > self.mark => {}
                    Some(_) => return Err(Fault::new(ErrorKind::Method, end)),
                }
                self.method = Text::received(self.mark, end);
                self.method_id = Method::of(buf.get(self.mark..end).unwrap_or(&[]));
                self.state = State::BeforeTarget;
                return Ok(end + 1);
            }
            State::BeforeTarget => match b {
                b' ' => return Ok(pos + 1),
                b'\r' | b'\n' => return Err(Fault::new(ErrorKind::Target, pos)),
                _ => {
                    self.mark = pos;
                    self.state = State::Target;
                }
            },
            State::Target => {
                let relaxed = limits.relaxed;
                let end = token_end(&|b| {
                    (class(b) & URI != 0 && b != b'#') || (relaxed && (b >= 0x80 || b == b'#'))
                });
                let Some(&b) = buf.get(end) else {
                    return Ok(end);
                };
                self.target = Text::received(self.mark, end);
                match b {
                    b' ' => self.state = State::BeforeVersion,
                    b'\r' | b'\n' if relaxed => {
                        self.version = (0, 9);
                        self.state = if b == b'\r' {
                            State::FirstLf
                        } else {
                            State::LineStart
                        };
                    }
                    b'\r' | b'\n' => return Err(Fault::new(ErrorKind::Version, end)),
                    _ => return Err(Fault::new(ErrorKind::Target, end)),
                }
                return Ok(end + 1);
            }
            State::BeforeVersion => match b {
                b' ' => return Ok(pos + 1),
                _ => {
                    self.mark = pos;
                    self.state = State::Version;
                }
            },
            State::Version => {
                let end = token_end(&|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.'));
                match buf.get(end) {
                    None => return Ok(end),
                    Some(b'\r') => self.state = State::FirstLf,
                    Some(b'\n') => self.state = State::LineStart,
                    Some(_) => return Err(Fault::new(ErrorKind::Version, end)),
                }
                self.version = version(buf.get(self.mark..end).unwrap_or(&[]), limits)
                    .ok_or(Fault::new(ErrorKind::Version, end))?;
                self.mark_start_line(buf, end);
                return Ok(end + 1);
            }
            State::ResponseVersion => {
                let end = token_end(&|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.'));
                match buf.get(end) {
                    None => return Ok(end),
                    Some(b' ') => {}
                    Some(_) => return Err(Fault::new(ErrorKind::Version, end)),
                }
                self.version = version(buf.get(self.mark..end).unwrap_or(&[]), limits)
                    .ok_or(Fault::new(ErrorKind::Version, end))?;
                self.state = State::BeforeStatus;
                return Ok(end + 1);
            }
            State::BeforeStatus => match b {
                b' ' => return Ok(pos + 1),
                _ => {
                    self.mark = pos;
                    self.state = State::Status;
                }
            },
            State::Status => {
                let end = token_end(&|b| b.is_ascii_digit());
                match buf.get(end) {
                    None => return Ok(end),
                    Some(b' ') => self.state = State::BeforeReason,
                    Some(b'\r') => self.state = State::FirstLf,
                    Some(b'\n') => self.state = State::LineStart,
                    Some(_) => return Err(Fault::new(ErrorKind::Status, end)),
                }
                let digits = buf.get(self.mark..end).unwrap_or(&[]);
                if digits.len() != 3 && !(limits.relaxed && digits.len() > 3) {
                    return Err(Fault::new(ErrorKind::Status, end));
                }
                let status = digits
                    .iter()
                    .fold(0u32, |n, d| (n * 10 + u32::from(d - b'0')).min(99_999));
                self.status =
                    u16::try_from(status).map_err(|_| Fault::new(ErrorKind::Status, end))?;
                self.reason = Text::received(end, end);
                return Ok(end + 1);
            }
            State::BeforeReason => match b {
                b' ' => return Ok(pos + 1),
                _ => {
                    self.mark = pos;
                    self.state = State::Reason;
                }
            },
            State::Reason => {
                let end = pos + plain_prefix(buf.get(pos..).unwrap_or(&[]));
                match buf.get(end) {
                    None => return Ok(end),
                    Some(b'\r') => self.state = State::FirstLf,
                    Some(b'\n') => self.state = State::LineStart,
                    Some(_) => return Err(Fault::new(ErrorKind::Status, end)),
                }
                self.reason = Text::received(self.mark, end);
                self.mark_start_line(buf, end);
                return Ok(end + 1);
            }
            State::FirstLf => {
                if b != b'\n' {
                    return Err(Fault::new(ErrorKind::Version, pos));
                }
                self.state = State::LineStart;
                return Ok(pos + 1);
            }
            _ => return Ok(pos + 1),
        }
        Ok(pos)
    }

    /// Notes whether the start line that ends at `end` may be sent as it stands.
    fn mark_start_line(&mut self, buf: &[u8], end: usize) {
        let spaces = 2 + 8;
        let shape = match self.method.len {
            0 => spaces + 3 + self.reason.len,
            n => spaces + n + self.target.len,
        };
        let plain = self.version == (1, 1)
            && end - self.start == shape as usize
            && (self.method.len > 0 || self.reason.len > 0)
            && buf.get(end) == Some(&b'\r');
        self.start_line_end = if plain { end + 2 } else { 0 };
    }

    /// Indexes the header line in `name` and `value`; the next line begins at `next`.
    fn commit(
        &mut self,
        buf: &[u8],
        edits: &mut Vec<u8>,
        limits: &Limits,
        side: Side,
        next: usize,
    ) -> Result<(), Fault> {
        let name = self.name;
        let mut value = self.value;
        while value.len > 0 && matches!(buf.get((value.end() - 1) as usize), Some(b' ' | b'\t')) {
            value.len -= 1;
        }
        let text = |t: Text| buf.get(t.off as usize..t.end() as usize).unwrap_or(&[]);
        let id = HeaderId::of(text(name));
        let verbatim = value.off == name.end() + 2
            && next == value.end() as usize + 2
            && text(Text {
                off: name.end(),
                len: 2,
            }) == b": "
            && text(Text {
                off: value.end(),
                len: 2,
            }) == b"\r\n";
        let mut field = Field {
            name,
            value,
            id,
            verbatim,
        };
        let fault = |kind| Fault::new(kind, value.off as usize);
        match id {
            _ if side == Side::Trailers => {}
            HeaderId::Connection => {
                let mut cut = false;
                for token in comma_list(text(value)) {
                    cut |= self.connection.note(token);
                }
                if cut {
                    field.value = Text {
                        off: edits.len() as u32 | super::field::EDITED,
                        len: 0,
                    };
                    field.verbatim = false;
                    for token in comma_list(text(value)) {
                        if !Connection::default().note(token) {
                            if field.value.len > 0 {
                                edits.extend_from_slice(b", ");
                                field.value.len += 2;
                            }
                            edits.extend_from_slice(token);
                            field.value.len += token.len() as u32;
                        }
                    }
                    if field.value.len == 0 {
                        return Ok(());
                    }
                }
            }
            HeaderId::ContentLength => {
                let known = self.content_length.is_some();
                for member in comma_list(text(value)) {
                    let n = decimal(member).ok_or(fault(ErrorKind::ContentLength))?;
                    if self.content_length.is_some_and(|old| old != n) {
                        return Err(fault(ErrorKind::ContentLength));
                    }
                    self.content_length = Some(n);
                }
                if known {
                    return Ok(());
                }
            }
            HeaderId::TransferEncoding => {
                self.transfer_encoding = true;
                for member in comma_list(text(value)) {
                    if self.chunked {
                        return Err(fault(ErrorKind::TransferEncoding));
                    }
                    self.chunked = member.eq_ignore_ascii_case(b"chunked");
                }
            }
            HeaderId::Expect => {
                self.expect_continue = text(value).eq_ignore_ascii_case(b"100-continue");
            }
            HeaderId::Host if side == Side::Request => match self.host {
                None => self.host = Some(self.fields.len() as u16),
                Some(first) => {
                    let same = self
                        .fields
                        .get(first as usize)
                        .is_some_and(|f| text(f.value) == text(value));
                    if !same && !limits.relaxed {
                        return Err(fault(ErrorKind::Host));
                    }
                    return Ok(());
                }
            },
            HeaderId::Upgrade => self.connection.has_upgrade_field = true,
            _ => {}
        }
        self.fields.push(field);
        Ok(())
    }

    /// The checks that need the whole head.
    fn finish(
        &mut self,
        buf: &[u8],
        _edits: &mut Vec<u8>,
        limits: &Limits,
        side: Side,
    ) -> Result<(), Fault> {
        let at = self.pos;
        if side == Side::Trailers {
            return Ok(());
        }
        if self.transfer_encoding {
            if side == Side::Request && !self.chunked {
                return Err(Fault {
                    kind: ErrorKind::TransferEncoding,
                    at,
                    status: 422,
                });
            }
            if self.content_length.take().is_some() {
                self.fields.retain(|f| f.id != HeaderId::ContentLength);
                if !limits.keep_on_insecure_transfer_encoding {
                    self.connection.unsafe_framing = true;
                }
            }
            if self.version < (1, 1) {
                self.connection.unsafe_framing = true;
            }
        }
        if !(self.connection.upgrade && self.connection.has_upgrade_field) {
            self.fields.retain(|f| f.id != HeaderId::Upgrade);
        }
        if side == Side::Request {
            let old = self.version < (1, 1);
            let payload = self.chunked || self.content_length.is_some_and(|n| n > 0);
            if old
                && payload
                && !limits.accept_payload_with_any_method
                && matches!(self.method_id, Method::Get | Method::Head | Method::Delete)
            {
                return Err(Fault {
                    kind: ErrorKind::Payload,
                    at,
                    status: 413,
                });
            }
        }
        let _ = (buf, trim);
        Ok(())
    }
}

/// A broken rule; status 0 stands for the side's usual answer.
struct Fault {
    kind: ErrorKind,
    at: usize,
    status: u16,
}

impl Fault {
    fn new(kind: ErrorKind, at: usize) -> Fault {
        Fault {
            kind,
            at,
            status: 0,
        }
    }
}

/// `HTTP/x.y`; relaxed: any protocol name and more digits.
fn version(text: &[u8], limits: &Limits) -> Option<(u8, u8)> {
    if let [
        b'H',
        b'T',
        b'T',
        b'P',
        b'/',
        major @ b'0'..=b'9',
        b'.',
        minor @ b'0'..=b'9',
    ] = text
    {
        return Some((major - b'0', minor - b'0'));
    }
    if !limits.relaxed {
        return None;
    }
    let slash = text.iter().position(|&b| b == b'/')?;
    let numbers = text.get(slash + 1..)?;
    let dot = numbers.iter().position(|&b| b == b'.')?;
    let (major, minor) = numbers.split_at(dot);
    let number = |t: &[u8]| decimal(t).map(|n| n.min(255) as u8);
    Some((number(major)?, number(minor.get(1..)?)?))
}

/// Digits only, no sign, no overflow.
fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |n, &b| {
        let digit = b.is_ascii_digit().then(|| u64::from(b - b'0'))?;
        n.checked_mul(10)?.checked_add(digit)
    })
}

//! The one-pass parser of message heads.
//!
//! Every byte is looked at once and the state is kept between calls. Names are lower-cased in
//! place, since HAProxy 3.4 matches and sends them so; a folded line is joined by turning the line
//! end into blanks, as HAProxy does.

use super::field::{Field, Text};
use super::framing::Connection;
use super::limits::{Answer, ErrorKind, Limits, ParseError, Parsed};
use super::method::Method;
use super::scan::{self, DIGIT, NAME, TARGET, TOKEN, VERSION};

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
    Failed(ParseError),
}

/// What kind of head to expect.
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
    mark: usize,
    /// The header line in work; the value may still have blanks at its end.
    pub name: Text,
    pub value: Text,
    /// First byte of the start line.
    pub start: usize,
    /// End of the start line with its line end, if it stands as it would be sent; else 0.
    pub start_line_end: usize,
    pub method: Text,
    pub method_id: Method,
    pub target: Text,
    pub version: (u8, u8),
    pub version_text: Text,
    pub status: u16,
    pub status_text: Text,
    pub reason: Text,
    pub fields: Vec<Field>,
    /// The start line is complete.
    pub past_start_line: bool,
    /// What HAProxy's internal form of the head occupies, see [`Limits::max_fields`].
    pub weight: usize,
    pub content_length: Option<u64>,
    pub transfer_encoding: bool,
    pub chunked: bool,
    /// `chunked` was not the only coding.
    pub other_coding: bool,
    pub connection: Connection,
    pub websocket: bool,
    pub websocket_key: bool,
    pub expect_continue: bool,
    /// Index of the `Host` field.
    pub host: Option<u16>,
    /// The parser changed the `TE` field: only `trailers` may go on.
    pub te: bool,
}

/// A broken rule.
pub(super) struct Fault {
    pub kind: ErrorKind,
    pub at: usize,
    pub status: u16,
    pub answer: Answer,
}

impl Fault {
    /// One that is answered with 400 at once.
    pub(super) fn new(kind: ErrorKind, at: usize) -> Fault {
        Fault {
            kind,
            at,
            status: 400,
            answer: Answer::Raw,
        }
    }
}

impl From<ParseError> for Fault {
    fn from(e: ParseError) -> Fault {
        Fault {
            kind: e.kind,
            at: e.position,
            status: e.status,
            answer: e.answer,
        }
    }
}

impl Head {
    /// Forgets everything but the allocation.
    pub(super) fn clear(&mut self) {
        let mut fields = std::mem::take(&mut self.fields);
        fields.clear();
        *self = Head {
            fields,
            ..Head::default()
        };
    }

    /// Goes on with the bytes received so far.
    pub(super) fn parse(
        &mut self,
        buf: &mut [u8],
        edits: &mut Vec<u8>,
        limits: &Limits,
        side: Side,
    ) -> Parsed {
        let fault = match self.run(buf, edits, limits, side) {
            Ok(true) => return Parsed::Done,
            Ok(false) if buf.len() < limits.max_head => return Parsed::Incomplete,
            Ok(false) => {
                let status = if !self.past_start_line { 414 } else { 431 };
                Fault {
                    status,
                    ..Fault::new(ErrorKind::TooLarge, buf.len())
                }
            }
            Err(fault) => fault,
        };
        self.fail(fault, side)
    }

    /// Stays with an error from now on.
    pub(super) fn fail(&mut self, fault: Fault, side: Side) -> Parsed {
        self.pos = fault.at;
        let (status, answer) = match side {
            Side::Response => (502, Answer::Response),
            _ => (fault.status, fault.answer),
        };
        let error = ParseError {
            kind: fault.kind,
            position: fault.at,
            status,
            answer,
        };
        self.state = State::Failed(error);
        Parsed::Error(error)
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
                State::Name => {
                    let mut stop = None;
                    for (i, b) in buf
                        .get_mut(pos..)
                        .unwrap_or_default()
                        .iter_mut()
                        .enumerate()
                    {
                        let lower = NAME[*b as usize];
                        if lower == 0 {
                            stop = Some((pos + i, *b));
                            break;
                        }
                        *b = lower;
                    }
                    let Some((at, b)) = stop else {
                        pos = buf.len();
                        break;
                    };
                    if b == b':' && at > self.mark {
                        self.name = Text::received(self.mark, at);
                        self.state = State::BeforeValue;
                        pos = at + 1;
                    } else {
                        return Err(Fault::new(ErrorKind::HeaderName, at));
                    }
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
                State::Value => {
                    pos = scan::skip_text(buf, pos);
                    match buf.get(pos) {
                        None => break,
                        Some(b'\r') => self.state = State::ValueLf,
                        Some(b'\n') => self.state = State::ValueFold,
                        Some(_) if limits.relaxed => {}
                        Some(_) => return Err(Fault::new(ErrorKind::HeaderValue, pos)),
                    }
                    self.value = Text::received(self.mark, pos);
                    pos += 1;
                }
                State::ValueLf | State::BeforeValueLf => {
                    if b != b'\n' {
                        return Err(Fault::new(ErrorKind::HeaderValue, pos));
                    }
                    self.state = match self.state {
                        State::ValueLf => State::ValueFold,
                        _ => State::BeforeValueFold,
                    };
                    pos += 1;
                }
                State::ValueFold => {
                    if matches!(b, b' ' | b'\t') {
                        let line_end = buf.get_mut(self.value.end() as usize..pos);
                        line_end.unwrap_or_default().fill(b' ');
                        self.state = State::Value;
                        pos += 1;
                    } else {
                        self.commit(buf, edits, limits, side, pos)?;
                        self.state = State::LineStart;
                    }
                }
                State::BeforeValueFold => {
                    if matches!(b, b' ' | b'\t') {
                        self.state = State::BeforeValue;
                        pos += 1;
                    } else {
                        self.value = Text::received(pos, pos);
                        self.commit(buf, edits, limits, side, pos)?;
                        self.state = State::LineStart;
                    }
                }
                State::LineStart => {
                    if matches!(b, b'\r' | b'\n') {
                        self.state = State::LastLf;
                        pos += usize::from(b == b'\r');
                        continue;
                    }
                    self.mark = pos;
                    self.state = State::Name;
                }
                State::LastLf => {
                    if b != b'\n' {
                        return Err(Fault::new(ErrorKind::HeaderName, pos));
                    }
                    self.pos = pos + 1;
                    self.finish(buf, edits, limits, side)?;
                    self.state = State::Done;
                    return Ok(true);
                }
                State::Done => return Ok(true),
                State::Failed(error) => return Err(error.into()),
                _ => pos = self.start_line(buf, pos, b, limits, side)?,
            }
        }
        self.pos = pos;
        match self.state {
            State::Failed(error) => Err(error.into()),
            state => Ok(state == State::Done),
        }
    }

    /// One step through the start line; returns the next byte to look at.
    fn start_line(
        &mut self,
        buf: &[u8],
        pos: usize,
        b: u8,
        limits: &Limits,
        side: Side,
    ) -> Result<usize, Fault> {
        let text = |from: usize, to: usize| buf.get(from..to).unwrap_or_default();
        match self.state {
            State::Start => match b {
                b'\n' if side != Side::Trailers => return Ok(pos + 1),
                b'\r' if side != Side::Trailers => {
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
                let end = scan::skip(buf, pos, TOKEN);
                match buf.get(end) {
                    None => return Ok(end),
                    Some(b' ' | b'\t') if end > self.mark => {}
                    Some(_) => return Err(Fault::new(ErrorKind::Method, end)),
                }
                self.method = Text::received(self.mark, end);
                self.method_id = Method::of(text(self.mark, end));
                self.state = State::BeforeTarget;
                return Ok(end + 1);
            }
            State::BeforeTarget | State::BeforeVersion | State::BeforeStatus => match b {
                b' ' | b'\t' => return Ok(pos + 1),
                _ => {
                    self.mark = pos;
                    self.state = match self.state {
                        State::BeforeTarget => State::Target,
                        State::BeforeVersion => State::Version,
                        _ => State::Status,
                    };
                }
            },
            State::Target => {
                let mut end = scan::skip(buf, pos, TARGET);
                if limits.relaxed {
                    while buf.get(end).is_some_and(|&b| b >= 0x80 || b == b'#') {
                        end = scan::skip(buf, end + 1, TARGET);
                    }
                }
                let Some(&b) = buf.get(end) else {
                    return Ok(end);
                };
                self.target = Text::received(self.mark, end);
                match b {
                    _ if self.target.len == 0 => return Err(Fault::new(ErrorKind::Target, end)),
                    b' ' | b'\t' => self.state = State::BeforeVersion,
                    b'\r' | b'\n' if limits.relaxed && self.method_id == Method::Get => {
                        self.version = (0, 9);
                        self.line_ends(b);
                    }
                    b'\r' | b'\n' => return Err(Fault::new(ErrorKind::Version, end)),
                    _ => return Err(Fault::new(ErrorKind::Target, end)),
                }
                self.check_form(text(self.mark, end), limits)
                    .map_err(|kind| Fault::new(kind, self.mark))?;
                return Ok(end + 1);
            }
            State::Version | State::ResponseVersion => {
                let end = scan::skip(buf, pos, VERSION);
                let Some(&b) = buf.get(end) else {
                    return Ok(end);
                };
                let ended = match (side, b) {
                    (Side::Response, b' ' | b'\t') => true,
                    (Side::Response, _) => false,
                    (_, b) => matches!(b, b'\r' | b'\n'),
                };
                match version(text(self.mark, end), limits) {
                    Some(version) if ended => self.version = version,
                    _ => return Err(Fault::new(ErrorKind::Version, end)),
                }
                self.version_text = Text::received(self.mark, end);
                if side == Side::Response {
                    self.state = State::BeforeStatus;
                } else {
                    self.line_ends(b);
                    self.note_start_line(buf, end);
                }
                return Ok(end + 1);
            }
            State::Status => {
                let end = scan::skip(buf, pos, DIGIT);
                let Some(&b) = buf.get(end) else {
                    return Ok(end);
                };
                let digits = text(self.mark, end);
                let value = scan::decimal(digits).and_then(|n| u16::try_from(n).ok());
                match (b, value) {
                    (b' ' | b'\t' | b'\r' | b'\n', Some(status))
                        if digits.len() <= 3 || limits.relaxed =>
                    {
                        self.status = status;
                    }
                    _ => return Err(Fault::new(ErrorKind::Status, end)),
                }
                self.status_text = Text::received(self.mark, end);
                self.reason = Text::received(end, end);
                match b {
                    b' ' | b'\t' => self.state = State::BeforeReason,
                    _ => self.line_ends(b),
                }
                return Ok(end + 1);
            }
            State::BeforeReason => match b {
                b' ' | b'\t' => return Ok(pos + 1),
                _ => {
                    self.mark = pos;
                    self.state = State::Reason;
                }
            },
            State::Reason => {
                let end = scan::skip_text(buf, pos);
                match buf.get(end) {
                    None => return Ok(end),
                    // A NUL.
                    Some(&b) if !matches!(b, b'\r' | b'\n') => return Ok(end + 1),
                    Some(&b) => self.line_ends(b),
                }
                self.reason = Text::received(self.mark, end);
                self.note_start_line(buf, end);
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

    /// The start line ends with `b`, CR or LF.
    fn line_ends(&mut self, b: u8) {
        self.past_start_line = true;
        self.state = if b == b'\r' {
            State::FirstLf
        } else {
            State::LineStart
        };
    }

    /// Notes whether the start line, which ends before `end`, may be sent as it stands.
    fn note_start_line(&mut self, buf: &[u8], end: usize) {
        let (first, second) = match self.method.len {
            0 => (self.version_text, self.status_text),
            _ => (self.method, self.target),
        };
        let third = if self.method.len == 0 {
            self.reason
        } else {
            self.version_text
        };
        let space = |at: u32| buf.get(at as usize) == Some(&b' ');
        let plain = self.version == (1, 1)
            && third.len > 0
            && second.off == first.end() + 1
            && third.off == second.end() + 1
            && space(first.end())
            && space(second.end())
            && buf.get(end) == Some(&b'\r');
        if plain {
            self.start_line_end = end + 2;
        }
    }
}

/// `HTTP/x.y`; relaxed: any protocol name, and more digits.
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
    let number = |t: &[u8]| scan::decimal(t).map(|n| n.min(255) as u8);
    Some((number(major)?, number(minor.get(1..)?)?))
}

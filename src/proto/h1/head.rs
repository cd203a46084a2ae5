//! The one-pass parser of message heads.
//!
//! Every byte is looked at once and the state is kept between calls. Names are lower-cased in
//! place, since HAProxy 3.4 matches and sends them so; a folded line is joined by turning the line
//! end into blanks, as HAProxy does.

use super::field::{Field, Text};
use super::framing::Connection;
use super::limits::{Answer, ErrorKind, Limits, ParseError, Parsed};
use super::method::Method;
use super::scan;

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
    /// HTTP/0.9: the start line is all there is.
    OnlyLf,
    Done,
    Failed,
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
    /// Set when `state` is `Failed`.
    error: Option<ParseError>,
    /// First byte not looked at yet; once done, the first byte behind the head.
    pub pos: usize,
    /// First byte of the current token.
    pub mark: usize,
    /// The header line in work; the value may still have blanks at its end.
    pub name: Text,
    pub value: Text,
    /// An answer of our own, sent as it was made.
    pub own: bool,
    /// The name in work has bytes that the relaxed parser ignores the whole line for.
    pub bad_name: bool,
    /// First byte of the start line.
    pub start: usize,
    /// End of the start line with its line end, if it stands as it would be sent; else 0.
    pub start_line_end: usize,
    pub method: Text,
    pub method_id: Method,
    pub target: Text,
    /// Method and target as they were before the first edit.
    pub first: Option<(Text, Text)>,
    pub version: (u8, u8),
    pub version_text: Text,
    pub status: u16,
    pub status_text: Text,
    pub reason: Text,
    pub fields: Vec<Field>,
    /// The start line is complete.
    pub past_start_line: bool,
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
    /// An edit removed fields: the one that frames the body may be among them.
    pub reduced: bool,
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
        self.state = State::Failed;
        self.error = Some(error);
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
                    let at = pos + scan::lower_name(buf.get_mut(pos..).unwrap_or_default());
                    let Some(&b) = buf.get(at) else {
                        pos = at;
                        break;
                    };
                    pos = at + 1;
                    if b == b':' && at > self.mark {
                        self.name = Text::received(self.mark, at);
                        self.state = State::BeforeValue;
                    } else if limits.relaxed && !matches!(b, b':' | b'\n') {
                        self.bad_name = true;
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
                    let next = self.fast_lines(buf, edits, limits, side, pos)?;
                    if next == pos {
                        self.mark = pos;
                        self.state = State::Name;
                    }
                    pos = next;
                }
                State::LastLf | State::OnlyLf => {
                    if b != b'\n' {
                        return Err(Fault::new(ErrorKind::HeaderName, pos));
                    }
                    self.pos = pos + 1;
                    self.finish(buf, edits, limits, side)?;
                    self.state = State::Done;
                    return Ok(true);
                }
                State::Done => return Ok(true),
                State::Failed => break,
                _ => pos = self.start_line(buf, edits, pos, b, limits, side)?,
            }
        }
        if self.error.is_none() {
            self.pos = pos;
        }
        match self.error {
            Some(error) => Err(error.into()),
            None => Ok(self.state == State::Done),
        }
    }
}

//! Request and status lines.

use super::field::Text;
use super::head::{Fault, Head, Side, State};
use super::limits::{ErrorKind, Limits};
use super::lines::append;
use super::method::Method;
use super::scan::{self, DIGIT, TOKEN, VERSION};

impl Head {
    /// One step through the start line; returns the next byte to look at.
    pub(super) fn start_line(
        &mut self,
        buf: &[u8],
        edits: &mut Vec<u8>,
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
                    let next = match side {
                        Side::Request => self.fast_request_line(buf, pos),
                        Side::Response => self.fast_status_line(buf, pos),
                        Side::Trailers => pos,
                    };
                    if next > pos {
                        return Ok(next);
                    }
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
                b'\r' | b'\n'
                    if self.state == State::BeforeVersion
                        && limits.relaxed
                        && self.method_id == Method::Get =>
                {
                    self.no_version(edits);
                    return Ok(pos + usize::from(b == b'\r'));
                }
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
                let mut end = scan::skip_target(buf, pos);
                if limits.relaxed {
                    while buf.get(end).is_some_and(|&b| b >= 0x80 || b == b'#') {
                        end = scan::skip_target(buf, end + 1);
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
                        self.no_version(edits);
                    }
                    b'\r' | b'\n' => return Err(Fault::new(ErrorKind::Version, end)),
                    _ => return Err(Fault::new(ErrorKind::Target, end)),
                }
                self.check_form(text(self.mark, end), limits)
                    .map_err(|kind| Fault::new(kind, self.mark))?;
                return Ok(end + usize::from(b != b'\n'));
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
                    (b' ' | b'\t' | b'\r' | b'\n', Some(status @ ..65_530))
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

    /// An HTTP/0.9 request, which HAProxy passes on as 1.0, ends with its start line.
    fn no_version(&mut self, edits: &mut Vec<u8>) {
        self.version = (1, 0);
        self.version_text = append(edits, b"HTTP/1.0");
        self.past_start_line = true;
        self.state = State::OnlyLf;
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
        let version = self.version_text;
        let version = buf.get(version.off as usize..version.end() as usize);
        let plain = version == Some(b"HTTP/1.1")
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

/// `HTTP/x.y`. Relaxed: any protocol name and number; what has the length of `HTTP/x.y` and a
/// number from 1.1 counts as 1.1, all else as 1.0 (observed).
fn version(text: &[u8], limits: &Limits) -> Option<(u8, u8)> {
    match text {
        [
            b'H',
            b'T',
            b'T',
            b'P',
            b'/',
            major @ b'0'..=b'9',
            b'.',
            minor @ b'0'..=b'9',
        ] => Some((major - b'0', minor - b'0')),
        [] => None,
        _ if !limits.relaxed => None,
        [_, _, _, _, _, major, _, minor] if *major > b'1' || (*major, *minor) >= (b'1', b'1') => {
            Some((1, 1))
        }
        _ => Some((1, 0)),
    }
}

//! The usual shape of lines, taken in at a stroke.
//!
//! A line that is complete and has no oddities needs no state between its parts; whatever else
//! comes is left to the state machine, from the line's first byte on.

use super::field::{Field, HeaderId, Text};
use super::head::{Fault, Head, Side, State};
use super::limits::Limits;
use super::method::Method;
use super::scan::{self, TOKEN};

impl Head {
    /// Tries `METHOD /path HTTP/1.1` CR LF; returns the next byte to look at, which is `pos` if the
    /// line is different or not complete.
    pub(super) fn fast_request_line(&mut self, buf: &[u8], pos: usize) -> usize {
        let method_end = scan::skip(buf, pos, TOKEN);
        let target_at = method_end + 1;
        let method = buf.get(pos..method_end).unwrap_or_default();
        let origin_form = buf.get(method_end..method_end + 2) == Some(b" /");
        if method.is_empty() || !origin_form {
            return pos;
        }
        let target_end = scan::skip_target(buf, target_at);
        let end = target_end + b" HTTP/1.1\r\n".len();
        if buf.get(target_end..end) != Some(b" HTTP/1.1\r\n") {
            return pos;
        }
        let method_id = Method::of(method);
        if method_id == Method::Connect {
            return pos;
        }
        self.start = pos;
        self.method = Text::received(pos, method_end);
        self.method_id = method_id;
        self.target = Text::received(target_at, target_end);
        self.version = (1, 1);
        self.version_text = Text::received(target_end + 1, end - 2);
        self.start_line_end = end;
        self.past_start_line = true;
        self.state = State::LineStart;
        end
    }

    /// Tries `HTTP/1.1 200 reason` CR LF, see [`fast_request_line`](Head::fast_request_line).
    pub(super) fn fast_status_line(&mut self, buf: &[u8], pos: usize) -> usize {
        let line = buf.get(pos..).unwrap_or_default();
        let [
            b'H',
            b'T',
            b'T',
            b'P',
            b'/',
            b'1',
            b'.',
            b'1',
            b' ',
            rest @ ..,
        ] = line
        else {
            return pos;
        };
        let [a, b, c, b' ', first, ..] = rest else {
            return pos;
        };
        let digits = [*a, *b, *c];
        if !digits.iter().all(u8::is_ascii_digit) || *first <= b' ' {
            return pos;
        }
        let reason_at = pos + 13;
        let end = scan::skip_text(buf, reason_at);
        if buf.get(end..end + 2) != Some(b"\r\n") {
            return pos;
        }
        self.start = pos;
        self.version = (1, 1);
        self.version_text = Text::received(pos, pos + 8);
        self.status = digits.iter().fold(0, |n, d| n * 10 + u16::from(d - b'0'));
        self.status_text = Text::received(pos + 9, pos + 12);
        self.reason = Text::received(reason_at, end);
        self.start_line_end = end + 2;
        self.past_start_line = true;
        self.state = State::LineStart;
        end + 2
    }

    /// Takes in lines of the form `name: value` CR LF as long as they come and the line behind
    /// each has begun; returns the next byte to look at.
    pub(super) fn fast_lines(
        &mut self,
        buf: &mut [u8],
        edits: &mut Vec<u8>,
        limits: &Limits,
        side: Side,
        mut pos: usize,
    ) -> Result<usize, Fault> {
        loop {
            let line = buf.get_mut(pos..).unwrap_or_default();
            let name_len = scan::lower_name(line);
            let Some((name, rest)) = line.split_at_checked(name_len) else {
                return Ok(pos);
            };
            let [b':', b' ', value @ ..] = rest else {
                return Ok(pos);
            };
            let len = scan::plain(value);
            let Some((value, [b'\r', b'\n', next, ..])) = value.split_at_checked(len) else {
                return Ok(pos);
            };
            let (Some(first), Some(last)) = (value.first(), value.last()) else {
                return Ok(pos);
            };
            let blank = |b: &u8| matches!(b, b' ' | b'\t');
            if name.is_empty() || blank(first) || blank(last) || blank(next) {
                return Ok(pos);
            }
            let id = HeaderId::of(name);
            let from = pos + name_len + 2;
            let field = Field {
                name: Text::received(pos, pos + name_len),
                value: Text::received(from, from + len),
                id,
                verbatim: true,
            };
            self.take_in(buf, edits, limits, side, field)?;
            pos = from + len + 2;
        }
    }
}

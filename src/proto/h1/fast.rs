//! The usual shape of lines, taken in at a stroke.
//!
//! A line that is complete and has no oddities needs no state between its parts; whatever else
//! comes is left to the state machine, from the line's first byte on.

use super::field::Text;
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
            let name_end = scan::lower_name(buf, pos);
            let from = name_end + 2;
            let [b':', b' ', first, ..] = buf.get(name_end..).unwrap_or_default() else {
                return Ok(pos);
            };
            if name_end == pos || *first <= b' ' {
                return Ok(pos);
            }
            let to = scan::skip_text(buf, from);
            let last = buf.get(to.wrapping_sub(1)).copied().unwrap_or(b' ');
            let [b'\r', b'\n', next, ..] = buf.get(to..).unwrap_or_default() else {
                return Ok(pos);
            };
            if matches!(next, b' ' | b'\t') || matches!(last, b' ' | b'\t') {
                return Ok(pos);
            }
            let (name, value) = (Text::received(pos, name_end), Text::received(from, to));
            self.take_in(buf, edits, limits, side, name, value, true)?;
            pos = to + 2;
        }
    }
}

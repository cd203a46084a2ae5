//! What a header line means, taken in as soon as it is complete.

use super::authority::is_host;
use super::field::{Field, HeaderId, Text};
use super::head::{Fault, Head, Side};
use super::limits::{ErrorKind, Limits};
use super::scan::{self, trim};
use super::tokens::{Cut, cut};

impl Head {
    /// Indexes the header line in `name` and `value`; the next line begins at `next`.
    pub(super) fn commit(
        &mut self,
        buf: &[u8],
        edits: &mut Vec<u8>,
        limits: &Limits,
        side: Side,
        next: usize,
    ) -> Result<(), Fault> {
        if std::mem::take(&mut self.bad_name) {
            return Ok(());
        }
        let (name, mut value) = (self.name, self.value);
        let byte = |at: u32| buf.get(at as usize).copied().unwrap_or(0);
        while value.len > 0 && matches!(byte(value.end() - 1), b' ' | b'\t') {
            value.len -= 1;
        }
        let verbatim = value.off == name.end() + 2
            && next == value.end() as usize + 2
            && byte(name.end() + 1) == b' '
            && byte(value.end()) == b'\r';
        let field = Field {
            name,
            value,
            id: HeaderId::of(name.of(buf, &[])),
            verbatim,
        };
        self.take_in(buf, edits, limits, side, field)
    }

    /// Indexes a header line.
    #[inline(always)]
    pub(super) fn take_in(
        &mut self,
        buf: &[u8],
        edits: &mut Vec<u8>,
        limits: &Limits,
        side: Side,
        mut field: Field,
    ) -> Result<(), Fault> {
        if field.id.is_interpreted() && !self.interpret(&mut field, buf, edits, limits, side)? {
            return Ok(());
        }
        if self.fields.len() + 1 >= limits.max_headers {
            let at = field.name.off as usize;
            return Err(Fault::new(ErrorKind::TooManyHeaders, at));
        }
        self.fields.push(field);
        Ok(())
    }

    /// What a field known by its id means; false if it is not kept.
    fn interpret(
        &mut self,
        field: &mut Field,
        buf: &[u8],
        edits: &mut Vec<u8>,
        limits: &Limits,
        side: Side,
    ) -> Result<bool, Fault> {
        let value = field.value;
        let text = |t: Text| t.of(buf, &[]);
        let fault = |kind| Fault::new(kind, value.off as usize);
        match field.id {
            HeaderId::ContentLength => match self.content_length(text(value)) {
                Err(kind) => return Err(fault(kind)),
                Ok(None) => return Ok(false),
                Ok(Some((skip, len))) => {
                    if (skip, len) != (0, value.len) {
                        field.value = Text {
                            off: value.off + skip,
                            len,
                        };
                        field.verbatim = false;
                    }
                }
            },
            HeaderId::TransferEncoding => {
                let before = self.chunked;
                self.coding(text(value), limits, side).map_err(fault)?;
                if limits.relaxed && side == Side::Response && (before || !self.chunked) {
                    // Nothing or the same once more: HAProxy writes one field.
                    return Ok(false);
                }
                if side != Side::Trailers && text(value) != b"chunked" {
                    field.value = append(edits, b"chunked");
                    field.verbatim = false;
                }
            }
            HeaderId::Host if side != Side::Response => {
                if !is_host(text(value)) {
                    return Err(fault(ErrorKind::Host));
                }
                let first = self.host.and_then(|i| self.fields.get(i as usize));
                match first {
                    None => self.host = Some(self.fields.len() as u16),
                    Some(f) if text(f.value).eq_ignore_ascii_case(text(value)) => {
                        return Ok(false);
                    }
                    Some(_) => return Err(fault(ErrorKind::Host)),
                }
            }
            HeaderId::Connection if side != Side::Trailers => {
                let connection = &mut self.connection;
                let left = cut(text(value), edits, |word| connection.note(word));
                if !apply(left, field, edits) {
                    return Ok(false);
                }
            }
            HeaderId::Upgrade => {
                let left = cut(text(value), edits, |word| {
                    self.websocket |= word.eq_ignore_ascii_case(b"websocket");
                    word.eq_ignore_ascii_case(b"h2c") || word.eq_ignore_ascii_case(b"h2")
                });
                if !apply(left, field, edits) {
                    return Ok(false);
                }
                self.connection.has_upgrade_field = true;
            }
            HeaderId::Expect => {
                self.expect_continue = text(value).eq_ignore_ascii_case(b"100-continue");
            }
            // Filtered when written, so that rules see what was received.
            HeaderId::Te => field.verbatim = false,
            HeaderId::SecWebsocketKey if side == Side::Request => {
                self.websocket_key |= value.len == 24;
            }
            HeaderId::SecWebsocketAccept => self.websocket_key = true,
            _ => {}
        }
        Ok(true)
    }

    /// Takes a `Content-Length` in: its members must be numbers and all the same. `None`: known
    /// already; else the range of the number without leading zeros.
    fn content_length(&mut self, value: &[u8]) -> Result<Option<(u32, u32)>, ErrorKind> {
        let known = self.content_length.is_some();
        for member in value.split(|&b| b == b',') {
            let n = scan::decimal(trim(member)).ok_or(ErrorKind::ContentLength)?;
            if self.content_length.is_some_and(|old| old != n) {
                return Err(ErrorKind::ContentLength);
            }
            self.content_length = Some(n);
        }
        if known {
            return Ok(None);
        }
        let digits = value.iter().take_while(|b| b.is_ascii_digit()).count();
        let zeros = value.iter().take_while(|&&b| b == b'0').count();
        let skip = zeros.min(digits.saturating_sub(1));
        Ok(Some((skip as u32, (digits - skip) as u32)))
    }

    /// Takes a `Transfer-Encoding` in: `chunked` must come once and last.
    fn coding(&mut self, value: &[u8], limits: &Limits, side: Side) -> Result<(), ErrorKind> {
        let lenient = limits.relaxed && side == Side::Response;
        self.transfer_encoding = true;
        let mut members = value.split(|&b| b == b',').map(trim).peekable();
        while let Some(member) = members.next() {
            let chunked = member.eq_ignore_ascii_case(b"chunked");
            if lenient && member.is_empty() {
                // An empty member behind `chunked` voids it, but not at the very end (observed).
                self.chunked &= members.peek().is_none();
                continue;
            }
            if member.is_empty() || (self.chunked && !(lenient && chunked)) {
                return Err(ErrorKind::TransferEncoding);
            }
            self.chunked |= chunked;
            self.other_coding |= !chunked;
        }
        Ok(())
    }
}

/// Puts what [`cut`] left into a field; false if nothing is left.
pub(super) fn apply(left: Cut, field: &mut Field, edits: &[u8]) -> bool {
    match left {
        Cut::Nothing => return false,
        Cut::Front(n) => {
            field.verbatim &= field.value.len == n as u32;
            field.value.len = n as u32;
        }
        Cut::Rewritten(from) => {
            field.verbatim = false;
            field.value = Text::edited(from, edits.len());
        }
    }
    true
}

/// Appends `text` and tells where it lies.
pub(super) fn append(edits: &mut Vec<u8>, text: &[u8]) -> Text {
    let from = edits.len();
    edits.extend_from_slice(text);
    Text::edited(from, edits.len())
}

//! The checks and clean-ups that need the whole head.

use super::field::HeaderId;
use super::head::{Fault, Head, Side};
use super::limits::{Answer, ErrorKind, Limits, RequestContext};
use super::lines::apply;
use super::method::Method;
use super::tokens::cut;

impl Head {
    /// Ends the parse of a head.
    pub(super) fn finish(
        &mut self,
        buf: &[u8],
        edits: &mut Vec<u8>,
        limits: &Limits,
        side: Side,
    ) -> Result<(), Fault> {
        let at = self.pos;
        let fault = |kind, status| Fault {
            status,
            ..Fault::new(kind, at)
        };
        let lenient = limits.relaxed && side == Side::Response;
        if self.transfer_encoding && !self.chunked && !self.other_coding && lenient {
            self.transfer_encoding = false;
            self.drop_fields(HeaderId::TransferEncoding);
        }
        if self.transfer_encoding {
            if !self.chunked {
                return Err(fault(ErrorKind::TransferEncoding, 400));
            }
            if self.other_coding && side != Side::Trailers {
                return Err(fault(ErrorKind::TransferEncoding, 422));
            }
            if self.content_length.take().is_some() {
                self.drop_fields(HeaderId::ContentLength);
                self.connection.unsafe_framing = !limits.keep_on_insecure_transfer_encoding;
            }
            self.connection.unsafe_framing |= self.version < (1, 1);
        }
        if side == Side::Trailers {
            return Ok(());
        }
        // The bytes received are at least as many as the text that is left of them.
        if at + 8 * self.fields.len() + 25 > limits.max_fields && self.weight() > limits.max_fields
        {
            return Err(fault(ErrorKind::TooLarge, 431));
        }
        match side {
            Side::Request => self.finish_request(buf, edits, limits),
            _ => Ok(()),
        }
    }

    /// What HAProxy's internal form of the head occupies, see [`Limits::max_fields`].
    fn weight(&self) -> usize {
        let start = self.method.len + self.target.len + self.status_text.len + self.reason.len;
        let fields = self
            .fields
            .iter()
            .map(|f| (f.name.len + f.value.len) as usize + 8);
        25 + start as usize + fields.sum::<usize>()
    }

    fn finish_request(
        &mut self,
        buf: &[u8],
        edits: &mut Vec<u8>,
        limits: &Limits,
    ) -> Result<(), Fault> {
        let at = self.pos;
        let fault = |kind, status| Fault {
            status,
            ..Fault::new(kind, at)
        };
        if self.target.off > 0 && buf.get(self.target.off as usize) != Some(&b'/') {
            self.reconcile_host(buf, edits, limits)?;
        }
        let connection = self.connection;
        if connection.upgrade && self.websocket && !self.websocket_key && !limits.relaxed {
            return Err(fault(ErrorKind::Upgrade, 400));
        }
        if connection.upgrade && !connection.has_upgrade_field {
            self.connection.upgrade = false;
            self.drop_connection_token(buf, edits, b"upgrade");
        } else if connection.has_upgrade_field && !connection.upgrade {
            self.connection.has_upgrade_field = false;
            self.drop_fields(HeaderId::Upgrade);
        }
        let method = buf.get(self.method.off as usize..self.method.end() as usize);
        if self.method_id == Method::Other && method == Some(b"PRI") {
            return Err(Fault {
                answer: Answer::Response,
                ..fault(ErrorKind::Method, 400)
            });
        }
        let payload = self.chunked || self.content_length.is_some_and(|n| n > 0);
        if self.method_id == Method::Connect {
            if self.content_length.is_some_and(|n| n > 0) {
                // HAProxy notices only when it writes the request to the server.
                return Err(Fault {
                    answer: Answer::Response,
                    ..fault(ErrorKind::Payload, 502)
                });
            }
            self.drop_framing();
        } else if payload
            && self.version < (1, 1)
            && !limits.accept_payload_with_any_method
            && matches!(self.method_id, Method::Get | Method::Head | Method::Delete)
        {
            return Err(fault(ErrorKind::Payload, 413));
        }
        Ok(())
    }

    /// The part of a response's end that depends on the request.
    pub(super) fn finish_response(&mut self, request: RequestContext) -> Result<(), ErrorKind> {
        let success = (200..300).contains(&self.status);
        if self.status == 101 {
            let asked = request.upgrade && self.connection.upgrade;
            if !asked || (self.websocket && !self.websocket_key) {
                return Err(ErrorKind::Upgrade);
            }
        }
        let interim = (100..200).contains(&self.status);
        // our own answers are sent as they were made
        if interim
            || (self.status == 204 && !self.own)
            || (success && request.method == Method::Connect)
        {
            self.drop_framing();
        }
        Ok(())
    }

    fn drop_framing(&mut self) {
        if self.transfer_encoding {
            self.drop_fields(HeaderId::TransferEncoding);
        }
        if self.content_length.is_some() {
            self.drop_fields(HeaderId::ContentLength);
        }
    }

    fn drop_fields(&mut self, id: HeaderId) {
        self.fields.retain(|f| f.id != id);
    }

    /// Removes a token from every `Connection` field.
    fn drop_connection_token(&mut self, buf: &[u8], edits: &mut Vec<u8>, token: &[u8]) {
        self.fields.retain_mut(|field| {
            if field.id != HeaderId::Connection {
                return true;
            }
            // Rare enough for a copy: the text may lie in the very buffer that is appended to.
            let value = field.value.of(buf, edits).to_vec();
            let left = cut(&value, edits, |word| word.eq_ignore_ascii_case(token));
            apply(left, field, edits)
        });
    }
}

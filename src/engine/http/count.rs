//! What statistics learn of a transaction.

use super::Stream;
use super::stream::Service;
use crate::engine::count::{self, Ended, ms};
use crate::engine::track;
use crate::proto::h1::BodyLength;

impl Stream {
    /// The transaction is over.
    pub(super) fn count_end(&self) {
        let t = self.s.t;
        let times = &self.times;
        let status = match u16::try_from(self.status) {
            Ok(status) if status > 0 => Some(status),
            // a request without an answer is "other" (observed)
            _ if times.request != 0 => Some(0),
            _ => None,
        };
        let by_server = times.response != 0 && self.service == Service::None;
        // `monitor-uri` is no denial
        let denied = !self.quiet
            && times.request != 0
            && match &self.state {
                b"PT" => true,
                b"PR" => status != Some(500),
                b"PH" => by_server && status != Some(500),
                _ => false,
            };
        let kept_back =
            times.connected == 0 || self.service != Service::None && times.response == 0;
        let request_growth = match kept_back {
            true => -i64::try_from(self.received).unwrap_or(0),
            false => self.growth.0,
        };
        let (received, sent) = match &self.contstats {
            None => (self.received, self.sent),
            Some(counted) => counted.rest(self.received, self.sent),
        };
        let ended = Ended {
            be: self.be.as_deref(),
            server: self.server,
            state: self.state,
            status,
            received,
            sent,
            request_growth,
            response_growth: self.growth.1,
            denied,
            intercepted: &self.state == b"LR" && self.service == Service::None && self.be.is_none(),
            bad: times.request == 0 && self.state[1] == b'R',
            by_server,
            times: match by_server {
                true => Some([
                    ms(times.request, times.queued),
                    ms(times.queued, times.connected),
                    ms(times.connected, times.response),
                    ms(times.begin, t.worker.now_us()),
                ]),
                false => (self.service == Service::None).then_some([0; 4]),
            },
        };
        count::end(&t.shared, self.s.fe.id, self.s.listener, &ended);
        track::bytes(self.tracked.as_deref(), &self.s, self.received, self.sent);
        count::wire(&self.s);
        if self.be.is_none()
            && let Some(own) = self.s.fe.same_section
            && let Some(own) = self.s.plan.backend(own)
        {
            // what a `listen` answers itself counts for its back end, too (observed)
            own.state.counters.bytes_in.add(self.received);
            own.state.counters.bytes_out.add(self.sent);
            own.state.counters.request_growth.add(request_growth);
            own.state.counters.response_growth.add(self.growth.1);
        }
    }
}

/// What `%B` counts for a response's head: the parts of its lines without separators, and 21 bytes
/// (as 3.4 logs them).
pub(super) fn logged_size(res: &crate::proto::h1::Message) -> u64 {
    let size = (21 + "HTTP/1.1200".len() + res.reason().len() + res.fields_size()) as u64;
    match (res.version(), res.body()) {
        // HTTP/2 does not say so in a field
        ((2, _), BodyLength::Chunked) => {
            size.saturating_sub("transfer-encodingchunked".len() as u64)
        }
        _ => size,
    }
}

/// The same for a request's head.
pub(super) fn request_size(req: &crate::proto::h1::Message) -> u64 {
    let line = req.method().len() + req.target().len() + "HTTP/1.1".len();
    (21 + line + req.fields_size()) as u64
}

/// By how much one size is above another.
pub(super) fn growth(now: u64, before: u64) -> i64 {
    now.wrapping_sub(before).cast_signed()
}

/// The same for a head as it came in the usual spelling, without a look at each line: statistics
/// count so for requests and responses alike.
pub(super) fn received_size(message: &crate::proto::h1::Message) -> u64 {
    let separators = 4 * message.fields().len();
    let connection = message.connection();
    // the line is not passed on, and not counted
    let dropped = match () {
        () if connection.close => "connection: close\r\n".len(),
        () if connection.keep_alive => "connection: keep-alive\r\n".len(),
        () => 0,
    };
    (message.head_len() + 15).saturating_sub(separators + dropped) as u64
}

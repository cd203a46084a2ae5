//! What statistics learn of a transaction.

use super::Stream;
use crate::engine::count::{self, Ended, ms};

impl Stream {
    /// The transaction is over.
    pub(super) fn count_end(&self) {
        let t = self.s.t;
        let status = u16::try_from(self.status).ok().filter(|s| *s > 0);
        let times = &self.times;
        let by_server = times.response != 0 && !self.service;
        // `monitor-uri` is no denial
        let denied = !self.quiet
            && times.request != 0
            && matches!(&self.state, b"PR" | b"PT")
            && status != Some(500);
        let ended = Ended {
            be: self.be.as_deref(),
            server: self.server,
            state: self.state,
            status,
            received: self.received,
            sent: self.sent,
            denied,
            intercepted: &self.state == b"LR" && !self.service && self.be.is_none(),
            bad: times.request == 0 && self.state[1] == b'R',
            by_server,
            times: by_server.then(|| {
                [
                    ms(times.request, times.queued),
                    ms(times.queued, times.connected),
                    ms(times.connected, times.response),
                    ms(times.begin, t.worker.now_us()),
                ]
            }),
        };
        count::end(&t.shared, self.s.fe.id, &ended);
        if self.be.is_none()
            && let Some(own) = self.s.fe.same_section
            && let Some(own) = self.s.plan.backend(own)
        {
            // what a `listen` answers itself counts for its back end, too (observed)
            own.state.counters.bytes_in.add(self.received);
            own.state.counters.bytes_out.add(self.sent);
        }
    }
}

/// What `%B` counts for a response's head: the parts of its lines without separators, and 21 bytes
/// (as 3.4 logs them).
pub(super) fn logged_size(res: &crate::proto::h1::Message) -> u64 {
    let fields: usize = res
        .headers()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    (21 + "HTTP/1.1200".len() + res.reason().len() + fields) as u64
}

/// The same for a head as it came in the usual spelling, without a look at each line: statistics
/// count so for requests and responses alike.
pub(super) fn received_size(message: &crate::proto::h1::Message) -> u64 {
    let separators = 4 * message.fields().len();
    (message.head_len() + 15).saturating_sub(separators) as u64
}

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

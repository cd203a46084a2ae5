//! What the log tells of a stream.

use super::Stream;
use crate::engine::log;
use crate::sample::view::LogData;

impl Stream {
    /// Notes what the response came to, at the end of the transaction.
    pub(super) fn log_end(&mut self) {
        let s = &self.s;
        let Some(plan) = s.fe.log.clone() else { return };
        if plan.format.is_none() || self.quiet || self.log_level == Some(None) {
            return;
        }
        let t = s.t;
        let now = t.worker.now_us();
        let times = self.times;
        let ms = |from: u64, to: u64| match (from, to) {
            (_, 0) | (0, _) => -1,
            (from, to) => (to.saturating_sub(from) / 1000) as i64,
        };
        let begin = times.begin.max(1);
        let letters = [
            self.state[0],
            self.state[1],
            self.persistence.cookie.flag.letter(),
            self.persistence.set_cookie.letter(),
        ];
        let be = self.be.as_ref();
        let server = be.and_then(|b| b.state.server(self.server?));
        self.log = Some(LogData {
            state: letters,
            status: self.status,
            sent: self.sent,
            received: self.received,
            request: ms(begin, times.request),
            queue: ms(times.request, times.queued),
            connect: ms(times.queued, times.connected),
            response: ms(times.connected, times.response),
            active: (now.saturating_sub(begin) / 1000) as i64,
            total: (now.saturating_sub(s.accepted_us) / 1000) as i64,
            idle: (begin.saturating_sub(s.accepted_us) / 1000) as i64,
            actconn: t.shared.conns.current(),
            feconn: t
                .shared
                .frontends
                .get(s.fe.id.0 as usize)
                .map_or(0, |f| f.conns.current()),
            beconn: be.map_or(0, |b| b.state.sessions.cur()),
            srvconn: server.map_or(0, |s| s.served()),
            retries: self.tries,
            redispatched: self.redispatched,
            srv_queue: self.waited.0,
            backend_queue: self.waited.1,
        });
        log::stream(t, &plan, self, false);
    }
}

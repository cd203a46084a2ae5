//! What statistics learn of a transaction.

use super::Stream;
use crate::balance::ServerState;
use crate::plan::BackendPlan;
use std::sync::Arc;

impl Stream {
    /// A back end was chosen.
    pub(super) fn count_backend(&self, be: &BackendPlan) {
        be.state.sessions.enter();
        let counters = &be.state.counters;
        counters.sessions.inc();
        counters.rate.add(self.s.t.worker.now_ms());
    }

    /// A server's slot was taken, chosen by the algorithm or by persistence.
    pub(super) fn count_server(&self, be: &BackendPlan, server: u32, by_algorithm: bool) {
        let now = self.s.t.worker.now_ms();
        let counters = &be.state.counters;
        counters.last_session.set(now);
        if by_algorithm {
            counters.chosen.inc();
        }
        if let Some(server) = be.state.server(server) {
            let counters = &server.counters;
            counters.sessions.inc();
            counters.rate.add(now);
            counters.last_session.set(now);
            if by_algorithm {
                counters.chosen.inc();
            }
        }
    }

    /// A connection to the chosen server was begun or taken from the pool.
    pub(super) fn count_connection(&self, be: &BackendPlan, reused: bool) {
        let server = self.server_state(be);
        if reused {
            be.state.counters.reuses.inc();
            if let Some(s) = server {
                s.counters.reuses.inc();
            }
        } else {
            be.state.counters.connects.inc();
            if let Some(s) = server {
                s.counters.connects.inc();
            }
        }
    }

    /// Another attempt is made, at the same server or elsewhere.
    pub(super) fn count_retry(&self, be: &BackendPlan, elsewhere: bool) {
        let server = self.server_state(be);
        if elsewhere {
            be.state.counters.redispatches.inc();
            if let Some(s) = server {
                s.counters.redispatches.inc();
            }
        } else {
            be.state.counters.retries.inc();
            if let Some(s) = server {
                s.counters.retries.inc();
            }
        }
    }

    fn server_state<'b>(&self, be: &'b BackendPlan) -> Option<&'b Arc<ServerState>> {
        be.state.server(self.server?)
    }

    /// The transaction is over.
    pub(super) fn count_end(&self) {
        let t = self.s.t;
        let status = u16::try_from(self.status).ok().filter(|s| *s > 0);
        let by_server = self.times.response != 0 && !self.service;
        // `monitor-uri` is no denial
        let denied = !self.quiet
            && self.times.request != 0
            && matches!(&self.state, b"PR" | b"PT")
            && status != Some(500);
        if let Some(fe) = t.shared.frontends.get(self.s.fe.id.0 as usize) {
            let fe = &fe.counters;
            fe.bytes_in.add(self.received);
            fe.bytes_out.add(self.sent);
            if let Some(status) = status {
                fe.http.answered(status);
            }
            if &self.state == b"LR" {
                fe.intercepted.inc();
            }
            match (denied, by_server) {
                (true, false) => fe.denied_requests.inc(),
                (true, true) => fe.denied_responses.inc(),
                _ => {}
            }
            if self.times.request == 0 && self.state[1] == b'R' {
                fe.bad_requests.inc();
            }
        }
        let Some(be) = &self.be else { return };
        let all = &be.state.counters;
        let one = self.server_state(be).map(|s| &s.counters);
        all.requests.inc();
        all.bytes_in.add(self.received);
        all.bytes_out.add(self.sent);
        if let Some(status) = status {
            all.http.answered(status);
        }
        if let Some(one) = one {
            one.bytes_in.add(self.received);
            if by_server {
                one.bytes_out.add(self.sent);
                if let Some(status) = status {
                    one.http.answered(status);
                }
            }
        }
        match (denied, by_server) {
            (true, false) => all.denied_requests.inc(),
            (true, true) => {
                all.denied_responses.inc();
                if let Some(one) = one {
                    one.denied_responses.inc();
                }
            }
            _ => {}
        }
        match self.state {
            [b'C', phase] if phase != b'R' => {
                all.client_aborts.inc();
                if let Some(one) = one {
                    one.client_aborts.inc();
                }
            }
            [_, b'C'] => {
                all.connect_errors.inc();
                if let Some(one) = one {
                    one.connect_errors.inc();
                }
            }
            [_, b'H'] => {
                all.response_errors.inc();
                if let Some(one) = one {
                    one.response_errors.inc();
                }
            }
            [b'S', b'D'] => {
                all.server_aborts.inc();
                if let Some(one) = one {
                    one.server_aborts.inc();
                }
            }
            _ => {}
        }
        if by_server && let Some(one) = one {
            let times = &self.times;
            let ms = |from: u64, to: u64| {
                u32::try_from(to.saturating_sub(from) / 1000).unwrap_or(u32::MAX)
            };
            let samples = [
                ms(times.request, times.queued),
                ms(times.queued, times.connected),
                ms(times.connected, times.response),
                ms(times.begin, t.worker.now_us()),
            ];
            for list in [&all.times, &one.times] {
                list.queue.add(samples[0]);
                list.connect.add(samples[1]);
                list.response.add(samples[2]);
                list.total.add(samples[3]);
            }
        }
    }
}

//! Numbers that logs and statistics show. Relaxed atomics: nothing is decided by them.

use super::event::CheckStatus;
use super::h2::H2Counters;
use crate::base::rate::Rate;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};

/// A current number and the greatest it has been.
#[derive(Debug, Default)]
pub struct Gauge {
    cur: AtomicU32,
    max: AtomicU32,
}

impl Gauge {
    /// One more; returns the number including this one.
    pub fn enter(&self) -> u32 {
        let now = self.cur.fetch_add(1, Relaxed).wrapping_add(1);
        self.saw(now);
        now
    }
    /// One fewer.
    pub fn leave(&self) {
        self.cur.fetch_sub(1, Relaxed);
    }
    /// The present number.
    pub fn cur(&self) -> u32 {
        self.cur.load(Relaxed)
    }
    /// The greatest so far.
    pub fn max(&self) -> u32 {
        self.max.load(Relaxed)
    }
    /// Forgets the maximum.
    pub fn clear_max(&self) {
        self.max.store(self.cur(), Relaxed);
    }
    /// Raises the maximum (a plain load where nothing changes: the common case).
    pub(super) fn saw(&self, now: u32) {
        if now > self.max.load(Relaxed) {
            self.max.fetch_max(now, Relaxed);
        }
    }
}

/// A sum.
#[derive(Debug, Default)]
pub struct Sum(AtomicU64);

impl Sum {
    /// Adds one.
    pub fn inc(&self) {
        self.0.fetch_add(1, Relaxed);
    }
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        if n != 0 {
            self.0.fetch_add(n, Relaxed);
        }
    }
    /// The sum so far.
    pub fn total(&self) -> u64 {
        self.0.load(Relaxed)
    }
    /// Begins anew.
    pub fn clear(&self) {
        self.0.store(0, Relaxed);
    }
}

/// A sum that may shrink, of bytes.
#[derive(Debug, Default)]
pub struct Growth(AtomicI64);

impl Growth {
    /// Adds `n`.
    pub fn add(&self, n: i64) {
        if n != 0 {
            self.0.fetch_add(n, Relaxed);
        }
    }
    /// What is added to a sum to get the other.
    pub fn apply(&self, to: u64) -> u64 {
        to.saturating_add_signed(self.0.load(Relaxed))
    }
    /// Begins anew.
    pub fn clear(&self) {
        self.0.store(0, Relaxed);
    }
}

/// Sums over responses, for servers and back ends alike (names of the CSV columns).
#[derive(Debug, Default)]
pub struct HttpCounters {
    /// `hrsp_1xx` to `hrsp_5xx`, and `hrsp_other` at index 0
    pub by_class: [Sum; 6],
}

impl HttpCounters {
    /// All answers.
    pub fn all(&self) -> u64 {
        self.by_class.iter().map(Sum::total).sum()
    }
    /// Begins anew.
    pub fn clear(&self) {
        self.by_class.iter().for_each(Sum::clear);
    }
    /// Counts an answer by its status.
    pub fn answered(&self, status: u16) {
        let class = match status {
            100..=599 => usize::from(status / 100),
            _ => 0,
        };
        if let Some(s) = self.by_class.get(class) {
            s.inc();
        }
    }
}

/// Requests per second: now (over the last second) and the most so far.
#[derive(Debug, Default)]
pub struct Meter {
    rate: Rate,
    max: AtomicU32,
}

impl Meter {
    /// One more, at `now_ms` of `base::clock`.
    pub fn add(&self, now_ms: u64) {
        self.rate.add(now_ms);
        let now = self.rate.per_second(now_ms);
        if now > self.max.load(Relaxed) {
            self.max.fetch_max(now, Relaxed);
        }
    }
    /// Those of the last second.
    pub fn now(&self, now_ms: u64) -> u32 {
        self.rate.per_second(now_ms)
    }
    /// The most within a second.
    pub fn max(&self) -> u32 {
        self.max.load(Relaxed)
    }
    /// Forgets the most.
    pub fn clear_max(&self) {
        self.max.store(0, Relaxed);
    }
}

/// The average of a time over the last 1,024 requests, and its maximum, milliseconds. Two threads
/// that end a request at the same moment may lose one sample: nothing is decided by it.
#[derive(Debug, Default)]
pub struct Average {
    sum: AtomicU64,
    samples: AtomicU32,
    max: AtomicU32,
}

/// How many samples an [`Average`] looks back.
const WINDOW: u32 = 1024;

impl Average {
    /// Adds a sample.
    pub fn add(&self, ms: u32) {
        let samples = self.samples.load(Relaxed);
        let sum = self.sum.load(Relaxed);
        if samples < WINDOW {
            self.samples.store(samples + 1, Relaxed);
            self.sum.store(sum + u64::from(ms), Relaxed);
        } else if sum != 0 || ms != 0 {
            let faded = sum - sum.div_ceil(u64::from(WINDOW));
            self.sum.store(faded + u64::from(ms), Relaxed);
        }
        if ms > self.max.load(Relaxed) {
            self.max.fetch_max(ms, Relaxed);
        }
    }
    /// The average, rounded up as HAProxy does.
    pub fn mean(&self) -> u32 {
        let samples = u64::from(self.samples.load(Relaxed).max(1));
        u32::try_from(self.sum.load(Relaxed).div_ceil(samples)).unwrap_or(u32::MAX)
    }
    /// The longest.
    pub fn max(&self) -> u32 {
        self.max.load(Relaxed)
    }
    /// Forgets the longest, or everything.
    pub fn clear(&self, all: bool) {
        self.max.store(0, Relaxed);
        if all {
            self.sum.store(0, Relaxed);
            self.samples.store(0, Relaxed);
        }
    }
}

/// The times of a server's or back end's requests.
#[derive(Debug, Default)]
pub struct Times {
    /// `qtime`
    pub queue: Average,
    /// `ctime`
    pub connect: Average,
    /// `rtime`
    pub response: Average,
    /// `ttime`
    pub total: Average,
}

impl Times {
    /// Forgets the longest, or everything.
    pub fn clear(&self, all: bool) {
        for time in [&self.queue, &self.connect, &self.response, &self.total] {
            time.clear(all);
        }
    }
}

/// When something happened last, milliseconds of `base::clock`.
#[derive(Debug, Default)]
pub struct Moment(AtomicU64);

impl Moment {
    /// It happened now.
    pub fn set(&self, now_ms: u64) {
        self.0.store(now_ms.max(1), Relaxed);
    }
    /// It never happened.
    pub fn clear(&self) {
        self.0.store(0, Relaxed);
    }
    /// When; `None`: never.
    pub fn last(&self) -> Option<u64> {
        Some(self.0.load(Relaxed)).filter(|at| *at != 0)
    }
}

/// How many connections a server is thought to need at a time (`need_conn_est`): the most that were
/// in use, which fades while fewer are.
#[derive(Debug, Default)]
pub struct Need {
    estimate: AtomicU32,
    /// The most in use since the estimate faded last.
    recent: AtomicU32,
    /// When it fades next, milliseconds of `base::clock`.
    due: AtomicU64,
}

impl Need {
    /// So many are in use.
    pub fn saw(&self, used: u32) {
        if used > self.recent.load(Relaxed) {
            self.recent.fetch_max(used, Relaxed);
            self.estimate.fetch_max(used, Relaxed);
        }
    }
    /// The estimate.
    pub fn estimate(&self) -> u32 {
        self.estimate.load(Relaxed)
    }
    /// Lets it fade towards what was in use of late, once in `every` milliseconds; `used` are now.
    pub fn fade(&self, now_ms: u64, every: u64, used: u32) {
        let due = self.due.load(Relaxed);
        let next = now_ms + every.max(1);
        if now_ms < due
            || self
                .due
                .compare_exchange(due, next, Relaxed, Relaxed)
                .is_err()
        {
            return;
        }
        let recent = self.recent.swap(used, Relaxed);
        self.estimate
            .store((self.estimate() + recent.max(used)) / 2, Relaxed);
    }
}

/// How the last check of a server ended.
#[derive(Clone, Debug)]
pub struct LastCheck {
    /// `check_status`
    pub status: CheckStatus,
    /// `check_code`
    pub code: Option<u16>,
    /// `last_chk`
    pub info: Box<str>,
    /// `check_duration`, milliseconds
    pub duration_ms: u32,
}

/// What went wrong inside.
#[derive(Debug, Default)]
pub struct Mishaps {
    /// `wrew`: headers that could not be written
    pub rewrites: Sum,
    /// `eint`: requests that ended by a fault of the proxy's own
    pub internal: Sum,
}

impl Mishaps {
    /// Counts a rewrite that failed, and the end of the request by it.
    pub fn rewrite(&self, fatal: bool) {
        self.rewrites.inc();
        if fatal {
            self.internal.inc();
        }
    }
    /// Begins anew.
    pub fn clear(&self) {
        self.rewrites.clear();
        self.internal.clear();
    }
}

/// What is summed per server.
#[derive(Debug, Default)]
pub struct ServerCounters {
    /// `rate`, `rate_max`
    pub rate: Meter,
    /// `lastsess`
    pub last_session: Moment,
    /// `qtime` and so on
    pub times: Times,
    /// The last health check, `None` before it.
    pub last_check: Mutex<Option<LastCheck>>,
    /// Milliseconds that it was down, up to its last change.
    pub downtime: Sum,
    /// `stot`: requests sent there
    pub sessions: Sum,
    /// `lbtot`: of these, how many by the algorithm rather than by persistence
    pub chosen: Sum,
    /// `bin`
    pub bytes_in: Sum,
    /// `bout`
    pub bytes_out: Sum,
    /// `econ`
    pub connect_errors: Sum,
    /// `eresp`
    pub response_errors: Sum,
    /// `wretr`
    pub retries: Sum,
    /// `wredis`
    pub redispatches: Sum,
    /// `dresp`
    pub denied_responses: Sum,
    /// `cli_abrt`
    pub client_aborts: Sum,
    /// `srv_abrt`
    pub server_aborts: Sum,
    /// `chkfail`
    pub failed_checks: Sum,
    /// `hanafail`
    pub observed_errors: Sum,
    /// `chkdown`
    pub went_down: Sum,
    /// `connect`: connections opened
    pub connects: Sum,
    /// `reuse`: requests over a pooled connection
    pub reuses: Sum,
    /// `need_conn_est`
    pub need: Need,
    /// `priv_idle_cur`
    pub private_idle: Gauge,
    /// `wrew`, `eint`
    pub mishaps: Mishaps,
    /// `ssl_sess` and so on
    pub tls: TlsCounters,
    /// How `reqbout` differs from `bin`: what was not sent on, what rules added or took away.
    pub request_growth: Growth,
    /// How `resbout` differs from `bout`: answers of the proxy's own, what rules changed.
    pub response_growth: Growth,
    /// `hrsp_*`
    pub http: HttpCounters,
}

/// What is summed about compression.
#[derive(Debug, Default)]
pub struct Compressed {
    /// `comp_in`
    pub read: Sum,
    /// `comp_out`
    pub written: Sum,
    /// `comp_byp`
    pub bypassed: Sum,
    /// `comp_rsp`
    pub responses: Sum,
}

impl Compressed {
    /// Forgets it.
    pub fn clear(&self) {
        let all = [&self.read, &self.written, &self.bypassed, &self.responses];
        all.into_iter().for_each(Sum::clear);
    }
}

/// What is summed per back end.
#[derive(Debug, Default)]
pub struct BackendCounters {
    /// `h2_headers_rcvd` and so on
    pub h2: H2Counters,
    /// `comp_in` and so on
    pub compressed: Compressed,
    /// `rate`, `rate_max`
    pub rate: Meter,
    /// `lastsess`
    pub last_session: Moment,
    /// `qtime` and so on
    pub times: Times,
    /// When it was lost or came back.
    pub last_change: Moment,
    /// Milliseconds that it was down, up to its last change.
    pub downtime: Sum,
    /// `stot`
    pub sessions: Sum,
    /// `lbtot`
    pub chosen: Sum,
    /// `req_tot`
    pub requests: Sum,
    /// `bin`
    pub bytes_in: Sum,
    /// `bout`
    pub bytes_out: Sum,
    /// `econ`
    pub connect_errors: Sum,
    /// `eresp`
    pub response_errors: Sum,
    /// `wretr`
    pub retries: Sum,
    /// `wredis`
    pub redispatches: Sum,
    /// `dreq`
    pub denied_requests: Sum,
    /// `dresp`
    pub denied_responses: Sum,
    /// `cli_abrt`
    pub client_aborts: Sum,
    /// `srv_abrt`
    pub server_aborts: Sum,
    /// `chkdown`
    pub went_down: Sum,
    /// `connect`
    pub connects: Sum,
    /// `reuse`
    pub reuses: Sum,
    /// `wrew`, `eint`
    pub mishaps: Mishaps,
    /// `ssl_sess` and so on
    pub tls: TlsCounters,
    /// How `reqbout` differs from `bin`: what was not sent on, what rules added or took away.
    pub request_growth: Growth,
    /// How `resbout` differs from `bout`: answers of the proxy's own, what rules changed.
    pub response_growth: Growth,
    /// `h1_bytes_in`
    pub wire_in: Sum,
    /// `h1_bytes_out`
    pub wire_out: Sum,
    /// `hrsp_*`
    pub http: HttpCounters,
}

/// TLS handshakes.
#[derive(Debug, Default)]
pub struct TlsCounters {
    /// `ssl_sess`: those that began a session
    pub sessions: Sum,
    /// `ssl_reused_sess`: those that went on with one of before
    pub resumed: Sum,
    /// `ssl_failed_handshake`
    pub failed: Sum,
}

impl TlsCounters {
    /// Counts one; `resumed` of it, `None` if it failed.
    pub fn ended(&self, resumed: Option<bool>) {
        match resumed {
            None => self.failed.inc(),
            Some(true) => self.resumed.inc(),
            Some(false) => self.sessions.inc(),
        }
    }
    /// Begins anew.
    pub fn clear(&self) {
        for sum in [&self.sessions, &self.resumed, &self.failed] {
            sum.clear();
        }
    }
}

impl ServerCounters {
    /// Forgets the highest values, or everything (`clear counters`).
    pub fn clear(&self, all: bool) {
        self.rate.clear_max();
        self.times.clear(all);
        if !all {
            return;
        }
        let sums = [
            &self.downtime,
            &self.sessions,
            &self.chosen,
            &self.bytes_in,
            &self.bytes_out,
            &self.connect_errors,
            &self.response_errors,
            &self.retries,
            &self.redispatches,
            &self.denied_responses,
            &self.client_aborts,
            &self.server_aborts,
            &self.failed_checks,
            &self.went_down,
            &self.connects,
            &self.reuses,
        ];
        sums.into_iter().for_each(Sum::clear);
        self.http.clear();
        self.mishaps.clear();
        self.tls.clear();
        self.request_growth.clear();
        self.response_growth.clear();
        self.last_session.clear();
    }
}

impl BackendCounters {
    /// Forgets the highest values, or everything (`clear counters`).
    pub fn clear(&self, all: bool) {
        self.rate.clear_max();
        self.times.clear(all);
        if !all {
            return;
        }
        let sums = [
            &self.downtime,
            &self.sessions,
            &self.chosen,
            &self.requests,
            &self.bytes_in,
            &self.bytes_out,
            &self.connect_errors,
            &self.response_errors,
            &self.retries,
            &self.redispatches,
            &self.denied_requests,
            &self.denied_responses,
            &self.client_aborts,
            &self.server_aborts,
            &self.went_down,
            &self.connects,
            &self.reuses,
            &self.wire_in,
            &self.wire_out,
        ];
        sums.into_iter().for_each(Sum::clear);
        self.h2.clear();
        self.compressed.clear();
        self.http.clear();
        self.mishaps.clear();
        self.tls.clear();
        self.request_growth.clear();
        self.response_growth.clear();
        self.last_session.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_round_up_and_forget() {
        let a = Average::default();
        assert_eq!((a.mean(), a.max()), (0, 0));
        a.add(1);
        a.add(4);
        assert_eq!((a.mean(), a.max()), (3, 4));
        for _ in 0..20_000 {
            a.add(0);
        }
        assert_eq!((a.mean(), a.max()), (0, 4));
        for _ in 0..20_000 {
            a.add(100);
        }
        assert!((99..=100).contains(&a.mean()), "{}", a.mean());
    }

    #[test]
    fn a_meter_keeps_the_most() {
        let m = Meter::default();
        for _ in 0..3 {
            m.add(10_000);
        }
        m.add(20_000);
        assert_eq!((m.now(20_000), m.max()), (1, 3));
    }
}

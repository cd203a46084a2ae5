//! Numbers that logs and statistics show. Relaxed atomics: nothing is decided by them.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

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
}

/// Sums over responses, for servers and back ends alike (names of the CSV columns).
#[derive(Debug, Default)]
pub struct HttpCounters {
    /// `hrsp_1xx` to `hrsp_5xx`, and `hrsp_other` at index 0
    pub by_class: [Sum; 6],
}

impl HttpCounters {
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

/// What is summed per server.
#[derive(Debug, Default)]
pub struct ServerCounters {
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
    /// `chkdown`
    pub went_down: Sum,
    /// `connect`: connections opened
    pub connects: Sum,
    /// `reuse`: requests over a pooled connection
    pub reuses: Sum,
    /// `hrsp_*`
    pub http: HttpCounters,
}

/// What is summed per back end.
#[derive(Debug, Default)]
pub struct BackendCounters {
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
    /// `hrsp_*`
    pub http: HttpCounters,
}

//! The only place that reads the machine's clocks.
//!
//! The data plane reads the clock once per turn of its loop and keeps the result; everything
//! else asks here. Tests may freeze it per thread ([`freeze`], [`advance`]).
#![allow(clippy::disallowed_methods)]

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

thread_local! {
    static FROZEN: Cell<Option<u64>> = const { Cell::new(None) };
}

fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

/// Microseconds on the monotonic clock since the process first asked.
pub fn now_us() -> u64 {
    match FROZEN.get() {
        Some(us) => us,
        None => u64::try_from(epoch().elapsed().as_micros()).unwrap_or(u64::MAX),
    }
}

/// Milliseconds on the monotonic clock since the process first asked.
pub fn now_ms() -> u64 {
    now_us() / 1000
}

/// Time of day since 1970-01-01T00:00:00Z.
pub fn unix_time() -> Duration {
    match FROZEN.get() {
        Some(us) => Duration::from_micros(us),
        None => SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default(),
    }
}

/// Stops this thread's clock at `us` microseconds (for tests).
pub fn freeze(us: u64) {
    FROZEN.set(Some(us));
}

/// Moves this thread's stopped clock on by `us` microseconds (for tests).
pub fn advance(us: u64) {
    FROZEN.set(FROZEN.get().map(|t| t + us));
}

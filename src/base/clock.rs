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

/// A point of time in the Gregorian calendar, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year, four digits.
    pub year: u64,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 is Sunday.
    pub weekday: u8,
}

impl Civil {
    /// `Jan` to `Dec`.
    pub fn month_name(&self) -> &'static str {
        const NAMES: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let at = usize::from(self.month.saturating_sub(1));
        NAMES.get(at).copied().unwrap_or("")
    }
    /// `Sun` to `Sat`.
    pub fn weekday_name(&self) -> &'static str {
        const NAMES: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        NAMES.get(usize::from(self.weekday)).copied().unwrap_or("")
    }
}

/// Seconds that local time is ahead of UTC at a moment. Asked of the system once per quarter of an
/// hour and thread, the finest step in which any zone changes.
pub fn local_offset(seconds: u64) -> i64 {
    thread_local! {
        static KNOWN: Cell<(u64, i64)> = const { Cell::new((u64::MAX, 0)) };
    }
    let quarter = seconds / 900;
    let (at, offset) = KNOWN.get();
    if at == quarter {
        return offset;
    }
    let offset = super::sys::local_offset(seconds as i64);
    KNOWN.set((quarter, offset));
    offset
}

/// The date of a number of seconds since 1970-01-01T00:00:00Z, counted in eras of 400 years that
/// begin on the first of March.
pub fn civil(seconds: u64) -> Civil {
    let days = seconds / 86_400;
    let time = seconds % 86_400;
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let small = |n: u64| u8::try_from(n).unwrap_or(0);
    Civil {
        year: era * 400 + year_of_era + u64::from(month <= 2),
        month: small(month),
        day: small(of_year - (153 * from_march + 2) / 5 + 1),
        hour: small(time / 3_600),
        minute: small(time / 60 % 60),
        second: small(time % 60),
        weekday: small((days + 4) % 7),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let show = |s| {
            let d = civil(s);
            format!(
                "{} {:04}-{}-{:02} {:02}:{:02}:{:02}",
                d.weekday_name(),
                d.year,
                d.month_name(),
                d.day,
                d.hour,
                d.minute,
                d.second
            )
        };
        assert_eq!(show(0), "Thu 1970-Jan-01 00:00:00");
        assert_eq!(show(951_782_400), "Tue 2000-Feb-29 00:00:00");
        assert_eq!(show(1_700_000_000), "Tue 2023-Nov-14 22:13:20");
        assert_eq!(show(4_107_542_399), "Sun 2100-Feb-28 23:59:59");
    }
}

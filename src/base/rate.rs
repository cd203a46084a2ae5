//! Events per second over a sliding second, for limits and statistics.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts events; two neighbouring seconds are kept, and the older one counts for the part of it
/// that still lies within the last 1,000 ms.
#[derive(Debug, Default)]
pub struct Rate {
    /// Second (32 bits), events in it (32 bits).
    current: AtomicU64,
    /// Events in the second before.
    previous: AtomicU64,
}

impl Rate {
    fn turn(&self, now_ms: u64) -> (u64, u64) {
        let second = now_ms / 1000;
        loop {
            let word = self.current.load(Ordering::Acquire);
            let (at, count) = (word >> 32, word & 0xffff_ffff);
            if at == second & 0xffff_ffff {
                return (count, self.previous.load(Ordering::Acquire));
            }
            let turned = self.current.compare_exchange(
                word,
                (second & 0xffff_ffff) << 32,
                Ordering::AcqRel,
                Ordering::Acquire,
            );
            if turned.is_ok() {
                let adjacent = (at + 1) & 0xffff_ffff == second & 0xffff_ffff;
                self.previous
                    .store(if adjacent { count } else { 0 }, Ordering::Release);
            }
        }
    }

    /// One more event.
    pub fn add(&self, now_ms: u64) {
        self.turn(now_ms);
        self.current.fetch_add(1, Ordering::AcqRel);
    }

    /// So many more.
    pub fn add_many(&self, now_ms: u64, n: u32) {
        self.turn(now_ms);
        self.current.fetch_add(u64::from(n), Ordering::AcqRel);
    }

    /// Events within the last second.
    pub fn per_second(&self, now_ms: u64) -> u32 {
        let (count, previous) = self.turn(now_ms);
        let left = 1000 - now_ms % 1000;
        u32::try_from(count + (previous * left).div_ceil(1000)).unwrap_or(u32::MAX)
    }

    /// Milliseconds until another event keeps the rate at or below `limit` per second; 0: now.
    pub fn wait(&self, now_ms: u64, limit: u32) -> u32 {
        if limit == 0 || self.per_second(now_ms) < limit {
            return 0;
        }
        // on average the next one is due after a limit-th of a second
        (1000 / limit).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_second_slides() {
        let r = Rate::default();
        for i in 0..10 {
            r.add(5_000 + i * 100);
        }
        assert_eq!(r.per_second(5_999), 10);
        assert_eq!(r.per_second(6_500), 5);
        assert_eq!(r.per_second(7_000), 0);
        r.add(9_100);
        assert_eq!(r.per_second(9_100), 1);
    }

    #[test]
    fn a_full_second_waits() {
        let r = Rate::default();
        assert_eq!(r.wait(1_000, 2), 0);
        r.add(1_000);
        r.add(1_001);
        assert_eq!(r.wait(1_002, 2), 500);
        assert_eq!(r.wait(2_900, 2), 0);
    }
}

//! How the process takes leave of its clients (`grace`, `close-spread-time`; configuration manual
//! 3.1).

use super::reactor::NEVER;
use crate::ir::global::Spread;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// So long an idle connection is left open for a request that is already on its way, ms: its
/// client could not know that nobody would read it.
const ON_ITS_WAY: u64 = 50;

/// Whether and how far the process is on its way out.
#[derive(Debug, Default)]
pub struct Stopping {
    announced: AtomicBool,
    closing: AtomicBool,
    /// Length of the time over which connections close, ms; 0: none, `NEVER`: infinite.
    window_ms: AtomicU64,
    /// When that time is over, ms of `base::clock`.
    until_ms: AtomicU64,
}

impl Stopping {
    /// The end is near, everything is served as before (`grace`).
    pub fn announce(&self) {
        self.announced.store(true, Ordering::SeqCst);
    }

    /// From now on nothing new is let in, and connections end.
    pub fn begin(&self, spread: Spread, now_ms: u64) {
        let window = match spread {
            Spread::None => 0,
            Spread::Over(ms) => u64::from(ms),
            Spread::Infinite => NEVER,
        };
        self.window_ms.store(window, Ordering::SeqCst);
        self.until_ms
            .store(now_ms.saturating_add(window), Ordering::SeqCst);
        self.announce();
        self.closing.store(true, Ordering::SeqCst);
    }

    /// Whether the end was announced.
    #[inline]
    pub fn is_announced(&self) -> bool {
        self.announced.load(Ordering::Relaxed)
    }

    /// Whether nothing new is let in.
    #[inline]
    pub fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Whether a connection is to end after the answer that is about to be sent. `random` decides
    /// while closing is spread: the later, the likelier.
    pub fn ends_connection(&self, now_ms: u64, random: u32) -> bool {
        if !self.is_closing() {
            return false;
        }
        match self.window_ms.load(Ordering::Relaxed) {
            0 => true,
            NEVER => false,
            window => {
                let left = self.until_ms.load(Ordering::Relaxed).saturating_sub(now_ms);
                left <= u64::from(random) % window
            }
        }
    }

    /// Until when (ms of `base::clock`) a connection may be idle; [`NEVER`]: as long as its
    /// timeouts let it.
    pub fn idle_until(&self, now_ms: u64, random: u32) -> u64 {
        if !self.is_closing() {
            return NEVER;
        }
        match self.window_ms.load(Ordering::Relaxed) {
            0 => now_ms + ON_ITS_WAY,
            NEVER => NEVER,
            _ => {
                let left = self.until_ms.load(Ordering::Relaxed).saturating_sub(now_ms);
                now_ms + u64::from(random).checked_rem(left).unwrap_or(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_announced_ends_nothing() {
        let s = Stopping::default();
        assert!(!s.is_announced());
        s.announce();
        assert!(s.is_announced() && !s.is_closing());
        assert!(!s.ends_connection(5, 0));
        assert_eq!(s.idle_until(5, 7), NEVER);
    }

    #[test]
    fn without_a_spread_everything_ends_at_once() {
        let s = Stopping::default();
        s.begin(Spread::None, 1000);
        assert!(s.is_announced() && s.is_closing());
        assert!(s.ends_connection(1000, 0));
        assert_eq!(s.idle_until(1003, 7), 1003 + ON_ITS_WAY);
    }

    #[test]
    fn a_spread_ends_more_and_more_and_in_the_end_all() {
        let s = Stopping::default();
        s.begin(Spread::Over(100), 1000);
        let ended = |now| (0..100).filter(|r| s.ends_connection(now, *r)).count();
        assert_eq!((ended(1000), ended(1050), ended(1100)), (0, 50, 100));
        assert!((0..1000).all(|r| (1040..1100).contains(&s.idle_until(1040, r))));
        assert_eq!(s.idle_until(1200, 7), 1200);
    }

    #[test]
    fn an_infinite_spread_ends_nothing() {
        let s = Stopping::default();
        s.begin(Spread::Infinite, 1000);
        assert!(s.is_closing());
        assert!(!s.ends_connection(900_000, u32::MAX));
        assert_eq!(s.idle_until(900_000, 7), NEVER);
    }
}

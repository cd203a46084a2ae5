//! What the results of checks mean for a server, and when the next check is due.
//!
//! A server counts its way up and down: `fall` failures in a row take it down, `rise` passes in a
//! row bring it back. It starts up on trial, as HAProxy 3.4 does: in use at once, but its passes
//! are counted from zero and a failure before it has `rise` of them takes it down.

use super::event::{Change, CheckStatus, Verdict};
use super::state::Operational;
use crate::ir::server::CheckSettings;

/// Checks at least so far apart decide how all first checks are spread, ms.
const SLOW: u32 = 1000;

/// The health of one checked server.
#[derive(Clone, Debug)]
pub struct Health {
    inter: u32,
    fastinter: u32,
    downinter: u32,
    rise: u32,
    fall: u32,
    /// 0 to `rise + fall - 1`; proven from `rise` on.
    score: u32,
    state: Operational,
    last: Option<CheckStatus>,
}

/// What a result came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// How the check ended, seen in the light of the server's state.
    pub status: CheckStatus,
    /// What became of the server, if that changed.
    pub change: Option<Change>,
    /// What it was before.
    pub was: Operational,
    /// Worth a line under `option log-health-checks`: the score or the status has changed.
    pub news: bool,
}

impl Health {
    /// A server that has not been checked yet.
    pub fn new(c: &CheckSettings) -> Self {
        let inter = c.inter.max(1);
        Health {
            inter,
            fastinter: c.fastinter.unwrap_or(inter),
            downinter: c.downinter.unwrap_or(inter),
            rise: c.rise.max(1),
            fall: c.fall.max(1),
            score: 0,
            state: Operational::Running,
            last: None,
        }
    }

    /// What checks say at present.
    pub fn state(&self) -> Operational {
        self.state
    }
    /// `rise`
    pub fn rise(&self) -> u32 {
        self.rise
    }
    /// `fall`
    pub fn fall(&self) -> u32 {
        self.fall
    }
    /// `fastinter`, ms
    pub fn fastinter(&self) -> u32 {
        self.fastinter
    }
    /// How the last check ended.
    pub fn last(&self) -> Option<CheckStatus> {
        self.last
    }
    /// The score, 0 to `rise + fall - 1`; proven up from `rise` on.
    pub fn score(&self) -> u32 {
        self.score
    }
    /// The score as HAProxy shows it: whether it counts as up, steps, and of how many.
    pub fn shown(&self) -> (bool, u32, u32) {
        if self.score >= self.rise {
            (true, self.score - self.rise + 1, self.fall)
        } else {
            (false, self.score, self.rise)
        }
    }

    /// Goes on from what the server is now: an administrator may have changed it.
    pub fn resume(&mut self, score: u32, state: Operational) {
        self.score = score.min(self.rise + self.fall - 1);
        self.state = match state {
            Operational::Starting => Operational::Running,
            other => other,
        };
    }

    /// Takes a result.
    pub fn result(&mut self, status: CheckStatus) -> Judgement {
        let (was, score, last) = (self.state, self.score, self.last);
        let (status, change) = match status.verdict() {
            Verdict::Passed => (status, self.passed(Operational::Running)),
            Verdict::Conditional => (status, self.passed(Operational::Stopping)),
            Verdict::Failed => (status, self.failed()),
        };
        self.last = Some(status);
        Judgement {
            status,
            change,
            was,
            news: self.score != score || last != Some(status),
        }
    }

    fn failed(&mut self) -> Option<Change> {
        if self.score > self.rise {
            self.score -= 1;
            return None;
        }
        self.score = 0;
        let was = std::mem::replace(&mut self.state, Operational::Stopped);
        (was != Operational::Stopped).then_some(Change::Down)
    }

    fn passed(&mut self, to: Operational) -> Option<Change> {
        if self.score + 1 < self.rise {
            self.score += 1;
            return None;
        }
        self.score = self.rise + self.fall - 1;
        match (std::mem::replace(&mut self.state, to), to) {
            (was, to) if was == to => None,
            (_, Operational::Stopping) => Some(Change::Stopping),
            (Operational::Stopping, _) => Some(Change::Running),
            _ => Some(Change::Up),
        }
    }

    /// Milliseconds from the start of one check to the start of the next: `inter` when the server
    /// is certainly up, `downinter` when it is certainly down, else `fastinter`. `spread` is
    /// `spread-checks` in percent (0 to 50), `dice` any random number.
    pub fn next_delay(&self, spread: u32, dice: u32) -> u32 {
        let base = if self.score == self.rise + self.fall - 1 {
            self.inter
        } else if self.score == 0 && self.state == Operational::Stopped {
            self.downinter
        } else {
            self.fastinter
        };
        if spread == 0 {
            return base;
        }
        let span = u64::from(base) * u64::from(spread.min(50)) / 100;
        let off = u64::from(dice) % (2 * span + 1);
        u32::try_from(u64::from(base) + off - span).unwrap_or(base)
    }
}

/// How the first checks of all servers of a process are spread (observed on 3.4 and 2.6).
#[derive(Clone, Copy, Debug, Default)]
pub struct Spread {
    count: u32,
    smallest: Option<u32>,
    max: Option<u32>,
}

impl Spread {
    /// For checks with these intervals, ms; `max` is `max-spread-checks`, ms.
    pub fn new(intervals: impl IntoIterator<Item = u32>, max: Option<u32>) -> Self {
        let mut s = Spread {
            count: 0,
            smallest: None,
            max,
        };
        for inter in intervals {
            s.count += 1;
            if inter >= SLOW {
                s.smallest = Some(s.smallest.map_or(inter, |m| m.min(inter)));
            }
        }
        s
    }

    /// When the first check of the `position`th server (from 0) starts, ms after the start of the
    /// process: its part of the smallest interval of a second and more, or of its own where that
    /// is longer.
    pub fn first_delay(&self, position: u32, inter: u32) -> u32 {
        let over = self
            .smallest
            .unwrap_or(0)
            .max(inter)
            .min(self.max.unwrap_or(u32::MAX));
        let d = u64::from(over) * u64::from(position) / u64::from(self.count.max(1));
        u32::try_from(d).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from 3.4.0, within some milliseconds.
    #[test]
    fn first_checks_are_spread() {
        let delays = |inters: &[u32], max| {
            let s = Spread::new(inters.iter().copied(), max);
            inters
                .iter()
                .zip(0..)
                .map(|(i, n)| s.first_delay(n, *i))
                .collect::<Vec<_>>()
        };
        assert_eq!(delays(&[2000], None), [0]);
        assert_eq!(delays(&[2000, 2000], None), [0, 1000]);
        assert_eq!(delays(&[2000; 4], None), [0, 500, 1000, 1500]);
        assert_eq!(delays(&[3000, 1000], None), [0, 500]);
        assert_eq!(delays(&[1000, 3000], None), [0, 1500]);
        assert_eq!(delays(&[200, 200], None), [0, 100]);
        assert_eq!(delays(&[200, 600], None), [0, 300]);
        assert_eq!(delays(&[2000, 200, 2000], None), [0, 666, 1333]);
        assert_eq!(delays(&[600, 1500, 3000], None), [0, 500, 2000]);
        assert_eq!(delays(&[3000, 3000], Some(500)), [0, 250]);
        assert_eq!(delays(&[300, 300], Some(500)), [0, 150]);
    }

    #[test]
    fn spread_checks_stay_within_their_percentage() {
        let mut h = Health::new(&CheckSettings::default());
        h.result(CheckStatus::L4Ok);
        h.result(CheckStatus::L4Ok);
        let seen: Vec<u32> = (0..5000).map(|d| h.next_delay(50, d * 7919)).collect();
        assert_eq!(seen.iter().min().map(|m| m / 100), Some(10));
        assert_eq!(seen.iter().max().map(|m| m / 100), Some(30));
        assert_eq!(h.next_delay(0, 12345), 2000);
    }
}

//! What the results of checks mean for a server, and when the next check is due.
//!
//! A server counts its way up and down: `fall` failures in a row take it down, `rise` passes in a
//! row bring it back. It starts up on trial: one failure takes it down (observed on 3.4).

use super::event::{Change, CheckStatus, Verdict};
use super::state::Operational;
use crate::ir::server::CheckSettings;

/// The health of one checked server.
#[derive(Clone, Debug)]
pub struct Health {
    inter: u32,
    fastinter: u32,
    downinter: u32,
    rise: u32,
    fall: u32,
    disable_on_404: bool,
    /// 0 to `rise + fall - 1`; up from `rise` on.
    score: u32,
    state: Operational,
    last: Option<CheckStatus>,
}

impl Health {
    /// A server that has not been checked yet.
    pub fn new(c: &CheckSettings, disable_on_404: bool) -> Self {
        let inter = c.inter.max(1);
        let rise = c.rise.max(1);
        Health {
            inter,
            fastinter: c.fastinter.unwrap_or(inter),
            downinter: c.downinter.unwrap_or(inter),
            rise,
            fall: c.fall.max(1),
            disable_on_404,
            score: rise,
            state: Operational::Running,
            last: None,
        }
    }

    /// What checks say at present.
    pub fn state(&self) -> Operational {
        self.state
    }
    /// Score within `0..=rise + fall - 1`.
    pub fn score(&self) -> u32 {
        self.score
    }
    /// `rise`
    pub fn rise(&self) -> u32 {
        self.rise
    }
    /// `fall`
    pub fn fall(&self) -> u32 {
        self.fall
    }
    /// How the last check ended.
    pub fn last(&self) -> Option<CheckStatus> {
        self.last
    }

    /// Takes a result; says what became of the server if that changed.
    pub fn result(&mut self, status: CheckStatus) -> Option<Change> {
        self.last = Some(status);
        match status.verdict() {
            Verdict::Failed => self.failed(),
            Verdict::Conditional if self.disable_on_404 => self.passed(Operational::Stopping),
            _ => self.passed(Operational::Running),
        }
    }

    fn failed(&mut self) -> Option<Change> {
        if self.score > self.rise {
            self.score -= 1;
            return None;
        }
        let was_up = self.score >= self.rise;
        self.score = 0;
        self.state = Operational::Stopped;
        was_up.then_some(Change::Down)
    }

    fn passed(&mut self, to: Operational) -> Option<Change> {
        let was = self.state;
        if self.score < self.rise {
            self.score += 1;
            if self.score < self.rise {
                return None;
            }
        }
        self.score = self.rise + self.fall - 1;
        // A server that is down stays down on a conditional pass: it would come up only to be
        // stopping.
        if was == Operational::Stopped && to == Operational::Stopping {
            self.score = 0;
            return None;
        }
        self.state = to;
        match (was, to) {
            (a, b) if a == b => None,
            (_, Operational::Stopping) => Some(Change::Stopping),
            (Operational::Stopping, _) => Some(Change::Running),
            _ => Some(Change::Up),
        }
    }

    /// Milliseconds from the start of one check to the start of the next. `spread` is
    /// `spread-checks` in percent (0 to 50), `dice` any random number.
    pub fn next_delay(&self, spread: u32, dice: u32) -> u32 {
        let base = if self.score == self.rise + self.fall - 1 {
            self.inter
        } else if self.score == 0 {
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

/// When the first check of the `position`th of `count` checks starts, ms after the start of the
/// process: they are spread evenly over the smallest interval of all (observed: two servers,
/// `inter 2s`, one second apart).
pub fn first_delay(position: u32, count: u32, smallest_inter: u32) -> u32 {
    let d = u64::from(smallest_inter) * u64::from(position) / u64::from(count.max(1));
    u32::try_from(d).unwrap_or(u32::MAX)
}

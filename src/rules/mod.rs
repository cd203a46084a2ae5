//! Floor 8: executes rule sets. No socket: `route` and `test` run the very same code.

use crate::action::{Answer, Flow, RuleSet, Run};
use crate::ir::rule::{Rule, UseBackend};
use crate::sample::condition::{Condition, Truth};
use crate::sample::scratch::Scratch;
use crate::sample::view::{Direction, Eval, StreamView};

/// What came out of a rule set.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All rules ran, or `allow`/`accept` ended the set: go on with the next step.
    Continue,
    /// Refused (logged `PR`).
    Deny(Answer),
    /// Answered by `return` (logged `LR`).
    Return(Answer),
    /// Answered by `redirect` (logged `LR`).
    Redirect(Answer),
    /// Refused after `timeout tarpit` (logged `PT`).
    Tarpit(Answer),
    /// Close without an answer.
    Reject,
    /// Close without telling the client.
    SilentDrop {
        /// Send a reset with this TTL where that can be done.
        rst_ttl: Option<u8>,
    },
    /// Close the server's connection.
    Close,
    /// Call again with `from` when more data came, or the delay passed.
    Wait {
        /// The rule to begin with.
        from: usize,
        /// Milliseconds; `None`: as long as the engine's own limits allow.
        for_ms: Option<u32>,
    },
    /// Internal error (500).
    Error,
}

/// How a rule set is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// The rule set.
    pub set: RuleSet,
    /// The rule to begin with: 0, or what a `Wait` said.
    pub from: usize,
    /// No more data will come (for `tcp-request content`: the inspect delay is over or the
    /// client closed).
    pub last: bool,
}

impl Mode {
    /// From the first rule, on complete data.
    pub fn of(set: RuleSet) -> Self {
        Mode {
            set,
            from: 0,
            last: true,
        }
    }
}

/// Runs `rules` on the stream.
pub fn run(
    rules: &[Rule],
    mode: Mode,
    view: &mut dyn StreamView,
    scratch: &mut Scratch,
) -> Verdict {
    let direction = mode.set.direction();
    for (at, rule) in rules.iter().enumerate().skip(mode.from) {
        scratch.reset();
        if let Some(condition) = &rule.condition {
            let eval = Eval {
                view: &*view,
                scratch,
                direction,
                last: mode.last,
            };
            match condition.eval(&eval) {
                Truth::Yes => {}
                Truth::No => continue,
                Truth::NotYet => {
                    return Verdict::Wait {
                        from: at,
                        for_ms: None,
                    };
                }
            }
        }
        let mut run = Run {
            view: &mut *view,
            scratch,
            direction,
            last: mode.last,
        };
        return match rule.action.run(&mut run) {
            Flow::Continue => continue,
            Flow::Stop => Verdict::Continue,
            Flow::Deny(a) => Verdict::Deny(a),
            Flow::Return(a) => Verdict::Return(a),
            Flow::Redirect(a) => Verdict::Redirect(a),
            Flow::Tarpit(a) => Verdict::Tarpit(a),
            Flow::Reject => Verdict::Reject,
            Flow::SilentDrop { rst_ttl } => Verdict::SilentDrop { rst_ttl },
            Flow::Close => Verdict::Close,
            Flow::Wait { for_ms } => Verdict::Wait { from: at, for_ms },
            Flow::Error => Verdict::Error,
        };
    }
    Verdict::Continue
}

/// The first `use_backend` line whose condition holds. A line that cannot be decided yet counts
/// as not holding.
pub fn use_backend<'r>(
    lines: &'r [UseBackend],
    view: &dyn StreamView,
    scratch: &mut Scratch,
) -> Option<&'r UseBackend> {
    lines.iter().find(|line| match &line.condition {
        None => true,
        Some(c) => holds(c, Direction::Request, view, scratch),
    })
}

/// Whether a condition outside the rule sets (`force-persist`, `monitor fail`) holds.
pub fn holds(
    condition: &Condition,
    direction: Direction,
    view: &dyn StreamView,
    scratch: &mut Scratch,
) -> bool {
    scratch.reset();
    let eval = Eval {
        view,
        scratch,
        direction,
        last: true,
    };
    condition.eval(&eval) == Truth::Yes
}

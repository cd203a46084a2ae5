//! Runs `reqrep` and its relatives.

use super::holds;
use crate::action::reqrep::Outcome;
use crate::ir::rule::{AddedLine, LineRule, LineRules};
use crate::proto::h1::Message;
use crate::sample::scratch::Scratch;
use crate::sample::view::{Direction, StreamView};

/// What the rules on lines say about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineVerdict {
    /// Go on.
    Continue,
    /// Refused.
    Denied,
    /// To be refused after a while.
    Tarpitted,
    /// The start line became something that is none.
    Broken,
}

/// What came of the rules of one proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineRun<'r> {
    /// What they say.
    pub verdict: LineVerdict,
    /// `reqallow` or an earlier proxy's rules keep all rules from refusing.
    pub allowed: bool,
    /// The back end that `reqsetbe` chose.
    pub backend: Option<&'r str>,
}

fn message(view: &mut dyn StreamView, direction: Direction) -> Option<&mut Message> {
    match direction {
        Direction::Request => view.request_mut(),
        Direction::Response => view.response_mut(),
    }
}

/// Runs the rules of a proxy on one message: first those that change or judge lines, then those
/// that add some. With `add` false none is added (to a 1xx, as 1.5 has it).
pub fn run<'r>(
    rules: &'r LineRules,
    direction: Direction,
    allowed: bool,
    add: bool,
    view: &mut dyn StreamView,
    scratch: &mut Scratch,
) -> LineRun<'r> {
    let (list, added): (&[LineRule], &[AddedLine]) = match direction {
        Direction::Request => (&rules.request, &rules.request_add),
        Direction::Response => (&rules.response, &rules.response_add),
    };
    let mut run = LineRun {
        verdict: LineVerdict::Continue,
        allowed,
        backend: None,
    };
    let (mut line, mut new) = (Vec::new(), Vec::new());
    for rule in list {
        if run.allowed && rule.action.deed.judges() {
            continue;
        }
        if let Some(condition) = &rule.condition
            && !holds(condition, direction, view, scratch)
        {
            continue;
        }
        let Some(message) = message(view, direction) else {
            break;
        };
        run.verdict = match rule.action.run(message, &mut line, &mut new) {
            Outcome::Next => continue,
            Outcome::Allowed => {
                run.allowed = true;
                continue;
            }
            Outcome::Backend(name) => {
                run.backend.get_or_insert(name);
                continue;
            }
            Outcome::Denied => LineVerdict::Denied,
            Outcome::Tarpitted => LineVerdict::Tarpitted,
            Outcome::Broken => LineVerdict::Broken,
        };
        view.note_rule(rule.span);
        return run;
    }
    if !add {
        return run;
    }
    for line in added {
        if let Some(condition) = &line.condition
            && !holds(condition, direction, view, scratch)
        {
            continue;
        }
        if let Some(message) = message(view, direction) {
            message.add_lines(&line.text);
        }
    }
    run
}

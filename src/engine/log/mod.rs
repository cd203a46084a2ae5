//! Log lines: made from the formats of a plan and sent to its targets (HAProxy configuration
//! manual 8).

mod header;
mod send;

pub use send::Sender;

use super::thread::Thread;
use crate::plan::LogPlan;
use crate::sample::view::{Direction, Eval, StreamView};

/// Syslog level `info`.
pub const INFO: u8 = 6;
/// Syslog level `emerg`.
pub const EMERG: u8 = 0;

/// Sends a message to every target of a plan that wants its level.
pub fn send(t: &Thread, log: &LogPlan, level: u8, message: &[u8]) {
    t.log
        .borrow_mut()
        .send(log, level, message, t.worker.now_ms());
}

/// Formats the line of a stream, or of a connection when `connect` is set, and sends it.
pub fn stream(t: &Thread, log: &LogPlan, view: &dyn StreamView, connect: bool) {
    let format = match (&log.format, connect) {
        (_, true) => &log.connect,
        (Some(format), false) => format,
        (None, false) => return,
    };
    let mut line = std::mem::take(&mut *t.log_line.borrow_mut());
    line.clear();
    {
        let mut scratch = t.scratch.borrow_mut();
        scratch.reset();
        let scratch = &*scratch;
        let eval = Eval {
            view,
            scratch,
            direction: Direction::Response,
            last: true,
        };
        format.render(&eval, &mut line);
    }
    send(t, log, view.log_level().unwrap_or(INFO), &line);
    *t.log_line.borrow_mut() = line;
}

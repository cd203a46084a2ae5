//! Log lines: made from the formats of a plan and sent to its targets (HAProxy configuration
//! manual 8).

mod header;
pub mod ring;
mod send;

pub use send::Sender;

use super::thread::Thread;
use crate::ir::log::{LogLineFormat, Profile};
use crate::plan::LogPlan;
use crate::sample::LogFormat;
use crate::sample::view::{Direction, Eval, LogData, LogStep, StreamView};
use header::Line;
use std::sync::atomic::Ordering;

/// Syslog level `err`.
pub const ERR: u8 = 3;
/// Syslog level `info`.
pub const INFO: u8 = 6;
/// The level of what an administrator has to look at.
pub const ALERT: u8 = 1;
/// Syslog level `emerg`.
pub const EMERG: u8 = 0;

/// Sends a message to every target of a plan that wants its level.
pub fn send(t: &Thread, log: &LogPlan, level: u8, message: &[u8]) {
    let mut sender = t.log.borrow_mut();
    for target in &log.targets {
        if target.wants(level) {
            let head = Line {
                tag: &log.tag,
                hostname: log.hostname.as_deref(),
                level,
                data: &[],
            };
            sender.send(target, &head, message, t.worker.now_ms());
        }
    }
}

/// Sends the line of a connection that begins.
pub fn connect(t: &Thread, log: &LogPlan, view: &dyn StreamView) {
    write(t, log, view, LogStep::Unspecified, INFO, None, &log.connect);
}

/// Sends the line of a step; `profile` stands above those of the targets.
pub fn step(
    t: &Thread,
    log: &LogPlan,
    view: &dyn StreamView,
    step: LogStep,
    level: u8,
    profile: Option<&Profile>,
) {
    let own = match step {
        LogStep::Error => log.error.as_ref().or(log.format.as_ref()),
        _ => log.format.as_ref(),
    };
    if let Some(format) = own {
        write(t, log, view, step, level, profile, format);
    }
}

/// The number of the next line, for `%lc`.
pub fn count(log: &LogPlan) -> u32 {
    log.lines
        .as_ref()
        .map_or(0, |n| n.fetch_add(1, Ordering::Relaxed))
}

/// The level of a stream's line; `None`: it is not to be written (manual 8.3.3 and 8.3.4).
/// `said` is what `set-log-level` said.
pub fn level(log: &LogPlan, said: Option<Option<u8>>, data: &LogData) -> Option<u8> {
    let cause = data.state.first().copied().unwrap_or(b'-');
    let failed = data.redispatched
        || data.status >= 500
        || match cause {
            b'-' => data.retries > 0,
            // answered by the proxy itself, on purpose
            b'L' => false,
            _ => true,
        };
    if log.skips_normal && !failed {
        return None;
    }
    match said {
        Some(level) => level,
        None if failed && log.separates_errors => Some(ERR),
        None => Some(INFO),
    }
}

fn write(
    t: &Thread,
    log: &LogPlan,
    view: &dyn StreamView,
    step: LogStep,
    level: u8,
    profile: Option<&Profile>,
    own: &LogFormat,
) {
    let mut line = std::mem::take(&mut *t.log_line.borrow_mut());
    let mut data = std::mem::take(&mut *t.log_sd.borrow_mut());
    let mut made: [Option<*const LogFormat>; 2] = [None, None];
    // rules may run meanwhile, with a scratch memory of their own
    let mut scratch = t.log_scratch.borrow_mut();
    scratch.reset();
    let eval = Eval {
        view,
        scratch: &scratch,
        direction: Direction::Response,
        last: true,
    };
    let mut sender = t.log.borrow_mut();
    for target in log.targets.iter().filter(|target| target.wants(level)) {
        let profile = profile.or(target.profile.as_deref());
        let other = profile.and_then(|p| p.at(step));
        if other.is_some_and(|o| o.drop) {
            continue;
        }
        let format = other.and_then(|o| o.format.as_ref()).unwrap_or(own);
        if made[0].replace(format) != Some(format) {
            line.clear();
            format.render(&eval, &mut line);
        }
        if target.settings.format == LogLineFormat::Rfc5424 {
            let sd = other.and_then(|o| o.sd.as_ref()).or(log.sd.as_ref());
            let sd: Option<*const LogFormat> = sd.map(|sd| {
                let this: *const LogFormat = sd;
                if made[1] != Some(this) {
                    data.clear();
                    sd.render(&eval, &mut data);
                }
                this
            });
            if sd.is_none() {
                data.clear();
            }
            made[1] = sd;
        }
        let head = Line {
            tag: profile.and_then(|p| p.tag.as_deref()).unwrap_or(&log.tag),
            hostname: log.hostname.as_deref(),
            level,
            data: &data,
        };
        sender.send(target, &head, &line, t.worker.now_ms());
    }
    *t.log_line.borrow_mut() = line;
    *t.log_sd.borrow_mut() = data;
}

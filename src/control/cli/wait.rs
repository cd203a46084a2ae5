//! `wait`: for a time, or until something is so.

use super::{Call, Command, Flow, named};
use crate::base::clock;
use crate::base::units::{self, TimeUnit};
use crate::ir::bind::CliLevel;
use crate::plan::growth::{Refusal, server_is_removable};
use std::time::Duration;

/// `wait <delay> [<condition>]`
pub const COMMAND: Command = Command {
    words: &["wait"],
    usage: "wait {-h|<delay_ms>} cond [args...]",
    meaning: "waits so long, or until a condition holds (-h lists them)",
    level: CliLevel::Admin,
    run,
};

const HELP: &str = "Usage: wait {-h|<duration>} [condition [args...]]\n\
    \x20 -h          shows this text\n\
    \x20 <duration>  the longest time, with a unit (us, ms, s, m, h, d; without one: ms)\n\
    \x20 conditions that end it early:\n\
    \x20   srv-removable <px>/<sv>  the server can be removed\n\
    \x20   be-removable <px>        the back end can be removed";

fn run(call: &mut Call<'_>) -> Flow {
    let word = call.arg(0);
    if word.is_empty() {
        return call.error("Expects a duration in milliseconds.");
    }
    if word == b"-h" {
        return call.info(HELP);
    }
    let time = match units::time(word, TimeUnit::Millisecond) {
        Ok(time) if time.trailing.is_none() => Duration::from_millis(u64::from(time.value)),
        _ => return call.error("Invalid duration."),
    };
    match call.arg(1) {
        b"" => {
            std::thread::sleep(time);
            call.info("Done.")
        }
        b"srv-removable" => {
            let word = call.arg(2).to_vec();
            if word.is_empty() {
                return call.error("Missing server name (<backend>/<server>).");
            }
            if !word.contains(&b'/') {
                return call.error("Require 'backend/server'.");
            }
            until(call, time, &word, |call, word| {
                let found = named::server(call, word)?;
                Ok(server_is_removable(found.server, found.state))
            })
        }
        b"be-removable" => {
            let word = call.arg(2).to_vec();
            if word.is_empty() {
                return call.error("Missing backend name.");
            }
            until(call, time, &word, |call, word| {
                let plan = call.world.plan();
                match named::backend(plan, word) {
                    Some(backend) => Ok(plan.backend_is_removable(backend)),
                    None => Err(call.error("No such backend.")),
                }
            })
        }
        _ => call.info(HELP),
    }
}

/// How often it is looked, ms.
const PACE: Duration = Duration::from_millis(20);

/// Waits until something can be removed, or never can be.
fn until(
    call: &mut Call<'_>,
    time: Duration,
    word: &[u8],
    look: impl Fn(&mut Call<'_>, &[u8]) -> Result<Result<(), (Refusal, bool)>, Flow>,
) -> Flow {
    let end = clock::now_ms() + u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 2);
    loop {
        let mark = call.out.len();
        let reason = match look(call, word) {
            Ok(Ok(())) => return call.info("Done."),
            Ok(Err((reason, true))) if clock::now_ms() >= end => {
                return call.error(&format!("Wait delay expired. {reason}"));
            }
            Ok(Err((_, true))) => {
                std::thread::sleep(PACE);
                continue;
            }
            Ok(Err((reason, false))) => reason,
            Err(flow) => {
                let text = call.out.split_off(mark);
                call.out.extend_from_slice(b"Failed. ");
                call.out.extend_from_slice(&text);
                return flow;
            }
        };
        return call.error(&format!("Failed. {reason}"));
    }
}

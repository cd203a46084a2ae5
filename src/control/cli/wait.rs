//! `wait`: for a time, or until something is so.

use super::{Call, Command, Flow, named};
use crate::base::units::{self, TimeUnit};
use crate::ir::bind::CliLevel;
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
    \x20   srv-removable <px>/<sv>  the server can be removed";

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
            let mark = call.out.len();
            let complete = word.contains(&b'/');
            if let Err(flow) = named::server(call, &word) {
                if complete {
                    let text = call.out.split_off(mark);
                    call.out.extend_from_slice(b"Failed. ");
                    call.out.extend_from_slice(&text);
                }
                return flow;
            }
            call.error("Failed. Servers cannot be removed from this version of hapax.")
        }
        _ => call.info(HELP),
    }
}

//! `debug dev`: commands of HAProxy's developers that make sense in any program (`expert-mode`). Those
//! that read foreign memory or provoke faults of HAProxy's own kind are not among them.

use super::{Call, Command, Flow};
use crate::base::clock;
use crate::engine::log;
use crate::ir::bind::CliLevel;
use std::time::Duration;

const fn expert(
    words: &'static [&'static str],
    usage: &'static str,
    meaning: &'static str,
    run: fn(&mut Call<'_>) -> Flow,
) -> Command {
    Command {
        words,
        usage,
        meaning,
        level: CliLevel::Admin,
        run,
    }
}

/// Whether the session may; tells it if not.
fn refused(call: &mut Call<'_>) -> Option<Flow> {
    (!call.session.expert).then(|| call.error("This command is restricted to expert mode only."))
}

/// `debug dev log [msg] ...`
pub const LOG: Command = expert(
    &["debug", "dev", "log"],
    "debug dev log    [msg] ...",
    "sends this message to the logs of the global section",
    |call| {
        if let Some(answer) = refused(call) {
            return answer;
        }
        let message = call.args.join(&b' ');
        if let Some(shared) = call.world.shared() {
            shared.on_a_thread(move |t| {
                if let Some(plan) = &t.shared.plan.log {
                    log::send(t, plan, log::INFO, &message);
                }
            });
        }
        empty(call)
    },
);

/// `debug dev hash [msg]`
pub const HASH: Command = expert(
    &["debug", "dev", "hash"],
    "debug dev hash   [msg]",
    "answers with the message, hashed where names are hidden",
    |call| {
        let text = call.args.first().copied().unwrap_or_default().to_vec();
        call.say_bytes(super::Weight::Info, &text)
    },
);

/// `debug dev exit [code]`
pub const EXIT: Command = expert(
    &["debug", "dev", "exit"],
    "debug dev exit   [code]",
    "ends the process at once",
    |call| {
        if let Some(answer) = refused(call) {
            return answer;
        }
        std::process::exit(number(call, 0) as i32)
    },
);

/// `debug dev delay [ms]`
pub const DELAY: Command = expert(
    &["debug", "dev", "delay"],
    "debug dev delay  [ms]",
    "answers after so long",
    |call| {
        if let Some(answer) = refused(call) {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(number(call, LONG_ENOUGH)));
        empty(call)
    },
);

/// `debug dev loop [ms]`
pub const LOOP: Command = expert(
    &["debug", "dev", "loop"],
    "debug dev loop   <ms> [isolated|warn]",
    "keeps a processor busy for so long, then answers",
    |call| {
        if let Some(answer) = refused(call) {
            return answer;
        }
        let long = Duration::from_millis(number(call, LONG_ENOUGH));
        spin(long);
        empty(call)
    },
);

/// Milliseconds where none are given (3.4 waits so long).
const LONG_ENOUGH: u64 = 100;

fn spin(long: Duration) {
    let end = clock::now_us() + long.as_micros() as u64;
    while clock::now_us() < end {
        std::hint::spin_loop();
    }
}

fn number(call: &Call<'_>, otherwise: u64) -> u64 {
    let text = std::str::from_utf8(call.arg(0)).unwrap_or_default();
    text.parse().unwrap_or(otherwise)
}

fn empty(_: &Call<'_>) -> Flow {
    Flow::More
}

//! `expert-mode` and `experimental-mode`

use super::{Call, Command, Flow};
use crate::ir::bind::CliLevel;

/// `expert-mode [on|off]`
pub const EXPERT: Command = Command {
    words: &["expert-mode"],
    usage: "",
    meaning: "",
    level: CliLevel::Admin,
    run: |call| {
        let now = call.session.expert;
        call.session.expert = switch(call, "expert-mode", now);
        ending(call)
    },
};

/// `experimental-mode [on|off]`
pub const EXPERIMENTAL: Command = Command {
    words: &["experimental-mode"],
    usage: "",
    meaning: "",
    level: CliLevel::Admin,
    run: |call| {
        let now = call.session.experimental;
        call.session.experimental = switch(call, "experimental-mode", now);
        ending(call)
    },
};

/// `expert-mode on -`: as a prefix of commands that come from the master
fn ending(call: &Call<'_>) -> Flow {
    match call.arg(1) {
        b"-" => Flow::Silent,
        _ => Flow::More,
    }
}

/// Without a word, says how it stands; any word but `on` turns it off.
fn switch(call: &mut Call<'_>, name: &str, now: bool) -> bool {
    if call.args.is_empty() {
        call.info(&format!("{name} is {}", if now { "ON" } else { "OFF" }));
        return now;
    }
    call.arg(0) == b"on"
}

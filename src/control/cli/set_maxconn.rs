//! `set maxconn global|frontend|server`

use super::{Command, Flow, named};
use crate::ir::bind::CliLevel;

/// `set maxconn global <number>`
pub const GLOBAL: Command = Command {
    words: &["set", "maxconn", "global"],
    usage: "set maxconn global <value>",
    meaning: "changes the limit of connections of the process",
    level: CliLevel::Admin,
    run: |call| {
        let Some(number) = leading(call.arg(0)) else {
            return call.error("Expects an integer value.");
        };
        let hard = call.world.numbers().hard_maxconn;
        if number > hard {
            return call.error("Value out of range.");
        }
        call.world
            .set_maxconn(if number == 0 { hard } else { number });
        Flow::More
    },
};

/// `set maxconn frontend <name> <number>`
pub const FRONTEND: Command = Command {
    words: &["set", "maxconn", "frontend"],
    usage: "set maxconn frontend <frontend> <value>",
    meaning: "changes the limit of connections of a front end",
    level: CliLevel::Admin,
    run: |call| {
        let word = call.arg(0).to_vec();
        let frontend = match named::frontend(call, &word) {
            Ok(frontend) => frontend.id,
            Err(flow) => return flow,
        };
        let Some(number) = leading(call.arg(1)) else {
            return call.error("Integer value expected.");
        };
        if call.arg(1).starts_with(b"-") {
            return call.error("Value out of range.");
        }
        call.world.set_frontend_maxconn(frontend, number);
        Flow::More
    },
};

/// `set maxconn server <backend>/<server> <number>`
pub const SERVER: Command = Command {
    words: &["set", "maxconn", "server"],
    usage: "set maxconn server <bk>/<srv>",
    meaning: "changes the limit of connections of a server",
    level: CliLevel::Admin,
    run: |call| {
        let word = call.arg(0).to_vec();
        let found = match named::server(call, &word) {
            Ok(found) => found,
            Err(flow) => return flow,
        };
        let word = call.arg(1);
        if word.is_empty() {
            return call.error("Require <maxconn>.");
        }
        let digits = word.strip_prefix(b"-").unwrap_or(word);
        if !digits.iter().all(u8::is_ascii_digit) {
            return match digits.first().is_some_and(u8::is_ascii_digit) {
                true => call.error("Trailing garbage in maxconn string"),
                false => call.error("maxconn string empty or preceded by garbage"),
            };
        }
        let number = leading(word).unwrap_or(0);
        found.shared().set_maxconn(found.state, number);
        Flow::More
    },
};

/// The number that a word begins with, 0 when with none; `None` for an empty word.
pub fn leading(word: &[u8]) -> Option<u32> {
    if word.is_empty() {
        return None;
    }
    let digits = word.iter().take_while(|b| b.is_ascii_digit());
    Some(digits.fold(0u32, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(u32::from(digit - b'0'))
    }))
}

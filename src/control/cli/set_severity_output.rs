//! `set severity-output`

use super::{Call, Command, Flow};
use crate::ir::bind::{CliLevel, Severity};

/// `set severity-output none|number|string`
pub const COMMAND: Command = Command {
    words: &["set", "severity-output"],
    usage: "set severity-output [none|number|string]",
    meaning: "sets whether messages carry their weight",
    level: CliLevel::User,
    run,
};

fn run(call: &mut Call<'_>) -> Flow {
    call.session.severity = match call.arg(0) {
        b"none" => Severity::None,
        b"number" => Severity::Number,
        b"string" => Severity::String,
        _ => return call.error("one of 'none', 'number', 'string' is a required argument"),
    };
    Flow::More
}

//! `set timeout cli`

use super::{Call, Command, Flow};
use crate::base::units::{self, TimeUnit};
use crate::ir::bind::CliLevel;

/// `set timeout cli <delay>`
pub const COMMAND: Command = Command {
    words: &["set", "timeout"],
    usage: "set timeout [cli] <delay>",
    meaning: "sets the silence after which this connection is closed (default unit: s)",
    level: CliLevel::User,
    run,
};

fn run(call: &mut Call<'_>) -> Flow {
    if call.arg(0) != b"cli" {
        return call.error("'set timeout' only supports 'cli'.");
    }
    if call.arg(1).is_empty() {
        return call.error("Expects an integer value.");
    }
    match units::time(call.arg(1), TimeUnit::Second) {
        Ok(time) if time.value > 0 && time.trailing.is_none() => {
            call.session.timeout_ms = time.value.saturating_mul(1000);
            Flow::More
        }
        _ => call.error("Invalid timeout value."),
    }
}

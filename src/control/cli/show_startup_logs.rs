//! `show startup-logs`

use super::{Command, Flow};
use crate::ir::bind::CliLevel;

/// `show startup-logs`
pub const COMMAND: Command = Command {
    words: &["show", "startup-logs"],
    usage: "show startup-logs",
    meaning: "shows what was told while the process started",
    level: CliLevel::User,
    run: |call| {
        let text = call.world.startup_logs();
        call.out.extend_from_slice(text.as_bytes());
        Flow::More
    },
};

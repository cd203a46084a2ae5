//! `show schema json`

use super::{Command, Flow};
use crate::control::stats;
use crate::ir::bind::CliLevel;

/// `show schema json`
pub const COMMAND: Command = Command {
    words: &["show", "schema", "json"],
    usage: "show schema json",
    meaning: "shows what the answers in JSON consist of",
    level: CliLevel::User,
    run: |call| {
        call.line(stats::SCHEMA.trim_end());
        Flow::More
    },
};

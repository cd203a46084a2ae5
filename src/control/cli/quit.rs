//! `quit`

use super::{Call, Command, Flow};
use crate::ir::bind::CliLevel;

/// `quit`
pub const COMMAND: Command = Command {
    words: &["quit"],
    usage: "quit",
    meaning: "closes the connection",
    level: CliLevel::User,
    run: |_: &mut Call<'_>| Flow::Close,
};

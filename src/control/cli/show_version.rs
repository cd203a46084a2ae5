//! `show version`

use super::{Call, Command, Flow};
use crate::base::version;
use crate::ir::bind::CliLevel;

/// `show version`
pub const COMMAND: Command = Command {
    words: &["show", "version"],
    usage: "show version",
    meaning: "shows the version of this process",
    level: CliLevel::User,
    run: |call: &mut Call<'_>| -> Flow { call.info(version::FULL) },
};

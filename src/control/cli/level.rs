//! `operator` and `user`: gives up rights for the rest of the connection.

use super::{Call, Command, Flow};
use crate::ir::bind::CliLevel;

/// `operator`
pub const OPERATOR: Command = Command {
    words: &["operator"],
    usage: "operator",
    meaning: "lowers the rights of this connection to operator",
    level: CliLevel::Operator,
    run: |call| lower(call, CliLevel::Operator),
};

/// `user`
pub const USER: Command = Command {
    words: &["user"],
    usage: "user",
    meaning: "lowers the rights of this connection to user",
    level: CliLevel::User,
    run: |call| lower(call, CliLevel::User),
};

fn lower(call: &mut Call<'_>, to: CliLevel) -> Flow {
    call.session.level = call.session.level.min(to);
    call.session.expert = false;
    call.session.experimental = false;
    // `user -`: as a prefix of commands that come from the master
    match call.arg(0) {
        b"-" => Flow::Silent,
        _ => Flow::More,
    }
}

//! `show cli level` and `show cli sockets`

use super::{Call, Command, Flow};
use crate::ir::bind::CliLevel;

/// `show cli level`
pub const LEVEL: Command = Command {
    words: &["show", "cli", "level"],
    usage: "show cli level",
    meaning: "shows the rights of this connection",
    level: CliLevel::User,
    run: |call| {
        let name = name(call.session.level);
        call.info(name)
    },
};

/// `show cli sockets`
pub const SOCKETS: Command = Command {
    words: &["show", "cli", "sockets"],
    usage: "show cli sockets",
    meaning: "lists the sockets of the runtime API",
    level: CliLevel::Operator,
    run: sockets,
};

fn name(level: CliLevel) -> &'static str {
    match level {
        CliLevel::User => "user",
        CliLevel::Operator => "operator",
        CliLevel::Admin => "admin",
    }
}

fn sockets(call: &mut Call<'_>) -> Flow {
    call.line("# socket lvl processes");
    for (address, level) in call.world.sockets() {
        call.line(&format!("{address} {} all", name(*level)));
    }
    Flow::More
}

//! `show env`

use super::{Call, Command, Flow};
use crate::ir::bind::CliLevel;

/// `show env [<name>]`
pub const COMMAND: Command = Command {
    words: &["show", "env"],
    usage: "show env [var]",
    meaning: "shows the environment as the configuration left it",
    level: CliLevel::Operator,
    run,
};

fn run(call: &mut Call<'_>) -> Flow {
    let world = call.world;
    let mut show = |name: &[u8], value: &[u8]| {
        call.out.extend_from_slice(name);
        call.out.push(b'=');
        call.out.extend_from_slice(value);
        call.out.push(b'\n');
    };
    let Some(wanted) = call.args.first() else {
        for (name, value) in world.environment().iter() {
            show(name, value);
        }
        return Flow::More;
    };
    match world.environment().get(wanted) {
        Some(value) => {
            show(wanted, value);
            Flow::More
        }
        None => call.error("Variable not found"),
    }
}

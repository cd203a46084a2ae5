//! `echo`

use super::{Call, Command, Flow};
use crate::ir::bind::CliLevel;

/// `echo <text>`
pub const ECHO: Command = Command {
    words: &["echo"],
    usage: "echo <text>",
    meaning: "answers with the text",
    level: CliLevel::User,
    run,
};

fn run(call: &mut Call<'_>) -> Flow {
    let text = call.args.join(&b' ');
    call.out.extend_from_slice(&text);
    call.out.push(b'\n');
    Flow::More
}

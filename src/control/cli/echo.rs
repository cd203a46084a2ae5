//! `echo`

use super::{Call, Command, Flow, Weight};
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
    call.say_bytes(Weight::Info, &text)
}

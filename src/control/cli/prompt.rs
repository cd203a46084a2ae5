//! `prompt`

use super::{Call, Command, Flow, Prompt};
use crate::ir::bind::CliLevel;

/// `prompt`
pub const COMMAND: Command = Command {
    words: &["prompt"],
    usage: "prompt [help | n | i | p | timed ]*",
    meaning: "sets how lines are taken, or turns the prompt on and off",
    level: CliLevel::User,
    run,
};

const HELP: &str = "Usage: prompt [help | n | i | p | timed]*\n\
    Without a word the prompt is turned on, or off again. Words:\n\
    \x20 help    shows this text\n\
    \x20 n       one line per connection, no prompt\n\
    \x20 i       many lines, no prompt\n\
    \x20 p       many lines with a prompt\n\
    \x20 timed   turns the time since the start in the prompt on or off";

fn run(call: &mut Call<'_>) -> Flow {
    if call.args.is_empty() {
        call.session.prompt = match call.session.prompt {
            Prompt::Prompted => Prompt::Single,
            _ => Prompt::Prompted,
        };
    }
    for word in call.args {
        match *word {
            b"n" => call.session.prompt = Prompt::Single,
            b"i" => call.session.prompt = Prompt::Interactive,
            b"p" => call.session.prompt = Prompt::Prompted,
            b"timed" => {
                call.session.prompt = Prompt::Prompted;
                call.session.timed = !call.session.timed;
            }
            _ => return call.info(HELP),
        }
    }
    Flow::More
}

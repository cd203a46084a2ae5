//! `help`, and the answer to what is no command.

use super::{Call, Command, Flow, shown};
use crate::ir::bind::CliLevel;

/// `help [<command>]`
pub const COMMAND: Command = Command {
    words: &["help"],
    usage: "help [<command>]",
    meaning: "lists all commands, or those that resemble one",
    level: CliLevel::User,
    run,
};

/// Commands that every list ends with.
const ALWAYS: &[&str] = &["help", "prompt", "quit"];

fn run(call: &mut Call<'_>) -> Flow {
    let wanted: Vec<String> = call.args.iter().map(|a| shown(a)).collect();
    call.info("The following commands are valid at this level:");
    list(call, &wanted);
    Flow::More
}

/// The answer to a line whose words begin no command.
pub fn unknown(call: &mut Call<'_>, first: &[u8]) -> Flow {
    let wanted: Vec<String> = call.args.iter().map(|a| shown(a)).collect();
    call.info(&format!(
        "Unknown command: '{}', but maybe one of the following ones is a better match:",
        shown(first)
    ));
    list(call, &wanted);
    Flow::More
}

/// Lists the commands that resemble the words most; all of them when there are no words.
fn list(call: &mut Call<'_>, wanted: &[String]) {
    let language = call.session.language;
    let best = language
        .iter()
        .map(|c| resemblance(c, wanted))
        .max()
        .unwrap_or(0);
    for command in language {
        let always = command.words.first().is_some_and(|w| ALWAYS.contains(w));
        let alike = wanted.is_empty() || (best > 0 && resemblance(command, wanted) == best);
        if !command.usage.is_empty() && (always || alike) {
            call.line(&format!("  {:<39} : {}", command.usage, command.meaning));
        }
    }
}

/// How many words agree from the first on, the next one counting half when it is spelt alike.
fn resemblance(command: &Command, wanted: &[String]) -> u32 {
    let mut score = 0;
    for (word, given) in command.words.iter().zip(wanted) {
        if word == given {
            score += 2;
        } else {
            let alike = word.starts_with(given.as_str()) || strsim::jaro_winkler(word, given) > 0.8;
            return score + u32::from(alike);
        }
    }
    score
}

//! What the master answers itself (management guide 9.4.1).

use crate::control::cli::{
    Call, Command, ECHO, ENVIRONMENT, EXPERIMENTAL, EXPERT, Flow, HELP, LEVEL, OPERATOR, PROMPT,
    QUIT, SOCKETS, STARTUP_LOGS, USER, VERSION,
};
use crate::ir::bind::CliLevel;

/// What the commands ask of the master.
pub trait Supervision: Send + Sync {
    /// `show proc`
    fn processes(&self, debug: bool) -> String;
}

/// Every command of the master, in the order that `help` lists them.
pub const COMMANDS: &[&Command] = &[
    &entry("@!<pid>", "sends a command to the process <pid>"),
    &entry(
        "@<relative pid>",
        "sends a command to the worker of this number",
    ),
    &entry("@master", "sends a command to the master"),
    &ECHO,
    &HARD_RELOAD,
    &OPERATOR,
    &RELOAD,
    &LEVEL,
    &SOCKETS,
    &ENVIRONMENT,
    &SHOW_PROC,
    &STARTUP_LOGS,
    &VERSION,
    &USER,
    &EXPERIMENTAL,
    &EXPERT,
    &HELP,
    &PROMPT,
    &QUIT,
];

/// A line of `help` for what is no command.
const fn entry(usage: &'static str, meaning: &'static str) -> Command {
    Command {
        words: &["@"],
        usage,
        meaning,
        level: CliLevel::User,
        run: |_| Flow::More,
    }
}

/// `reload`
const RELOAD: Command = Command {
    words: &["reload"],
    usage: "reload",
    meaning: "starts a new worker; the old one leaves softly (-sf)",
    level: CliLevel::Operator,
    run: |_| Flow::Reload { hard: false },
};

/// `hard-reload`
const HARD_RELOAD: Command = Command {
    words: &["hard-reload"],
    usage: "hard-reload",
    meaning: "starts a new worker; the old one ends at once (-st)",
    level: CliLevel::Operator,
    run: |_| Flow::Reload { hard: true },
};

/// `show proc [debug]`
const SHOW_PROC: Command = Command {
    words: &["show", "proc"],
    usage: "show proc",
    meaning: "lists the master and its workers",
    level: CliLevel::User,
    run: show_proc,
};

fn show_proc(call: &mut Call<'_>) -> Flow {
    let debug = match call.arg(0) {
        b"" => false,
        b"debug" => true,
        _ => return call.error("'show proc' only supports 'debug' as argument"),
    };
    if let Some(master) = call.world.supervision() {
        let table = master.processes(debug);
        call.out.extend_from_slice(table.as_bytes());
    }
    Flow::More
}

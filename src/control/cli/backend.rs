//! `add backend`, `del backend`, `publish backend`, `unpublish backend`, `show backend`

use super::{Call, Command, Flow, named};
use crate::base::diag::Severity;
use crate::ir::bind::CliLevel;
use crate::plan::{BackendPlan, RealFiles};

/// `add backend <name> from <defaults> [mode <mode>]`
pub const ADD: Command = Command {
    words: &["add", "backend"],
    usage: "add backend <backend>",
    meaning: "adds a back end by a named 'defaults' section; rules choose it once published",
    level: CliLevel::Admin,
    run: add,
};

/// `del backend <name>`
pub const DEL: Command = Command {
    words: &["del", "backend"],
    usage: "del backend <backend>",
    meaning: "deletes a back end that is unpublished and has neither servers nor streams",
    level: CliLevel::Admin,
    run: del,
};

/// `publish backend <name>`
pub const PUBLISH: Command = Command {
    words: &["publish", "backend"],
    usage: "publish backend <backend>",
    meaning: "lets rules choose a back end",
    level: CliLevel::Operator,
    run: |call| publish(call, true),
};

/// `unpublish backend <name>`
pub const UNPUBLISH: Command = Command {
    words: &["unpublish", "backend"],
    usage: "unpublish backend <backend>",
    meaning: "keeps rules from choosing a back end",
    level: CliLevel::Operator,
    run: |call| publish(call, false),
};

/// `show backend`
pub const SHOW: Command = Command {
    words: &["show", "backend"],
    usage: "show backend",
    meaning: "lists the back ends",
    level: CliLevel::User,
    run: |call| {
        call.line("# name");
        let plan = call.world.plan();
        for backend in plan.present() {
            call.line(&backend.name);
        }
        Flow::More
    },
};

fn add(call: &mut Call<'_>) -> Flow {
    const USAGE: &str = "Usage: add backend <name> from <defproxy>.";
    const OPTIONS: &str =
        "Usage: add backend <name> from <defproxy> [mode <px_mode>] [guid <val>].";
    let words: Vec<&[u8]> = call
        .args
        .iter()
        .copied()
        .take_while(|w| !w.is_empty())
        .collect();
    let (name, from, options) = match words.as_slice() {
        [] => return call.error("Require backend name."),
        [name, b"from", from, options @ ..] => (*name, *from, options),
        _ => return call.error(USAGE),
    };
    let mut mode = None;
    for pair in options.chunks(2) {
        match pair {
            [b"mode", word] => mode = Some(*word),
            [b"guid", _] => {
                return call.error("'guid' is not executed yet by this version of hapax.");
            }
            _ => return call.error(OPTIONS),
        }
    }
    match call.world.plan().add_backend(name, from, mode, &RealFiles) {
        Ok(notes) => {
            for note in notes {
                call.world.tell(Severity::Warning, &format!("CLI : {note}"));
                call.info(&note);
            }
            told(call, "New backend registered.")
        }
        Err(text) => call.error(&text),
    }
}

/// Answers, and tells it where the process tells what happens.
fn told(call: &mut Call<'_>, text: &str) -> Flow {
    call.world.tell(Severity::Notice, &format!("CLI : {text}"));
    call.info(text)
}

/// The back end that the command names.
fn wanted<'a>(call: &mut Call<'a>) -> Result<&'a BackendPlan, Flow> {
    let plan = call.world.plan();
    let found = named::backend(plan, call.arg(0));
    found.ok_or_else(|| call.error("No such backend."))
}

fn del(call: &mut Call<'_>) -> Flow {
    let backend = match wanted(call) {
        Ok(backend) => backend,
        Err(flow) => return flow,
    };
    match call.world.plan().remove_backend(backend) {
        Ok(()) => {
            call.world.tell(Severity::Notice, "Backend deleted.");
            call.info("Backend deleted.")
        }
        Err((text, _)) => call.error(&text),
    }
}

fn publish(call: &mut Call<'_>, published: bool) -> Flow {
    let backend = match wanted(call) {
        Ok(backend) => backend,
        Err(flow) => return flow,
    };
    call.world.plan().publish(backend, published);
    told(
        call,
        match published {
            true => "Backend published.",
            false => "Backend unpublished.",
        },
    )
}

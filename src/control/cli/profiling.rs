//! `show profiling`, `set profiling`: hapax measures neither tasks nor memory.

use super::{Call, Command, Flow};
use crate::ir::bind::CliLevel;

/// `show profiling [all|status|tasks|memory]`
pub const SHOW: Command = Command {
    words: &["show", "profiling"],
    usage: "show profiling [<what>|<#lines>|<opts>]*",
    meaning: "shows whether tasks or memory are measured",
    level: CliLevel::Operator,
    run: show,
};

/// `set profiling tasks|memory ...`
pub const SET: Command = Command {
    words: &["set", "profiling"],
    usage: "set profiling <what> {auto|on|off}",
    meaning: "measures tasks or memory, or does not",
    level: CliLevel::Admin,
    run: set,
};

fn show(call: &mut Call<'_>) -> Flow {
    let (mut status, mut tasks) = (true, true);
    for word in call.args {
        match *word {
            b"all" => {}
            b"status" => tasks = false,
            b"tasks" => status = false,
            b"memory" => (status, tasks) = (false, false),
            b"byaddr" | b"bytime" | b"byctx" | b"aggr" => {}
            other if other.first().is_some_and(u8::is_ascii_digit) => {}
            _ => {
                return call.error(
                    "Expects either 'all', 'status', 'tasks', 'memory', 'byaddr', 'bytime', \
                     'byctx', 'aggr' or a max number of output lines.",
                );
            }
        }
    }
    if status {
        call.line("Per-task CPU profiling              : off           # set profiling tasks {on|auto|off}");
        call.line(
            "Memory usage profiling              : off           # set profiling memory {on|off}",
        );
    }
    if tasks {
        call.line("Tasks activity over 0.000 sec till 0.000 sec ago:");
        call.line("  function                      calls   cpu_tot   cpu_avg   lkw_avg   lkd_avg   mem_avg   lat_avg");
    }
    Flow::More
}

fn set(call: &mut Call<'_>) -> Flow {
    match call.arg(0) {
        b"tasks" => match call.arg(1) {
            b"off" | b"auto" => Flow::More,
            b"on" | b"lock" | b"no-lock" | b"memory" | b"no-memory" => {
                call.error("Task profiling not compiled in.")
            }
            _ => call.error(
                "Expects a combination of either 'on', 'auto', 'off', 'lock', 'no-lock', 'memory' \
                 or 'no-memory'.",
            ),
        },
        b"memory" => call.error("Memory profiling not compiled in."),
        _ => call.error("Expects either 'tasks' or 'memory'."),
    }
}

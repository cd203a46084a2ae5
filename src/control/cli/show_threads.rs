//! `show threads` and `show tasks`: what the threads of the engine are at.

use super::{Call, Command, Flow};
use crate::ir::bind::CliLevel;

/// `show threads`
pub const THREADS: Command = Command {
    words: &["show", "threads"],
    usage: "show threads",
    meaning: "shows what each thread is at (for developers)",
    level: CliLevel::User,
    run: |call| {
        for (index, facts) in facts(call).into_iter().enumerate() {
            let number = index + 1;
            call.line(&format!(
                "  Thread {number} : id={number:#x} act=0 glob=0 wq=1 rq=0 tl=0 tlsz=0 rqsz=0\n      \
                 1/{number}    loops=0 ctxsw=0 stuck=0 prof=0 harmless=1 isolated=0 locks=0\n         \
                 \x20   tasks={} streams={} panics={}",
                facts.tasks, facts.streams, facts.panics
            ));
        }
        Flow::More
    },
};

/// `show tasks`
pub const TASKS: Command = Command {
    words: &["show", "tasks"],
    usage: "show tasks",
    meaning: "shows the tasks that run (for developers)",
    level: CliLevel::User,
    run: |call| {
        let facts = facts(call);
        let tasks: usize = facts.iter().map(|f| f.tasks).sum();
        call.line(&format!(
            "Running tasks: {tasks} ({} threads)\n  function                     places     %    \
             lat_tot   lat_avg  calls_tot  calls_avg calls%",
            facts.len()
        ));
        Flow::More
    },
};

fn facts(call: &Call<'_>) -> Vec<crate::engine::ThreadFacts> {
    call.world.shared().map(|s| s.threads()).unwrap_or_default()
}

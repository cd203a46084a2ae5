//! `clear counters`

use super::{Call, Command, Flow};
use crate::ir::bind::CliLevel;

/// `clear counters [all]`
pub const COMMAND: Command = Command {
    words: &["clear", "counters"],
    usage: "clear counters [all]",
    meaning: "clears the highest values of statistics, or all of them",
    level: CliLevel::Operator,
    run,
};

fn run(call: &mut Call<'_>) -> Flow {
    let all = call.arg(0) == b"all";
    if all && call.session.level < CliLevel::Admin {
        return call.error("Permission denied");
    }
    let Some(shared) = call.world.shared() else {
        return Flow::More;
    };
    for backend in shared.plan.present() {
        let state = &backend.state;
        state.sessions.clear_max();
        state.counters.clear(all);
        state.clear_peaks();
        for server in state.servers() {
            server.counters.clear(all);
        }
    }
    shared.clear_counters(all);
    call.world.clear_rates();
    Flow::More
}

//! `enable`, `disable` and `shutdown frontend`.

use super::{Call, Command, Flow, named};
use crate::base::diag::Severity;
use crate::engine::shared::Phase;
use crate::ir::bind::CliLevel;
use crate::plan::FrontendPlan;
use std::sync::atomic::Ordering;

/// Syslog level `warning`.
const WARNING: u8 = 4;

/// `disable frontend <name>`
pub const DISABLE: Command = Command {
    words: &["disable", "frontend"],
    usage: "disable frontend <frontend>",
    meaning: "has a front end refuse connections for the time being",
    level: CliLevel::Admin,
    run: |call| change(call, Phase::Paused),
};

/// `enable frontend <name>`
pub const ENABLE: Command = Command {
    words: &["enable", "frontend"],
    usage: "enable frontend <frontend>",
    meaning: "lets a front end take connections again",
    level: CliLevel::Admin,
    run: |call| change(call, Phase::Open),
};

/// `shutdown frontend <name>`
pub const SHUTDOWN: Command = Command {
    words: &["shutdown", "frontend"],
    usage: "shutdown frontend <frontend>",
    meaning: "closes the listening sockets of a front end for good",
    level: CliLevel::Admin,
    run: |call| change(call, Phase::Stopped),
};

fn change(call: &mut Call<'_>, to: Phase) -> Flow {
    let word = call.arg(0).to_vec();
    let frontend = match named::frontend(call, &word) {
        Ok(frontend) => frontend,
        Err(flow) => return flow,
    };
    let Some(shared) = call.world.shared() else {
        return Flow::More;
    };
    let Some(state) = shared.frontends.get(frontend.id.0 as usize) else {
        return Flow::More;
    };
    match (state.phase(), to) {
        (Phase::Stopped, Phase::Open) => {
            return call.error("Frontend was previously shut down, cannot enable.");
        }
        (Phase::Stopped, Phase::Paused) => {
            return call.error("Frontend was previously shut down, cannot disable.");
        }
        (Phase::Stopped, Phase::Stopped) => return call.error("Frontend was already shut down."),
        (Phase::Open, Phase::Open) => return call.error("All sockets are already enabled."),
        (Phase::Paused, Phase::Paused) => return call.error("All sockets are already disabled."),
        _ => {}
    }
    shared.set_phase(state, to);
    let (kind, name) = (kind(frontend), &frontend.name);
    let text = match to {
        Phase::Open => format!("Resumed {kind} {name}."),
        Phase::Paused => format!("Paused {kind} {name}."),
        Phase::Stopped => {
            let own = frontend.same_section.and_then(|id| shared.plan.backend(id));
            format!(
                "Proxy {name} stopped (cumulated conns: FE: {}, BE: {}).",
                state.connections.load(Ordering::Relaxed),
                own.map_or(0, |be| be.state.counters.sessions.total())
            )
        }
    };
    call.world.tell(Severity::Warning, &text);
    if let Some(log) = &frontend.log {
        shared.log(log, WARNING, &text);
    }
    Flow::More
}

fn kind(frontend: &FrontendPlan) -> &'static str {
    match frontend.same_section {
        Some(_) => "proxy",
        None => "frontend",
    }
}

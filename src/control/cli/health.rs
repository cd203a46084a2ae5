//! `enable` and `disable` of a server's health checks and agent.

use super::{Call, Command, Flow, named};
use crate::ir::bind::CliLevel;

/// `disable health <backend>/<server>`
pub const DISABLE: Command = Command {
    words: &["disable", "health"],
    usage: "disable health",
    meaning: "stops a server's health checks",
    level: CliLevel::Admin,
    run: |call| pause(call, true),
};

/// `enable health <backend>/<server>`
pub const ENABLE: Command = Command {
    words: &["enable", "health"],
    usage: "enable health",
    meaning: "lets a server's health checks go on",
    level: CliLevel::Admin,
    run: |call| pause(call, false),
};

/// `disable agent <backend>/<server>`
pub const DISABLE_AGENT: Command = Command {
    words: &["disable", "agent"],
    usage: "disable agent",
    meaning: "stops a server's agent checks",
    level: CliLevel::Admin,
    run: |call| {
        let word = call.arg(0).to_vec();
        match named::server(call, &word) {
            Ok(found) => {
                if let Some(agent) = &found.state.agent {
                    agent.pause(true);
                }
                Flow::More
            }
            Err(flow) => flow,
        }
    },
};

/// `enable agent <backend>/<server>`
pub const ENABLE_AGENT: Command = Command {
    words: &["enable", "agent"],
    usage: "enable agent",
    meaning: "lets a server's agent checks go on",
    level: CliLevel::Admin,
    run: |call| {
        let word = call.arg(0).to_vec();
        match named::server(call, &word) {
            Ok(found) => match &found.state.agent {
                Some(agent) => {
                    agent.pause(false);
                    Flow::More
                }
                None => call.error("Agent was not configured on this server, cannot enable."),
            },
            Err(flow) => flow,
        }
    },
};

fn pause(call: &mut Call<'_>, pause: bool) -> Flow {
    let word = call.arg(0).to_vec();
    let found = match named::server(call, &word) {
        Ok(found) => found,
        Err(flow) => return flow,
    };
    if !found.state.checked {
        return match pause {
            true => Flow::More,
            false => call.error("Health check was not configured on this server, cannot enable."),
        };
    }
    found.state.pause_checks(pause);
    Flow::More
}

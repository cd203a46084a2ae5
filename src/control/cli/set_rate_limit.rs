//! `set rate-limit`

use super::set_maxconn::leading;
use super::{Command, Flow};
use crate::ir::bind::CliLevel;
use std::sync::atomic::Ordering;

/// `set rate-limit connections|sessions|ssl-sessions|http-compression global <number>`
pub const COMMAND: Command = Command {
    words: &["set", "rate-limit"],
    usage: "set rate-limit <setting> <value>",
    meaning: "changes a limit per second of the process",
    level: CliLevel::Admin,
    run: |call| {
        const USAGE: &str = "'set rate-limit' only supports :\n   - 'connections global' : \
                             connections per second of the process\n   - 'sessions global' : \
                             sessions per second of the process\n   - 'ssl-sessions global' : TLS \
                             sessions per second of the process\n   - 'http-compression global' : \
                             kilobytes per second that compression may give";
        let what = call.arg(0).to_vec();
        let known: [&[u8]; 4] = [
            b"connections",
            b"sessions",
            b"ssl-sessions",
            b"http-compression",
        ];
        if !known.contains(&what.as_slice()) || call.arg(1) != b"global" {
            return call.error(USAGE);
        }
        let Some(number) = leading(call.arg(2)) else {
            return call.error("Expects an integer value.");
        };
        let Some(shared) = call.world.shared() else {
            return Flow::More;
        };
        let limits = &shared.rate_limits;
        let limit = match what.as_slice() {
            b"connections" => &limits.connections,
            b"sessions" => &limits.sessions,
            b"ssl-sessions" => &limits.tls_sessions,
            _ => &limits.compression,
        };
        limit.store(number, Ordering::Relaxed);
        Flow::More
    },
};

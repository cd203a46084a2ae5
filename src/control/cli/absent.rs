//! Commands about what hapax has none of, in the words of a HAProxy that has none of it
//! configured: peers, caches.

use super::{Call, Command, Flow};
use crate::ir::bind::CliLevel;

/// A list that is empty but for its title.
const fn list(
    words: &'static [&'static str],
    usage: &'static str,
    meaning: &'static str,
    level: CliLevel,
    run: fn(&mut Call<'_>) -> Flow,
) -> Command {
    Command {
        words,
        usage,
        meaning,
        level,
        run,
    }
}

fn nothing(_: &mut Call<'_>) -> Flow {
    Flow::More
}

/// `show peers`
pub const PEERS: Command = list(
    &["show", "peers"],
    "show peers [dict|-] [section]",
    "shows the peers",
    CliLevel::User,
    |call| match call.arg(0) {
        b"" | b"dict" | b"-" if call.arg(1).is_empty() => Flow::More,
        _ => call.error("No such peers"),
    },
);
/// `show cache`
pub const CACHE: Command = list(
    &["show", "cache"],
    "show cache",
    "shows what is in the caches",
    CliLevel::Operator,
    nothing,
);
/// `show trace`
pub const SHOW_TRACE: Command = list(
    &["show", "trace"],
    "show trace [<module>]",
    "lists the sources of traces",
    CliLevel::User,
    |call| match call.arg(0) {
        b"" => call.info("Supported trace sources and states (.=stopped, w=waiting, R=running) :"),
        _ => call.error("No such trace source"),
    },
);
/// `trace`
pub const TRACE: Command = list(
    &["trace"],
    "trace [<module>|0] [cmd [args...]]",
    "lists the sources of traces; 0 stops all traces",
    CliLevel::Operator,
    |call| match call.arg(0) {
        b"" => call.info("Supported trace sources and states (.=stopped, w=waiting, R=running) :"),
        b"0" => call.info("All traces now stopped"),
        other => {
            let text = format!("No such trace source '{}'", super::shown(other));
            call.error(&text)
        }
    },
);
/// `show pools`
pub const POOLS: Command = list(
    &["show", "pools"],
    "show pools [by*] [match <pfx>] [nb]",
    "shows the memory pools (hapax has none)",
    CliLevel::User,
    |call| {
        call.line("Dumping pools usage. Use SIGQUIT to flush them.");
        call.line("Total: 0 pools, 0 bytes allocated, 0 used (~0 by thread caches).");
        Flow::More
    },
);
/// `show anon`
pub const ANON: Command = list(
    &["show", "anon"],
    "show anon",
    "shows whether names are hidden",
    CliLevel::User,
    |call| call.info("Anonymized mode disabled"),
);
/// `set anon off`
pub const ANON_OFF: Command = list(
    &["set", "anon", "off"],
    "set anon off",
    "shows names as they are",
    CliLevel::User,
    nothing,
);

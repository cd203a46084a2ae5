//! `server-state-base`, `server-state-file`: where the states of servers before a reload stand.

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `server-state-base DIR`
pub const BASE: KeywordHandler =
    KeywordHandler::new(&["server-state-base"], Sections::GLOBAL, |cx, args| {
        let missing = "'server-state-base' expects one argument: a directory path.";
        take(cx, args, missing, |cx, text| {
            cx.global.server_state_base = Some(text)
        });
    });
/// `server-state-file FILE`
pub const FILE: KeywordHandler =
    KeywordHandler::new(&["server-state-file"], Sections::GLOBAL, |cx, args| {
        let missing = "'server-state-file' expect one argument: a file path.";
        take(cx, args, missing, |cx, text| {
            cx.global.server_state_file = Some(text)
        });
    });

fn take(
    cx: &mut Context<'_>,
    args: &mut Args<'_, '_>,
    missing: &str,
    set: impl FnOnce(&mut Context<'_>, String),
) {
    if let Some(text) = args.text(missing) {
        set(cx, text.to_owned());
    }
}

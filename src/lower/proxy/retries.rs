//! `retries`: how often a connection is tried again.

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `retries N`
pub const RETRIES: KeywordHandler = KeywordHandler::new(&["retries"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "retries") {
        return;
    }
    let missing = "'retries' expects an integer argument (dispatch counts for one).";
    let Some(value) = args.lenient_int(missing) else {
        return;
    };
    args.end("retries");
    cx.set(|s| s.retries = Some(u32::try_from(value.max(0)).unwrap_or(u32::MAX)));
}

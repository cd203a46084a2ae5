//! `hard-stop-after`: how long a soft stop may take.

use crate::base::units::TimeUnit;
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `hard-stop-after TIME`
pub const HARD_STOP_AFTER: KeywordHandler =
    KeywordHandler::new(&["hard-stop-after"], Sections::GLOBAL, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let missing = "'hard-stop-after' expects <time> as argument.";
    if let Some(ms) = crate::lower::proxy::timeout::bracketed(
        args,
        TimeUnit::Millisecond,
        "hard-stop-after",
        missing,
    ) {
        cx.global.hard_stop_after = Some(ms);
    }
}

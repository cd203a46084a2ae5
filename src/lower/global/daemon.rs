//! `daemon`, `quiet`, `zero-warning`: words without arguments about how the process starts.

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `daemon`
pub const DAEMON: KeywordHandler = KeywordHandler::new(&["daemon"], Sections::GLOBAL, daemon);
/// `quiet`
pub const QUIET: KeywordHandler = KeywordHandler::new(&["quiet"], Sections::GLOBAL, quiet);
/// `zero-warning`
pub const ZERO_WARNING: KeywordHandler =
    KeywordHandler::new(&["zero-warning"], Sections::GLOBAL, zero_warning);

fn daemon(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    cx.global.daemon = true;
    args.end("daemon");
}

fn quiet(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    cx.global.quiet = true;
    args.end("quiet");
}

fn zero_warning(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    cx.global.zero_warning = true;
    args.end("zero-warning");
}

//! `noreuseport`: no SO_REUSEPORT, so that two processes never share a port by accident.

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `noreuseport`
pub const NOREUSEPORT: KeywordHandler =
    KeywordHandler::new(&["noreuseport"], Sections::GLOBAL, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    cx.global.noreuseport = true;
    args.end("noreuseport");
}

//! `http-check disable-on-404`

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `http-check disable-on-404`
pub const DISABLE_ON_404: KeywordHandler =
    KeywordHandler::new(&["http-check disable-on-404"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "http-check") {
        return;
    }
    args.end("http-check");
    cx.set(|s| s.disable_on_404 = true);
}

//! `option originalto`: X-Original-To.

use super::forwardfor::header;
use super::negated;
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `option originalto [except NET] [header NAME]`
pub const ORIGINALTO: KeywordHandler =
    KeywordHandler::new(&["option originalto"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if negated(args, "originalto") {
        return;
    }
    if let Some(header) = header(args, "originalto", b"X-Original-To", false) {
        cx.set(|s| s.originalto = Some(header));
    }
}

//! `disabled`, `enabled`

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `disabled`
pub const DISABLED: KeywordHandler =
    KeywordHandler::new(&["disabled"], Sections::ANY_PROXY, disabled);
/// `enabled`
pub const ENABLED: KeywordHandler = KeywordHandler::new(&["enabled"], Sections::ANY_PROXY, enabled);

fn disabled(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    args.end("disabled");
    if let Some(draft) = cx.draft_mut() {
        draft.proxy.disabled = true;
    }
}

fn enabled(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    args.end("enabled");
    if let Some(draft) = cx.draft_mut() {
        draft.proxy.disabled = false;
    }
}

//! `default_backend`; the name is resolved when all proxies are known.

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `default_backend NAME`
pub const DEFAULT_BACKEND: KeywordHandler =
    KeywordHandler::new(&["default_backend"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Frontend, "default_backend") {
        return;
    }
    let Some(word) = args.word("'default_backend' expects a backend name.") else {
        return;
    };
    args.end("default_backend");
    let name = word.display().to_string();
    if let Some(draft) = cx.draft_mut() {
        draft.default_backend = Some((name, word.span));
    }
}

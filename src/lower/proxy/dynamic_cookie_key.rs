//! `dynamic-cookie-key`: the secret that dynamic cookie values are made with.

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `dynamic-cookie-key SECRET`
pub const DYNAMIC_COOKIE_KEY: KeywordHandler =
    KeywordHandler::new(&["dynamic-cookie-key"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "dynamic-cookie-key") {
        return;
    }
    if let Some(word) = args.word("'dynamic-cookie-key' expects <secret_key> as argument.") {
        cx.set(|s| s.dynamic_cookie_key = Some(word.text.to_vec()));
    }
}

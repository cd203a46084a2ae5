//! `force-persist`, `ignore-persist`: exceptions from persistence.

use super::rules;
use crate::config::args::Args;
use crate::ir::rule::PersistRule;
use crate::lower::{Context, KeywordHandler, Sections, Side};
use crate::sample::places::Places;

/// `force-persist if|unless CONDITION`
pub const FORCE_PERSIST: KeywordHandler =
    KeywordHandler::rules(&["force-persist"], Sections::NAMED_PROXY, force);
/// `ignore-persist if|unless CONDITION`
pub const IGNORE_PERSIST: KeywordHandler =
    KeywordHandler::rules(&["ignore-persist"], Sections::NAMED_PROXY, ignore);

fn force(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    lower(cx, args, "force-persist", true);
}

fn ignore(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    lower(cx, args, "ignore-persist", false);
}

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>, name: &str, force: bool) {
    let useless = cx.ignored(args, Side::Backend, name);
    let message = format!("'{name}' requires either 'if' or 'unless' followed by a condition.");
    let context = format!("error detected while parsing a '{name}' rule : ");
    if let Some(condition) =
        rules::required_condition(cx, args, Places::BE_REQUEST, &message, &context)
        && !useless
        && let Some(draft) = cx.draft_mut()
    {
        draft
            .proxy
            .persist_rules
            .push(PersistRule { force, condition });
    }
}

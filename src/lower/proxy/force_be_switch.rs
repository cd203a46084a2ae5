//! `force-be-switch`: requests that may go to back ends which are not published.

use super::rules;
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections, Side};
use crate::sample::places::Places;

/// `force-be-switch if|unless CONDITION`
pub const FORCE_BE_SWITCH: KeywordHandler =
    KeywordHandler::rules(&["force-be-switch"], Sections::NAMED_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if !cx.can(Side::Frontend) {
        let text = "'force-be-switch' only available in frontend or listen section.";
        return args.alert("HX0270", args.line().span, text);
    }
    let message = "'force-be-switch' requires either 'if' or 'unless' followed by a condition.";
    let context = "error detected while parsing a 'force-be-switch' rule : ";
    let places = Places::FE_REQUEST;
    if let Some(condition) = rules::required_condition(cx, args, places, message, context)
        && let Some(draft) = cx.draft_mut()
    {
        draft.proxy.force_be_switch.push(condition);
    }
}

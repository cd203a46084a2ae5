//! `monitor-uri`, `monitor fail`: answers to those who ask whether the proxy lives.

use super::rules;
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections, Side};
use crate::sample::places::Places;

/// `monitor-uri URI`
pub const MONITOR_URI: KeywordHandler =
    KeywordHandler::new(&["monitor-uri"], Sections::ANY_PROXY, uri);
/// `monitor fail if|unless CONDITION`
pub const MONITOR_FAIL: KeywordHandler =
    KeywordHandler::rules(&["monitor"], Sections::NAMED_PROXY, fail);

fn uri(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Frontend, "monitor-uri") {
        return;
    }
    let Some(word) = args.word("'monitor-uri' expects an URI.") else {
        return;
    };
    args.end("monitor-uri");
    cx.set(|s| s.monitor_uri = Some(word.text.to_vec()));
}

fn fail(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Frontend, "monitor") {
        return;
    }
    let here = args.here();
    if !args.take("fail") {
        args.alert("HX0162", here, "'monitor' only supports 'fail'.");
        return;
    }
    let message = "'monitor fail' requires either 'if' or 'unless' followed by a condition.";
    let context = "error detected while parsing a 'monitor fail' condition : ";
    if let Some(condition) =
        rules::required_condition(cx, args, Places::FE_REQUEST, message, context)
        && let Some(draft) = cx.draft_mut()
    {
        draft.proxy.monitor_fail.push(condition);
    }
}

//! `id`, `description`: how statistics name a proxy.

use crate::base::diag::{Diagnostic, Form};
use crate::config::args::{Args, atol};
use crate::lower::{Context, KeywordHandler, Sections};

/// `id N`
pub const ID: KeywordHandler = KeywordHandler::new(&["id"], Sections::ANY_PROXY, id);
/// `description TEXT...`
pub const DESCRIPTION: KeywordHandler =
    KeywordHandler::new(&["description"], Sections::ANY_PROXY, description);

fn tight(args: &mut Args<'_, '_>, message: impl Into<String>) {
    let span = args.here();
    args.report(Diagnostic::alert("HX0299", span, message).form(Form::Tight));
}

fn id(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.in_defaults() {
        tight(args, "'id' not allowed in 'defaults' section.");
        return;
    }
    let Some(word) = args.peek() else {
        tight(args, "'id' expects an integer argument.");
        return;
    };
    if let Some(extra) = args.peek_second() {
        let message = format!(
            "'id' cannot handle unexpected argument '{}'.",
            extra.display()
        );
        args.alert("HX0167", extra.span, message);
        return;
    }
    let Some(id) = u32::try_from(atol(&word.text).0).ok().filter(|v| *v > 0) else {
        tight(args, "custom id has to be > 0.");
        return;
    };
    args.next_word();
    let Some(this) = cx.draft() else {
        return;
    };
    let reused = cx.proxies.iter().find(|d| d.proxy.uuid == id).map(|other| {
        let message = format!(
            "{} {} reuses same custom id as {} {} (declared at {}).",
            this.named().split(' ').next().unwrap_or_default(),
            this.proxy.name,
            other.named().split(' ').next().unwrap_or_default(),
            other.proxy.name,
            cx.place(other.proxy.span)
        );
        (message, other.proxy.span)
    });
    if let Some((message, first)) = reused {
        let finding = Diagnostic::alert("HX0261", word.span, message)
            .form(Form::Tight)
            .related(first, "first used here");
        args.report(finding);
        return;
    }
    if let Some(draft) = cx.draft_mut() {
        draft.proxy.uuid = id;
    }
}

fn description(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.in_defaults() {
        tight(args, "'description' not allowed in 'defaults' section.");
        return;
    }
    if args.is_empty() {
        tight(args, "'description' expects a string argument.");
        return;
    }
    let text = String::from_utf8_lossy(&args.rest_joined()).into_owned();
    cx.set(|s| s.description = Some(text));
}

//! Lines of a `cache` section (configuration manual 6.2).

use super::declare;
use crate::config::args::Args;
use crate::config::directive::Word;
use crate::lower::{Context, KeywordHandler, Sections};

const HERE: Sections = Sections::CACHE;
const MEGABYTE: u64 = 1024 * 1024;

/// `total-max-size MEGABYTES`: 1 to 4095
pub const TOTAL_MAX_SIZE: KeywordHandler =
    KeywordHandler::checked(&["total-max-size"], HERE, total);
/// `max-object-size BYTES`
pub const MAX_OBJECT_SIZE: KeywordHandler =
    KeywordHandler::checked(&["max-object-size"], HERE, object);
/// `max-age SECONDS`
pub const MAX_AGE: KeywordHandler = KeywordHandler::checked(&["max-age"], HERE, age);
/// `process-vary on|off`
pub const PROCESS_VARY: KeywordHandler = KeywordHandler::checked(&["process-vary"], HERE, vary);
/// `max-secondary-entries N`
pub const MAX_SECONDARY_ENTRIES: KeywordHandler =
    KeywordHandler::checked(&["max-secondary-entries"], HERE, secondary);

fn number(word: &Word) -> Option<u64> {
    word.as_str()?.parse().ok()
}

fn total(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let span = args.line().span;
    declare(cx, "size", "", span);
    let said = args.next_word();
    match said.and_then(number) {
        Some(mb) if (1..=u64::from(u32::MAX) / MEGABYTE).contains(&mb) => {}
        Some(_) => args.alert(
            "HX0164",
            span,
            "\"total-max-size\" (in MB) must be within [1, 4095].",
        ),
        None => args.alert("HX0165", span, "total-max-size wrong value."),
    }
    args.end("total-max-size");
}

fn object(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let span = args.line().span;
    if args.next_word().and_then(number).is_none() {
        args.alert("HX0165", span, "max-object-size wrong value.");
    }
    args.end("max-object-size");
}

fn age(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if args.next_word().is_none() {
        args.warning(
            "HX0160",
            args.line().span,
            "'max-age' expects an age parameter in seconds.",
        );
    }
    args.end("max-age");
}

fn vary(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    match args.next_word() {
        Some(w) if w.is("on") || w.is("off") => {}
        Some(w) => args.alert(
            "HX0162",
            w.span,
            "'process-vary' expects \"on\" or \"off\" (enable or disable vary processing).",
        ),
        None => args.warning(
            "HX0160",
            args.line().span,
            "'process-vary' expects \"on\" or \"off\" (enable or disable vary processing).",
        ),
    }
    args.end("process-vary");
}

fn secondary(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let span = args.line().span;
    if args
        .next_word()
        .and_then(number)
        .filter(|n| *n > 0)
        .is_none()
    {
        args.alert("HX0165", span, "max-secondary-entries wrong value.");
    }
    args.end("max-secondary-entries");
}

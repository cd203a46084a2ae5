//! Lines of a `cache` section (configuration manual 6.2).

use super::{Declared, declare};
use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::config::directive::Word;
use crate::lower::{Context, KeywordHandler, Sections};

const HERE: Sections = Sections::CACHE;
const MEGABYTE: u64 = 1024 * 1024;
/// Megabytes that a cache may have.
const LARGEST: u64 = 4095;

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

/// HAProxy warns of a wrong value here, and refuses the file for it.
fn wrong(args: &mut Args<'_, '_>, message: String) {
    let mut finding = Diagnostic::warning("HX0165", args.line().span, message);
    finding.fatal = true;
    args.report(finding.form(Form::Tight));
}

/// A number of the line, which the section keeps under the keyword.
fn size(cx: &mut Context<'_>, args: &mut Args<'_, '_>, keyword: &'static str) -> Option<u64> {
    let word = args.next_word();
    let value = word.and_then(number);
    match value {
        Some(value) => {
            if let Some(section) = cx.declared.last_mut() {
                section.sizes.insert(keyword, value);
            }
        }
        None => {
            let said = word.map_or_else(String::new, |w| w.display().to_string());
            wrong(args, format!("{keyword} wrong value '{said}'"));
        }
    }
    args.end(keyword);
    value
}

fn total(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let span = args.line().span;
    match size(cx, args, "total-max-size") {
        Some(mb) if mb > LARGEST => {
            let message = format!("\"total-max-size\" ({mb}) must not be greater than {LARGEST}");
            wrong(args, message);
        }
        // HAProxy takes 0 for a size that was not given
        Some(0) | None => return,
        Some(_) => {}
    }
    declare(cx, "size", "", span);
}

fn object(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    size(cx, args, "max-object-size");
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
    if !args.next_word().is_some_and(|w| w.is("on") || w.is("off")) {
        args.warning(
            "HX0160",
            args.line().span,
            "'process-vary' expects \"on\" or \"off\" (enable or disable vary processing).",
        );
    }
    args.end("process-vary");
}

fn secondary(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if size(cx, args, "max-secondary-entries") == Some(0) {
        wrong(args, "max-secondary-entries wrong value '0'".to_owned());
    }
}

/// One object may take up half of the cache.
pub(super) fn too_large(section: &Declared) -> Option<Diagnostic> {
    let half = section.sizes.get("total-max-size")? * MEGABYTE / 2;
    let object = section.sizes.get("max-object-size")?;
    (*object > half && half > 0).then(|| {
        let message =
            format!("\"max-object-size\" is limited to an half of \"total-max-size\" => {half}");
        Diagnostic::alert("HX0164", section.span, message).form(Form::Config)
    })
}

//! `nbthread`, `thread-groups`.

use crate::config::args::{Args, atol};
use crate::lower::{Context, KeywordHandler, Sections};

/// `nbthread N`
pub const NBTHREAD: KeywordHandler = KeywordHandler::new(&["nbthread"], Sections::GLOBAL, nbthread);
/// `thread-groups N`
pub const THREAD_GROUPS: KeywordHandler =
    KeywordHandler::new(&["thread-groups"], Sections::GLOBAL, thread_groups);

/// `thread-hard-limit N`
pub const THREAD_HARD_LIMIT: KeywordHandler =
    KeywordHandler::new(&["thread-hard-limit"], Sections::GLOBAL, thread_hard_limit);

/// The most threads, as in HAProxy 3.4.
pub const MAX_THREADS: u32 = 1024;
/// The most groups, as in HAProxy 3.4.
pub const MAX_GROUPS: u32 = 32;

fn nbthread(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if let Some(count) = count(args, "nbthread", MAX_THREADS, None) {
        cx.global.nbthread = Some(count);
    }
    args.end("nbthread");
}

fn thread_groups(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if let Some(count) = count(args, "thread-groups", MAX_GROUPS, None) {
        cx.global.thread_groups = Some(count);
    }
    args.end("thread-groups");
}

/// A limit that `nbthread` and the number of CPUs do not pass.
fn thread_hard_limit(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let bad = "'thread-hard-limit' value must be at least 1";
    if let Some(count) = count(args, "thread-hard-limit", MAX_THREADS, Some(bad)) {
        cx.global.thread_hard_limit = Some(count);
    }
    args.end("thread-hard-limit");
}

fn count(args: &mut Args<'_, '_>, name: &str, max: u32, bad: Option<&str>) -> Option<u32> {
    let missing = format!("'{name}' passed a missing or unparsable integer value in ''");
    let word = args.word(&missing)?;
    let (value, used) = atol(&word.text);
    if used == 0 || used < word.text.len() {
        let message = format!(
            "'{name}' passed a missing or unparsable integer value in '{}'",
            word.display()
        );
        args.alert("HX0165", word.span, message);
        return None;
    }
    match u32::try_from(value).ok().filter(|v| (1..=max).contains(v)) {
        Some(value) => Some(value),
        None => {
            let message = match bad {
                Some(bad) => format!("{bad} (was {value})"),
                None => format!("'{name}' value must be between 1 and {max} (was {value})"),
            };
            args.alert("HX0164", word.span, message);
            None
        }
    }
}

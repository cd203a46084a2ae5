//! `nbproc` of files before 2.5: as many threads, in one process.

use crate::base::diag::Diagnostic;
use crate::config::args::{Args, atol};
use crate::lower::{Context, KeywordHandler, Sections};

/// `nbproc N`
pub const NBPROC: KeywordHandler = KeywordHandler::new(&["nbproc"], Sections::GLOBAL, lower);

/// As many processes as HAProxy ever allowed.
const MAX: i64 = 64;

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let Some(word) = args.word("'nbproc' expects an integer argument.") else {
        return;
    };
    let count = atol(&word.text).0;
    if !(1..=MAX).contains(&count) {
        let message = format!("'nbproc' must be between 1 and {MAX} (was {count}).");
        args.alert("HX0164", word.span, message);
        return;
    }
    let count = u32::try_from(count).unwrap_or(1);
    cx.global.nbproc = Some(count);
    let threads = if count == 1 { "thread" } else { "threads" };
    let finding = Diagnostic::warning(
        "HX0231",
        args.line().span,
        format!(
            "nbproc is not supported any more since HAProxy 2.5: 'nbproc {count}' runs {count} {threads} of one process. Unlike separate processes they share every limit, counter and server queue, so that maxconn and rates hold once, not once per process. The modern form is 'nbthread {count}'."
        ),
    )
    .help(format!("replace the line by 'nbthread {count}', or remove it: one thread per CPU is then started"));
    args.report(finding);
    args.end("nbproc");
}

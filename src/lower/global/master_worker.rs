//! `master-worker`: a process that supervises the one that works.

use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `master-worker [no-exit-on-failure]`
pub const MASTER_WORKER: KeywordHandler =
    KeywordHandler::new(&["master-worker"], Sections::GLOBAL, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if args.take("no-exit-on-failure") {
        cx.global.master_no_exit_on_failure = true;
    } else if let Some(word) = args.peek() {
        args.alert(
            "HX0162",
            word.span,
            "'master-worker' only supports 'no-exit-on-failure' option",
        );
        return;
    } else {
        let finding = Diagnostic::warning(
            "HX0237",
            args.line().span,
            "The 'master-worker' keyword is deprecated in 3.3 and will be removed in 3.5. Use -W or -Ws in the startup script instead.",
        )
        .form(Form::Config);
        args.report(finding);
    }
    cx.global.master_worker = true;
    args.end("master-worker");
}

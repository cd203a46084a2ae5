//! `master-worker`, `mworker-max-reloads`: a process that supervises the one that works.

use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `master-worker [no-exit-on-failure]`
pub const MASTER_WORKER: KeywordHandler =
    KeywordHandler::new(&["master-worker"], Sections::GLOBAL, lower);

/// `mworker-max-reloads N`
pub const MAX_RELOADS: KeywordHandler =
    KeywordHandler::new(&["mworker-max-reloads"], Sections::GLOBAL, max_reloads);

fn max_reloads(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let here = args.here();
    if let Some(value) = args.lenient_int("'mworker-max-reloads' expects an integer argument.") {
        match u32::try_from(value) {
            Ok(value) => cx.global.master_max_reloads = value,
            Err(_) => args.alert(
                "HX0164",
                here,
                "'mworker-max-reloads' expects a positive value or zero.",
            ),
        }
    }
    args.end("mworker-max-reloads");
}

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

//! `pidfile`

use crate::base::diag::Diagnostic;
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `pidfile FILE`
pub const PIDFILE: KeywordHandler = KeywordHandler::new(&["pidfile"], Sections::GLOBAL, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.global.pidfile.is_some() {
        let finding = Diagnostic::warning(
            "HX0230",
            args.line().span,
            "'pidfile' already specified. Continuing.",
        );
        args.report(finding);
        return;
    }
    if let Some(file) = args.text("'pidfile' expects a file name as an argument.") {
        cx.global.pidfile = Some(file.to_owned());
    }
    args.end("pidfile");
}

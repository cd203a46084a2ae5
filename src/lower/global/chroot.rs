//! `chroot`

use crate::base::diag::Diagnostic;
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `chroot DIR`
pub const CHROOT: KeywordHandler = KeywordHandler::new(&["chroot"], Sections::GLOBAL, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.global.chroot.is_some() {
        let finding = Diagnostic::warning(
            "HX0230",
            args.line().span,
            "'chroot' is already specified. Continuing.",
        );
        args.report(finding);
        return;
    }
    if let Some(dir) = args.text("'chroot' expects a directory as an argument.") {
        cx.global.chroot = Some(dir.to_owned());
    }
    args.end("chroot");
}

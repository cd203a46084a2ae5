//! `description` of the process, shown by the statistics.

use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `description TEXT...`
pub const DESCRIPTION: KeywordHandler =
    KeywordHandler::new(&["description"], Sections::GLOBAL, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if args.is_empty() {
        let finding = Diagnostic::alert(
            "HX0160",
            args.missing_at(),
            "'description' expects a string argument.",
        )
        .form(Form::Tight);
        args.report(finding);
        return;
    }
    cx.global.description = Some(String::from_utf8_lossy(&args.rest_joined()).into_owned());
}

//! `bind-process` of files before 2.7: which processes run a proxy. With one process all do.

use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `bind-process SET`
pub const BIND_PROCESS: KeywordHandler =
    KeywordHandler::new(&["bind-process"], Sections::ANY_PROXY, lower);

fn lower(_cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let finding = Diagnostic::warning(
        "HX0321",
        args.line().span,
        "'bind-process' is not supported anymore. It has no effect: hapax is one process, and all its threads run every proxy.",
    )
    .form(Form::Tight)
    .help("remove it; 'thread' on 'bind' lines chooses threads");
    args.report(finding);
}

//! `bind-process` of files before 2.7: which processes run a proxy. With `nbproc` several threads
//! are the processes, and those named here accept for it.

use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::lower::bind::threads;
use crate::lower::{Context, KeywordHandler, Sections};

/// `bind-process SET...`
pub const BIND_PROCESS: KeywordHandler =
    KeywordHandler::new(&["bind-process"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let finding = Diagnostic::warning(
        "HX0321",
        args.line().span,
        "'bind-process' is not supported anymore: hapax is one process. With 'nbproc' its numbers are those of the threads that accept for this proxy.",
    )
    .form(Form::Tight)
    .help("remove it; 'thread' on 'bind' lines chooses threads");
    args.report(finding);
    let mut sets = Vec::new();
    while let Some(word) = args.next_word() {
        match threads::set(&word.display().to_string(), word.span) {
            Ok(set) => sets.push(set),
            Err(fault) => {
                args.alert(
                    "HX0164",
                    fault.span,
                    format!("'bind-process' : {}", fault.text),
                );
                return;
            }
        }
    }
    cx.set(|s| s.bind_process = sets);
}

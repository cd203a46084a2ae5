//! `node`: the name of this machine in the statistics.

use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `node NAME`
pub const NODE: KeywordHandler = KeywordHandler::new(&["node"], Sections::GLOBAL, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let here = args.here();
    let good = |b: &u8| b.is_ascii_alphanumeric() || b".-_".contains(b);
    match args.next_word().filter(|w| w.text.iter().all(good)) {
        Some(word) => cx.global.node = Some(word.display().to_string()),
        None => {
            let finding = Diagnostic::alert("HX0238", here, "'node' requires valid node name - non-empty string with digits(0-9), letters(A-Z, a-z), dot(.), hyphen(-) or underscode(_).")
                .form(Form::Tight);
            args.report(finding);
        }
    }
    args.end("node");
}

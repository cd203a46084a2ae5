//! `maxconn`: connections of the whole process.

use crate::base::diag::Diagnostic;
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `maxconn N`
pub const MAXCONN: KeywordHandler = KeywordHandler::new(&["maxconn"], Sections::GLOBAL, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.global.maxconn.is_some() {
        let finding = Diagnostic::alert(
            "HX0230",
            args.line().span,
            "'maxconn' already specified. Continuing.",
        )
        .not_fatal()
        .help("the first one counts");
        args.report(finding);
        return;
    }
    let Some(word) = args.word("'maxconn' expects an integer argument.") else {
        return;
    };
    match word.as_str().and_then(|t| t.parse::<i64>().ok()) {
        // 0 and less leave the limit to the number of descriptors, as if the line was not there.
        Some(value) => cx.global.maxconn = u32::try_from(value).ok().filter(|v| *v > 0),
        None => {
            let message = format!(
                "cannot parse 'maxconn' value '{}', an integer is expected.",
                word.display()
            );
            args.alert("HX0165", word.span, message);
        }
    }
    args.end("maxconn");
}

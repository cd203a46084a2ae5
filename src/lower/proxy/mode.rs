//! `mode`

use crate::base::diag::Diagnostic;
use crate::config::args::Args;
use crate::ir::Mode;
use crate::lower::check::pending_note;
use crate::lower::{Context, KeywordHandler, Sections};

/// `mode tcp|http|...`
pub const MODE: KeywordHandler = KeywordHandler::new(&["mode"], Sections::ANY_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let here = args.here();
    let text = args
        .next_word()
        .map_or_else(String::new, |w| w.display().to_string());
    if !args.is_empty() {
        args.end("mode");
        return;
    }
    let mode = match text.as_str() {
        "tcp" => Mode::Tcp,
        "http" => Mode::Http,
        "health" => {
            let finding = Diagnostic::warning(
                "HX0290",
                here,
                "'mode health' doesn't exist anymore. Please use 'http-request return status 200' instead. It is taken as HAProxy did before 2.2: every connection gets 'OK' and is closed.",
            );
            args.report(finding);
            Mode::Health
        }
        "log" | "spop" | "haterm" => {
            args.report(pending_note(here, &format!("'mode {text}'"), 7));
            Mode::Other
        }
        _ => {
            let message = format!("unknown proxy mode '{text}'.");
            args.alert("HX0291", here, message);
            return;
        }
    };
    cx.set(|s| s.mode = mode);
}

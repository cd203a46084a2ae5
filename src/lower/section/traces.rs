//! Lines of a `traces` section (configuration manual 12.1; the words are those of the runtime
//! command `trace`, management manual 9.3).

use crate::config::args::{self, Args};
use crate::lower::{Context, KeywordHandler, Sections};

/// `trace SOURCE [WORD ARGUMENT]...`
pub const TRACE: KeywordHandler = KeywordHandler::checked(&["trace"], Sections::TRACES, trace);

const SOURCES: &[&str] = &[
    "0", "acme", "all", "applet", "check", "fcgi", "h1", "h2", "h3", "haterm", "peers", "pt",
    "qmux", "quic", "session", "spop", "ssl", "stream",
];
const LEVELS: &[&str] = &["error", "user", "proto", "state", "data", "developer"];

fn trace(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let Some(source) = args.next_word() else {
        let message = "'trace' expects a source.";
        return args.warning("HX0160", args.line().span, message);
    };
    if !SOURCES.iter().any(|s| source.is(s)) {
        let message = format!("No such trace source '{}'", source.display());
        let mut finding = crate::base::diag::Diagnostic::alert("HX0162", source.span, message);
        if let Some(near) = args::nearest(source, SOURCES) {
            finding = finding.help(format!("did you mean '{near}'?"));
        }
        return args.report(finding);
    }
    while let Some(word) = args.next_word() {
        match word.bytes() {
            b"start" | b"stop" | b"pause" if source.is("all") => {
                let message = format!("'{}' not applicable to meta-source 'all'", word.display());
                return args.alert("HX0162", word.span, message);
            }
            b"event" | b"follow" | b"lock" | b"pause" | b"sink" | b"start" | b"stop"
            | b"verbosity" => {
                args.next_word();
            }
            b"level" => match args.next_word() {
                Some(level) if !LEVELS.iter().any(|l| level.is(l)) => {
                    let message = format!("No such trace level '{}'", level.display());
                    return args.alert("HX0162", level.span, message);
                }
                _ => {}
            },
            _ => {
                let message = format!("Unknown trace keyword '{}'", word.display());
                return args.alert("HX0162", word.span, message);
            }
        }
    }
}

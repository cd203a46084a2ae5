//! `h1-case-adjust`, `h1-case-adjust-file`: how to spell header names for programs that insist
//! on capitals.

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `h1-case-adjust FROM TO`
pub const H1_CASE_ADJUST: KeywordHandler =
    KeywordHandler::new(&["h1-case-adjust"], Sections::GLOBAL, pair);
/// `h1-case-adjust-file FILE`
pub const H1_CASE_ADJUST_FILE: KeywordHandler =
    KeywordHandler::new(&["h1-case-adjust-file"], Sections::GLOBAL, file);

fn pair(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    const MISSING: &str = "'h1-case-adjust' expects <from> and <to> as argument.";
    let (Some(from), Some(to)) = (args.word(MISSING), args.next_word()) else {
        if args.position() == 2 {
            args.alert("HX0160", args.missing_at(), MISSING);
        }
        return;
    };
    if let Some(reason) = refuse(&from.text, &to.text) {
        args.alert("HX0236", from.span.to(to.span), reason);
    } else {
        let pair = (from.text.to_vec(), to.text.to_vec());
        cx.global.h1_case_adjust.push(pair);
    }
    args.end("h1-case-adjust");
}

/// What is wrong with a pair of names, in HAProxy's words; shared with the file's lines.
pub fn refuse(from: &[u8], to: &[u8]) -> Option<&'static str> {
    (!from.eq_ignore_ascii_case(to)).then_some("<from> and <to> must not differ except the case")
}

fn file(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let Some(word) = args.word("'h1-case-adjust-file' expects <hdrs-file> as argument.") else {
        return;
    };
    cx.global.h1_case_adjust_file = Some((word.display().to_string(), word.span));
    args.end("h1-case-adjust-file");
}

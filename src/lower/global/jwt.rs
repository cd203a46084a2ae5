//! `jwt.decrypt_alg_list`, `jwt.decrypt_enc_list`: what encrypted tokens may be encrypted with
//! (configuration manual 3.1).

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `jwt.decrypt_alg_list LIST`
pub const ALGORITHMS: KeywordHandler =
    KeywordHandler::new(&["jwt.decrypt_alg_list"], Sections::GLOBAL, |cx, args| {
        restrict(cx, args, false)
    });
/// `jwt.decrypt_enc_list LIST`
pub const ENCODINGS: KeywordHandler =
    KeywordHandler::new(&["jwt.decrypt_enc_list"], Sections::GLOBAL, |cx, args| {
        restrict(cx, args, true)
    });

fn restrict(cx: &mut Context<'_>, args: &mut Args<'_, '_>, encodings: bool) {
    // without a word, as behind the first one, HAProxy says nothing
    let Some(word) = args.next_word() else {
        return;
    };
    let list = word.display().to_string();
    if let Err(unknown) = cx.keys.restrict(&list, encodings) {
        let message = format!("Unknown algorithm/encoding {unknown}");
        args.alert("HX0162", word.span, message);
    }
    args.rest();
}

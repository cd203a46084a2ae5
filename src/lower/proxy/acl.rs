//! `acl`; the lines of a section are compiled together, before its rules.

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `acl NAME CRITERION [flags] [patterns]`
pub const ACL: KeywordHandler = KeywordHandler::new(&["acl"], Sections::ANY_PROXY, lower);

fn lower<'d>(cx: &mut Context<'d>, args: &mut Args<'d, '_>) {
    let line = args.line();
    let Some(draft) = cx.draft_mut() else {
        return;
    };
    if draft.anonymous {
        args.alert(
            "HX0281",
            line.span,
            "'acl' not allowed in anonymous 'defaults' section.",
        );
        return;
    }
    if let Some((bad, word)) = line
        .words
        .get(1)
        .and_then(|w| Some((crate::lower::bad_character(&w.text)?, w)))
    {
        let message = format!(
            "character '{bad}' is not permitted in acl name '{}'.",
            word.display()
        );
        args.alert("HX0210", word.span, message);
        return;
    }
    cx.acl_line(line);
}

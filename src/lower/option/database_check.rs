//! `option mysql-check` and `option pgsql-check`: their arguments.

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `option mysql-check [user NAME [post-41|pre-41|post-80]]`
pub const MYSQL: KeywordHandler =
    KeywordHandler::checked(&["option mysql-check"], Sections::ANY_PROXY, mysql);
/// `option pgsql-check user NAME`
pub const PGSQL: KeywordHandler =
    KeywordHandler::checked(&["option pgsql-check"], Sections::ANY_PROXY, pgsql);

fn mysql(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "mysql-check") {
        return;
    }
    let Some(word) = args.next_word() else {
        return;
    };
    if !word.is("user") {
        let message = format!(
            "'option mysql-check' only supports optional values: 'user' (got '{}').",
            word.display()
        );
        args.alert("HX0162", word.span, message);
        return;
    }
    let missing = "'option mysql-check user' expects <username> as argument.";
    if args.word(missing).is_none() {
        return;
    }
    if let Some(word) = args.next_word()
        && !["post-41", "pre-41", "post-80"].iter().any(|w| word.is(w))
    {
        let message = format!(
            "keyword 'user' only supports 'post-41', 'pre-41' and 'post-80' (got '{}').",
            word.display()
        );
        args.alert("HX0162", word.span, message);
        return;
    }
    args.end("option mysql-check");
}

fn pgsql(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "pgsql-check") {
        return;
    }
    let missing = "'option pgsql-check' expects 'user <username>' as argument.";
    if !args.take("user") {
        args.alert("HX0160", args.here(), missing);
        return;
    }
    if args.word(missing).is_some() {
        args.end("option pgsql-check");
    }
}

//! `option mysql-check` and `option pgsql-check`: health checks by the first words of a login.

use super::negated;
use super::ready_checks::choose;
use crate::config::args::Args;
use crate::ir::check::{CheckKind, MysqlLogin};
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `option mysql-check [user NAME [post-41|pre-41|post-80]]`
pub const MYSQL: KeywordHandler =
    KeywordHandler::new(&["option mysql-check"], Sections::ANY_PROXY, mysql);
/// `option pgsql-check user NAME`
pub const PGSQL: KeywordHandler =
    KeywordHandler::new(&["option pgsql-check"], Sections::ANY_PROXY, pgsql);

fn mysql(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if negated(args, "mysql-check") || cx.ignored(args, Side::Backend, "mysql-check") {
        return;
    }
    let Some(word) = args.next_word() else {
        cx.set(|s| choose(s, CheckKind::Mysql(MysqlLogin::None)));
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
    let Some(user) = args.word(missing) else {
        return;
    };
    let user = user.bytes().to_vec();
    let version = args.next_word();
    if let Some(word) = version
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
    let login = match version {
        Some(word) if word.is("pre-41") => MysqlLogin::Pre41(user),
        Some(word) if word.is("post-80") => MysqlLogin::Post80(user),
        _ => MysqlLogin::Post41(user),
    };
    cx.set(|s| choose(s, CheckKind::Mysql(login)));
}

fn pgsql(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if negated(args, "pgsql-check") || cx.ignored(args, Side::Backend, "pgsql-check") {
        return;
    }
    let missing = "'option pgsql-check' expects 'user <username>' as argument.";
    if !args.take("user") {
        args.alert("HX0160", args.here(), missing);
        return;
    }
    if let Some(user) = args.word(missing) {
        let user = user.bytes().to_vec();
        args.end("option pgsql-check");
        cx.set(|s| choose(s, CheckKind::Pgsql(user)));
    }
}

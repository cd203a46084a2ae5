//! `user`, `uid`, `group`, `gid`: whom to become after binding. Names are looked up by `plan`.

use crate::base::diag::Diagnostic;
use crate::config::args::{Args, atol};
use crate::config::directive::Word;
use crate::lower::{Context, KeywordHandler, Sections};

/// `user NAME`
pub const USER: KeywordHandler = KeywordHandler::new(&["user"], Sections::GLOBAL, user);
/// `uid N`
pub const UID: KeywordHandler = KeywordHandler::new(&["uid"], Sections::GLOBAL, uid);
/// `group NAME`
pub const GROUP: KeywordHandler = KeywordHandler::new(&["group"], Sections::GLOBAL, group);
/// `gid N`
pub const GID: KeywordHandler = KeywordHandler::new(&["gid"], Sections::GLOBAL, gid);

fn user(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let set = cx.global.uid.is_some() || cx.global.user.is_some();
    if already(args, "user/uid", set) {
        return;
    }
    if let Some(word) = args.word("cannot find user id for '' (0:Success)") {
        cx.global.user = Some((word.display().to_string(), word.span));
    }
    args.end("user");
}

fn group(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let set = cx.global.gid.is_some() || cx.global.group.is_some();
    if already(args, "group/gid", set) {
        return;
    }
    if let Some(word) = args.word("cannot find group id for '' (0:Success)") {
        cx.global.group = Some((word.display().to_string(), word.span));
    }
    args.end("group");
}

fn uid(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let set = cx.global.uid.is_some() || cx.global.user.is_some();
    if already(args, "user/uid", set) {
        return;
    }
    let Some(word) = args.word("'uid' expects an integer argument.") else {
        return;
    };
    cx.global.uid = number(args, word, "uid", "user");
    args.end("uid");
}

fn gid(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let set = cx.global.gid.is_some() || cx.global.group.is_some();
    if already(args, "group/gid", set) {
        return;
    }
    let Some(word) = args.word("'gid' expects an integer argument.") else {
        return;
    };
    cx.global.gid = number(args, word, "gid", "group");
    args.end("gid");
}

fn already(args: &mut Args<'_, '_>, what: &str, set: bool) -> bool {
    if set {
        let message = format!("{what} already specified. Continuing.");
        let finding = Diagnostic::alert("HX0230", args.line().span, message).not_fatal();
        args.report(finding);
    }
    set
}

/// The number, or a warning that a name belongs behind the other keyword: HAProxy then does not
/// change its identity at all.
fn number(args: &mut Args<'_, '_>, word: &Word, name: &str, other: &str) -> Option<u32> {
    let (value, used) = atol(&word.text);
    if used < word.text.len() {
        let message = format!(" {name}: string '{}' is not a number.", word.display());
        let finding = Diagnostic::warning("HX0235", word.span, message).excerpt(format!(
            "   | You might want to use the '{other}' parameter to use a system {other} name."
        ));
        args.report(finding);
        return None;
    }
    u32::try_from(value).ok()
}

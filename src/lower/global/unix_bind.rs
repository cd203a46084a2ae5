//! `unix-bind`: what the unix sockets of `bind` lines have in common (configuration manual 3.1).

use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections, bind};

/// `unix-bind [prefix TEXT] [mode OCTAL] [user NAME] [uid N] [group NAME] [gid N]`
pub const UNIX_BIND: KeywordHandler = KeywordHandler::new(&["unix-bind"], Sections::GLOBAL, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    while let Some(word) = args.next_word() {
        if word.is("prefix") {
            if let Some(prefix) = args.next_word() {
                cx.global.unix_bind.prefix = prefix.text.to_vec();
            }
            continue;
        }
        let permissions = &mut cx.global.unix_bind.permissions;
        if !bind::permission(permissions, word, args) {
            const TEXT: &str = "'unix-bind' only supports the 'prefix', 'mode', 'uid', 'gid', 'user' and 'group' options.";
            return args.alert("HX0162", word.span, TEXT);
        }
    }
}

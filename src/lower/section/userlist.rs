//! `user` and `group` of a `userlist` section (configuration manual 12.1).

use super::{declare, own_name};
use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};

/// `user NAME [password HASH|insecure-password TEXT] [groups A,B]`
pub const USER: KeywordHandler = KeywordHandler::checked(&["user"], Sections::USERLIST, user);
/// `group NAME [users A,B]`
pub const GROUP: KeywordHandler = KeywordHandler::checked(&["group"], Sections::USERLIST, group);

fn tight(args: &mut Args<'_, '_>, code: &'static str, message: String) {
    let finding = Diagnostic::alert(code, args.here(), message).form(Form::Tight);
    args.report(finding);
}

fn user(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let Some(name) = args.next_word() else {
        tight(args, "HX0160", "'user' expects <name> as arguments.".into());
        return;
    };
    let name = name.display().to_string();
    if again(cx, args, "user", &name) {
        return;
    }
    while let Some(word) = args.peek() {
        match &word.text[..] {
            b"password" | b"insecure-password" => {
                args.next_word();
                args.next_word();
            }
            b"groups" => {
                args.next_word();
                members(cx, args, "group", &format!("user '{name}'"));
            }
            _ => {
                let message =
                    "'user' only supports 'password', 'insecure-password' and 'groups' options.";
                tight(args, "HX0162", message.into());
                return;
            }
        }
    }
}

fn group(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let Some(name) = args.next_word() else {
        tight(
            args,
            "HX0160",
            "'group' expects <name> as arguments.".into(),
        );
        return;
    };
    let name = name.display().to_string();
    if again(cx, args, "group", &name) {
        return;
    }
    while let Some(word) = args.peek() {
        if !word.is("users") {
            let message = "'group' only supports 'users' option.";
            tight(args, "HX0162", message.into());
            return;
        }
        args.next_word();
        members(cx, args, "user", &format!("group '{name}'"));
    }
}

/// The first one of a name counts.
fn again(cx: &mut Context<'_>, args: &mut Args<'_, '_>, kind: &'static str, name: &str) -> bool {
    let span = args.line().span;
    let Some(first) = declare(cx, kind, name, span) else {
        return false;
    };
    let list = own_name(cx);
    let message = format!("ignoring duplicated {kind} '{name}' in userlist '{list}'.");
    let finding = Diagnostic::warning("HX0213", span, message).form(Form::Tight);
    args.report(finding.related(first, "first declared here"));
    true
}

fn members(cx: &mut Context<'_>, args: &mut Args<'_, '_>, kind: &'static str, by: &str) {
    let Some(word) = args.next_word() else {
        return;
    };
    let text = word.display().to_string();
    let names = text.split(',').filter(|n| !n.is_empty());
    if let Some(section) = cx.declared.last_mut() {
        let used = names.map(|n| (kind, n.to_owned(), by.to_owned()));
        section.used.extend(used);
    }
}

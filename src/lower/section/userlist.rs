//! `user` and `group` of a `userlist` section (configuration manual 12.1).

use super::{declare, own_name};
use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections};
use crate::sample::users::{self, Password, User};
use std::sync::Arc;

/// `user NAME [password HASH|insecure-password TEXT] [groups A,B]`
pub const USER: KeywordHandler = KeywordHandler::new(&["user"], Sections::USERLIST, user);
/// `group NAME [users A,B]`
pub const GROUP: KeywordHandler = KeywordHandler::new(&["group"], Sections::USERLIST, group);

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
    let mut made = User {
        name: name.clone().into_bytes(),
        ..User::default()
    };
    let mut plain = false;
    while let Some(word) = args.peek() {
        match &word.text[..] {
            kind @ (b"password" | b"insecure-password") => {
                plain |= kind == b"insecure-password";
                args.next_word();
                let text = args
                    .next_word()
                    .map(|w| w.text.to_vec())
                    .unwrap_or_default();
                made.password = Some(match plain {
                    true => Password::Plain(text),
                    false => hash(args, &name, &text),
                });
            }
            b"groups" => {
                args.next_word();
                made.groups = members(cx, args, "group", &format!("user '{name}'"));
            }
            _ => {
                let message =
                    "'user' only supports 'password', 'insecure-password' and 'groups' options.";
                tight(args, "HX0162", message.into());
                return;
            }
        }
    }
    if let Some(list) = cx.user_lists.last_mut() {
        list.users.push(made);
    }
}

/// A hash, with a word about kinds that cannot be verified here.
fn hash(args: &mut Args<'_, '_>, name: &str, text: &[u8]) -> Password {
    let hash = String::from_utf8_lossy(text).into_owned();
    if !users::is_known_hash(&hash) {
        let message = format!(
            "user '{name}': this version of hapax cannot verify passwords of this kind of hash, and lets nobody in by it."
        );
        let finding = Diagnostic::notice("HX0402", args.here(), message)
            .help("MD5 ($1$), SHA-256 ($5$), SHA-512 ($6$) and bcrypt ($2y$) can be verified");
        args.report(finding);
    }
    Password::Hash(hash)
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
    if let Some(bad) = crate::lower::bad_character(&name.text) {
        let message = format!(
            "character '{bad}' is not permitted in 'group' name '{}'.",
            name.display()
        );
        tight(args, "HX0210", message);
        return;
    }
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
        let users = members(cx, args, "user", &format!("group '{name}'"));
        if let Some(list) = cx.user_lists.last_mut() {
            let members = users.into_iter().map(|user| (user, name.clone()));
            list.members.extend(members);
        }
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

/// The names of a list, noted to be looked for when the section is complete.
fn members(
    cx: &mut Context<'_>,
    args: &mut Args<'_, '_>,
    kind: &'static str,
    by: &str,
) -> Vec<Arc<[u8]>> {
    let Some(word) = args.next_word() else {
        return Vec::new();
    };
    let text = word.display().to_string();
    let names = text.split(',').filter(|n| !n.is_empty());
    if let Some(section) = cx.declared.last_mut() {
        let used = names.clone().map(|n| (kind, n.to_owned(), by.to_owned()));
        section.used.extend(used);
    }
    names.map(|n| n.as_bytes().into()).collect()
}

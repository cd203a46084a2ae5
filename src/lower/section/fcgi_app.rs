//! Lines of an `fcgi-app` section (configuration manual 10.1).

use super::declare;
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections, log};
use crate::sample::regex::Regex;

const HERE: Sections = Sections::FCGI_APP;

/// `docroot DIRECTORY`
pub const DOCROOT: KeywordHandler = KeywordHandler::checked(&["docroot"], HERE, |cx, args| {
    let span = args.line().span;
    if args.word("'docroot' expects <path> as argument.").is_some() {
        declare(cx, "docroot", "", span);
        args.end("docroot");
    }
});
/// `log-stderr global`, `log-stderr ADDRESS ...`
pub const LOG_STDERR: KeywordHandler =
    KeywordHandler::checked(&["log-stderr"], HERE, |_, args| log::target::checked(args));
/// `pass-header NAME [if|unless CONDITION]`, `set-param NAME FORMAT [if|unless CONDITION]`
pub const CONDITIONAL: KeywordHandler =
    KeywordHandler::checked(&["pass-header", "set-param"], HERE, conditional);
/// `path-info REGEX`
pub const PATH_INFO: KeywordHandler = KeywordHandler::checked(&["path-info"], HERE, path_info);

fn conditional(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let keyword = args.name(1);
    let (missing, words) = match keyword.as_str() {
        "pass-header" => ("'pass-header' expects <name> as arguments.", 1),
        _ => ("'set-param' expects <name> and <value> as arguments.", 2),
    };
    let mut name = String::new();
    for at in 0..words {
        let Some(word) = args.word(missing) else {
            return;
        };
        if at == 0 {
            name = word.display().to_string();
        }
    }
    if let Some(word) = args.peek().filter(|w| !w.is("if") && !w.is("unless")) {
        let message = format!(
            "'{name}' : expects 'if' or 'unless' with a condition but found '{}'.",
            word.display()
        );
        args.alert("HX0300", word.span, message);
    }
}

fn path_info(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let Some(word) = args.word("'path-info' expects <regex> as argument.") else {
        return;
    };
    if let Err(fault) = Regex::new(&word.text, false) {
        let message = format!("'{}' : {fault}.", word.display());
        args.alert("HX0300", word.span, message);
    }
    args.end("path-info");
}

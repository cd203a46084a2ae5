//! `reqrep` and its relatives of files before 2.1, executed as 1.5 did: on header lines as text,
//! between the `http-request` rules and the choice of the back end.

use super::rules;
use crate::action::reqrep::{Deed, LineAction};
use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::config::directive::Word;
use crate::ir::rule::{AddedLine, LineRule, LineRules};
use crate::lower::{Context, KeywordHandler, Sections};
use crate::sample::Places;
use crate::sample::regex::Regex;
use std::sync::Arc;

/// `reqadd TEXT`, `rspadd TEXT`
pub const ADD: KeywordHandler =
    KeywordHandler::rules(&["reqadd", "rspadd"], Sections::NAMED_PROXY, add);
/// `reqrep REGEX TEXT` and so on; with an `i` they ignore case.
pub const REPLACE: KeywordHandler = KeywordHandler::rules(
    &["reqrep", "reqirep", "rsprep", "rspirep"],
    Sections::NAMED_PROXY,
    replace,
);
/// `reqdel REGEX` and so on.
pub const JUDGE: KeywordHandler = KeywordHandler::rules(
    &[
        "reqdel",
        "reqidel",
        "reqallow",
        "reqiallow",
        "reqdeny",
        "reqideny",
        "reqpass",
        "reqipass",
        "reqtarpit",
        "reqitarpit",
        "rspdel",
        "rspidel",
        "rspdeny",
        "rspideny",
    ],
    Sections::NAMED_PROXY,
    judge,
);
/// `reqsetbe REGEX BACKEND`
pub const SET_BACKEND: KeywordHandler = KeywordHandler::rules(
    &["reqsetbe", "reqisetbe"],
    Sections::NAMED_PROXY,
    set_backend,
);

/// What does the same today.
fn modern(name: &str) -> &'static str {
    match name {
        "reqadd" => "'http-request add-header'",
        "reqallow" | "reqiallow" => "'http-request allow'",
        "reqdel" | "reqidel" => "'http-request del-header'",
        "reqdeny" | "reqideny" => "'http-request deny'",
        "reqrep" => {
            "'http-request replace-path', 'http-request replace-uri' or 'http-request replace-header'"
        }
        "reqirep" => "'http-request replace-header'",
        "reqtarpit" | "reqitarpit" => "'http-request tarpit'",
        "reqsetbe" | "reqisetbe" => "'use_backend'",
        "rspadd" => "'http-response add-header'",
        "rspdel" | "rspidel" => "'http-response del-header'",
        "rspdeny" | "rspideny" => "'http-response deny'",
        "rsprep" | "rspirep" => "'http-response replace-header'",
        _ => "",
    }
}

fn warn(args: &mut Args<'_, '_>) -> String {
    let name = args.name(1);
    let span = args.line().span;
    let (major, minor) = match name.ends_with("setbe") {
        true => (1, 6),
        false => (2, 1),
    };
    let mut message =
        format!("The '{name}' directive is not supported anymore since HAProxy {major}.{minor}.");
    match modern(&name) {
        "" => {}
        modern => message.push_str(&format!(" Use {modern} instead.")),
    }
    let finding = Diagnostic::warning("HX0328", span, message)
        .help("it is executed as in 1.5: on header lines as text")
        .refused_since(major, minor);
    args.report(finding);
    name
}

fn on_response(name: &str) -> bool {
    name.starts_with("rsp")
}

/// The condition behind the arguments. `Err`: the line is faulty.
fn condition(
    cx: &mut Context<'_>,
    args: &mut Args<'_, '_>,
    name: &str,
) -> Result<Option<crate::ir::rule::Condition>, ()> {
    let Some(word) = args.peek() else {
        return Ok(None);
    };
    if !(word.is("if") || word.is("unless")) {
        let message = format!(
            "'{name}' : Expecting nothing, 'if', or 'unless', got '{}'.",
            word.display()
        );
        args.alert("HX0160", word.span, message);
        return Err(());
    }
    let places = match on_response(name) {
        true => rules::places(cx, Places::FE_RESPONSE, Places::BE_RESPONSE),
        false => rules::places(cx, Places::FE_REQUEST, Places::BE_REQUEST),
    };
    let context = format!("error detected while parsing a '{name}' condition : ");
    rules::condition(cx, args, places, &context)
        .map(Some)
        .ok_or(())
}

fn with_rules(cx: &mut Context<'_>, then: impl FnOnce(&mut LineRules)) {
    if let Some(draft) = cx.draft_mut() {
        let rules = draft.proxy.line_rules.get_or_insert_default();
        then(Arc::make_mut(rules));
    }
}

fn add(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = warn(args);
    let missing = format!("'{name}' expects <header> as an argument.");
    let Some(text) = args.word(&missing) else {
        return;
    };
    let Ok(condition) = condition(cx, args, &name) else {
        return;
    };
    let line = AddedLine {
        condition,
        text: text.bytes().into(),
    };
    with_rules(cx, |rules| match on_response(&name) {
        true => rules.response_add.push(line),
        false => rules.request_add.push(line),
    });
}

fn push(cx: &mut Context<'_>, args: &mut Args<'_, '_>, name: &str, search: &Word, deed: Deed) {
    let span = args.line().span;
    let ignore_case = name.get(3..4) == Some("i");
    let search = match Regex::new(search.bytes(), ignore_case) {
        Ok(regex) => regex,
        Err(message) => {
            args.alert("HX0400", search.span, format!("'{name}' : {message}."));
            return;
        }
    };
    let Ok(condition) = condition(cx, args, name) else {
        return;
    };
    let rule = LineRule {
        condition,
        action: LineAction { search, deed },
        span,
    };
    with_rules(cx, |rules| match on_response(name) {
        true => rules.response.push(rule),
        false => rules.request.push(rule),
    });
}

fn replace(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = warn(args);
    let missing = format!("'{name}' expects <search> and <replace> as arguments.");
    let Some(search) = args.word(&missing) else {
        return;
    };
    let Some(by) = args.word(&missing) else {
        return;
    };
    push(cx, args, &name, search, Deed::Replace(by.bytes().into()));
}

fn judge(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = warn(args);
    let missing = format!("'{name}' expects <regex> as an argument.");
    let Some(search) = args.word(&missing) else {
        return;
    };
    let bare = name.get(3..).unwrap_or_default();
    let deed = match bare.strip_prefix('i').unwrap_or(bare) {
        "del" => Deed::Delete,
        "allow" => Deed::Allow,
        "deny" => Deed::Deny,
        "tarpit" => Deed::Tarpit,
        _ => Deed::Pass,
    };
    push(cx, args, &name, search, deed);
}

fn set_backend(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let name = warn(args);
    let missing = format!("'{name}' expects <search> and <target> as arguments.");
    let Some(search) = args.word(&missing) else {
        return;
    };
    let Some(target) = args.text(&missing) else {
        return;
    };
    let span = args.line().span;
    let this = cx
        .draft()
        .map_or_else(String::new, |d| d.proxy.name.clone());
    if cx.backend(target).is_none() {
        let message = format!("Proxy '{this}': unable to find required setbe: '{target}'.");
        let mut finding = Diagnostic::alert("HX0301", span, message).form(Form::Plain);
        finding.help.extend(cx.nearest_backend(target));
        args.report(finding);
        return;
    }
    if target == this {
        let message = format!("Proxy '{this}': loop detected for setbe: '{this}'.");
        args.report(Diagnostic::alert("HX0303", span, message).form(Form::Plain));
        return;
    }
    push(cx, args, &name, search, Deed::Backend(target.into()));
}

//! `use-server`

use super::rules;
use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::ir::rule::{ServerRef, UseServer};
use crate::lower::{Context, KeywordHandler, Sections, Side};
use crate::sample::LogFormat;
use crate::sample::places::Places;
use std::sync::Arc;

/// `use-server NAME if|unless CONDITION`
pub const USE_SERVER: KeywordHandler =
    KeywordHandler::rules(&["use-server"], Sections::NAMED_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "use-server") {
        return;
    }
    let Some(word) = args.word("'use-server' expects a server name.") else {
        return;
    };
    if !args.peek().is_some_and(|w| w.is("if") || w.is("unless")) {
        let text = "'use-server' requires either 'if' or 'unless' followed by a condition.";
        return args.alert("HX0160", args.here(), text);
    }
    let places = Places::BE_SET_SERVER;
    let Ok(condition) = rules::switching_condition(cx, args, places) else {
        return;
    };
    let target = if word.text.contains(&b'%') {
        let context = format!(
            "Parsing [{}]; use-server rule failed to parse log-format '{}' : ",
            cx.place(word.span),
            word.display()
        );
        let compiled = rules::compile(cx, places, |compile, _| LogFormat::compile(word, compile));
        match rules::take(args, compiled, &context, Form::Plain) {
            Some(format) => ServerRef::Dynamic(Arc::new(format)),
            None => return,
        }
    } else {
        let name = word.display().to_string();
        let servers = cx.draft().map(|d| d.proxy.servers.as_slice());
        let mut names = servers.unwrap_or_default().iter().map(|s| s.name.as_str());
        match (0u32..).zip(names.by_ref()).find(|(_, n)| *n == name) {
            Some((index, _)) => ServerRef::Index(index),
            None => {
                let text = format!(
                    "{} : unable to find server '{name}' referenced in a 'use-server' rule.",
                    cx.named()
                );
                args.report(Diagnostic::alert("HX0301", word.span, text).form(Form::Plain));
                return;
            }
        }
    };
    if let Some(draft) = cx.draft_mut() {
        draft
            .proxy
            .use_servers
            .push(UseServer { condition, target });
    }
}

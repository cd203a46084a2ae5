//! `use_backend`

use super::rules;
use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::ir::rule::{BackendRef, UseBackend};
use crate::lower::{Context, KeywordHandler, Sections, Side};
use crate::sample::LogFormat;
use crate::sample::places::Places;
use std::sync::Arc;

/// `use_backend NAME [if|unless CONDITION]`
pub const USE_BACKEND: KeywordHandler =
    KeywordHandler::rules(&["use_backend"], Sections::NAMED_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let line = args.line().span;
    if cx.ignored(args, Side::Frontend, "use_backend") {
        return;
    }
    let Some(word) = args.word("'use_backend' expects a backend name.") else {
        return;
    };
    if let Some(next) = args.peek().filter(|w| !(w.is("if") || w.is("unless"))) {
        let message = format!(
            "unexpected keyword '{}' after switching rule, only 'if' and 'unless' are allowed.",
            next.display()
        );
        args.alert("HX0300", next.span, message);
        return;
    }
    let places = Places::FE_SET_BACKEND;
    let Ok(condition) = rules::switching_condition(cx, args, places) else {
        return;
    };
    let target = if word.text.contains(&b'%') {
        let context = format!(
            "Parsing [{}]: failed to parse use_backend rule '{}' : ",
            cx.place(word.span),
            word.display()
        );
        let compiled = rules::compile(cx, places, |compile, _| LogFormat::compile(word, compile));
        match rules::take(args, compiled, &context, Form::Plain) {
            Some(format) => BackendRef::Dynamic(Arc::new(format)),
            None => return,
        }
    } else {
        let name = word.display().to_string();
        match cx.backend(&name) {
            Some(id) => BackendRef::Proxy(id),
            None => {
                let this = cx
                    .draft()
                    .map_or_else(String::new, |d| d.proxy.name.clone());
                let message =
                    format!("Proxy '{this}': unable to find required use_backend: '{name}'.");
                let mut finding = Diagnostic::alert("HX0301", word.span, message).form(Form::Plain);
                finding.help.extend(cx.nearest_backend(&name));
                args.report(finding);
                return;
            }
        }
    };
    if let Some(draft) = cx.draft_mut() {
        draft.proxy.use_backends.push(UseBackend {
            condition,
            target,
            span: line,
        });
    }
}

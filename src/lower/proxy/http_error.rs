//! `http-error` and `errorfiles`: error pages of one's own (configuration manual 4.2, 12.4).

use super::rules;
use crate::action;
use crate::base::diag::{Diagnostic, Form};
use crate::config::args::{Args, atol};
use crate::ir::proxy::{ErrorReply, ErrorSource};
use crate::ir::rule::Rule;
use crate::lower::{Context, KeywordHandler, Sections};
use crate::proto::h1::errors::STATUSES;
use crate::sample::Places;

/// `errorfiles SECTION [STATUS...]`
pub const ERRORFILES: KeywordHandler =
    KeywordHandler::new(&["errorfiles"], Sections::ANY_PROXY, errorfiles);
/// `http-error status STATUS ...`
pub const HTTP_ERROR: KeywordHandler =
    KeywordHandler::new(&["http-error"], Sections::ANY_PROXY, http_error);

fn errorfiles(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let Some(name) = args.next_word() else {
        let missing = "errorfiles : expects <name> as argument.";
        args.alert("HX0160", args.missing_at(), missing);
        return;
    };
    let mut statuses = Vec::new();
    while let Some(word) = args.next_word() {
        let code = atol(&word.text).0;
        match u16::try_from(code).ok().filter(|c| STATUSES.contains(c)) {
            Some(code) => statuses.push(code),
            None => {
                let message = format!("errorfiles : status code '{code}' not handled.");
                args.alert("HX0298", word.span, message);
                return;
            }
        }
    }
    if statuses.is_empty() {
        statuses.extend_from_slice(STATUSES);
    }
    of_section(cx, &name.display().to_string(), name.span, &statuses);
}

/// The pages of a section take the place of what was said before, for the statuses that it has.
fn of_section(
    cx: &mut Context<'_>,
    section: &str,
    span: crate::base::span::Span,
    statuses: &[u16],
) {
    cx.set(|s| {
        for status in statuses {
            let source = ErrorSource::Section {
                name: section.to_owned(),
                span,
                or: s.errors.remove(status).map(Box::new),
            };
            s.errors.insert(*status, source);
        }
    });
    let message = format!(
        "proxy '{}': unknown http-errors section '{section}' (at {}).",
        cx.draft().map_or("", |d| &d.proxy.name),
        cx.place(cx.line)
    );
    cx.wanted.push(crate::lower::section::Wanted {
        kind: "http-errors",
        name: section.to_owned(),
        finding: Diagnostic::alert("HX0301", span, message).form(Form::Plain),
    });
}

fn http_error(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let words = args.rest();
    let span = args.line().span;
    let places = Places::RESPONSE | Places::REQUEST;
    let (made, findings) = rules::compile(cx, places, |compile, _| {
        action::compile_error(words, compile)
    });
    let context = "http-error : ";
    let Some((status, kind)) = rules::take(args, (made, findings), context, Form::Parsing) else {
        return;
    };
    match kind {
        action::ErrorReply::Default => cx.set(|s| {
            s.errors.remove(&status);
        }),
        action::ErrorReply::Section(name) => of_section(cx, &name, span, &[status]),
        action::ErrorReply::Act(action) => {
            let rule = Rule {
                condition: None,
                action,
                span,
            };
            let source = ErrorSource::Reply(ErrorReply(std::sync::Arc::new([rule])));
            cx.set(|s| {
                s.errors.insert(status, source);
            });
        }
    }
}

//! `block` of files before 2.1: `http-request deny`, run before all `http-request` lines.

use super::rules;
use crate::action::{self, RuleSet};
use crate::base::diag::{Diagnostic, is_fatal};
use crate::config::args::Args;
use crate::config::directive::Word;
use crate::ir::rule::Rule;
use crate::lower::{Context, KeywordHandler, Sections};
use crate::sample::Places;

/// `block if|unless CONDITION`
pub const BLOCK: KeywordHandler = KeywordHandler::rules(&["block"], Sections::NAMED_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let span = args.line().span;
    let finding = Diagnostic::warning(
        "HX0326",
        span,
        "The 'block' directive is not supported anymore since HAProxy 2.1. Use 'http-request deny' which uses the exact same syntax.",
    )
    .help("it is executed as 'http-request deny', before all 'http-request' lines of the section");
    args.report(finding);
    if !args.peek().is_some_and(|w| w.is("if") || w.is("unless")) {
        let message = "'block' requires either 'if' or 'unless' followed by a condition.";
        args.alert("HX0160", args.here(), message);
        return;
    }
    let mut words = vec![Word {
        text: b"deny".into(),
        span: args.line().words.first().map_or(span, |w| w.span),
    }];
    words.extend_from_slice(args.rest());
    let places = rules::places(cx, Places::FE_REQUEST, Places::BE_REQUEST);
    let (made, findings) = rules::compile(cx, places, |compile, acls| {
        action::compile(RuleSet::HttpRequest, &words, acls, compile)
    });
    let explained = is_fatal(&findings);
    for finding in findings {
        args.report(finding);
    }
    match made {
        Some((action, condition)) => {
            if let Some(draft) = cx.draft_mut() {
                let at = draft.blocks;
                draft.blocks += 1;
                draft.proxy.rules.http_request.insert(
                    at,
                    Rule {
                        condition,
                        action,
                        span,
                    },
                );
            }
        }
        None if explained => {}
        None => args.alert("HX0283", span, "'block' with these arguments is not executed yet by this version of hapax; without it more would be let in than the file says."),
    }
}

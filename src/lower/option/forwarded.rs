//! `option forwarded` (RFC 7239).

use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::config::directive::Prefix;
use crate::ir::proxy::Forwarded;
use crate::lower::{Context, KeywordHandler, Sections, Side};

/// `[no] option forwarded [proto] [host | host-expr E] [by ...] [for ...]`
pub const FORWARDED: KeywordHandler =
    KeywordHandler::new(&["option forwarded"], Sections::ANY_PROXY, lower);

const WITH_EXPR: &[&str] = &[
    "host-expr",
    "by-expr",
    "by_port-expr",
    "for-expr",
    "for_port-expr",
];

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "forwarded") {
        return;
    }
    if let Some(prefix) = args.line().prefix {
        if prefix == Prefix::Default {
            super::negated(args, "forwarded");
        } else {
            cx.set(|s| s.forwarded = None);
        }
        return;
    }
    let mut said = Forwarded::default();
    if args.is_empty() {
        said.proto = true;
        said.for_ = true;
    }
    while let Some(word) = args.next_word() {
        match &word.text[..] {
            b"proto" => said.proto = true,
            b"host" => said.host = true,
            b"by" => said.by = true,
            b"by_port" => said.by_port = true,
            b"for" => said.for_ = true,
            b"for_port" => said.for_port = true,
            _ => {
                let Some(name) = WITH_EXPR.iter().find(|n| word.is(n)) else {
                    args.alert("HX0162", word.span, "'option forwarded' only supports optional values: 'proto', 'host', 'host-expr', 'by', 'by-expr', 'by_port', 'by_port-expr', 'for', 'for-expr', 'for_port' and 'for_port-expr'.");
                    return;
                };
                let Some(expr) = args.next_word() else {
                    let finding = Diagnostic::alert(
                        "HX0160",
                        args.missing_at(),
                        format!("'{name}' expects <expr> as argument."),
                    )
                    .form(Form::Tight);
                    args.report(finding);
                    return;
                };
                let finding = super::super::check::pending_note(
                    word.span,
                    &format!("'{name}' of 'option forwarded'"),
                    4,
                );
                args.report(finding);
                let pair = ((*name).to_owned(), expr.display().to_string());
                said.exprs.push(pair);
            }
        }
    }
    let has = |name: &str| said.exprs.iter().any(|(n, _)| n == name);
    for (port, node) in [("by", said.by_port), ("for", said.for_port)] {
        let whole = if port == "by" { said.by } else { said.for_ };
        if node && !whole && !has(&format!("{port}-expr")) {
            let message = format!(
                "'option forwarded' : '{port}_port-expr' will be ignored because both '{port}' and '{port}-expr' are unset"
            );
            args.warning("HX0248", args.line().span, message);
        }
    }
    cx.set(|s| s.forwarded = Some(said));
}

//! `option forwarded` (RFC 7239).

use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::config::directive::Prefix;
use crate::ir::proxy::{Forwarded, ForwardedExpr};
use crate::lower::proxy::rules;
use crate::lower::{Context, KeywordHandler, Sections, Side};
use crate::sample::{Expr, Places};
use std::sync::Arc;

/// `[no] option forwarded [proto] [host | host-expr E] [by ...] [for ...]`
pub const FORWARDED: KeywordHandler =
    KeywordHandler::new(&["option forwarded"], Sections::ANY_PROXY, lower);

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
                let place = match &word.text[..] {
                    b"host-expr" => &mut said.host_expr,
                    b"by-expr" => &mut said.by_expr,
                    b"by_port-expr" => &mut said.by_port_expr,
                    b"for-expr" => &mut said.for_expr,
                    b"for_port-expr" => &mut said.for_port_expr,
                    _ => {
                        args.alert("HX0162", word.span, "'option forwarded' only supports optional values: 'proto', 'host', 'host-expr', 'by', 'by-expr', 'by_port', 'by_port-expr', 'for', 'for-expr', 'for_port' and 'for_port-expr'.");
                        return;
                    }
                };
                let Some(expr) = args.next_word() else {
                    let finding = Diagnostic::alert(
                        "HX0160",
                        args.missing_at(),
                        format!("'{}' expects <expr> as argument.", word.display()),
                    )
                    .form(Form::Tight);
                    args.report(finding);
                    return;
                };
                *place = Some(ForwardedExpr {
                    word: expr.clone(),
                    expr: None,
                });
            }
        }
    }
    let without_node = [
        (
            "by",
            said.by || said.by_expr.is_some(),
            said.by_port || said.by_port_expr.is_some(),
        ),
        (
            "for",
            said.for_ || said.for_expr.is_some(),
            said.for_port || said.for_port_expr.is_some(),
        ),
    ];
    for (side, node, port) in without_node {
        if port && !node {
            let message = format!(
                "'option forwarded' : '{side}_port-expr' will be ignored because both '{side}' and '{side}-expr' are unset"
            );
            args.warning("HX0248", args.line().span, message);
        }
    }
    cx.set(|s| s.forwarded = Some(said));
}

/// Compiles the expressions once all sections are known.
pub fn compile(cx: &mut Context<'_>) {
    let Some(draft) = cx.draft().filter(|d| d.proxy.backend) else {
        return;
    };
    let Some(mut said) = draft.proxy.settings.forwarded.clone() else {
        return;
    };
    for wanted in said.exprs_mut() {
        let word = wanted.word.clone();
        let written = word.display().to_string();
        cx.line = word.span;
        let (made, findings) = rules::compile(cx, Places::BE_REQUEST, |compile, _| {
            match Expr::parse_words(std::slice::from_ref(&word), compile) {
                Ok((expr, _)) if expr.places().intersects(compile.places) => Some(Arc::new(expr)),
                Ok((expr, _)) => {
                    compile.warning(format!(
                        "in 'option forwarded' sample expression '{written}' : some args extract information from '{}', none of which is available here.",
                        expr.source()
                    ));
                    None
                }
                Err(fault) => {
                    compile.fault(fault);
                    None
                }
            }
        });
        wanted.expr = made;
        let (named, place) = (cx.named(), cx.place(word.span));
        for mut finding in findings {
            let of = match finding.message.starts_with("in 'option") {
                true => String::new(),
                false => format!("failed to parse 'option forwarded' expression '{written}' in : "),
            };
            let stop = if of.is_empty() { "" } else { "." };
            finding.message = format!("{named} [{place}]: {of}{}{stop}", finding.message);
            finding.form = Form::Plain;
            finding.span = finding.span.or(Some(word.span));
            cx.diags.push(finding);
        }
    }
    if let Some(draft) = cx.draft_mut() {
        draft.proxy.settings.forwarded = Some(said);
    }
}

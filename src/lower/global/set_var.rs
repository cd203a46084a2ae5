//! `set-var` and `set-var-fmt` of the process (configuration manual 3.1).

use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::lower::proxy::rules;
use crate::lower::{Context, KeywordHandler, Sections};
use crate::sample::vars::{self, Owned, Scope, When};
use crate::sample::view::{Direction, Eval, NoStream};
use crate::sample::{Expr, LogFormat, Places, Sample, Scratch};

/// `set-var NAME EXPRESSION`
pub const SET_VAR: KeywordHandler =
    KeywordHandler::new(&["set-var"], Sections::GLOBAL, |cx, args| {
        lower(cx, args, false)
    });
/// `set-var-fmt NAME FORMAT`
pub const SET_VAR_FMT: KeywordHandler =
    KeywordHandler::new(&["set-var-fmt"], Sections::GLOBAL, |cx, args| {
        lower(cx, args, true)
    });

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>, format: bool) {
    let (keyword, what) = match format {
        true => ("set-var-fmt", "a format string"),
        false => ("set-var", "a sample expression"),
    };
    let (Some(name), Some(value)) = (args.next_word(), args.peek()) else {
        let message = format!(
            "'{keyword}' requires a process-wide variable name ('proc.<name>') and {what}."
        );
        args.alert("HX0160", args.missing_at(), message);
        return;
    };
    cx.line = args.line().span;
    let mut parts = name.text.split(|b| *b == b',');
    let variable = vars::intern(parts.next().unwrap_or_default())
        .and_then(|variable| Ok((variable, When::parse(parts)?)));
    let ((scope, id), when) = match variable {
        Ok(variable) => variable,
        Err(m) => {
            args.alert("HX0400", name.span, format!("'{keyword}': {m}."));
            return;
        }
    };
    if scope != Scope::Proc {
        let message = format!(
            "'{keyword}': cannot set variable '{}', only scope 'proc' is permitted in the global section.",
            name.display()
        );
        args.alert("HX0400", name.span, message);
        return;
    }
    let words = args.rest();
    let verb = format!("{keyword}({})", name.display());
    let (made, findings) = rules::compile(cx, Places::CONFIG, |compile, _| {
        let made = match format {
            true => LogFormat::parse(value.bytes(), compile).map(Value::Format),
            false => Expr::parse_words(words, compile).and_then(|(expr, _)| {
                expr.check_places(&verb, compile)?;
                Ok(Value::Expr(expr))
            }),
        };
        made.map_err(|fault| compile.fault(fault)).ok()
    });
    let Some(value) = rules::take(args, (made, findings), "", Form::Parsing) else {
        return;
    };
    let scratch = Scratch::new();
    let eval = Eval {
        view: &NoStream,
        scratch: &scratch,
        direction: Direction::Request,
        last: true,
    };
    let mut text = Vec::new();
    let sample = match &value {
        Value::Expr(expr) => expr.eval(&eval),
        Value::Format(format) => {
            format.render(&eval, &mut text);
            Some(Sample::Str(&text))
        }
    };
    match sample {
        Some(sample) if when.allows(scope, id, &eval, sample) => {
            vars::write(&NoStream, scope, id, Owned::from(sample));
        }
        Some(_) => {}
        None => {
            let message = format!("'{keyword}': the expression has no value here.");
            args.report(Diagnostic::warning("HX0401", name.span, message));
        }
    }
}

enum Value {
    Expr(Expr),
    Format(LogFormat),
}

//! Words that HAProxy 3.4 takes only after `expose-experimental-directives` in `global`.

use super::context::{Context, Scope};
use super::{KeywordHandler, Sections};
use crate::base::diag::{Diagnostic, Form};
use crate::base::span::Span;
use crate::config::directive::{Directive, Word};

const CONSENT: &str = "must be allowed via a global 'expose-experimental-directives'";

/// `expose-experimental-directives`
pub const EXPOSE: KeywordHandler = KeywordHandler::new(
    &["expose-experimental-directives"],
    Sections::GLOBAL,
    |cx, args| {
        cx.experimental.allowed = true;
        args.end("expose-experimental-directives");
    },
);

/// What the file said, and whether it needed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Experimental {
    allowed: bool,
    used: bool,
}

/// Reports the experimental words of a line; true if the line must not be read.
pub(super) fn refuses(cx: &mut Context<'_>, line: &Directive) -> bool {
    let Some(first) = line.words.first() else {
        return false;
    };
    let found = match (cx.scope, first.bytes()) {
        (Scope::Global, b"force-cfg-parser-pause" | b"tune.fd.edge-triggered") => {
            let message = format!("'{}' directive is experimental, {CONSENT}", first.display());
            Some(Diagnostic::alert("HX0288", first.span, message))
        }
        (Scope::Proxy(_), b"bind") => option(cx, line, 2, &["ktls", "nbconn"]),
        (Scope::Proxy(_), b"server") => option(cx, line, 3, &["ktls"]),
        (Scope::Proxy(_) | Scope::Defaults(_), b"http-request") => {
            let action = line.words.get(1);
            let action = action.filter(|w| w.bytes().starts_with(b"normalize-uri"));
            action.map(|word| {
                let message = format!("'{}' action is experimental, {CONSENT}", "normalize-uri");
                Diagnostic::alert("HX0288", word.span, message)
            })
        }
        _ => None,
    };
    judge(cx, found)
}

/// An experimental section; true if it must not be read.
pub(super) fn refuses_section(cx: &mut Context<'_>, kind: &str, span: Span) -> bool {
    let message = format!("section '{kind}' is experimental, {CONSENT}");
    let finding = Diagnostic::alert("HX0288", span, message).form(Form::Tight);
    judge(cx, (kind == "acme").then_some(finding))
}

fn judge(cx: &mut Context<'_>, found: Option<Diagnostic>) -> bool {
    let Some(finding) = found else {
        return false;
    };
    if cx.experimental.allowed {
        cx.experimental.used = true;
        return false;
    }
    cx.diags.push(finding);
    true
}

/// An option of a `bind` or `server` line.
fn option(cx: &Context<'_>, line: &Directive, from: usize, names: &[&str]) -> Option<Diagnostic> {
    let mut options = line.words.iter().skip(from);
    let word = options.find(|w| names.iter().any(|name| w.is(name)))?;
    let name = word.display();
    let second = line.words.get(1).map(Word::display)?;
    let draft = cx.draft()?;
    Some(match from {
        2 => {
            let what = if word.is("nbconn") { "" } else { " directive" };
            let section = draft.section_word();
            let message = format!(
                "'bind {second}' in section '{section}' : '{name}'{what} is experimental, {CONSENT}"
            );
            Diagnostic::alert("HX0288", word.span, message)
        }
        _ => {
            let proxy = &draft.proxy.name;
            let message = format!(
                "'server {proxy}/{second}' : '{name}' directive is experimental, {CONSENT}."
            );
            Diagnostic::alert("HX0288", word.span, message).form(Form::Bracket)
        }
    })
}

/// The consent that nothing needs.
pub(super) fn finish(cx: &mut Context<'_>) {
    let Experimental { allowed, used } = cx.experimental;
    if allowed && !used {
        let message = "Option 'expose-experimental-directives' is set in the global section but is no longer used. It is strongly recommended to remove it in order to avoid using an experimental directive by accident in the future.";
        let finding = Diagnostic::warning("HX0289", Span::default(), message);
        let finding = Diagnostic {
            span: None,
            ..finding
        };
        cx.diags.push(finding.form(Form::Plain));
    }
}

//! `stick on|match|store-request|store-response` (configuration manual 4.2).

use super::rules;
use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::lower::{Context, KeywordHandler, Sections, Side};
use crate::sample::{Condition, Expr, Places};

/// `stick VERB EXPRESSION [table NAME] [if|unless CONDITION]`
pub const STICK: KeywordHandler =
    KeywordHandler::rules(&["stick"], Sections::NAMED_PROXY, lower).without_effect();

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "stick") {
        return;
    }
    let verb = args.peek().map(|w| w.text.to_vec()).unwrap_or_default();
    let response = match &verb[..] {
        b"on" | b"match" | b"store-request" => false,
        b"store-response" => true,
        _ => {
            let message = "'stick' expects 'on', 'match', or 'store'.";
            args.alert("HX0162", args.here(), message);
            return;
        }
    };
    args.next_word();
    if args.is_empty() {
        args.alert(
            "HX0160",
            args.missing_at(),
            "'stick' expects a fetch method.",
        );
        return;
    }
    let words = args.rest();
    let (places, when) = match response {
        true => (Places::BE_STORE, "response"),
        false => (Places::BE_SET_SERVER, "request"),
    };
    let own = cx
        .draft()
        .map_or_else(String::new, |d| d.proxy.name.clone());
    let mut table = own.clone();
    let (_, findings) = rules::compile(cx, places, |compile, acls| {
        compile.context = "'stick': ".into();
        let parsed = Expr::parse_words(words, compile);
        let (expr, used) = parsed.map_err(|f| compile.fault(f)).ok()?;
        if !expr.places().intersects(places) {
            let message = format!(
                "'stick': fetch method '{}' extracts information from '{}', none of which is available during {when}.",
                expr.fetch_name(),
                expr.source()
            );
            compile.alert(message);
            return None;
        }
        let mut rest = words.get(used..).unwrap_or_default();
        if let [word, behind @ ..] = rest
            && word.is("table")
        {
            table = behind
                .first()
                .map_or_else(String::new, |w| w.display().to_string());
            rest = behind.get(1..).unwrap_or_default();
        }
        match rest.first() {
            None => {}
            Some(w) if w.is("if") || w.is("unless") => {
                compile.context =
                    "'stick': error detected while parsing sticking condition : ".into();
                let condition = Condition::parse(rest, acls, compile);
                condition.map_err(|f| compile.fault(f)).ok()?;
            }
            Some(w) => {
                compile.span = w.span;
                compile.alert(format!("'stick': unknown keyword '{}'.", w.display()));
                return None;
            }
        }
        Some(())
    });
    for finding in findings {
        args.report(finding);
    }
    if !cx.tables.contains_key(&table) {
        let message = format!("Proxy '{own}': unable to find stick-table '{table}'.");
        let finding = Diagnostic::alert("HX0301", args.line().span, message).form(Form::Plain);
        args.report(finding);
    }
}

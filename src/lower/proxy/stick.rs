//! `stick on|match|store-request|store-response` (configuration manual 4.2).

use super::rules;
use crate::base::diag::{Diagnostic, Form};
use crate::config::args::Args;
use crate::ir::persist::StickRule;
use crate::lower::{Context, KeywordHandler, Sections, Side};
use crate::sample::stick::key_type;
use crate::sample::{Condition, Expr, Places};
use crate::table::Data;

/// `stick VERB EXPRESSION [table NAME] [if|unless CONDITION]`
pub const STICK: KeywordHandler = KeywordHandler::rules(&["stick"], Sections::NAMED_PROXY, lower);

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.ignored(args, Side::Backend, "stick") {
        return;
    }
    let verb = args.peek().map(|w| w.text.to_vec()).unwrap_or_default();
    let (matches, stores, response) = match &verb[..] {
        b"on" => (true, true, false),
        b"match" => (true, false, false),
        b"store-request" => (false, true, false),
        b"store-response" => (false, false, true),
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
    let (made, findings) = rules::compile(cx, places, |compile, acls| {
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
        let condition = match rest.first() {
            None => None,
            Some(w) if w.is("if") || w.is("unless") => {
                compile.context =
                    "'stick': error detected while parsing sticking condition : ".into();
                let condition = Condition::parse(rest, acls, compile);
                Some(condition.map_err(|f| compile.fault(f)).ok()?)
            }
            Some(w) => {
                compile.span = w.span;
                compile.alert(format!("'stick': unknown keyword '{}'.", w.display()));
                return None;
            }
        };
        Some((expr, condition))
    });
    for finding in findings {
        args.report(finding);
    }
    let plain =
        |message: String| Diagnostic::alert("HX0301", args.line().span, message).form(Form::Plain);
    let Some((_, found)) = cx.table(&table) else {
        let message = format!("Proxy '{own}': unable to find stick-table '{table}'.");
        let finding = plain(message);
        args.report(finding);
        return;
    };
    let found = found.clone();
    found.want(Data::ServerId);
    found.want(Data::ServerKey);
    let Some((expr, condition)) = made else {
        return;
    };
    if !expr.out().casts_to(key_type(found.key_type())) {
        let message =
            format!("Proxy '{own}': type of fetch not usable with type of stick-table '{table}'.");
        let finding = plain(message);
        args.report(finding);
        return;
    }
    if let Some(draft) = cx.draft_mut() {
        draft.proxy.stick_rules.push(StickRule {
            matches,
            stores,
            response,
            expr,
            table: found,
            condition,
        });
    }
}

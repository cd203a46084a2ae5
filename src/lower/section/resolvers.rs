//! Lines of a `resolvers` section (configuration manual 5.3.2).

use super::declare;
use crate::base::diag::{Diagnostic, Form};
use crate::base::units::TimeUnit;
use crate::config::address::Kind;
use crate::config::args::{Args, atol};
use crate::lower::{Context, KeywordHandler, Sections};

const HERE: Sections = Sections::RESOLVERS;

/// `nameserver NAME ADDRESS:PORT`
pub const NAMESERVER: KeywordHandler = KeywordHandler::checked(&["nameserver"], HERE, nameserver);
/// `parse-resolv-conf`
pub const PARSE_RESOLV_CONF: KeywordHandler =
    KeywordHandler::checked(&["parse-resolv-conf"], HERE, parse_resolv_conf);
/// `hold STATUS TIME`
pub const HOLD: KeywordHandler = KeywordHandler::checked(&["hold"], HERE, hold);
/// `timeout resolve|retry TIME`
pub const TIMEOUT: KeywordHandler = KeywordHandler::checked(&["timeout"], HERE, timeout);
/// `resolve_retries N`
pub const RESOLVE_RETRIES: KeywordHandler =
    KeywordHandler::checked(&["resolve_retries"], HERE, retries);
/// `accepted_payload_size N`: bytes, 12 to 65535
pub const ACCEPTED_PAYLOAD_SIZE: KeywordHandler =
    KeywordHandler::checked(&["accepted_payload_size"], HERE, payload);

fn nameserver(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let missing = "'nameserver' expects <name> and <addr>[:<port>] as arguments.";
    let Some(name) = args.word(missing) else {
        return;
    };
    let name = name.display().to_string();
    let span = args.line().span;
    if args.is_empty() {
        args.word(missing);
        return;
    }
    if let Some(first) = declare(cx, "nameserver", &name, span) {
        let message = format!(
            "Parsing [{}]: nameserver '{name}' has same name as another nameserver (declared at {}).",
            cx.place(span),
            cx.place(first)
        );
        let finding = Diagnostic::alert("HX0213", span, message).form(Form::Config);
        args.report(finding.related(first, "first declared here"));
        return;
    }
    args.address(
        Kind::NAMESERVER,
        &format!("'nameserver {name}' : "),
        missing,
    );
}

fn parse_resolv_conf(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    declare(cx, "nameserver", "/etc/resolv.conf", args.line().span);
}

/// A time of this section: HAProxy says what is wrong with it in its own way here.
fn time(args: &mut Args<'_, '_>, name: &str) {
    let Some(word) = args.next_word() else {
        return;
    };
    if crate::base::units::time(&word.text, TimeUnit::Millisecond).is_err() {
        let bad = word
            .text
            .iter()
            .find(|b| !b.is_ascii_digit())
            .map_or(' ', |b| char::from(*b));
        let message = format!("unexpected character '{bad}' in argument to <{name}>.");
        let finding = Diagnostic::alert("HX0203", word.span, message).form(Form::Tight);
        args.report(finding);
    }
}

fn hold(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if args.peek().is_none() || args.peek_second().is_none() {
        let message = "'hold' expects an <event> and a <time> as arguments.";
        let finding = Diagnostic::alert("HX0160", args.here(), message)
            .help("<event> is one of valid, nx, refused, timeout, obsolete, other");
        args.report(finding);
        return;
    }
    let events = ["nx", "other", "refused", "timeout", "valid", "obsolete"];
    let said = args
        .peek()
        .map_or_else(String::new, |w| w.display().to_string());
    let message = format!(
        "'hold' unknown <event>: '{said}', expects either 'nx', 'timeout', 'valid', 'obsolete' or 'other'."
    );
    if args.keyword(&events, &message).is_some() {
        time(args, "hold");
    }
}

fn timeout(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let expects = "'timeout' expects 'retry' or 'resolve' and <time> as arguments";
    let Some(kind) = args.word(&format!("{expects}.")) else {
        return;
    };
    if !(kind.is("retry") || kind.is("resolve")) {
        let message = format!("{expects} got '{}'.", kind.display());
        args.alert("HX0162", kind.span, message);
        return;
    }
    let name = format!("timeout {}", kind.display());
    if args.is_empty() {
        args.word(&format!("'{name}' expects <time> as argument."));
        return;
    }
    time(args, &name);
}

fn retries(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    args.lenient_int("'resolve_retries' expects <nb> as argument.");
}

fn payload(_: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let Some(word) = args.word("'accepted_payload_size' expects <nb> as argument.") else {
        return;
    };
    let value = atol(&word.text).0;
    if !(12..=65535).contains(&value) {
        let message = format!(
            "'accepted_payload_size' must be between 12 and 65535 inclusive (was {value})."
        );
        args.alert("HX0164", word.span, message);
    }
}

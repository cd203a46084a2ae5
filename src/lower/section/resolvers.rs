//! Lines of a `resolvers` section (configuration manual 5.3.2).

use super::declare;
use crate::base::diag::{Diagnostic, Form};
use crate::base::units::TimeUnit;
use crate::config::address::Kind;
use crate::config::address::Proto;
use crate::config::args::{Args, atol};
use crate::ir::resolvers::{Nameserver, Resolvers};
use crate::lower::{Context, KeywordHandler, Sections, server};

const HERE: Sections = Sections::RESOLVERS;

/// `nameserver NAME ADDRESS:PORT`
pub const NAMESERVER: KeywordHandler = KeywordHandler::new(&["nameserver"], HERE, nameserver);
/// `parse-resolv-conf`
pub const PARSE_RESOLV_CONF: KeywordHandler =
    KeywordHandler::new(&["parse-resolv-conf"], HERE, parse_resolv_conf);
/// `hold STATUS TIME`
pub const HOLD: KeywordHandler = KeywordHandler::new(&["hold"], HERE, hold);
/// `timeout resolve|retry TIME`
pub const TIMEOUT: KeywordHandler = KeywordHandler::new(&["timeout"], HERE, timeout);
/// `resolve_retries N`
pub const RESOLVE_RETRIES: KeywordHandler =
    KeywordHandler::new(&["resolve_retries"], HERE, retries);
/// `accepted_payload_size N`: bytes, 12 to 65535
pub const ACCEPTED_PAYLOAD_SIZE: KeywordHandler =
    KeywordHandler::new(&["accepted_payload_size"], HERE, payload);

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
    let place = format!("'nameserver {name}' : ");
    let Some(address) = args.address(Kind::NAMESERVER, &place, missing) else {
        return;
    };
    if address.proto != Proto::Datagram && !server::of_nameserver(args, &super::own_name(cx), &name)
    {
        return;
    }
    if let Some(section) = cx.resolvers.last_mut() {
        section
            .nameservers
            .push(Nameserver::Given { name, address });
    }
}

fn parse_resolv_conf(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    declare(cx, "nameserver", "/etc/resolv.conf", args.line().span);
    if let Some(section) = cx.resolvers.last_mut() {
        section.nameservers.push(Nameserver::ResolvConf);
    }
}

/// A time of this section: HAProxy says what is wrong with it in its own way here.
fn time(args: &mut Args<'_, '_>, name: &str) -> Option<u32> {
    let word = args.next_word()?;
    let time = crate::base::units::time(&word.text, TimeUnit::Millisecond);
    if time.is_err() {
        let bad = word
            .text
            .iter()
            .find(|b| !b.is_ascii_digit())
            .map_or(' ', |b| char::from(*b));
        let message = format!("unexpected character '{bad}' in argument to <{name}>.");
        let finding = Diagnostic::alert("HX0203", word.span, message).form(Form::Tight);
        args.report(finding);
    }
    time.ok().map(|t| t.value)
}

fn hold(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
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
    let Some(event) = args.keyword(&events, &message) else {
        return;
    };
    let (Some(ms), Some(section)) = (time(args, "hold"), cx.resolvers.last_mut()) else {
        return;
    };
    let Resolvers {
        hold_nx,
        hold_other,
        hold_refused,
        hold_timeout,
        hold_valid,
        hold_obsolete,
        ..
    } = section;
    let all = [
        hold_nx,
        hold_other,
        hold_refused,
        hold_timeout,
        hold_valid,
        hold_obsolete,
    ];
    if let Some(place) = all.into_iter().nth(event) {
        *place = ms;
    }
}

fn timeout(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
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
    if let (Some(ms), Some(section)) = (time(args, &name), cx.resolvers.last_mut()) {
        match kind.is("retry") {
            true => section.retry = ms,
            false => section.resolve = ms,
        }
    }
}

fn retries(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let count = args.lenient_int("'resolve_retries' expects <nb> as argument.");
    if let (Some(count), Some(section)) = (count, cx.resolvers.last_mut()) {
        section.retries = u32::try_from(count).unwrap_or(0);
    }
}

fn payload(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
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
    if let (Ok(bytes), Some(section)) = (u16::try_from(value), cx.resolvers.last_mut()) {
        section.payload = bytes;
    }
}

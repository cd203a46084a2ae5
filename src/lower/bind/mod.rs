//! `bind` lines, the addresses of old `listen NAME ADDR` heads, and `stats socket`.
//!
//! A line is addresses and then options; each option is a [`BindOption`], one line of
//! [`OPTIONS`].

mod accept_proxy;
mod cli;
mod limits;
mod naming;
mod proto;
mod socket;
mod ssl;
pub mod threads;
mod unix;

use super::check;
use super::{Context, KeywordHandler, Sections, Side};
use crate::base::diag::{Diagnostic, Form};
use crate::base::span::Span;
use crate::config::address::{self, Host, Kind, Proto};
use crate::config::args::Args;
use crate::config::directive::Word;
use crate::grammar;
use crate::ir::Bind;
use crate::ir::bind::{UnixBind, UnixPermissions};

/// A word of a `bind` line that hapax executes.
#[derive(Debug)]
pub struct BindOption {
    /// The word.
    pub name: &'static str,
    /// Takes its arguments and changes the listener; `Err` is HAProxy's complaint without the
    /// `'bind ADDR' in section ...` before it.
    pub lower: fn(&mut Bind, &mut Args<'_, '_>) -> Result<(), Fault>,
}

/// What is wrong with an option's argument.
#[derive(Debug)]
pub struct Fault {
    /// The words behind the line's name.
    pub text: String,
    /// The word meant.
    pub span: Span,
}

impl Fault {
    /// A complaint about the option `name`: `'name' : text`.
    pub fn about(name: &str, span: Span, text: impl std::fmt::Display) -> Fault {
        Fault {
            text: format!("'{name}' : {text}"),
            span,
        }
    }
}

/// All of them, one line each; those of TLS stand in [`ssl::ALL`].
pub const OPTIONS: &[BindOption] = &[
    accept_proxy::ACCEPT_PROXY,
    cli::EXPOSE_FD,
    cli::LEVEL,
    cli::SEVERITY_OUTPUT,
    limits::BACKLOG,
    limits::MAXCONN,
    limits::NICE,
    naming::ID,
    naming::NAME,
    proto::PROTO,
    socket::DEFER_ACCEPT,
    socket::INTERFACE,
    socket::MSS,
    socket::TCP_UT,
    socket::TFO,
    socket::TRANSPARENT,
    socket::V4V6,
    socket::V6ONLY,
    threads::SHARDS,
    threads::THREAD,
    threads::PROCESS,
    unix::GID,
    unix::GROUP,
    unix::MODE,
    unix::UID,
    unix::USER,
];

/// The words of [`OPTIONS`].
pub fn executed() -> impl Iterator<Item = &'static str> {
    let names = OPTIONS.iter().chain(ssl::ALL).map(|o| o.name);
    names.filter(|n| !super::parsed_only::bind_option(n))
}

/// `bind ADDRESS[,ADDRESS...] [options]`
pub const BIND: KeywordHandler = KeywordHandler::new(&["bind"], Sections::ANY_PROXY, bind);

const NO_ADDRESS: &str =
    "'bind' expects {<path>|[addr1]:port1[-end1]}{,[addr]:port[-end]}... as arguments.";

fn bind(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    if cx.in_defaults() {
        args.alert(
            "HX0260",
            args.line().span,
            "'bind' not allowed in 'defaults' section.",
        );
        return;
    }
    if cx.ignored(args, Side::Frontend, "bind") {
        return;
    }
    let written = args.peek().map(|w| w.display().to_string());
    let addresses = args.addresses(Kind::BIND, "'bind' : ", NO_ADDRESS);
    let Some(written) = written else {
        return;
    };
    for address in &addresses {
        // four numbers that are no address are no host name either
        if let Host::Name { name, .. } = &address.host
            && name.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        {
            let message = format!("'bind' : invalid address: '{name}' in '{written}'");
            args.alert("HX0164", address.span, message);
        }
    }
    let mut bind = Bind::new(addresses, args.line().span);
    common_to_unix(&mut bind, &cx.global.unix_bind);
    let section = cx
        .draft()
        .map_or("listen", super::context::Draft::section_word);
    let place = Place {
        fault: format!("'bind {written}' in section '{section}' : "),
        unknown: format!("'bind {written}' in section '{section}': "),
        table: "bind",
    };
    options(&mut bind, args, &place);
    // as `global` has it so far: what a later part of it says is for later lines
    bind.tls.common.inherit(&cx.global.tls.bind);
    if bind.addresses.is_empty() {
        return;
    }
    if let Some(draft) = cx.draft_mut()
        && let (Some(id), Some(other)) = (
            bind.id,
            draft
                .proxy
                .binds
                .iter()
                .find(|b| b.id.is_some() && b.id == bind.id),
        )
    {
        let (span, first) = (args.line().span, other.span);
        let text = other.written.clone();
        let at = cx.place(first);
        let message = format!(
            "{}'id' : custom id {id} already used at {at} ('bind {text}')",
            place.fault
        );
        let finding = Diagnostic::alert("HX0261", span, message).related(first, "first used here");
        args.report(finding);
        return;
    }
    if bind.addresses.iter().any(|a| a.proto == Proto::Quic) {
        let span = args.line().span;
        let message = format!(
            "Binding [{}] for {}: this SSL library does not support the QUIC protocol. A limited compatibility layer may be enabled using the \"limited-quic\" global option if desired.",
            cx.place(span),
            cx.named()
        );
        args.report(Diagnostic::alert("HX0264", span, message).form(Form::Plain));
    }
    bind.said = format!("'bind {written}' in section '{section}'");
    bind.written = written;
    bind.place = cx.place(args.line().span);
    if let Some(draft) = cx.draft_mut() {
        draft.proxy.binds.push(bind);
    }
}

/// What `unix-bind` says, for the line's unix sockets.
fn common_to_unix(bind: &mut Bind, common: &UnixBind) {
    bind.unix = common.permissions.clone();
    for address in &mut bind.addresses {
        if let Host::Unix(path) = &mut address.host {
            path.splice(..0, common.prefix.iter().copied());
        }
    }
}

/// Takes a word about owner and mode of a unix socket with its argument; false if it is another.
pub fn permission(into: &mut UnixPermissions, word: &Word, args: &mut Args<'_, '_>) -> bool {
    let all = [unix::MODE, unix::USER, unix::UID, unix::GROUP, unix::GID];
    let Some(option) = all.into_iter().find(|o| word.is(o.name)) else {
        return false;
    };
    let mut scratch = Bind::new(Vec::new(), word.span);
    scratch.unix = std::mem::take(into);
    // `unix-bind` takes any mode and a missing argument
    let _: Result<(), Fault> = (option.lower)(&mut scratch, args);
    *into = scratch.unix;
    true
}

/// The address of a `listen NAME ADDRESS` head.
pub fn old_head(cx: &mut Context<'_>, word: &Word) {
    let (addresses, mut findings) = address::list(word, Kind::BIND);
    for finding in &mut findings {
        finding.message.insert_str(0, "'listen' : ");
    }
    cx.diags.append(&mut findings);
    if addresses.is_empty() {
        return;
    }
    let mut bind = Bind::new(addresses, word.span);
    bind.written = word.display().to_string();
    if let Some(draft) = cx.draft_mut() {
        draft.proxy.binds.push(bind);
    }
}

/// The listener of a `stats socket` line.
pub fn stats_socket(args: &mut Args<'_, '_>) -> Option<Bind> {
    const MISSING: &str =
        "'stats socket' in global section expects an address or a path to a UNIX socket";
    let written = args.peek().map(|w| w.display().to_string());
    let address = args.address(Kind::BIND, "'stats socket' : ", MISSING)?;
    let mut bind = Bind::new(vec![address], args.line().span);
    bind.written = written?;
    "'stats socket'".clone_into(&mut bind.said);
    let place = Place {
        fault: "'stats socket' : '".to_owned(),
        unknown: "'stats socket' : ".to_owned(),
        table: "bind",
    };
    options(&mut bind, args, &place);
    Some(bind)
}

/// A listener of a section that is no proxy: its words are read and checked.
pub fn standing_alone(args: &mut Args<'_, '_>, kind: Kind, section: &str) {
    let keyword = args.name(1);
    let Some(written) = args.peek().map(|w| w.display().to_string()) else {
        return;
    };
    let start = format!("'{keyword} {written}'");
    let addresses = args.addresses(kind, &format!("{start} : "), "");
    if addresses.is_empty() {
        return;
    }
    let mut bind = Bind::new(addresses, args.line().span);
    let place = Place {
        fault: format!("{start} in section '{section}' : "),
        unknown: format!("{start} in section '{section}': "),
        table: "bind",
    };
    options(&mut bind, args, &place);
}

/// What the listeners of a section that is no proxy have in common: read and checked.
pub fn defaults_alone(args: &mut Args<'_, '_>, section: &str) {
    let keyword = args.name(1);
    let first = args.peek().map(|w| w.display().to_string());
    let start = format!(
        "'{keyword} {}' in section '{section}'",
        first.unwrap_or_default()
    );
    let mut bind = Bind::new(Vec::new(), args.line().span);
    let place = Place {
        fault: format!("{start} : "),
        unknown: format!("{start}: "),
        table: "bind",
    };
    options(&mut bind, args, &place);
}

/// How the messages of a line begin.
struct Place {
    fault: String,
    unknown: String,
    table: &'static str,
}

/// Everything behind the addresses.
fn options(bind: &mut Bind, args: &mut Args<'_, '_>, place: &Place) {
    while let Some(word) = args.next_word() {
        let mut all = OPTIONS.iter().chain(ssl::ALL);
        let Some(option) = all.find(|o| word.is(o.name)) else {
            if !check::option(args, word, check::Table::Bind, &place.unknown) {
                return;
            }
            continue;
        };
        if grammar::switched_off(place.table, option.name) {
            skip(bind, option, args);
            continue;
        }
        if let Err(fault) = (option.lower)(bind, args) {
            // `stats socket` puts its complaints in quotes of their own.
            let close = if place.fault.ends_with('\'') { "'" } else { "" };
            let message = format!("{}{}{close}", place.fault, fault.text);
            args.alert("HX0262", fault.span, message);
            return;
        }
        if super::parsed_only::bind_option(option.name) {
            let what = format!("'{}'", option.name);
            args.report(super::check::pending_note(word.span, &what, 0));
        }
    }
}

/// Takes an option's arguments without any effect.
fn skip(bind: &Bind, option: &BindOption, args: &mut Args<'_, '_>) {
    let mut scratch = bind.clone();
    let _: Result<(), Fault> = (option.lower)(&mut scratch, args);
}

/// The argument of an option, or HAProxy's complaint that it is missing.
fn argument<'d>(args: &mut Args<'d, '_>, name: &str, missing: &str) -> Result<&'d Word, Fault> {
    let here = args.missing_at();
    args.next_word()
        .ok_or_else(|| Fault::about(name, here, missing))
}

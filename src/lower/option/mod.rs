//! `option ...` lines, one file per option or family.

mod abortonclose;
mod database_check;
mod direct;
mod flags;
pub(super) mod forwarded;
mod forwardfor;
mod httpchk;
mod httplog;
mod keep_alive;
mod originalto;
pub mod ready_checks;
mod redispatch;
mod restrict_names;
mod smtpchk;
mod tcpka;

pub use forwardfor::network;

use super::{Context, KeywordHandler, Side};
use crate::base::diag::{Diagnostic, Form};
use crate::config::args::{Args, nearest};

/// Options that are executed, one line each.
pub const KEYWORDS: &[&KeywordHandler] = &[
    &abortonclose::ABORTONCLOSE,
    &database_check::MYSQL,
    &database_check::PGSQL,
    &direct::HTTP_PROXY,
    &direct::TRANSPARENT,
    &flags::FLAGS,
    &flags::OLD_NAMES,
    &forwarded::FORWARDED,
    &forwardfor::FORWARDFOR,
    &httpchk::HTTPCHK,
    &httplog::HTTPLOG,
    &httplog::HTTPSLOG,
    &httplog::TCPLOG,
    &keep_alive::HTTP_KEEP_ALIVE,
    &keep_alive::HTTP_SERVER_CLOSE,
    &keep_alive::HTTPCLOSE,
    &keep_alive::FORCECLOSE,
    &keep_alive::HTTP_TUNNEL,
    &originalto::ORIGINALTO,
    &ready_checks::EXTERNAL_CHECK,
    &ready_checks::READY_CHECKS,
    &redispatch::OPTION_REDISPATCH,
    &redispatch::REDISPATCH,
    &restrict_names::RESTRICT,
    &smtpchk::SMTPCHK,
    &tcpka::TCPKA,
];

/// The names of all options that are executed, without `option `.
pub fn names() -> impl Iterator<Item = &'static str> {
    KEYWORDS
        .iter()
        .flat_map(|h| h.names.iter())
        .filter_map(|n| n.strip_prefix("option "))
}

/// The option's name as the line has it: the words before the cursor without `option`.
fn name_of(args: &Args<'_, '_>) -> String {
    let name = args.name(args.position());
    // a `healthcheck` section has `type` instead
    let said = name
        .strip_prefix("option ")
        .or_else(|| name.strip_prefix("type "));
    said.map_or(name.clone(), str::to_owned)
}

/// What reads the words of a check's kind (`option httpchk` and so on).
pub fn of_check(kind: &str) -> Option<&'static KeywordHandler> {
    let name = format!("option {kind}");
    let mut all = KEYWORDS.iter().copied();
    all.find(|h| h.names.contains(&name.as_str()))
}

/// Complains about `no` or `default` before an option that cannot take it; true if so.
fn negated(args: &mut Args<'_, '_>, name: &str) -> bool {
    if args.line().prefix.is_none() {
        return false;
    }
    let message = format!("negation/default is not supported for option '{name}'.");
    let finding = Diagnostic::alert("HX0243", args.line().span, message).form(Form::Tight);
    args.report(finding);
    true
}

/// An option that HAProxy keeps in a table by capability: on the wrong side it warns, then does
/// not know the word at all, and refuses the file.
fn wrong_side(cx: &Context<'_>, args: &mut Args<'_, '_>, side: Side, name: &str) -> bool {
    if !cx.ignored(args, side, name) {
        return false;
    }
    let span = args
        .line()
        .words
        .get(1)
        .map_or(args.line().span, |w| w.span);
    let other = match side {
        Side::Frontend => "'frontend', 'listen' or 'defaults'",
        Side::Backend => "'backend', 'listen' or 'defaults'",
    };
    let finding = Diagnostic::alert(
        "HX0244",
        span,
        format!("unknown option '{name}'; did you mean '{name}' maybe ?"),
    )
    .help(format!("it belongs in a {other} section"));
    args.report(finding);
    true
}

/// The finding about an option nobody knows.
pub fn unknown(args: &mut Args<'_, '_>, known: &[&str]) {
    let Some(word) = args.peek() else {
        let finding = Diagnostic::alert(
            "HX0160",
            args.missing_at(),
            "'option' expects an option name.",
        )
        .form(Form::Tight);
        args.report(finding);
        return;
    };
    let mut message = format!("unknown option '{}'", word.display());
    match nearest(word, known) {
        Some(near) => message.push_str(&format!("; did you mean '{near}' maybe ?")),
        None => message.push('.'),
    }
    args.alert("HX0244", word.span, message);
}

/// As [`negated`] for options that take `no` but not `default`.
fn negated_default(args: &mut Args<'_, '_>, name: &str) -> bool {
    args.line().prefix == Some(crate::config::directive::Prefix::Default) && negated(args, name)
}

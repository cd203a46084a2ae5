//! `stick-table` (configuration manual 11.1), and what a `table` of a `peers` section shares
//! with it.

use crate::base::diag::{Diagnostic, Form};
use crate::base::units::{self, TimeUnit};
use crate::config::args::Args;
use crate::config::directive::Word;
use crate::lower::section::Wanted;
use crate::lower::{Context, KeywordHandler, Sections};

/// `stick-table type TYPE size N [options]`
pub const STICK_TABLE: KeywordHandler =
    KeywordHandler::checked(&["stick-table"], Sections::NAMED_PROXY, lower);

const TYPES: &[&str] = &["ip", "ipv4", "ipv6", "integer", "string", "binary"];

/// What an entry may store, and what its parentheses hold: nothing, a period (`t`), a number of
/// elements (`n`), both (`nt`).
const DATA: &[(&str, &str)] = &[
    ("bytes_in_cnt", ""),
    ("bytes_in_rate", "t"),
    ("bytes_out_cnt", ""),
    ("bytes_out_rate", "t"),
    ("conn_cnt", ""),
    ("conn_cur", ""),
    ("conn_rate", "t"),
    ("glitch_cnt", ""),
    ("glitch_rate", "t"),
    ("gpc", "n"),
    ("gpc0", ""),
    ("gpc0_rate", "t"),
    ("gpc1", ""),
    ("gpc1_rate", "t"),
    ("gpc_rate", "nt"),
    ("gpt", "n"),
    ("gpt0", ""),
    ("http_err_cnt", ""),
    ("http_err_rate", "t"),
    ("http_fail_cnt", ""),
    ("http_fail_rate", "t"),
    ("http_req_cnt", ""),
    ("http_req_rate", "t"),
    ("server_id", ""),
    ("server_key", ""),
    ("sess_cnt", ""),
    ("sess_rate", "t"),
];

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let Some(draft) = cx.draft() else {
        return;
    };
    let (name, named) = (draft.proxy.name.clone(), draft.named());
    let span = args.line().span;
    if let Some(first) = cx.tables.get(&name).copied() {
        let message = format!(
            "stick-table name '{name}' conflicts with table declared in {named} at {}.",
            cx.place(first)
        );
        let finding = Diagnostic::alert("HX0213", span, message);
        args.report(finding.related(first, "first declared here"));
        return;
    }
    if arguments(cx, args, "stick-table") {
        cx.tables.insert(name, span);
    }
}

/// The words behind the name; false if they make no table. `what` begins the messages.
pub fn arguments(cx: &mut Context<'_>, args: &mut Args<'_, '_>, what: &str) -> bool {
    let mut typed = false;
    let mut sized = false;
    let mut stored: Vec<&str> = Vec::new();
    while let Some(word) = args.next_word() {
        let option = word.display().to_string();
        let needs_value = matches!(
            option.as_str(),
            "size" | "expire" | "peers" | "write-to" | "srvkey" | "brates-factor"
        );
        if needs_value && args.is_empty() {
            let message = format!("{what}: missing argument after '{option}'.");
            args.alert("HX0160", args.missing_at(), message);
            return false;
        }
        let good = match option.as_str() {
            "type" => {
                typed = true;
                key_type(args, what)
            }
            "size" => size(args, what).is_some_and(|n| {
                sized |= n > 0;
                true
            }),
            "expire" => expire(args, what),
            "nopurge" | "recv-only" => true,
            "peers" => {
                peers(cx, args);
                true
            }
            "store" => args
                .next_word()
                .is_none_or(|w| data(args, w, what, &mut stored)),
            "srvkey" => server_key(args, what),
            "brates-factor" | "write-to" => args.next_word().is_some(),
            _ => {
                let message = format!("{what}: unknown argument '{option}'.");
                args.alert("HX0162", word.span, message);
                false
            }
        };
        if !good {
            return false;
        }
    }
    let missing = match (sized, typed) {
        (false, _) => "size",
        (_, false) => "type",
        _ => return true,
    };
    let message = format!("{what}: missing {missing}.");
    args.alert("HX0160", args.missing_at(), message);
    false
}

fn key_type(args: &mut Args<'_, '_>, what: &str) -> bool {
    let span = args.here();
    let said = args.next_word();
    let text = said.map_or_else(String::new, |w| w.display().to_string());
    if !TYPES.contains(&text.as_str()) {
        let message = format!("{what}: unknown type '{text}'.");
        args.alert("HX0162", span, message);
        return false;
    }
    let sized = matches!(text.as_str(), "string" | "binary");
    if sized && args.take("len") {
        let span = args.here();
        let length = args
            .next_word()
            .and_then(|w| w.as_str()?.parse::<u32>().ok());
        if length.is_none_or(|n| n == 0) {
            args.alert("HX0165", span, "'len' expects a positive integer argument.");
            return false;
        }
    }
    true
}

fn size(args: &mut Args<'_, '_>, what: &str) -> Option<u32> {
    let word = args.next_word()?;
    match units::size(&word.text) {
        Ok(size) => Some(size),
        Err(at) => {
            unexpected(args, what, word, at, "size");
            None
        }
    }
}

fn expire(args: &mut Args<'_, '_>, what: &str) -> bool {
    let Some(word) = args.next_word() else {
        return false;
    };
    match units::time(&word.text, TimeUnit::Millisecond) {
        Ok(time) => match time.trailing {
            Some(at) => {
                unexpected(args, what, word, at, "expire");
                false
            }
            None => true,
        },
        Err(units::TimeError::Unexpected(at)) => {
            unexpected(args, what, word, at, "expire");
            false
        }
        Err(units::TimeError::Overflow) => {
            let message = format!(
                "{what}: timer overflow in argument '{}' to 'expire' (maximum value is 2147483647 ms or ~24.8 days).",
                word.display()
            );
            args.alert("HX0201", word.span, message);
            false
        }
    }
}

fn unexpected(args: &mut Args<'_, '_>, what: &str, word: &Word, at: usize, option: &str) {
    let bad = word.text.get(at).map_or(' ', |b| char::from(*b));
    let message = format!("{what}: unexpected character '{bad}' in argument of '{option}'.");
    args.alert("HX0203", word.span, message);
}

fn peers(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let Some(word) = args.next_word() else {
        return;
    };
    let name = word.display().to_string();
    let proxy = cx
        .draft()
        .map_or_else(String::new, |d| d.proxy.name.clone());
    let message = format!("Proxy '{proxy}': unable to find sync peers '{name}'.");
    let finding = Diagnostic::alert("HX0301", word.span, message).form(Form::Plain);
    cx.wanted.push(Wanted {
        kind: "peers",
        name,
        finding,
    });
}

fn server_key(args: &mut Args<'_, '_>, what: &str) -> bool {
    let Some(word) = args.next_word() else {
        return false;
    };
    let known = word.is("name") || word.is("addr");
    if !known {
        let message = format!("{what} : unknown server key type '{}'.", word.display());
        args.alert("HX0162", word.span, message);
    }
    known
}

/// `gpc0,conn_rate(10s)`
fn data(args: &mut Args<'_, '_>, word: &Word, what: &str, stored: &mut Vec<&'static str>) -> bool {
    let text = word.display().to_string();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        // a comma inside of parentheses parts the arguments of one item
        let open = rest.find('(').unwrap_or(usize::MAX);
        let comma = rest.find(',').unwrap_or(rest.len());
        let end = match rest.find(')') {
            Some(close) if open < comma => close + 1,
            _ => comma,
        };
        let (item, behind) = rest.split_at(end.min(rest.len()));
        rest = behind.trim_start_matches(',');
        if let Err(fault) = one(item, stored) {
            args.alert("HX0162", word.span, format!("{what}: {fault}"));
            return false;
        }
    }
    true
}

fn one(item: &str, stored: &mut Vec<&'static str>) -> Result<(), String> {
    let (name, argument) = match item.split_once('(') {
        Some((name, rest)) => (name, Some(rest.trim_end_matches(')'))),
        None => (item, None),
    };
    let Some(&(name, form)) = DATA.iter().find(|(known, _)| *known == name) else {
        return Err(format!("unknown store option '{name}'."));
    };
    let argument = match (argument, form) {
        (Some(_), "") => return Err(format!("unexpected argument to store option '{name}'.")),
        (None, "") => "",
        (None, _) => return Err(format!("missing argument to store option '{name}'.")),
        (Some(argument), _) => argument,
    };
    let (count, period) = match form {
        "n" => (Some(argument), None),
        "t" => (None, Some(argument)),
        "nt" => match argument.split_once(',') {
            Some((count, period)) => (Some(count), Some(period)),
            None => return Err(format!("missing argument to store option '{name}'.")),
        },
        _ => (None, None),
    };
    if let Some(count) = count
        && !count
            .trim()
            .parse::<u32>()
            .is_ok_and(|n| (1..=100).contains(&n))
    {
        return Err(format!(
            "array size is out of allowed range (1-100) for store option '{name}'."
        ));
    }
    let bad =
        period.is_some_and(|p| units::time(p.trim().as_bytes(), TimeUnit::Millisecond).is_err());
    if bad {
        return Err(format!("error when processing store option '{name}'."));
    }
    for (array, plain) in [("gpc", "gpc0"), ("gpc", "gpc1"), ("gpt", "gpt0")] {
        let both = |a, b| name == a && stored.contains(&b);
        if both(array, plain) || both(plain, array) {
            let shown = if array == "gpc" { "gpc[0/1]" } else { "gpt0" };
            return Err(format!(
                "simultaneous usage of '{array}' and '{shown}' in a same table is not permitted as '{array}' overrides '{shown}'."
            ));
        }
    }
    stored.push(name);
    Ok(())
}

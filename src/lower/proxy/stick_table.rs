//! `stick-table` (configuration manual 11.1), and what a `table` of a `peers` section shares
//! with it.

use crate::base::diag::{Diagnostic, Form};
use crate::base::units::{self, TimeUnit};
use crate::config::args::Args;
use crate::config::directive::Word;
use crate::lower::section::Wanted;
use crate::lower::{Context, KeywordHandler, Sections};
use crate::table::{self, Data, KeyType, ServerKey, Spec, Table};

/// `stick-table type TYPE size N [options]`
pub const STICK_TABLE: KeywordHandler =
    KeywordHandler::new(&["stick-table"], Sections::NAMED_PROXY, lower);

/// What the parentheses of a data type hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Nothing,
    Period,
    Number,
    Both,
}

fn holds(data: Data) -> Holds {
    match (data.is_array(), data.form() == table::Form::Rate) {
        (false, false) => Holds::Nothing,
        (false, true) => Holds::Period,
        (true, false) => Holds::Number,
        (true, true) => Holds::Both,
    }
}

fn lower(cx: &mut Context<'_>, args: &mut Args<'_, '_>) {
    let Some(draft) = cx.draft() else {
        return;
    };
    let (name, named) = (draft.proxy.name.clone(), draft.named());
    let span = args.line().span;
    if let Some(first) = cx.table(&name).map(|(first, _)| *first) {
        let message = format!(
            "stick-table name '{name}' conflicts with table declared in {named} at {}.",
            cx.place(first)
        );
        let finding = Diagnostic::alert("HX0213", span, message);
        args.report(finding.related(first, "first declared here"));
        return;
    }
    if let Some(spec) = arguments(cx, args, "stick-table", Spec::new(&name)) {
        cx.tables.push((span, Table::new(spec)));
    }
}

/// The words behind the name, entered into `spec`; `None` if they make no table. `what` begins
/// the messages.
pub fn arguments(
    cx: &mut Context<'_>,
    args: &mut Args<'_, '_>,
    what: &str,
    mut spec: Spec,
) -> Option<Spec> {
    let mut typed = false;
    while let Some(word) = args.next_word() {
        let option = word.display().to_string();
        let needs_value = matches!(
            option.as_str(),
            "size" | "expire" | "peers" | "write-to" | "srvkey" | "brates-factor"
        );
        if needs_value && args.is_empty() {
            let message = format!("{what}: missing argument after '{option}'.");
            args.alert("HX0160", args.missing_at(), message);
            return None;
        }
        match option.as_str() {
            "type" => {
                typed = true;
                spec.key = key_type(args, what)?;
            }
            "size" => spec.size = size(args, what)?,
            "expire" => spec.expire = expire(args, what)?,
            "nopurge" => spec.nopurge = true,
            "recv-only" => spec.recv_only = true,
            "peers" => spec.peers = peers(cx, args).or(spec.peers),
            "store" => {
                if let Some(word) = args.next_word() {
                    data(args, word, what, &mut spec.stored)?;
                }
            }
            "srvkey" => spec.server_key = server_key(args, what)?,
            "brates-factor" => spec.byte_factor = byte_factor(args, what)?,
            "write-to" => spec.write_to = args.next_word().map(|w| w.display().to_string()),
            _ => {
                let message = format!("{what}: unknown argument '{option}'.");
                args.alert("HX0162", word.span, message);
                return None;
            }
        }
    }
    let missing = match (spec.size > 0, typed) {
        (false, _) => "size",
        (_, false) => "type",
        _ => return Some(spec),
    };
    let message = format!("{what}: missing {missing}.");
    args.alert("HX0160", args.missing_at(), message);
    None
}

/// Most bytes of a text unless the line says `len`: HAProxy counts its end as well.
const TEXT: u32 = 31;
/// Bytes of a block unless the line says `len`.
const BLOCK: u32 = 32;

fn key_type(args: &mut Args<'_, '_>, what: &str) -> Option<KeyType> {
    let span = args.here();
    let said = args.next_word();
    let text = said.map_or_else(String::new, |w| w.display().to_string());
    let mut found = match text.as_str() {
        "ip" | "ipv4" => KeyType::Ip,
        "ipv6" => KeyType::Ipv6,
        "integer" => KeyType::Integer,
        "string" => KeyType::Str(TEXT),
        "binary" => KeyType::Bin(BLOCK),
        _ => {
            let message = format!("{what}: unknown type '{text}'.");
            args.alert("HX0162", span, message);
            return None;
        }
    };
    if let KeyType::Str(length) | KeyType::Bin(length) = &mut found
        && args.take("len")
    {
        let span = args.here();
        let said = args
            .next_word()
            .and_then(|w| w.as_str()?.parse::<u32>().ok())
            .filter(|n| *n > 0);
        let Some(said) = said else {
            args.alert("HX0165", span, "'len' expects a positive integer argument.");
            return None;
        };
        *length = said;
    }
    Some(found)
}

fn byte_factor(args: &mut Args<'_, '_>, what: &str) -> Option<u32> {
    let word = args.next_word()?;
    let text = word.as_str().unwrap_or_default();
    if let Some(at) = text.bytes().position(|b| !b.is_ascii_digit()) {
        unexpected(args, what, word, at, "brates-factor");
        return None;
    }
    let factor = text.parse::<u32>().ok();
    let factor = factor.filter(|n| (1..=1024).contains(n));
    if factor.is_none() {
        let message = format!(
            "{what}: argument 'brates-factor' must be greater than 0 and lower or equal than 1024."
        );
        args.alert("HX0165", word.span, message);
    }
    factor
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

fn expire(args: &mut Args<'_, '_>, what: &str) -> Option<u32> {
    let word = args.next_word()?;
    match units::time(&word.text, TimeUnit::Millisecond) {
        Ok(time) => match time.trailing {
            Some(at) => {
                unexpected(args, what, word, at, "expire");
                None
            }
            None => Some(time.value),
        },
        Err(units::TimeError::Unexpected(at)) => {
            unexpected(args, what, word, at, "expire");
            None
        }
        Err(units::TimeError::Overflow) => {
            let message = format!(
                "{what}: timer overflow in argument '{}' to 'expire' (maximum value is 2147483647 ms or ~24.8 days).",
                word.display()
            );
            args.alert("HX0201", word.span, message);
            None
        }
    }
}

fn unexpected(args: &mut Args<'_, '_>, what: &str, word: &Word, at: usize, option: &str) {
    let bad = word.text.get(at).map_or(' ', |b| char::from(*b));
    let message = format!("{what}: unexpected character '{bad}' in argument of '{option}'.");
    args.alert("HX0203", word.span, message);
}

fn peers(cx: &mut Context<'_>, args: &mut Args<'_, '_>) -> Option<String> {
    let word = args.next_word()?;
    let name = word.display().to_string();
    let proxy = cx
        .draft()
        .map_or_else(String::new, |d| d.proxy.name.clone());
    let message = format!("Proxy '{proxy}': unable to find sync peers '{name}'.");
    let finding = Diagnostic::alert("HX0301", word.span, message).form(Form::Plain);
    cx.wanted.push(Wanted {
        kind: "peers",
        name: name.clone(),
        finding,
    });
    Some(name)
}

fn server_key(args: &mut Args<'_, '_>, what: &str) -> Option<ServerKey> {
    let word = args.next_word()?;
    if word.is("name") {
        return Some(ServerKey::Name);
    }
    if word.is("addr") {
        return Some(ServerKey::Address);
    }
    let message = format!("{what} : unknown server key type '{}'.", word.display());
    args.alert("HX0162", word.span, message);
    None
}

/// What is stored: type, elements, period.
type Stored = Vec<(Data, u32, u32)>;

/// `gpc0,conn_rate(10s)`
fn data(args: &mut Args<'_, '_>, word: &Word, what: &str, stored: &mut Stored) -> Option<()> {
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
        match one(item, stored) {
            Ok(None) => {}
            Ok(Some(again)) => {
                let message = format!(
                    "{what}: store option '{}' already enabled, ignored.",
                    again.name()
                );
                let finding = Diagnostic::warning("HX0213", word.span, message);
                args.report(finding.form(Form::Tight));
            }
            Err(fault) => {
                args.alert("HX0162", word.span, format!("{what}: {fault}"));
                return None;
            }
        }
    }
    Some(())
}

/// One data type; gives it back if it is there already.
fn one(item: &str, stored: &mut Stored) -> Result<Option<Data>, String> {
    let (name, argument) = match item.split_once('(') {
        Some((name, rest)) => (name, Some(rest.trim_end_matches(')'))),
        None => (item, None),
    };
    let Some(data) = Data::named(name.as_bytes()) else {
        return Err(format!("unknown store option '{name}'."));
    };
    let missing = || format!("missing argument to store option '{name}'.");
    let (count, period) = match (holds(data), argument) {
        (Holds::Nothing, Some(_)) => {
            return Err(format!("unexpected argument to store option '{name}'."));
        }
        (Holds::Nothing, None) => (None, None),
        (_, None) => return Err(missing()),
        (Holds::Period, Some(period)) => (None, Some(period)),
        (Holds::Number, Some(count)) => (Some(count), None),
        (Holds::Both, Some(both)) => {
            let (count, period) = both.split_once(',').ok_or_else(missing)?;
            (Some(count), Some(period))
        }
    };
    let count = match count {
        None => 1,
        Some(text) => {
            let count = text.trim().parse::<u32>().ok();
            count.filter(|n| (1..=100).contains(n)).ok_or_else(|| {
                format!("array size is out of allowed range (1-100) for store option '{name}'.")
            })?
        }
    };
    let period = match period {
        None => 0,
        Some(text) => {
            let time = units::time(text.trim().as_bytes(), TimeUnit::Millisecond);
            time.map_err(|_| format!("error when processing store option '{name}'."))?
                .value
        }
    };
    let has = |data| stored.iter().any(|(d, _, _)| *d == data);
    for (array, plain, shown) in [
        (Data::Gpc, Data::Gpc0, "gpc[0/1]"),
        (Data::Gpc, Data::Gpc1, "gpc[0/1]"),
        (Data::GpcRate, Data::Gpc0Rate, "gpc[0/1]_rate"),
        (Data::GpcRate, Data::Gpc1Rate, "gpc[0/1]_rate"),
        (Data::Gpt, Data::Gpt0, "gpt0"),
    ] {
        if data == array && has(plain) || data == plain && has(array) {
            let array = array.name();
            return Err(format!(
                "simultaneous usage of '{array}' and '{shown}' in a same table is not permitted as '{array}' overrides '{shown}'."
            ));
        }
    }
    if has(data) {
        return Ok(Some(data));
    }
    stored.push((data, count, period));
    Ok(None)
}

//! The arguments of keywords that no handler reads, checked by the grammar's tables: how many
//! there may be and, where there is only one, what it must be.

use super::context::Context;
use crate::base::diag::Diagnostic;
use crate::base::units::TimeUnit;
use crate::config::args::{Args, atol};
use crate::config::directive::{Directive, Word};
use crate::grammar::{self, Keyword, Lookup, Value};

/// Reports what is wrong with the words behind the keyword, whose name takes `words` of them.
pub fn check(line: &Directive, keyword: &Keyword, words: usize, out: &mut Vec<Diagnostic>) {
    let name = keyword.name;
    let mut args = Args::starting_at(line, words, out);
    if let Some(most) = keyword.args.max {
        let mut ahead = Args::starting_at(line, words + usize::from(most), out);
        ahead.end(name);
        if !out.is_empty() {
            return;
        }
        args = Args::starting_at(line, words, out);
    }
    let given = line.words.len().saturating_sub(words);
    if given < usize::from(keyword.args.min) {
        let message = match keyword.value {
            Some(Value::Word) => format!("'{name}' expects {}.", alternatives(keyword.syntax)),
            Some(Value::Size(_) | Value::Integer(..) | Value::Within(..)) => {
                format!("'{name}' expects an integer argument.")
            }
            _ => format!("'{name}' expects an argument."),
        };
        args.word(&message);
        return;
    }
    if given > 0
        && let Some(value) = keyword.value
    {
        one(&mut args, keyword, value);
    }
}

/// Reports words behind the most that a keyword of `global` takes; true if there are any. HAProxy
/// looks for them before it looks at the others.
pub fn too_many(cx: &mut Context<'_>, line: &Directive, words: usize) -> bool {
    let bytes = line.words.iter().map(Word::bytes);
    let Lookup::Here {
        keyword,
        words: own,
    } = grammar::look_up("global", bytes)
    else {
        return false;
    };
    let Some(most) = keyword.args.max.filter(|_| own == words) else {
        return false;
    };
    let mut out = Vec::new();
    Args::starting_at(line, words + usize::from(most), &mut out).end(keyword.name);
    let found = !out.is_empty();
    cx.diags.append(&mut out);
    found
}

fn alternatives(syntax: &str) -> String {
    let words: Vec<String> = syntax.split('|').map(|w| format!("'{w}'")).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.join(""),
    }
}

fn one(args: &mut Args<'_, '_>, keyword: &Keyword, value: Value) {
    let name = keyword.name;
    match value {
        Value::Time(low, high) => time(args, name, low, high),
        Value::Size(least) => {
            let here = args.here();
            if args.size(name, "").is_some_and(|size| size < least) {
                let message = format!("'{name}' expects a positive integer argument.");
                args.alert("HX0164", here, message);
            }
        }
        Value::Word => {
            word(args, keyword);
        }
        Value::Words => while !args.is_empty() && word(args, keyword) {},
        Value::List => list(args, keyword),
        Value::Integer(low, high) => {
            args.int(low..=high, name);
        }
        Value::Within(low, high) => {
            let Some(word) = args.next_word() else {
                return;
            };
            if !(low..=high).contains(&atol(&word.text).0) {
                let message = match (low, high) {
                    (0, i64::MAX) => format!("'{name}' expects a non-negative value."),
                    (1, i64::MAX) => format!("'{name}' expects a positive value."),
                    (low, i64::MAX) => format!("'{name}' expects a value >= {low}."),
                    (low, high) => {
                        format!("'{name}' expects a numeric value between {low} and {high}.")
                    }
                };
                args.alert("HX0164", word.span, message);
            }
        }
        Value::Statuses => statuses(args, name),
    }
}

/// One of the words of the syntax; whether it is.
fn word(args: &mut Args<'_, '_>, keyword: &Keyword) -> bool {
    let words: Vec<&str> = keyword.syntax.split('|').collect();
    let expects = alternatives(keyword.syntax);
    let message = format!("'{}' expects {expects}.", keyword.name);
    args.keyword(&words, &message).is_some()
}

fn time(args: &mut Args<'_, '_>, name: &str, low: i64, high: i64) {
    let Some(word) = args.peek() else {
        return;
    };
    let Some(time) = args.time(TimeUnit::Millisecond, name, "") else {
        return;
    };
    if !(low..=high).contains(&i64::from(time)) {
        let message = format!(
            "timer out of range in argument '{}' to '{name}' (value must be between {low} and {high} ms)",
            word.display()
        );
        args.alert("HX0164", word.span, message);
    }
}

/// Words of the syntax with commas between them.
fn list(args: &mut Args<'_, '_>, keyword: &Keyword) {
    let Some(word) = args.next_word() else {
        return;
    };
    let known = |part: &[u8]| keyword.syntax.split('|').any(|k| k.as_bytes() == part);
    if !word.bytes().split(|b| *b == b',').all(known) {
        let message = format!(
            "'{}' expects a comma-delimited list of {} but got '{}'.",
            keyword.name,
            alternatives(keyword.syntax),
            word.display()
        );
        args.alert("HX0162", word.span, message);
    }
}

/// `[+-]{LOW[-HIGH]}[,...]`, each of them a status code; the sign is that of the whole word.
fn statuses(args: &mut Args<'_, '_>, name: &str) {
    const CODES: std::ops::RangeInclusive<u16> = 100..=599;
    while let Some(word) = args.next_word() {
        let text = word.display().to_string();
        let ranges = text.strip_prefix(['+', '-']).unwrap_or(&text);
        let range = |part: &str| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            let code = |text: &str| text.parse().ok().filter(|c| CODES.contains(c));
            Some(code(low)? <= code(high)?)
        };
        if !ranges.split(',').all(|part| range(part) == Some(true)) {
            let message = format!("Invalid status codes range '{text}' in '{name}'.");
            args.alert("HX0165", word.span, message);
            return;
        }
    }
}

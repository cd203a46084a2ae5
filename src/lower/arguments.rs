//! The arguments of keywords that no handler reads, checked by the grammar's tables: how many
//! there may be and, where there is only one, what it must be.

use crate::base::diag::Diagnostic;
use crate::base::units::TimeUnit;
use crate::config::args::{Args, atol};
use crate::config::directive::Directive;
use crate::grammar::{Keyword, Value};

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
            Some(Value::Size | Value::Natural | Value::Integer) => {
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
        Value::Time => {
            args.time(TimeUnit::Millisecond, name, "");
        }
        Value::Size => {
            args.size(name, "");
        }
        Value::Word => {
            let words: Vec<&str> = keyword.syntax.split('|').collect();
            let message = format!("'{name}' expects {}.", alternatives(keyword.syntax));
            args.keyword(&words, &message);
        }
        Value::Natural | Value::Integer => {
            let lowest = if value == Value::Natural { 0 } else { i64::MIN };
            args.int(lowest..=i64::MAX, name);
        }
        Value::NonNegative | Value::Positive => {
            let Some(word) = args.next_word() else {
                return;
            };
            let least = i64::from(value == Value::Positive);
            if atol(&word.text).0 < least {
                let kind = if least == 0 {
                    "non-negative"
                } else {
                    "positive"
                };
                let message = format!("'{name}' expects a {kind} value.");
                args.alert("HX0164", word.span, message);
            }
        }
    }
}

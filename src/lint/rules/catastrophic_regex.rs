//! `catastrophic-regex`

use crate::base::diag::Severity;
use crate::config::directive::Word;
use crate::lint::model::Model;
use crate::lint::model::matcher::Method;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HP005",
    name: "catastrophic-regex",
    category: Category::Performance,
    severity: Severity::Warning,
    default: true,
    what: "A regular expression repeats a group that itself repeats.",
    why: "HAProxy's PCRE tries all ways of sharing out the text between the two repetitions: some forty chosen letters in a URL keep a thread busy for minutes (ReDoS).",
    example: "acl word path_reg ^/([a-z]+)*$\n",
    instead: "acl word path_reg ^/[a-z]*$\n",
    fixes: Fixes::None,
    check,
};

/// Whether a group that ends in a repetition is repeated without bound: `(a+)+`, `(.*)*`.
fn nested(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut open: Vec<usize> = Vec::new();
    let mut class = false;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'[' if !class => class = true,
            b']' if class => class = false,
            b'(' if !class => open.push(at),
            b')' if !class => {
                let start = open.pop();
                let repeated = matches!(bytes.get(at + 1), Some(b'*' | b'+'))
                    || bytes.get(at + 1..).is_some_and(|r| {
                        r.starts_with(b"{")
                            && r.iter()
                                .position(|b| *b == b'}')
                                .is_some_and(|e| r.get(e - 1) == Some(&b','))
                    });
                let inner = start.and_then(|s| bytes.get(s + 1..at)).unwrap_or_default();
                if repeated && repeats_alone(inner) {
                    return true;
                }
            }
            _ => {}
        }
        at += 1;
    }
    false
}

/// Whether the inside of a group is one piece under a repetition, so that nothing tells where one
/// round ends and the next begins.
fn repeats_alone(inner: &[u8]) -> bool {
    let inner = inner.strip_prefix(b"?:").unwrap_or(inner);
    let Some((last, piece)) = inner.split_last() else {
        return false;
    };
    if !matches!(last, b'+' | b'*') {
        return false;
    }
    match piece {
        [] => false,
        [b'\\', _] | [_] => true,
        [b'[', middle @ .., b']'] => !middle.contains(&b']'),
        _ => false,
    }
}

fn check(model: &Model<'_>, out: &mut Report) {
    let mut seen: Vec<&Word> = Vec::new();
    for (_, test) in model.tests() {
        if test.method() == Method::Reg {
            seen.extend(&test.patterns);
        }
    }
    for statement in model.scopes.iter().flat_map(|s| &s.statements) {
        let regex = match (statement.set, statement.action_name()) {
            (
                "reqrep" | "reqirep" | "reqdel" | "reqidel" | "reqdeny" | "reqideny" | "rspirep",
                _,
            ) => statement.args.first(),
            (_, b"replace-path" | b"replace-uri" | b"replace-pathq") => statement.args.first(),
            (_, b"replace-header" | b"replace-value") => statement.args.get(1),
            _ => None,
        };
        seen.extend(regex);
    }
    for word in seen {
        if word.as_str().is_some_and(nested) {
            out.word(
                word,
                "a repetition of a repetition: a chosen text keeps a thread busy for minutes",
            );
        }
    }
}

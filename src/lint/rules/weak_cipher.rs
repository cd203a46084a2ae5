//! `weak-cipher`

use crate::base::diag::Severity;
use crate::lint::model::{Model, value_of};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS004",
    name: "weak-cipher",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "A cipher list lets in RC4, DES, 3DES, MD5, export, anonymous or null ciphers.",
    why: "They can be broken (RFC 7465 forbids RC4; 3DES falls to Sweet32), or verify or encrypt nothing. A client that is talked into one is read along.",
    example: "ssl-default-bind-ciphers ECDHE+AESGCM:RC4-SHA:HIGH\n",
    instead: "ssl-default-bind-ciphers ECDHE+AESGCM:ECDHE+CHACHA20\n",
    fixes: Fixes::None,
    check,
};

const WEAK: [&str; 10] = [
    "RC4", "DES", "3DES", "MD5", "EXP", "EXPORT", "LOW", "NULL", "ADH", "ANULL",
];

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, line) in model.lines() {
        let list = match () {
            () if line.begins(&["ssl-default-bind-ciphers"])
                || line.begins(&["ssl-default-server-ciphers"]) =>
            {
                line.word(1)
            }
            () if line.begins(&["bind"])
                || line.begins(&["server"])
                || line.begins(&["default-server"]) =>
            {
                value_of(line, 1, "ciphers")
            }
            () => None,
        };
        let Some(word) = list else {
            continue;
        };
        let text = word.display().to_string();
        let items: Vec<&str> = text.split([':', ',', ' ']).collect();
        // what is struck out for good is not let in
        let struck = |name: &str| {
            items.iter().any(|i| {
                i.strip_prefix('!')
                    .is_some_and(|s| s.eq_ignore_ascii_case(name))
            })
        };
        let weak = items.iter().find_map(|item| {
            if item.starts_with(['!', '-', '+']) {
                return None;
            }
            let mut parts = item.split(['-', '+', '_']);
            let part = parts.find(|p| {
                WEAK.iter().any(|w| p.eq_ignore_ascii_case(w))
                    || p.eq_ignore_ascii_case("eNULL")
                    || *p == "CBC3"
            })?;
            let name = if part == "CBC3" { "3DES" } else { part };
            let gone = struck(name) || (name == "3DES" && struck("DES"));
            (!gone).then_some(*item)
        });
        if let Some(weak) = weak {
            out.word(word, format!("`{weak}` lets in ciphers that can be broken"));
        }
    }
}

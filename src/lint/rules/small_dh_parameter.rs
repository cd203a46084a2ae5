//! `small-dh-parameter`

use crate::base::diag::Severity;
use crate::lint::model::{Model, number};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS005",
    name: "small-dh-parameter",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "Diffie-Hellman parameters have fewer than 2048 bits.",
    why: "1024 bits can be broken by who has the means (the Logjam attack), and all recorded traffic with them.",
    example: "tune.ssl.default-dh-param 1024\n",
    instead: "tune.ssl.default-dh-param 2048\n",
    fixes: Fixes::Unsafe("2048 bits are used, which clients older than Java 8 do not take"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for line in model
        .globals()
        .flat_map(|s| s.all(&["tune.ssl.default-dh-param"]))
    {
        let Some(word) = line.word(1) else {
            continue;
        };
        if number(word).is_some_and(|n| n < 2048) {
            out.word(word, format!("{} bits can be broken", word.display()))
                .fix(vec![crate::lint::rule::Edit::Replace(
                    word.span,
                    b"2048".to_vec(),
                )]);
        }
    }
}

//! `default-credentials`

use crate::base::diag::Severity;
use crate::lint::model::{Model, value_of};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS008",
    name: "default-credentials",
    category: Category::Security,
    severity: Severity::Alert,
    default: true,
    what: "A password is one that everybody tries first.",
    why: "`admin:admin` and the passwords of manuals and examples are the first that a scanner tries.",
    example: "stats auth admin:admin\n",
    instead: "stats auth \"admin:${STATS_PASSWORD}\"\n",
    fixes: Fixes::None,
    check,
};

const COMMON: [&str; 22] = [
    "admin",
    "password",
    "passwd",
    "secret",
    "changeme",
    "change_me",
    "haproxy",
    "stats",
    "test",
    "123456",
    "12345",
    "1234",
    "root",
    "user",
    "guest",
    "pass",
    "mypassword",
    "yourpassword",
    "your_password",
    "letmein",
    "default",
    "admin123",
];

fn check(model: &Model<'_>, out: &mut Report) {
    for (scope, line) in model.lines() {
        let (word, user, password) = if line.begins(&["stats", "auth"]) {
            let Some(word) = line.word(2) else {
                continue;
            };
            let text = word.display().to_string();
            let Some((user, password)) = text.split_once(':') else {
                continue;
            };
            (word, user.to_owned(), password.to_owned())
        } else if scope.head.begins(&["userlist"]) && line.begins(&["user"]) {
            let (Some(user), Some(word)) = (line.word(1), value_of(line, 2, "insecure-password"))
            else {
                continue;
            };
            (word, user.display().to_string(), word.display().to_string())
        } else {
            continue;
        };
        let lower = password.to_ascii_lowercase();
        if model.source(word).contains(&b'$') {
            continue;
        }
        if COMMON.contains(&lower.as_str()) || password == user {
            out.word(
                word,
                "this password is among the first that everybody tries",
            );
        }
    }
}

//! `plain-text-password`

use crate::base::diag::Severity;
use crate::lint::model::{Model, value_of};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HS001",
    name: "plain-text-password",
    category: Category::Security,
    severity: Severity::Warning,
    default: true,
    what: "A password stands in clear in the configuration.",
    why: "Everybody who can read the file, its repository or a backup of either has it. A user list can hold a hash, and `stats` can ask a user list through `stats http-request auth`.",
    example: "stats auth admin:s3cret\n",
    instead: "userlist operators\n    user admin password $6$...\n\nlisten stats\n    stats enable\n    stats http-request auth unless { http_auth(operators) }\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (scope, line) in model.lines() {
        if line.begins(&["stats", "auth"]) {
            let Some(word) = line.word(2) else {
                continue;
            };
            if word.text.contains(&b':') && !model.source(word).contains(&b'$') {
                out.word(word, "this password stands here in clear")
                    .help("use a `userlist` with hashed passwords and `stats http-request auth unless { http_auth(LIST) }`")
                    .help("or take it from the environment: stats auth \"admin:${STATS_PASSWORD}\"");
            }
        } else if scope.head.begins(&["userlist"]) && line.begins(&["user"]) {
            let Some(word) = value_of(line, 2, "insecure-password") else {
                continue;
            };
            if !model.source(word).contains(&b'$') {
                out.word(word, "this password stands here in clear")
                    .help("write `password` and its hash: mkpasswd -m sha-512");
            }
        }
    }
}

//! `connections-closed`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HP002",
    name: "connections-closed",
    category: Category::Performance,
    severity: Severity::Notice,
    default: true,
    what: "`option httpclose` closes both connections after each request.",
    why: "Every request then costs a new TCP (and TLS) handshake on each side, a round trip or three for the visitor. It was needed before 1.4, when only the first request of a connection was looked at.",
    example: "option httpclose\n",
    instead: "option http-server-close\n",
    fixes: Fixes::Unsafe("`option http-server-close` keeps the client's connection"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, line) in model.lines() {
        if line.begins(&["option", "httpclose"]) && line.prefix.is_none() {
            let Some(word) = line.word(1) else {
                continue;
            };
            out.line(line, "every request costs a new connection on both sides")
                .fix(vec![crate::lint::rule::Edit::Replace(
                    word.span,
                    b"http-server-close".to_vec(),
                )]);
        }
    }
}

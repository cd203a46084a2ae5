//! `appsession`: a stick table and rules since 1.6.

use super::text::{Line, Text};
use super::{Edits, Migration, PROXIES};

pub const MIGRATION: Migration = Migration {
    name: "appsession",
    about: "`appsession` becomes a stick table with rules that learn and follow the cookie",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    for (section, at, line) in text.lines_in(PROXIES) {
        if !line.is("appsession") {
            continue;
        }
        let taken = text.body(&section).any(|(other, l)| {
            other != at && (l.is("stick-table") || l.is("appsession") && other < at)
        });
        if taken {
            edits.cannot(
                at,
                "this section has a stick table already: a table of another back end can hold \
                 these sessions (`stick on ... table NAME`)",
            );
            continue;
        }
        match rules(line) {
            Ok(lines) => edits.review(
                at,
                lines,
                "a stick table learns the application's cookie from responses and follows it; \
                 a value that another server sets again is rebound to that server, and an \
                 inserted `cookie` of this section comes before the table",
            ),
            Err(why) => edits.cannot(at, why),
        }
    }
}

fn rules(line: &Line) -> Result<Vec<Vec<u8>>, &'static str> {
    let text = |n: usize| line.words.get(n).and_then(|w| w.as_str());
    let Some(name) = text(1) else {
        return Err("it names no cookie");
    };
    let (mut length, mut expire, mut learn, mut query) = ("52", "3h", false, None);
    let mut at = 2;
    while let Some(word) = text(at) {
        match word {
            "len" => {
                length = text(at + 1).unwrap_or(length);
                at += 1;
            }
            "timeout" => {
                expire = text(at + 1).unwrap_or(expire);
                at += 1;
            }
            "request-learn" => learn = true,
            "mode" => {
                query = text(at + 1);
                at += 1;
            }
            "prefix" => {
                return Err(
                    "no fetch takes a cookie by the beginning of its name (`prefix`): stick on \
                     the cookie's full name",
                );
            }
            _ => return Err("it has words that are not known"),
        }
        at += 1;
    }
    let parameter = match query {
        Some("query-string") => format!("urlp({name})"),
        _ => format!("urlp({name},;)"),
    };
    let how = if learn { "on" } else { "match" };
    let rules = [
        format!("stick-table type string len {length} size 1m expire {expire}"),
        format!("stick {how} req.cook({name})"),
        format!("stick {how} {parameter}"),
        format!("stick store-response res.cook({name})"),
    ];
    let lines = rules.iter().enumerate().map(|(n, rule)| match n {
        0 => line.instead(rule.as_bytes()),
        _ => line.below(rule.as_bytes()),
    });
    Ok(lines.collect())
}

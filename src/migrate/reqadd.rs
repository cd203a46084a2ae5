//! `reqadd`, `rspadd`: `http-request add-header`, `http-response add-header` since 1.5.

use super::condition;
use super::text::{Line, Text, join, log_format, quoted};
use super::{Edits, Migration, PROXIES};

pub const MIGRATION: Migration = Migration {
    name: "reqadd",
    about: "`reqadd` and `rspadd` become `add-header`",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    for (_, at, line) in text.lines_in(PROXIES) {
        let rules = match line.word(0) {
            b"reqadd" => "http-request",
            b"rspadd" => "http-response",
            _ => continue,
        };
        match added(line, rules) {
            Some(lines) => edits.exact(
                at,
                lines,
                format!("the line is added by `{rules} add-header`"),
            ),
            None => edits.cannot(at, "this adds no header line: there is no colon"),
        }
    }
}

/// The rules that add these lines.
fn added(line: &Line, rules: &str) -> Option<Vec<Vec<u8>>> {
    let text = line.words.get(1)?.as_str()?;
    let condition = condition::of(line, 2);
    let mut lines = Vec::new();
    for header in text.lines().filter(|l| !l.is_empty()) {
        let (name, value) = header.split_once(':')?;
        let rule = join(&[
            rules.as_bytes(),
            b"add-header",
            &quoted(name.trim().as_bytes()),
            &log_format(value.trim()),
            condition,
        ]);
        lines.push(match lines.is_empty() {
            true => line.instead(&rule),
            false => line.below(&rule),
        });
    }
    (!lines.is_empty()).then_some(lines)
}

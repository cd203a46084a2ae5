//! `reqsetbe`, `reqisetbe`: `use_backend` since 1.6.

use super::condition;
use super::text::{Text, join};
use super::{Edits, Migration, PROXIES, reqdeny};

pub const MIGRATION: Migration = Migration {
    name: "reqsetbe",
    about: "`reqsetbe` becomes `use_backend`",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    for (section, at, line) in text.lines_in(PROXIES) {
        let caseless = match line.word(0) {
            b"reqsetbe" => false,
            b"reqisetbe" => true,
            _ => continue,
        };
        let regex = line
            .words
            .get(1)
            .and_then(|w| w.as_str())
            .unwrap_or_default();
        let lines: Option<Vec<Vec<u8>>> =
            reqdeny::terms(regex, "req", caseless).and_then(|(ways, _)| {
                ways.iter()
                    .map(|terms| {
                        let condition = condition::and(line, 3, terms.as_bytes())?;
                        let rule = join(&[b"use_backend", line.raw_word(2), &condition]);
                        Some(line.instead(&rule))
                    })
                    .collect()
            });
        let Some(lines) = lines else {
            edits.cannot(
                at,
                "write `use_backend` with a condition on `url` or a header",
            );
            continue;
        };
        let why = "the regex is the condition of a `use_backend`";
        // It chose before `use_backend` did.
        let first = text.body(&section).find(|(_, l)| l.is("use_backend"));
        match first {
            Some((before, _)) if before < at => {
                edits.exact(at, Vec::new(), format!("{why}, before the others"));
                edits.before(before, at, lines);
            }
            _ => edits.exact(at, lines, why),
        }
    }
}

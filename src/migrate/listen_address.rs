//! Addresses in the head line of `listen` and `frontend`: `bind` lines since 1.6.

use super::text::{Text, join};
use super::{Edits, Migration};

pub const MIGRATION: Migration = Migration {
    name: "listen-address",
    about: "addresses behind a proxy's name become `bind` lines",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    for section in text.sections_of(&["listen", "frontend"]) {
        let Some(head) = text.line(section.head) else {
            continue;
        };
        let Some(last) = head.words.len().checked_sub(1).filter(|n| *n >= 2) else {
            continue;
        };
        if head.word(2) == b"from" {
            continue;
        }
        let first = text.body(&section).find(|(_, l)| !l.words.is_empty());
        let indent = match first.map(|(_, l)| l.indent()) {
            Some(indent) if !indent.is_empty() => indent,
            _ => b"    ",
        };
        let bind = join(&[b"bind", head.raw_from(2)]);
        edits.exact(
            section.head,
            vec![head.with(2..last + 1, b""), [indent, &bind].concat()],
            "the address stands on a `bind` line of its own",
        );
    }
}

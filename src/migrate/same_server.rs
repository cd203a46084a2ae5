//! Two servers of one name in a section: refused since 2.7.

use super::text::Text;
use super::{Edits, Migration, PROXIES};

pub const MIGRATION: Migration = Migration {
    name: "same-server",
    about: "a second server of the same name gets a name of its own",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    for section in text.sections_of(PROXIES) {
        let mut names: Vec<Vec<u8>> = text
            .body(&section)
            .filter(|(_, l)| l.is("server"))
            .map(|(_, l)| l.word(1).to_vec())
            .collect();
        let mut seen: Vec<Vec<u8>> = Vec::new();
        for (at, line) in text.body(&section).filter(|(_, l)| l.is("server")) {
            let name = line.word(1).to_vec();
            if !seen.contains(&name) {
                seen.push(name);
                continue;
            }
            let new = free(&name, &names);
            names.push(new.clone());
            seen.push(new.clone());
            edits.review(
                at,
                vec![line.with(1..2, &super::text::quoted(&new))],
                "two servers had this name: the second one has a name of its own, which shows in \
                 logs and statistics",
            );
        }
    }
}

/// A name with the smallest number that is free.
pub fn free(name: &[u8], taken: &[Vec<u8>]) -> Vec<u8> {
    (2..)
        .map(|n: u32| [name, b"-", n.to_string().as_bytes()].concat())
        .find(|new| !taken.contains(new))
        .unwrap_or_default()
}

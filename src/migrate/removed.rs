//! What 3.4 has dropped and nothing takes the place of.

use super::text::Text;
use super::{Edits, Migration};
use crate::grammar::{self, Lookup, Version};

pub const MIGRATION: Migration = Migration {
    name: "removed",
    about: "names the lines that no other migration could rewrite",
    find,
};

fn find(text: &Text, edits: &mut Edits) {
    for section in text.sections() {
        let kind = String::from_utf8_lossy(text.kind(&section)).into_owned();
        let removed = grammar::section(kind.as_bytes()).and_then(|s| s.removed);
        if let Some(version) = removed.filter(|v| *v <= Version::CURRENT) {
            edits.cannot(
                section.head,
                format!(
                    "`{kind}` sections are gone since {version}: a service manager runs programs"
                ),
            );
            continue;
        }
        for (at, line) in text.body(&section) {
            let words = (line.keyword_at()..line.words.len()).map(|n| line.word(n));
            let keyword = match grammar::look_up(&kind, words) {
                Lookup::Here { keyword, .. } => keyword,
                _ => continue,
            };
            let Some(version) = keyword.life.removed.filter(|v| *v <= Version::CURRENT) else {
                continue;
            };
            // Another migration has said why it leaves the line.
            if SPOKEN_FOR.contains(&keyword.name) {
                continue;
            }
            let instead = keyword.life.replacement;
            let instead = instead.map_or(String::new(), |r| format!(": use {r}"));
            edits.cannot(
                at,
                format!("`{}` is gone since {version}{instead}", keyword.name),
            );
        }
    }
}

/// Keywords whose own migrations explain what they cannot do.
const SPOKEN_FOR: &[&str] = &[
    "appsession",
    "reqrep",
    "reqirep",
    "rsprep",
    "rspirep",
    "cliexp",
    "srvexp",
    "reqadd",
    "rspadd",
    "reqdel",
    "reqidel",
    "rspdel",
    "rspidel",
    "reqdeny",
    "reqideny",
    "reqallow",
    "reqiallow",
    "reqtarpit",
    "reqitarpit",
    "rspdeny",
    "rspideny",
    "reqsetbe",
    "reqisetbe",
    "option http_proxy",
];

//! The sections of a configuration.

use super::life::{Arity, Part, Version};
use super::table;
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../grammar/sections.tsv");

/// A kind of section.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its keyword.
    pub name: &'static str,
    /// Words after the keyword in the head line.
    pub args: Arity,
    /// Whether the head line gives the section a name.
    pub named: bool,
    /// Whether `from NAME` may say which defaults apply.
    pub from: bool,
    /// Whether it lives in a file of its own (certificate lists, SPOE) and not in a
    /// configuration.
    pub own_file: bool,
    /// First version with it.
    pub since: Option<Version>,
    /// First version without it.
    pub removed: Option<Version>,
    /// Who brings it to life.
    pub part: Part,
    /// What it is for.
    pub about: &'static str,
}

static SECTIONS: LazyLock<Vec<Section>> = LazyLock::new(|| {
    table::rows(TEXT)
        .map(|row| {
            let takes = row.cell("takes");
            let has = |word| takes.split(' ').any(|t| t == word);
            let life = row.life();
            Section {
                name: row.cell("name"),
                args: row.arity(),
                named: has("name"),
                from: has("from"),
                own_file: has("file"),
                since: life.since,
                removed: life.removed,
                part: row.part(),
                about: row.cell("about"),
            }
        })
        .collect()
});

/// All kinds of section, by name.
pub fn sections() -> &'static [Section] {
    &SECTIONS
}

/// The section of that keyword; `None` for a word that begins no section of a configuration.
pub fn section(name: &[u8]) -> Option<&'static Section> {
    table::find(&SECTIONS, name, |row| row.name).filter(|s| !s.own_file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_well_formed() {
        table::check_form(TEXT, &["name"]);
        for row in table::rows(TEXT) {
            assert!(Arity::parse(row.cell("args")).is_some(), "{row:?}");
            assert!(Part::parse(row.cell("part")).is_some(), "{row:?}");
            assert!(row.life().since.is_some(), "{row:?}");
        }
    }

    #[test]
    fn proxies_take_from() {
        for name in ["defaults", "frontend", "backend", "listen"] {
            assert!(section(name.as_bytes()).unwrap().from, "{name}");
        }
        assert!(!section(b"global").unwrap().named);
        assert!(section(b"crt-list").is_none());
        assert!(section(b"glob").is_none());
    }
}

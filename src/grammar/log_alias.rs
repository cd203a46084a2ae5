//! Aliases of log formats: `%ci`, `%ST`, ...

use super::life::{Part, Version};
use super::table;
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../grammar/log_aliases.tsv");

/// An alias of log formats.
#[derive(Clone, Debug)]
pub struct LogAlias {
    /// Its letters, without the percent sign. They are case-sensitive.
    pub name: &'static str,
    /// `http`, `ssl`, `log`: where alone it means something; `None` for everywhere.
    pub needs: Option<&'static str>,
    /// `number`, `string`, `address` or `date`; empty for `%o`.
    pub kind: &'static str,
    /// A sample expression that gives the same, where there is one.
    pub sample: Option<&'static str>,
    /// First version with it.
    pub since: Option<Version>,
    /// Who brings it to life.
    pub part: Part,
    /// What it shows.
    pub about: &'static str,
}

static ALIASES: LazyLock<Vec<LogAlias>> = LazyLock::new(|| {
    table::rows(TEXT)
        .map(|row| LogAlias {
            name: row.cell("name"),
            needs: row.optional("needs"),
            kind: row.cell("type"),
            sample: row.optional("sample"),
            since: row.life().since,
            part: row.part(),
            about: row.cell("about"),
        })
        .collect()
});

/// All aliases, by name.
pub fn log_aliases() -> &'static [LogAlias] {
    &ALIASES
}

/// The alias with those letters.
pub fn log_alias(name: &[u8]) -> Option<&'static LogAlias> {
    table::find(&ALIASES, name, |row| row.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_well_formed() {
        table::check_form(TEXT, &["name"]);
        assert_eq!(log_aliases().len(), 65);
        for row in log_aliases() {
            assert!(row.since.is_some() && !row.about.is_empty(), "{}", row.name);
        }
        assert_eq!(log_alias(b"ci").unwrap().sample, Some("src"));
        assert_ne!(
            log_alias(b"Tr").unwrap().about,
            log_alias(b"TR").unwrap().about
        );
        assert!(log_alias(b"zz").is_none());
    }
}

//! The columns of `show stat` and the fields of `show info`, in HAProxy 3.4's order.

use super::life::Version;
use super::table;
use std::sync::LazyLock;

const STATISTICS: &str = include_str!("../../grammar/statistics.tsv");
const INFO: &str = include_str!("../../grammar/info.tsv");

/// A column of the statistics.
#[derive(Clone, Debug)]
pub struct StatField {
    /// Its heading.
    pub name: &'static str,
    /// Letters out of `LFBS`: listener, frontend, backend, server lines have it.
    pub scopes: &'static str,
    /// The four letters of `show stat typed`: origin, nature, scope, persistence.
    pub kind: &'static str,
    /// `u32`, `u64`, `str`, ...
    pub value: &'static str,
    /// The module that owns an extra counter (behind the column `-`).
    pub module: Option<&'static str>,
    /// First version with it.
    pub since: Option<Version>,
    /// What it tells.
    pub meaning: &'static str,
}

/// A field of `show info`.
#[derive(Clone, Debug)]
pub struct InfoField {
    /// The number that `show info typed` shows; HAProxy leaves some out.
    pub position: u16,
    /// Its name.
    pub name: &'static str,
    /// The letters of `show info typed`.
    pub kind: &'static str,
    /// `u32`, `u64`, `str`, ...
    pub value: &'static str,
}

static STAT: LazyLock<Vec<StatField>> = LazyLock::new(|| {
    table::rows(STATISTICS)
        .map(|row| StatField {
            name: row.cell("name"),
            scopes: row.cell("scopes"),
            kind: row.cell("kind"),
            value: row.cell("type"),
            module: row.optional("module"),
            since: row.life().since,
            meaning: row.cell("meaning"),
        })
        .collect()
});

static INFO_FIELDS: LazyLock<Vec<InfoField>> = LazyLock::new(|| {
    table::rows(INFO)
        .map(|row| InfoField {
            position: row.cell("position").parse().unwrap_or(u16::MAX),
            name: row.cell("name"),
            kind: row.cell("kind"),
            value: row.cell("type"),
        })
        .collect()
});

/// The columns of the statistics in order.
pub fn stat_fields() -> &'static [StatField] {
    &STAT
}

/// The fields of `show info` in order.
pub fn info_fields() -> &'static [InfoField] {
    &INFO_FIELDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_says_what_it_tells() {
        let own = stat_fields().iter().filter(|f| f.name != "-");
        for field in own {
            let text = field.meaning;
            assert!(!text.is_empty() && !text.contains('"'), "{}", field.name);
        }
    }

    #[test]
    fn positions_ascend() {
        for (i, row) in table::rows(STATISTICS).enumerate() {
            assert_eq!(row.cell("position"), i.to_string(), "{row:?}");
            assert!(!row.cell("name").is_empty());
        }
        let mut last = -1;
        for field in info_fields() {
            assert!(i32::from(field.position) > last, "{}", field.name);
            last = i32::from(field.position);
        }
        assert_eq!((stat_fields().len(), info_fields().len()), (145, 79));
    }

    #[test]
    fn tools_find_their_columns() {
        let at = |name| stat_fields().iter().position(|f| f.name == name);
        assert_eq!(at("pxname"), Some(0));
        assert_eq!(at("status"), Some(17));
        assert_eq!(at("cookie"), Some(74));
        let border = at("-").unwrap();
        for (i, field) in stat_fields().iter().enumerate() {
            assert_eq!(field.module.is_some(), i > border, "{}", field.name);
        }
    }
}

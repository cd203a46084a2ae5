//! Filters and services.

use super::life::{Life, Part};
use super::table;
use std::sync::LazyLock;

const FILTERS: &str = include_str!("../../grammar/filters.tsv");
const SERVICES: &str = include_str!("../../grammar/services.tsv");

/// A filter (`filter NAME`) or a service (`use-service NAME`).
#[derive(Clone, Debug)]
pub struct Extension {
    /// Its name; one that ends in a dot (`lua.`) has the script's own name behind it.
    pub name: &'static str,
    /// Since when and until when.
    pub life: Life,
    /// Who brings it to life.
    pub part: Part,
}

fn load(text: &'static str) -> Vec<Extension> {
    table::rows(text)
        .map(|row| Extension {
            name: row.cell("name"),
            life: row.life(),
            part: row.part(),
        })
        .collect()
}

static FILTER: LazyLock<Vec<Extension>> = LazyLock::new(|| load(FILTERS));
static SERVICE: LazyLock<Vec<Extension>> = LazyLock::new(|| load(SERVICES));

/// All filters, by name.
pub fn filters() -> &'static [Extension] {
    &FILTER
}

/// All services, by name.
pub fn services() -> &'static [Extension] {
    &SERVICE
}

/// The filter of that name.
pub fn filter(name: &[u8]) -> Option<&'static Extension> {
    table::find(&FILTER, name, |row| row.name)
}

/// The service of that name.
pub fn service(name: &[u8]) -> Option<&'static Extension> {
    table::find(&SERVICE, name, |row| row.name).or_else(|| {
        SERVICE
            .iter()
            .find(|s| s.name.ends_with('.') && name.starts_with(s.name.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_well_formed() {
        for text in [FILTERS, SERVICES] {
            table::check_form(text, &["name"]);
            for row in table::rows(text) {
                assert!(Part::parse(row.cell("part")).is_some(), "{row:?}");
                assert!(row.life().since.is_some(), "{row:?}");
            }
        }
        // HAProxy 3.4 lists nine; OpenTracing is an add-on that is rarely built.
        assert_eq!(filters().len(), 9 + 1);
        assert_eq!(services().len(), 1 + 1);
        assert!(filter(b"spoe").is_some() && filter(b"spo").is_none());
        assert!(service(b"prometheus-exporter").is_some());
        assert_eq!(service(b"lua.answer").map(|s| s.name), Some("lua."));
    }
}

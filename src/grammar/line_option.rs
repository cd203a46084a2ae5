//! The options of `bind` and `server` lines.

use super::life::{Arity, Life, Part};
use super::table;
use std::sync::LazyLock;

const BIND: &str = include_str!("../../grammar/bind_options.tsv");
const SERVER: &str = include_str!("../../grammar/server_options.tsv");

/// An option of a `bind` or `server` line (also `default-server`, `default-bind`).
#[derive(Clone, Debug)]
pub struct LineOption {
    /// Its name.
    pub name: &'static str,
    /// Words after the name that belong to it.
    pub args: Arity,
    /// Since when and until when.
    pub life: Life,
    /// Who brings it to life.
    pub part: Part,
    /// Why it has no effect in hapax by design; `None` when it has one.
    pub inert: Option<&'static str>,
    /// Whether it means something only on a line with `ssl`.
    pub needs_ssl: bool,
    /// Whether it may stand in brackets in a line of a certificate list.
    pub in_crt_list: bool,
    /// Its arguments in short.
    pub syntax: &'static str,
}

fn load(text: &'static str) -> Vec<LineOption> {
    table::rows(text)
        .map(|row| LineOption {
            name: row.cell("name"),
            args: row.arity(),
            life: row.life(),
            part: row.part(),
            inert: row.optional("inert"),
            needs_ssl: row.list("needs").contains(&"ssl"),
            in_crt_list: row.list("needs").contains(&"crt-list"),
            syntax: row.cell("syntax"),
        })
        .collect()
}

static BIND_OPTIONS: LazyLock<Vec<LineOption>> = LazyLock::new(|| load(BIND));
static SERVER_OPTIONS: LazyLock<Vec<LineOption>> = LazyLock::new(|| load(SERVER));

/// All options of `bind` lines, by name.
pub fn bind_options() -> &'static [LineOption] {
    &BIND_OPTIONS
}

/// All options of `server` lines, by name.
pub fn server_options() -> &'static [LineOption] {
    &SERVER_OPTIONS
}

/// The option of a `bind` line with that name.
pub fn bind_option(name: &[u8]) -> Option<&'static LineOption> {
    table::find(&BIND_OPTIONS, name, |row| row.name)
}

/// The option of a `server` line with that name. A name such as `set-proxy-v2-tlv-fmt` is
/// written with parentheses, `set-proxy-v2-tlv-fmt(0x20)`: the name ends at the first one.
pub fn server_option(name: &[u8]) -> Option<&'static LineOption> {
    let name = name.split(|&b| b == b'(').next().unwrap_or(name);
    table::find(&SERVER_OPTIONS, name, |row| row.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Options that HAProxy 3.4 lists, and those that stand here beyond them.
    const BIND_IN_3_4: usize = 80;
    const BIND_BEYOND: [&str; 2] = ["ech", "ssl"];
    const SERVER_IN_3_4: usize = 126;
    const CRT_LIST_IN_3_4: usize = 18;

    #[test]
    fn the_tables_are_well_formed() {
        for text in [BIND, SERVER] {
            table::check_form(text, &["name"]);
            for row in table::rows(text) {
                assert!(Arity::parse(row.cell("args")).is_some(), "{row:?}");
                assert!(Part::parse(row.cell("part")).is_some(), "{row:?}");
                assert!(row.life().since.is_some(), "{row:?}");
            }
        }
    }

    #[test]
    fn every_option_of_3_4_is_there() {
        let count = |options: &[LineOption], beyond: &[&str]| {
            options.iter().filter(|o| !beyond.contains(&o.name)).count()
        };
        assert_eq!(count(bind_options(), &BIND_BEYOND), BIND_IN_3_4);
        assert_eq!(count(server_options(), &[]), SERVER_IN_3_4);
        let in_lists = bind_options().iter().filter(|o| o.in_crt_list).count();
        assert_eq!(in_lists, CRT_LIST_IN_3_4);
    }

    #[test]
    fn options_are_found() {
        assert_eq!(bind_option(b"mss").unwrap().args.max, Some(1));
        assert!(bind_option(b"crt").unwrap().needs_ssl);
        assert!(bind_option(b"chekc").is_none());
        assert_eq!(server_option(b"weight").unwrap().part, Part::Number(1));
        assert!(server_option(b"set-proxy-v2-tlv-fmt(0x20)").is_some());
        assert!(server_option(b"").is_none());
    }
}

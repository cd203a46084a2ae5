//! Actions: what a rule of a rule set may do.

use super::life::{Life, Part};
use super::table;
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../grammar/actions.tsv");

/// An action of one rule set.
#[derive(Clone, Debug)]
pub struct Action {
    /// `http-request`, `tcp-request content`, `stats http-request`, ...
    pub ruleset: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Whether more follows the name in the same word: `set-var(txn.x)`, `track-sc0`, `lua.f`.
    pub prefix: bool,
    /// Since when and until when.
    pub life: Life,
    /// Who brings it to life.
    pub part: Part,
    /// Why it has no effect in hapax by design.
    pub inert: Option<&'static str>,
    /// Its arguments in short.
    pub syntax: &'static str,
}

static ACTIONS: LazyLock<Vec<Action>> = LazyLock::new(|| {
    table::rows(TEXT)
        .map(|row| Action {
            ruleset: row.cell("ruleset"),
            name: row.cell("name"),
            prefix: row.cell("match") == "prefix",
            life: row.life(),
            part: row.part(),
            inert: row.optional("inert"),
            syntax: row.cell("syntax"),
        })
        .collect()
});

/// All actions, by rule set and name.
pub fn actions() -> &'static [Action] {
    &ACTIONS
}

/// The actions of a rule set, by name; empty for an unknown rule set.
pub fn actions_of(ruleset: &str) -> &'static [Action] {
    let from = ACTIONS.partition_point(|a| a.ruleset < ruleset);
    let to = ACTIONS.partition_point(|a| a.ruleset <= ruleset);
    ACTIONS.get(from..to).unwrap_or(&[])
}

/// The action that a word names in a rule set: the exact name, or else the longest name that
/// may have more behind it and begins the word.
pub fn action(ruleset: &str, word: &[u8]) -> Option<&'static Action> {
    let of = actions_of(ruleset);
    table::find(of, word, |row| row.name).or_else(|| {
        of.iter()
            .filter(|a| a.prefix && word.starts_with(a.name.as_bytes()))
            .max_by_key(|a| a.name.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What HAProxy 3.4 lists for each rule set, and how many stand here: the difference are
    /// the ones that it does not list (accept, reject, track-sc of TCP, Lua, builds with add-ons).
    const COUNTS: [(&str, usize, usize); 9] = [
        ("http-after-response", 26, 28),
        ("http-request", 68, 70),
        ("http-response", 43, 45),
        ("quic-initial", 0, 5),
        ("stats http-request", 0, 3),
        ("tcp-request connection", 19, 25),
        ("tcp-request content", 31, 37),
        ("tcp-request session", 20, 24),
        ("tcp-response content", 19, 24),
    ];

    #[test]
    fn the_table_is_well_formed() {
        table::check_form(TEXT, &["ruleset", "name"]);
        for row in table::rows(TEXT) {
            assert!(Part::parse(row.cell("part")).is_some(), "{row:?}");
            assert!(row.life().since.is_some(), "{row:?}");
            assert!(["", "prefix"].contains(&row.cell("match")), "{row:?}");
        }
    }

    #[test]
    fn every_rule_set_has_its_actions() {
        let mut all = 0;
        for (ruleset, listed, here) in COUNTS {
            assert_eq!(actions_of(ruleset).len(), here, "{ruleset}");
            assert!(listed <= here);
            all += here;
        }
        assert_eq!(all, actions().len());
        assert!(actions_of("http").is_empty());
    }

    #[test]
    fn a_name_may_have_more_behind_it() {
        let name = |ruleset, word: &str| action(ruleset, word.as_bytes()).map(|a| a.name);
        assert_eq!(name("http-request", "set-var(txn.a)"), Some("set-var"));
        assert_eq!(
            name("http-request", "set-var-fmt(txn.a)"),
            Some("set-var-fmt")
        );
        assert_eq!(name("http-request", "sc-inc-gpc0(1)"), Some("sc-inc-gpc0"));
        assert_eq!(name("http-request", "sc-inc-gpc(0,1)"), Some("sc-inc-gpc"));
        assert_eq!(
            name("tcp-request connection", "track-sc2"),
            Some("track-sc")
        );
        assert_eq!(name("http-request", "lua.mine"), Some("lua."));
        assert_eq!(name("http-request", "deny"), Some("deny"));
        assert_eq!(name("http-request", "denyx"), None);
        assert_eq!(name("http-response", "set-path"), None);
        assert_eq!(name("tcp-request content", "reject"), Some("reject"));
    }
}

//! Commands of the runtime API.

use super::life::{Life, Part};
use super::table;
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../grammar/commands.tsv");

/// A command of the runtime API.
#[derive(Clone, Debug)]
pub struct Command {
    /// Its words: `show servers state`.
    pub name: &'static str,
    /// Whether a worker answers it.
    pub worker: bool,
    /// Whether the master answers it.
    pub master: bool,
    /// Whether `expert-mode` must be on.
    pub expert: bool,
    /// Whether `experimental-mode` must be on.
    pub experimental: bool,
    /// Since when and until when.
    pub life: Life,
    /// Who brings it to life.
    pub part: Part,
}

static COMMANDS: LazyLock<Vec<Command>> = LazyLock::new(|| {
    table::rows(TEXT)
        .map(|row| Command {
            name: row.cell("name"),
            worker: row.list("where").contains(&"worker"),
            master: row.list("where").contains(&"master"),
            expert: row.list("mode").contains(&"expert"),
            experimental: row.list("mode").contains(&"experimental"),
            life: row.life(),
            part: row.part(),
        })
        .collect()
});

/// All commands, by name.
pub fn cli_commands() -> &'static [Command] {
    &COMMANDS
}

/// The command with the longest name that begins the line, and how many words its name takes.
/// Words must be whole; `@1` and `@!42` are the business of the master.
pub fn cli_command(words: &[&[u8]]) -> Option<(&'static Command, usize)> {
    COMMANDS
        .iter()
        .filter_map(|command| {
            let count = command.name.split(' ').count();
            let start = words.get(..count)?;
            let same = command
                .name
                .split(' ')
                .zip(start)
                .all(|(name, word)| name.as_bytes() == *word);
            same.then_some((command, count))
        })
        .max_by_key(|&(_, count)| count)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IN_3_4: usize = 161;

    #[test]
    fn the_table_is_well_formed() {
        table::check_form(TEXT, &["name"]);
        for row in table::rows(TEXT) {
            assert!(Part::parse(row.cell("part")).is_some(), "{row:?}");
            assert!(row.life().since.is_some(), "{row:?}");
        }
        assert_eq!(cli_commands().len(), IN_3_4);
        assert!(cli_commands().iter().all(|c| c.worker || c.master));
    }

    #[test]
    fn the_longest_name_wins() {
        let find = |line: &str| {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            cli_command(&words).map(|(command, count)| (command.name, count))
        };
        assert_eq!(find("show stat up"), Some(("show stat", 2)));
        assert_eq!(
            find("show servers state b"),
            Some(("show servers state", 3))
        );
        assert_eq!(find("help"), Some(("help", 1)));
        assert_eq!(find("show"), None);
        assert_eq!(find("show st"), None);
        assert_eq!(cli_command(&[]).map(|_| ()), None);
    }
}

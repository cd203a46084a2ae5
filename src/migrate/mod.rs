//! Floor 6: rewrites a configuration of an older HAProxy so that 3.4 takes it.
//!
//! A [`Migration`] is one file and one line in [`MIGRATIONS`]. Each looks at the whole text and
//! asks for [`Edits`]; they are made before the next one looks, so that a later migration sees
//! what an earlier one wrote. Lines keep their bytes unless a migration changes them; comments
//! stay where they are. Running it on its own result changes nothing.

mod appsession;
mod block;
mod condition;
mod default_backend;
mod dispatch;
mod dropped;
mod http_proxy;
mod httpchk;
mod line_search;
mod listen_address;
mod mode_health;
mod monitor_net;
mod nbproc;
mod newline;
mod process;
mod removed;
mod renamed;
mod reqadd;
mod reqdel;
mod reqdeny;
mod reqrep;
mod reqsetbe;
mod rule_order;

mod same_name;
mod same_server;
mod send_name_header;
pub mod text;
mod transparent;

#[cfg(test)]
mod tests;

use text::Text;

/// A kind of change.
#[derive(Debug)]
pub struct Migration {
    /// What it is called: words with dashes.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Looks for its lines.
    pub find: fn(&Text, &mut Edits),
}

/// All migrations, in the order in which they are made.
pub const MIGRATIONS: &[&Migration] = &[
    &newline::MIGRATION,
    &renamed::MIGRATION,
    &dropped::MIGRATION,
    &nbproc::MIGRATION,
    &process::MIGRATION,
    &listen_address::MIGRATION,
    &rule_order::MIGRATION,
    &block::MIGRATION,
    &mode_health::MIGRATION,
    &monitor_net::MIGRATION,
    &reqadd::MIGRATION,
    &reqdel::MIGRATION,
    &reqdeny::MIGRATION,
    &reqsetbe::MIGRATION,
    &reqrep::MIGRATION,
    &appsession::MIGRATION,
    &httpchk::MIGRATION,
    &http_proxy::MIGRATION,
    &dispatch::MIGRATION,
    &transparent::MIGRATION,
    &send_name_header::MIGRATION,
    &same_server::MIGRATION,
    &same_name::MIGRATION,
    &default_backend::MIGRATION,
    &removed::MIGRATION,
];

/// How far a change can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The new lines do what the old one did.
    Exact,
    /// They may differ in what the explanation says.
    Review,
    /// The line stays as it is, and 3.4 refuses it or does something else.
    Cannot,
}

/// One change, or a line that would need one.
#[derive(Clone, Debug)]
pub struct Change {
    /// The migration.
    pub migration: &'static str,
    /// The line in the file as it was read, from 1.
    pub line: u32,
    /// How sure it is.
    pub outcome: Outcome,
    /// What was done, or why nothing was, for people.
    pub why: String,
    /// The line as it was.
    pub before: Vec<u8>,
    /// The lines in its place.
    pub after: Vec<Vec<u8>>,
}

/// What one migration asks for.
#[derive(Debug, Default)]
pub struct Edits {
    list: Vec<Edit>,
    /// Ends the last line with LF.
    terminate: Option<String>,
}

#[derive(Debug)]
struct Edit {
    at: usize,
    /// The line at `at` goes; else the new ones stand before it.
    remove: bool,
    lines: Vec<Vec<u8>>,
    /// The line that caused it.
    cause: usize,
    told: Option<(Outcome, String)>,
}

impl Edits {
    /// Lines in the place of one that do the same.
    pub fn exact(&mut self, at: usize, lines: Vec<Vec<u8>>, why: impl Into<String>) {
        self.replace(at, lines, Outcome::Exact, why);
    }

    /// Lines in the place of one that may not do quite the same.
    pub fn review(&mut self, at: usize, lines: Vec<Vec<u8>>, why: impl Into<String>) {
        self.replace(at, lines, Outcome::Review, why);
    }

    /// A line without an equivalent.
    pub fn cannot(&mut self, at: usize, why: impl Into<String>) {
        self.list.push(Edit {
            at,
            remove: false,
            lines: Vec::new(),
            cause: at,
            told: Some((Outcome::Cannot, why.into())),
        });
    }

    /// Lines in the place of one, with the outcome given.
    pub fn replace(
        &mut self,
        at: usize,
        lines: Vec<Vec<u8>>,
        outcome: Outcome,
        why: impl Into<String>,
    ) {
        self.list.push(Edit {
            at,
            remove: true,
            lines,
            cause: at,
            told: Some((outcome, why.into())),
        });
    }

    /// Takes a line away; a comment at its end stays.
    pub fn drop(&mut self, text: &Text, at: usize, outcome: Outcome, why: impl Into<String>) {
        let comment = text.line(at).filter(|l| !l.comment().is_empty());
        let lines = comment.map(|l| l.below(l.comment())).into_iter().collect();
        self.replace(at, lines, outcome, why);
    }

    /// Further lines before `at`, because of the line at `cause`; what is said, is said there.
    pub fn before(&mut self, at: usize, cause: usize, lines: Vec<Vec<u8>>) {
        self.list.push(Edit {
            at,
            remove: false,
            lines,
            cause,
            told: None,
        });
    }

    /// The file shall end with LF.
    pub fn terminate(&mut self, why: impl Into<String>) {
        self.terminate = Some(why.into());
    }

    /// Makes the changes; says what they were.
    fn apply(self, text: &mut Text, name: &'static str, changes: &mut Vec<Change>) {
        let origins: Vec<(u32, Vec<u8>)> = text
            .lines
            .iter()
            .map(|l| (l.origin, l.raw.clone()))
            .collect();
        if let Some(why) = self.terminate {
            text.terminated = true;
            let (line, before) = origins.last().cloned().unwrap_or_default();
            changes.push(Change {
                migration: name,
                line,
                outcome: Outcome::Exact,
                why,
                after: vec![before.clone()],
                before,
            });
        }
        for edit in &self.list {
            if let (Some((outcome, why)), Some((line, before))) =
                (&edit.told, origins.get(edit.cause))
            {
                changes.push(Change {
                    migration: name,
                    line: *line,
                    outcome: *outcome,
                    why: why.clone(),
                    before: before.clone(),
                    after: edit.lines.clone(),
                });
            }
        }
        let mut list = self.list;
        // From the end, so that indexes stay right; what replaces a line before what precedes it.
        list.reverse();
        list.sort_by_key(|e| (std::cmp::Reverse(e.at), !e.remove));
        let mut gone = None;
        for edit in list {
            let origin = origins.get(edit.cause).map_or(0, |(line, _)| *line);
            let twice = edit.remove && gone == Some(edit.at);
            if edit.remove {
                gone = Some(edit.at);
            }
            if !twice {
                text.splice(edit.at, edit.remove, origin, &edit.lines);
            }
        }
    }
}

/// What became of a file.
#[derive(Clone, Debug)]
pub struct Migrated {
    /// The new file.
    pub text: Vec<u8>,
    /// What was changed, and what would have to be, in the order of the lines.
    pub changes: Vec<Change>,
    /// For each line of the new file, the line of the old one that it comes from.
    pub origins: Vec<u32>,
}

impl Migrated {
    /// Whether some line has no equivalent.
    pub fn incomplete(&self) -> bool {
        self.changes.iter().any(|c| c.outcome == Outcome::Cannot)
    }
}

/// Rewrites a file.
pub fn migrate(bytes: &[u8]) -> Migrated {
    let mut text = Text::parse(bytes);
    let mut changes = Vec::new();
    for migration in MIGRATIONS {
        let mut edits = Edits::default();
        (migration.find)(&text, &mut edits);
        edits.apply(&mut text, migration.name, &mut changes);
    }
    changes.sort_by_key(|c| c.line);
    Migrated {
        origins: text.lines.iter().map(|l| l.origin).collect(),
        text: text.render(),
        changes,
    }
}

/// Sections that may hold rules and settings of proxies.
const PROXIES: &[&str] = &["frontend", "listen", "backend"];
/// The same and `defaults`.
const PROXIES_AND_DEFAULTS: &[&str] = &["defaults", "frontend", "listen", "backend"];

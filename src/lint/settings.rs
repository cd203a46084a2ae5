//! `hapax.toml`: what a project says once about linting and formatting.
//!
//! ```toml
//! [lint]
//! select = ["correctness", "security"]   # only these
//! extend-select = ["no-chroot"]          # besides the default ones
//! ignore = ["time-without-unit"]
//! exclude = ["templates/*"]              # files
//! markup = ["@@"]                        # lines with it are a template's, like those with {{
//! per-file-ignores = { "test/*.cfg" = ["plain-text-password"] }
//!
//! [fmt]
//! indent = 2
//! ```

use super::select::{Selection, glob};
use toml::{Table, Value};

/// What the file says.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `select`, `extend-select`, `ignore`
    pub selection: Selection,
    /// `exclude`: globs of file names that are not read.
    pub exclude: Vec<String>,
    /// `per-file-ignores`: globs of file names, and what is ignored there.
    pub per_file: Vec<(String, Vec<String>)>,
    /// `markup`: texts that make a line a template's.
    pub markup: Vec<String>,
    /// `fmt.indent`: blanks before a line of a section; 0 stands for a tab.
    pub indent: Option<usize>,
}

impl Settings {
    /// Reads the text of a `hapax.toml`. The error names what is wrong.
    pub fn parse(text: &str) -> Result<Settings, String> {
        let table: Table = text.parse().map_err(|e: toml::de::Error| e.to_string())?;
        let mut settings = Settings::default();
        for (name, value) in &table {
            let Value::Table(part) = value else {
                return Err(format!(
                    "'{name}' is no table of hapax.toml (known: lint, fmt)"
                ));
            };
            for (key, value) in part {
                settings.set(name, key, value)?;
            }
        }
        Ok(settings)
    }

    fn set(&mut self, part: &str, key: &str, value: &Value) -> Result<(), String> {
        let name = format!("{part}.{key}");
        match (part, key) {
            ("lint", "select") => self.selection.select = strings(&name, value)?,
            ("lint", "extend-select") => self.selection.extend = strings(&name, value)?,
            ("lint", "ignore") => self.selection.ignore = strings(&name, value)?,
            ("lint", "exclude") => self.exclude = strings(&name, value)?,
            ("lint", "markup") => self.markup = strings(&name, value)?,
            ("lint", "per-file-ignores") => {
                let Value::Table(files) = value else {
                    return Err(format!("'{name}' must be a table of file globs"));
                };
                for (file, rules) in files {
                    self.per_file.push((file.clone(), strings(&name, rules)?));
                }
            }
            ("fmt", "indent") => {
                let number = value.as_integer().and_then(|n| usize::try_from(n).ok());
                let number = number.filter(|n| *n <= 16);
                self.indent =
                    Some(number.ok_or_else(|| format!("'{name}' must be a number from 0 to 16"))?);
            }
            ("lint" | "fmt", _) => return Err(format!("unknown setting '{name}'")),
            // tables of other tools and later versions
            _ => {}
        }
        Ok(())
    }

    /// Whether a file is not to be read.
    pub fn excludes(&self, file: &str) -> bool {
        self.exclude.iter().any(|p| names(p, file))
    }

    /// What is ignored in a file besides the rest.
    pub fn ignored_in(&self, file: &str) -> Vec<String> {
        let lists = self.per_file.iter().filter(|(p, _)| names(p, file));
        lists.flat_map(|(_, list)| list.iter().cloned()).collect()
    }
}

/// Whether a glob means a file: its whole name, or the end of it behind a slash.
fn names(pattern: &str, file: &str) -> bool {
    let file = file.strip_prefix("./").unwrap_or(file);
    let tails = file
        .match_indices('/')
        .filter_map(|(at, _)| file.get(at + 1..));
    std::iter::once(file)
        .chain(tails)
        .any(|tail| glob(pattern.as_bytes(), tail.as_bytes()))
}

fn strings(name: &str, value: &Value) -> Result<Vec<String>, String> {
    let list = value.as_array().map(|list| {
        let words = list.iter().map(|v| v.as_str().map(str::to_owned));
        words.collect::<Option<Vec<String>>>()
    });
    list.flatten()
        .ok_or_else(|| format!("'{name}' must be a list of strings"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_runs_where() {
        let text = "[lint]\nselect=['HS']\nignore=['style']\nexclude=['t/*']\n[lint.per-file-ignores]\n'a*.cfg'=['no-chroot']\n[fmt]\nindent=2\n[other]\nx=1\n";
        let settings = Settings::parse(text).unwrap_or_default();
        assert_eq!(settings.selection.select, ["HS"]);
        assert_eq!(settings.indent, Some(2));
        assert!(settings.excludes("x/t/b.cfg") && !settings.excludes("tt/b.cfg"));
        assert_eq!(settings.ignored_in("./etc/ab.cfg"), ["no-chroot"]);
        for bad in [
            "lint = 1",
            "[lint]\nselct = []",
            "[lint]\nselect = 'x'",
            "[fmt]\nindent = -1",
            "[",
        ] {
            assert!(Settings::parse(bad).is_err(), "{bad}");
        }
    }
}

//! Which rules run: by name, code, category or a glob of names and codes.

use super::rule::{Category, Rule};
use super::rules;

/// What was selected and ignored, in the order said.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these, where any is said.
    pub select: Vec<String>,
    /// These besides the default ones.
    pub extend: Vec<String>,
    /// Not these.
    pub ignore: Vec<String>,
}

impl Selection {
    /// Whether a rule runs. An exact name or code among the selected stands above a category or
    /// glob among the ignored.
    pub fn has(&self, rule: &Rule) -> bool {
        let said = |list: &[String]| list.iter().any(|p| matches(p, rule));
        let exact = |list: &[String]| list.iter().any(|p| p == rule.name || p == rule.code);
        if exact(&self.ignore) {
            return false;
        }
        if exact(&self.select) || exact(&self.extend) {
            return true;
        }
        if said(&self.ignore) {
            return false;
        }
        match self.select.is_empty() {
            true => rule.default || said(&self.extend),
            false => said(&self.select) || said(&self.extend),
        }
    }

    /// The words of it that mean no rule.
    pub fn unknown(&self) -> Vec<&str> {
        let all = self.select.iter().chain(&self.extend).chain(&self.ignore);
        all.filter(|p| !rules::ALL.iter().any(|r| matches(p, r)))
            .map(String::as_str)
            .collect()
    }
}

/// Whether a word of `--select` means a rule: `all`, its name, its code or the beginning of it
/// (`HS`, `HC01`), its category, or a glob of name or code.
pub fn matches(word: &str, rule: &Rule) -> bool {
    let categories = Category::ALL.iter().any(|c| c.name() == word);
    if word == "all" || word == rule.name || (categories && word == rule.category.name()) {
        return true;
    }
    let beginning = word.len() >= 2
        && word
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    (beginning && rule.code.starts_with(word))
        || glob(word.as_bytes(), rule.name.as_bytes())
        || glob(word.as_bytes(), rule.code.as_bytes())
}

/// `*` for any stretch, `?` for any byte.
pub fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            glob(rest, text)
                || text
                    .split_first()
                    .is_some_and(|(_, less)| glob(pattern, less))
        }
        (Some((b'?', rest)), Some((_, less))) => glob(rest, less),
        (Some((p, rest)), Some((t, less))) => p == t && glob(rest, less),
        _ => false,
    }
}

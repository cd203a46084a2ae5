//! The codes of findings, with what `explain` says about each.

use super::table;
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../grammar/diagnostics.tsv");

/// A kind of finding.
#[derive(Clone, Debug)]
pub struct DiagnosticCode {
    /// `HX` and four digits; never reused.
    pub code: &'static str,
    /// A few words.
    pub title: &'static str,
    /// A sentence or two: what it means and what to do.
    pub about: &'static str,
}

static CODES: LazyLock<Vec<DiagnosticCode>> = LazyLock::new(|| {
    table::rows(TEXT)
        .map(|row| DiagnosticCode {
            code: row.cell("code"),
            title: row.cell("title"),
            about: row.cell("about"),
        })
        .collect()
});

/// All codes in order.
pub fn diagnostics() -> &'static [DiagnosticCode] {
    &CODES
}

/// The kind of finding with that code.
pub fn diagnostic(code: &str) -> Option<&'static DiagnosticCode> {
    table::find(&CODES, code.as_bytes(), |row| row.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_well_formed() {
        table::check_form(TEXT, &["code"]);
        for row in diagnostics() {
            let digits = row.code.strip_prefix("HX").unwrap_or("");
            assert!(
                digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()),
                "{}",
                row.code
            );
            assert!(
                !row.title.is_empty() && row.about.ends_with('.'),
                "{}",
                row.code
            );
        }
        assert_eq!(diagnostic("HX0286").unwrap().title, "Unknown keyword");
        assert!(diagnostic("HX9999").is_none());
    }
}

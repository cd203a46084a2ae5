//! Words whose arguments are read and checked, but whose effect comes with a later part: they
//! count as pending, and each line that uses one says so.

/// Keywords.
const KEYWORDS: &[&str] = &["stats show-modules"];

/// Options of `bind` and `stats socket` lines.
const BIND_OPTIONS: &[&str] = &[];

/// Whether an option of `bind` lines is one of them.
pub fn bind_option(name: &str) -> bool {
    BIND_OPTIONS.contains(&name)
}

/// Whether a keyword is one of them.
pub fn keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}

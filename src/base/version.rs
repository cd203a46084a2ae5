//! The names and versions that hapax goes by.

/// The version of HAProxy whose language and behaviour are followed.
pub const HAPROXY: &str = "3.4.0";
/// Its branch.
pub const BRANCH: &str = "3.4";
/// hapax's own version.
pub const HAPAX: &str = env!("CARGO_PKG_VERSION");
/// Both, in the form that tools expect of HAProxy: `MAJOR.MINOR.PATCH-SUFFIX`.
pub const FULL: &str = concat!("3.4.0-hapax", env!("CARGO_PKG_VERSION"));
/// The release date of [`HAPROXY`], `YYYY/MM/DD`: what tools compare ages by.
pub const DATE: &str = "2026/06/03";

#[cfg(test)]
mod tests {
    #[test]
    fn the_names_agree() {
        assert!(super::FULL.starts_with(super::HAPROXY));
        assert!(super::HAPROXY.starts_with(super::BRANCH));
        assert!(super::FULL.ends_with(super::HAPAX));
    }
}

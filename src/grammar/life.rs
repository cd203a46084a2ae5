//! What the rows of most tables share: versions, numbers of arguments, who owns a name.

use std::fmt;

/// A release series of HAProxy, such as 1.4 or 3.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 1, 2 or 3.
    pub major: u8,
    /// The digit or digits after the dot.
    pub minor: u8,
}

impl Version {
    /// The version whose language hapax speaks.
    pub const CURRENT: Version = Version { major: 3, minor: 4 };

    /// Reads `2.6`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Version> {
        let (major, minor) = text.split_once('.')?;
        Some(Version {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Since when and until when HAProxy knows a name, by the manuals of the tagged versions (the
/// oldest looked at is 1.3) and by what the programs say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Life {
    /// The first version whose manual has it; `None` where none does.
    pub since: Option<Version>,
    /// The first version that calls it deprecated.
    pub deprecated: Option<Version>,
    /// The first version that refuses it.
    pub removed: Option<Version>,
    /// What to write instead.
    pub replacement: Option<&'static str>,
}

impl Life {
    /// Whether HAProxy of that version accepts the name.
    pub fn known_in(&self, version: Version) -> bool {
        self.since.is_none_or(|v| v <= version) && self.removed.is_none_or(|v| version < v)
    }

    /// Whether 3.4 has dropped it or warns about it.
    pub fn outdated(&self) -> bool {
        self.removed.is_some() || self.deprecated.is_some()
    }
}

/// How many words may follow a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arity {
    /// The fewest.
    pub min: u8,
    /// The most; `None` where HAProxy sets no limit or the limit depends on the words.
    pub max: Option<u8>,
}

impl Arity {
    pub(super) fn parse(text: &str) -> Option<Arity> {
        let (min, max) = text.split_once(',')?;
        Some(Arity {
            min: min.parse().ok()?,
            max: match max {
                "*" => None,
                number => Some(number.parse().ok()?),
            },
        })
    }
}

/// The part of the work that brings a name to life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Parts 1 to 7, in the order of the work.
    Number(u8),
    /// After all of them.
    Later,
}

impl Part {
    pub(super) fn parse(text: &str) -> Option<Part> {
        match text {
            "later" => Some(Part::Later),
            "1" | "2" | "3" | "4" | "5" | "6" | "7" => text.parse().ok().map(Part::Number),
            _ => None,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Number(n) => write!(f, "part {n}"),
            Part::Later => f.write_str("later"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_ordered_by_number() {
        let v = |text| Version::parse(text).unwrap();
        assert!(v("1.9") < v("2.0"));
        assert!(v("2.10") > v("2.9"));
        assert_eq!(v("3.4").to_string(), "3.4");
        assert_eq!(Version::parse("3"), None);
        assert_eq!(Version::parse("x.4"), None);
    }

    #[test]
    fn a_life_knows_its_years() {
        let life = Life {
            since: Version::parse("1.3"),
            removed: Version::parse("2.1"),
            ..Life::default()
        };
        assert!(life.known_in(Version { major: 2, minor: 0 }));
        assert!(!life.known_in(Version { major: 2, minor: 1 }));
        assert!(!life.known_in(Version { major: 1, minor: 2 }));
        assert!(life.outdated());
    }
}

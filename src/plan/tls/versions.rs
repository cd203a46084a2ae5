//! Which versions of TLS the words of a line leave (HAProxy configuration manual 5.1, 5.2).
//!
//! A lower or upper limit makes `no-tlsv12` and its like void. Without one the versions that are
//! left are those between the lowest and the highest of them: a version in between that a line
//! takes away is spoken all the same, with a warning.

use crate::ir::tls::{TlsVersion, Versions};

/// The versions that are left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// The lowest and the highest; `None`: none is left.
    pub range: Option<(TlsVersion, TlsVersion)>,
    /// `no-...` words had no effect beside a limit.
    pub ignored: bool,
    /// Versions that were taken away between others that were not.
    pub holes: Vec<TlsVersion>,
    /// The upper limit lies below the lowest version spoken by default, and became the lower one.
    pub lowered: Option<TlsVersion>,
}

impl Left {
    /// Whether a version is among them.
    pub fn has(&self, version: TlsVersion) -> bool {
        self.range
            .is_some_and(|(min, max)| min <= version && version <= max)
    }
}

/// What the words leave; `usual` is the lowest version spoken where a line does not say one.
pub fn left(said: &Versions, usual: Option<TlsVersion>) -> Left {
    let limited = said.min.is_some() || said.max.is_some();
    let mut left = Left {
        ignored: limited && !said.without.is_empty(),
        ..Left::default()
    };
    let mut min = said.min.or(usual);
    if let (None, Some(max), Some(usual)) = (said.min, said.max, usual)
        && max < usual
    {
        left.lowered = Some(max);
        min = Some(max);
    }
    let stays = |v: TlsVersion| {
        // as in every OpenSSL of our days
        v != TlsVersion::Ssl3
            && min.is_none_or(|min| min <= v)
            && said.max.is_none_or(|max| v <= max)
            && (limited || !said.without.contains(&v))
    };
    let mut hole = None;
    for (_, version) in TlsVersion::NAMES {
        left.range = match left.range {
            Some((min, _)) if stays(version) => {
                left.holes.extend(hole.take());
                Some((min, version))
            }
            None if stays(version) => Some((version, version)),
            Some(range) => {
                hole = Some(version);
                Some(range)
            }
            None => None,
        };
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use TlsVersion::{Tls10, Tls11, Tls12, Tls13};

    fn of(min: Option<TlsVersion>, max: Option<TlsVersion>, without: &[TlsVersion]) -> Left {
        let said = Versions {
            min,
            max,
            without: without.to_vec(),
        };
        left(&said, Some(Tls12))
    }

    #[test]
    fn words_leave_a_range() {
        assert_eq!(of(None, None, &[]).range, Some((Tls12, Tls13)));
        assert_eq!(of(None, None, &[Tls13]).range, Some((Tls12, Tls12)));
        assert_eq!(of(None, None, &[Tls12, Tls13]).range, None);
        let both = of(Some(Tls12), None, &[Tls13]);
        assert_eq!((both.range, both.ignored), (Some((Tls12, Tls13)), true));
        let low = of(None, Some(Tls11), &[]);
        assert_eq!(
            (low.range, low.lowered),
            (Some((Tls11, Tls11)), Some(Tls11))
        );
    }

    #[test]
    fn a_hole_is_spoken() {
        let said = Versions {
            without: vec![Tls12],
            ..Versions::default()
        };
        let left = left(&said, None);
        assert_eq!(left.range, Some((Tls10, Tls13)));
        assert_eq!(left.holes, [Tls12]);
    }
}

//! Versions as `haproxy -v` prints them, and OpenSSL's.

/// A version that can be compared. Missing parts count as zero.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    numbers: [u64; 3],
    /// A development version comes before a release candidate, and that before the release.
    stage: u8,
    stage_number: u64,
    /// Commits since, or any further number.
    commits: u64,
}

impl Version {
    /// Reads `3.4`, `3.4.1`, `3.4-dev19`, `3.4-rc1`, `3.4-dev5-12`, `3.4.1-8`. What cannot be read
    /// ends the version: HAProxy compares such versions too rather than refusing them.
    pub fn parse(text: &[u8]) -> Self {
        let mut rest = text.trim_ascii_start();
        let mut numbers = [0; 3];
        for (index, slot) in numbers.iter_mut().enumerate() {
            if index > 0 {
                match rest.split_first() {
                    Some((b'.', more)) => rest = more,
                    _ => break,
                }
            }
            *slot = take_number(&mut rest);
        }
        // HAProxy takes a sign for a number beyond all others.
        if let [b'-', b'0'..=b'9', ..] = text.trim_ascii_start() {
            numbers = [u64::MAX; 3];
        }
        let mut version = Version {
            numbers,
            stage: 2,
            stage_number: 0,
            commits: 0,
        };
        for (stage, word) in [(0, &b"-dev"[..]), (1, b"-pre"), (1, b"-rc")] {
            if let Some(more) = rest.strip_prefix(word) {
                rest = more;
                version.stage = stage;
                version.stage_number = take_number(&mut rest);
                break;
            }
        }
        if let Some((b'-' | b'.', more)) = rest.split_first() {
            let mut more = more;
            let number = take_number(&mut more);
            // A letter behind the digits makes it a commit's hash: no number of commits.
            if !more.first().is_some_and(u8::is_ascii_alphabetic) {
                version.commits = number;
            }
        }
        version
    }

    /// Reads `1.1.1`, `3.0.15`, `1.1.1w`; `None` unless all three numbers are there.
    pub fn openssl(text: &[u8]) -> Option<Self> {
        let mut rest = text;
        let mut numbers = [0; 3];
        for (index, slot) in numbers.iter_mut().enumerate() {
            if index > 0 {
                rest = rest.strip_prefix(b".")?;
            }
            rest.first().filter(|b| b.is_ascii_digit())?;
            *slot = take_number(&mut rest);
        }
        Some(Version {
            numbers,
            stage: 2,
            stage_number: 0,
            commits: rest
                .first()
                .filter(|b| b.is_ascii_alphabetic())
                .map_or(0, |b| u64::from(b.to_ascii_lowercase() - b'a') + 1),
        })
    }
}

fn take_number(text: &mut &[u8]) -> u64 {
    let count = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(count);
    *text = rest;
    digits.iter().fold(0u64, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    })
}

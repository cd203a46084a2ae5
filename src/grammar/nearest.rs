//! "Did you mean": the known name that is nearest to a mistyped one.

/// The candidate nearest to `word`, if any is near enough to be worth naming: at most one
/// edit for up to four letters, and one edit for every three letters beyond. An edit is a letter
/// too many, missing, wrong, or swapped with its neighbour. Of equally near ones the first wins.
pub fn nearest<'c>(word: &[u8], candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = std::str::from_utf8(word).ok()?;
    // Longer words than any keyword would only cost time.
    if word.is_empty() || word.len() > 64 {
        return None;
    }
    let limit = (word.len().saturating_sub(1) / 3).max(1);
    let mut best: Option<(usize, &'c str)> = None;
    for candidate in candidates {
        if candidate.len().abs_diff(word.len()) > limit {
            continue;
        }
        let distance = strsim::osa_distance(word, candidate);
        if distance <= limit
            && distance < candidate.len()
            && best.is_none_or(|(least, _)| distance < least)
        {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 6] = ["acl", "balance", "bind", "maxconn", "mode", "server"];

    #[test]
    fn a_slip_is_recognised() {
        for (word, meant) in [
            ("balanec", "balance"),
            ("maxcon", "maxconn"),
            ("maxxconn", "maxconn"),
            ("sever", "server"),
            ("moed", "mode"),
            ("ack", "acl"),
        ] {
            assert_eq!(nearest(word.as_bytes(), WORDS), Some(meant), "{word}");
        }
    }

    #[test]
    fn another_word_is_not() {
        for word in ["listen", "frontend", "x", "", "retries", "\u{fffd}"] {
            assert_eq!(nearest(word.as_bytes(), WORDS), None, "{word}");
        }
        assert_eq!(nearest(b"\xff\xfe", WORDS), None);
        assert_eq!(nearest(&[b'a'; 1000], WORDS), None);
    }

    #[test]
    fn the_nearer_one_wins() {
        assert_eq!(
            nearest(b"crt-fil", ["crl-file", "crt-file"]),
            Some("crt-file")
        );
    }
}

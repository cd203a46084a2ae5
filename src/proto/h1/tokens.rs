//! Taking members out of comma-separated values as HAProxy 3.4 does.

use super::scan::trim;

/// What is left of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// So many bytes at its front, unchanged (empty members at the end go).
    Front(usize),
    /// The text appended to the output, from this offset on.
    Rewritten(usize),
    /// Nothing.
    Nothing,
}

/// Removes the members of `value` that `drop` names; what is left goes to `out` if it is not a
/// front part of `value`. The members before the first removed one keep their blanks, those behind
/// it are written without (observed).
pub(super) fn cut(value: &[u8], out: &mut Vec<u8>, mut drop: impl FnMut(&[u8]) -> bool) -> Cut {
    let begin = out.len();
    let mut rewriting = false;
    let mut at: usize = 0;
    for raw in value.split(|&b| b == b',') {
        let word = trim(raw);
        if drop(word) {
            if !rewriting {
                rewriting = true;
                out.extend_from_slice(value.get(..at.saturating_sub(1)).unwrap_or_default());
            }
        } else if rewriting {
            if out.len() > begin {
                out.push(b',');
            }
            out.extend_from_slice(word);
        }
        at += raw.len() + 1;
    }
    if rewriting {
        let keep = without_empty_tail(out.get(begin..).unwrap_or_default());
        out.truncate(begin + keep);
        return if keep == 0 {
            Cut::Nothing
        } else {
            Cut::Rewritten(begin)
        };
    }
    match without_empty_tail(value) {
        0 => Cut::Nothing,
        keep => Cut::Front(keep),
    }
}

/// The length without the commas that only blanks follow.
fn without_empty_tail(value: &[u8]) -> usize {
    let mut value = value;
    loop {
        let comma = value.iter().rposition(|&b| b == b',');
        let last = value
            .get(comma.map_or(0, |at| at + 1)..)
            .unwrap_or_default();
        if !trim(last).is_empty() {
            return value.len();
        }
        match comma {
            Some(at) => value = value.get(..at).unwrap_or_default(),
            None => return 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_observed() {
        for (value, left) in [
            ("close", ""),
            ("foo, bar", "foo, bar"),
            ("foo, close ,bar", "foo,bar"),
            ("foo , close, bar", "foo ,bar"),
            (",foo", ",foo"),
            (",close,foo", "foo"),
            ("close , , foo", "foo"),
            ("foo,,close,,bar", "foo,,,bar"),
            ("foo,close, ,x", "foo,,x"),
            ("foo,close, ,", "foo"),
            ("foo ,close ,", "foo "),
            ("foo,,", "foo"),
            (", ,", ""),
        ] {
            let mut out = b"before".to_vec();
            let got = match cut(value.as_bytes(), &mut out, |w| w == b"close") {
                Cut::Front(n) => value.as_bytes()[..n].to_vec(),
                Cut::Rewritten(at) => out[at..].to_vec(),
                Cut::Nothing => Vec::new(),
            };
            assert_eq!(String::from_utf8(got).unwrap(), left, "{value}");
        }
    }
}

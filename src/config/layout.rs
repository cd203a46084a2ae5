//! A line as it is laid out: where its words stand, quotes and escapes untouched, and its comment.
//!
//! The same rules as the lexer's ([`super::lex`]), but nothing is unquoted or expanded, so that
//! tools can rewrite a line without changing what it says.

use std::ops::Range;

/// Where the parts of a line stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The words, as byte ranges.
    pub words: Vec<Range<usize>>,
    /// Where the `#` of the comment stands.
    pub comment: Option<usize>,
    /// A quote is never closed, or the line holds a NUL: the ranges are not to be relied upon.
    pub broken: bool,
}

/// Finds the words and the comment of a line (without its LF).
pub fn line(text: &[u8]) -> Layout {
    let mut layout = Layout {
        broken: text.contains(&0),
        ..Layout::default()
    };
    let end = text.len();
    let mut at = 0;
    let mut start = None;
    while let Some(&byte) = text.get(at) {
        let mut next = at + 1;
        match byte {
            b' ' | b'\t' | 0x0b | 0x0c | b'\r' => {
                if let Some(start) = start.take() {
                    layout.words.push(start..at);
                    if byte == b'\r' && text.get(at + 1).is_some() {
                        // within or behind a word a CR ends the line: what follows is lost
                        layout.broken = true;
                    }
                }
                at = next;
                continue;
            }
            b'#' => {
                layout.comment = Some(at);
                break;
            }
            b'\'' => match memchr::memchr(b'\'', text.get(next..).unwrap_or_default()) {
                Some(length) => next += length + 1,
                None => {
                    layout.broken = true;
                    next = end;
                }
            },
            b'"' => {
                let mut closed = false;
                while let Some(&inner) = text.get(next) {
                    next += 1;
                    match inner {
                        b'\\' => next += 1,
                        b'"' => {
                            closed = true;
                            break;
                        }
                        _ => {}
                    }
                }
                next = next.min(end);
                layout.broken |= !closed;
            }
            b'\\'
                if text
                    .get(next)
                    .is_some_and(|b| matches!(b, b' ' | b'\\' | b'\'' | b'"' | b'#')) =>
            {
                next += 1;
            }
            // in front of a space it would escape it
            b'\\' => {
                let after = text.get(next);
                layout.broken |= after.is_some_and(|b| matches!(b, b'\t' | 0x0b | 0x0c | b'\r'));
            }
            _ => {}
        }
        start.get_or_insert(at);
        at = next;
    }
    if let Some(start) = start {
        layout.words.push(start..at);
    }
    layout
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        line(text.as_bytes())
            .words
            .into_iter()
            .filter_map(|r| text.get(r))
            .collect()
    }

    #[test]
    fn words_keep_their_quotes() {
        assert_eq!(
            words(r#"  a "b # c" d\ e 'f "' g#h"#),
            ["a", r#""b # c""#, r"d\ e", "'f \"'", "g"]
        );
        assert_eq!(line(b"a b # c").comment, Some(4));
        assert_eq!(line(br"a \# b").comment, None);
        assert_eq!(words("a \"x\\\"y\" z\r"), ["a", "\"x\\\"y\"", "z"]);
    }

    #[test]
    fn what_cannot_be_cut_is_said_to_be_broken() {
        assert!(line(b"a 'b").broken);
        assert!(line(b"a \"b\\\"").broken);
        assert!(line(b"a\0b").broken);
        assert!(line(b"a\\\tb").broken);
        assert!(!line(b"a 'b' \"c\"").broken);
    }
}

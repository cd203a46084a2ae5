//! Regexes as HAProxy's users write them (PCRE), on bytes.
//!
//! What needs no backtracking runs in linear time; look-around and back references are left to a
//! backtracking engine with a limit of steps.

use bstr::BStr;
use regex::bytes::RegexBuilder;
use std::ops::Range;
use std::sync::Arc;

/// Steps that the backtracking engine may take for one search, as `pcre`'s match limit keeps one
/// request from holding the process; beyond it nothing matches.
const MOST_STEPS: usize = 200_000;

/// A compiled regex, cheap to clone.
#[derive(Clone, Debug)]
pub struct Regex {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    /// What every match begins with, at the beginning of the text: told without the engine, so that
    /// of a hundred regexes those that cannot match cost next to nothing.
    prefix: Box<[u8]>,
    ignore_case: bool,
}

impl Inner {
    #[inline]
    fn may_match(&self, text: &[u8]) -> bool {
        if self.prefix.is_empty() {
            return true;
        }
        text.get(..self.prefix.len()).is_some_and(|begin| {
            *begin == *self.prefix || self.ignore_case && begin.eq_ignore_ascii_case(&self.prefix)
        })
    }
}

/// The plain text that a regex begins with behind a `^`; empty where that is not sure.
fn literal_prefix(source: &str) -> Vec<u8> {
    let mut prefix = Vec::new();
    let Some(rest) = source.strip_prefix('^') else {
        return prefix;
    };
    // alternatives may begin otherwise, and options in the text change what letters mean
    if rest.contains('|') || rest.contains("(?") {
        return prefix;
    }
    let mut bytes = rest.bytes().peekable();
    while let Some(b) = bytes.next() {
        let literal = match b {
            b'\\' => match bytes.next() {
                Some(escaped) if escaped.is_ascii_punctuation() => escaped,
                _ => break,
            },
            b'.' | b'+' | b'*' | b'?' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'^' | b'$' => {
                break;
            }
            plain if plain.is_ascii_graphic() => plain,
            _ => break,
        };
        match bytes.peek() {
            // it may be missing
            Some(b'*' | b'?' | b'{') => break,
            Some(b'+') => {
                prefix.push(literal);
                break;
            }
            _ => prefix.push(literal),
        }
    }
    prefix
}

#[derive(Debug)]
enum Engine {
    /// Linear time.
    Plain(regex::bytes::Regex),
    /// Look-around and back references.
    Backtracking(fancy_regex::Regex),
}

/// The groups of a match.
pub enum Groups<'t> {
    /// Of the linear engine.
    Plain(regex::bytes::Captures<'t>),
    /// Of the backtracking engine.
    Backtracking(fancy_regex::Captures<'t, [u8]>),
}

impl<'t> Groups<'t> {
    /// Where a group lies in the text; 0: the whole match. `None`: it took no part.
    pub fn range(&self, group: usize) -> Option<Range<usize>> {
        match self {
            Groups::Plain(caps) => caps.get(group).map(|m| m.range()),
            Groups::Backtracking(caps) => caps.get(group).map(|m| m.range()),
        }
    }
    /// The text of a group.
    pub fn text(&self, group: usize) -> Option<&'t [u8]> {
        match self {
            Groups::Plain(caps) => caps.get(group).map(|m| m.as_bytes()),
            Groups::Backtracking(caps) => caps.get(group).map(|m| m.as_bytes()),
        }
    }
}

impl Regex {
    /// Compiles it. The error is HAProxy's line with the reason of the engine here.
    pub fn new(text: &[u8], ignore_case: bool) -> Result<Regex, String> {
        let fault = |why: &str| format!("regex '{}' is invalid (error={why})", BStr::new(text));
        let source = match std::str::from_utf8(text) {
            Ok(s) => s.to_owned(),
            // Other bytes are written as escapes: the engine takes only UTF-8 patterns.
            Err(_) => escape_bytes(text),
        };
        let plain = RegexBuilder::new(&source)
            .unicode(false)
            .case_insensitive(ignore_case)
            .size_limit(64 << 20)
            .build();
        let engine = match plain {
            Ok(regex) => Engine::Plain(regex),
            Err(why) => {
                let backtracking = fancy_regex::RegexBuilder::new(&source)
                    .bytes_mode(fancy_regex::BytesMode::Ascii)
                    .case_insensitive(ignore_case)
                    .backtrack_limit(MOST_STEPS)
                    .build();
                match backtracking {
                    Ok(regex) => Engine::Backtracking(regex),
                    Err(_) => return Err(fault(reason(&why).trim())),
                }
            }
        };
        Ok(Regex {
            inner: Arc::new(Inner {
                engine,
                prefix: literal_prefix(&source).into(),
                ignore_case,
            }),
        })
    }
    /// Whether it matches anywhere.
    pub fn is_match(&self, text: &[u8]) -> bool {
        if !self.inner.may_match(text) {
            return false;
        }
        match &self.inner.engine {
            Engine::Plain(regex) => regex.is_match(text),
            Engine::Backtracking(regex) => regex.is_match(text).unwrap_or(false),
        }
    }
    /// The first match from `at` on, with its groups.
    pub fn captures_at<'t>(&self, text: &'t [u8], at: usize) -> Option<Groups<'t>> {
        if !self.inner.may_match(text) {
            return None;
        }
        match &self.inner.engine {
            Engine::Plain(regex) => regex.captures_at(text, at).map(Groups::Plain),
            Engine::Backtracking(regex) => {
                let found = regex.captures_from_pos(text, at).ok()?;
                found.map(Groups::Backtracking)
            }
        }
    }
}

/// The engine's reason in one line.
fn reason(e: &regex::Error) -> String {
    let text = e.to_string();
    text.lines()
        .find_map(|l| l.strip_prefix("error: "))
        .map_or_else(|| text.replace('\n', " "), str::to_owned)
}

fn escape_bytes(text: &[u8]) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len() + 8);
    for &b in text {
        if b.is_ascii() {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "\\x{b:02X}");
        }
    }
    out
}

/// Appends a replacement: `\1` to `\9` and `\0` are groups, `\xHH` a byte, `\\` and any other
/// escaped character itself.
pub fn expand(template: &[u8], caps: &Groups<'_>, out: &mut impl Extend<u8>) {
    let mut at = 0;
    while let Some(&b) = template.get(at) {
        at += 1;
        if b != b'\\' {
            out.extend([b]);
            continue;
        }
        match template.get(at) {
            None => {}
            Some(d) if d.is_ascii_digit() => {
                if let Some(group) = caps.text(usize::from(d - b'0')) {
                    out.extend(group.iter().copied());
                }
                at += 1;
            }
            Some(b'x') => {
                let hex = template
                    .get(at + 1..at + 3)
                    .and_then(|h| std::str::from_utf8(h).ok())
                    .and_then(|h| u8::from_str_radix(h, 16).ok());
                if let Some(byte) = hex {
                    out.extend([byte]);
                    at += 3;
                } else {
                    out.extend(*b"x");
                    at += 1;
                }
            }
            Some(&c) => {
                out.extend([c]);
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_match_begins_with() {
        for (source, want) in [
            ("^/user17/[a-z]+", "/user17/"),
            ("^/a\\.b?", "/a."),
            ("^ab*c", "a"),
            ("^ab+c", "ab"),
            ("^ab{0,2}c", "a"),
            ("^a|b", ""),
            ("^(?i)a", ""),
            ("a", ""),
            ("^\\d+", ""),
            ("^abc$", "abc"),
        ] {
            assert_eq!(literal_prefix(source), want.as_bytes(), "{source}");
        }
        let regex = Regex::new(b"^/User[0-9]", true).unwrap();
        assert!(regex.is_match(b"/uSER7"));
        assert!(!regex.is_match(b"/use"));
    }

    #[test]
    fn bytes_and_case() {
        assert!(Regex::new(b"^/A", true).unwrap().is_match(b"/abc"));
        assert!(!Regex::new(b"^/A", false).unwrap().is_match(b"/abc"));
        assert!(Regex::new(b"\xe9.", false).unwrap().is_match(b"\xe9\xff"));
        assert!(
            Regex::new(b"(", false)
                .unwrap_err()
                .starts_with("regex '(' is invalid (error=")
        );
    }

    #[test]
    fn groups() {
        let r = Regex::new(b"(a)(b)?", false).unwrap();
        let mut out = Vec::new();
        expand(
            b"<\\1\\2\\0\\\\\\x41>",
            &r.captures_at(b"xab", 0).unwrap(),
            &mut out,
        );
        assert_eq!(out, b"<abab\\A>");
    }

    #[test]
    fn look_around_and_back_references() {
        let r = Regex::new(b"^/(?!admin)(\\w)\\1", true).unwrap();
        assert!(r.is_match(b"/aA\xff"));
        assert!(!r.is_match(b"/admin"));
        assert!(!r.is_match(b"/ab"));
        let mut out = Vec::new();
        expand(b"<\\1>", &r.captures_at(b"/bb", 0).unwrap(), &mut out);
        assert_eq!(out, b"<b>");
    }

    #[test]
    fn backtracking_has_an_end() {
        let r = Regex::new(b"^(a+)+(?=b)$", false).unwrap();
        assert!(!r.is_match(&[b'a'; 200]));
    }
}

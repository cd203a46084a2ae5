//! Regexes as HAProxy's users write them (PCRE), on bytes.

use bstr::BStr;
use regex::bytes::{Captures, RegexBuilder};
use std::sync::Arc;

/// A compiled regex, cheap to clone.
#[derive(Clone, Debug)]
pub struct Regex {
    inner: Arc<regex::bytes::Regex>,
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
        RegexBuilder::new(&source)
            .unicode(false)
            .case_insensitive(ignore_case)
            .size_limit(64 << 20)
            .build()
            .map(|r| Regex { inner: Arc::new(r) })
            .map_err(|e| fault(reason(&e).trim()))
    }
    /// Whether it matches anywhere.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.inner.is_match(text)
    }
    /// The first match from `at` on, with its groups.
    pub fn captures_at<'t>(&self, text: &'t [u8], at: usize) -> Option<Captures<'t>> {
        self.inner.captures_at(text, at)
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
pub fn expand(template: &[u8], caps: &Captures<'_>, out: &mut impl Extend<u8>) {
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
                if let Some(g) = caps.get(usize::from(d - b'0')) {
                    out.extend(g.as_bytes().iter().copied());
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
}

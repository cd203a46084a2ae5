//! `normalize-uri`: other spellings of the same target (RFC 3986 section 6.2.2).

use super::{Act, Answer, Example, Flow, Keyword, Line, RuleSets, Run};
use crate::sample::compile::Fault;
use bstr::BStr;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Normalizer {
    FragmentEncode,
    FragmentStrip,
    MergeSlashes,
    StripDot,
    /// True: also at the beginning.
    StripDotDot(bool),
    /// True: broken escapes are refused.
    DecodeUnreserved(bool),
    /// True: broken escapes are refused.
    Uppercase(bool),
    SortQuery,
}

#[derive(Debug)]
struct Normalize(Normalizer);

impl Act for Normalize {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let mut out = run.scratch.take_text();
        let mut flow = Flow::Continue;
        if let Some(request) = run.view.request_mut() {
            let of_path = matches!(
                self.0,
                Normalizer::MergeSlashes | Normalizer::StripDot | Normalizer::StripDotDot(_)
            );
            let (old, change) = match of_path {
                true => (request.path(), true),
                false => (request.path_and_query(), false),
            };
            if !old.is_empty() {
                match self.0.apply(old, &mut out) {
                    None => flow = Flow::Deny(Answer::Status(400)),
                    Some(()) if out[..] == *old => {}
                    Some(()) if change => request.set_path(&out),
                    Some(()) => request.set_path_and_query(&out),
                }
            }
        }
        run.scratch.give_text(out);
        flow
    }
}

impl Normalizer {
    /// Writes the other spelling; `None`: the request is to be refused.
    fn apply(self, old: &[u8], out: &mut Vec<u8>) -> Option<()> {
        match self {
            Normalizer::FragmentEncode => {
                for b in old {
                    match b {
                        b'#' => out.extend_from_slice(b"%23"),
                        b => out.push(*b),
                    }
                }
            }
            Normalizer::FragmentStrip => {
                out.extend(old.iter().take_while(|b| **b != b'#'));
            }
            Normalizer::MergeSlashes => {
                for b in old {
                    if *b != b'/' || out.last() != Some(&b'/') {
                        out.push(*b);
                    }
                }
            }
            Normalizer::StripDot => strip_dot(old, out),
            Normalizer::StripDotDot(full) => strip_dot_dot(old, full, out),
            Normalizer::DecodeUnreserved(strict) => {
                escapes(old, strict, out, |digits, out| match byte(digits) {
                    Some(b) if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => out.push(b),
                    _ => {
                        out.push(b'%');
                        out.extend_from_slice(digits);
                    }
                })?;
            }
            Normalizer::Uppercase(strict) => {
                escapes(old, strict, out, |digits, out| {
                    out.push(b'%');
                    out.extend(digits.iter().map(u8::to_ascii_uppercase));
                })?;
            }
            Normalizer::SortQuery => {
                let at = memchr::memchr(b'?', old).map_or(old.len(), |at| at + 1);
                let (head, query) = old.split_at(at);
                out.extend_from_slice(head);
                let mut parts: Vec<&[u8]> = query.split(|b| *b == b'&').collect();
                parts.sort_by_key(|part| part.split(|b| *b == b'=').next());
                for (i, part) in parts.iter().enumerate() {
                    if i > 0 {
                        out.push(b'&');
                    }
                    out.extend_from_slice(part);
                }
            }
        }
        Some(())
    }
}

/// Without segments `.`.
fn strip_dot(path: &[u8], out: &mut Vec<u8>) {
    let mut segments = path.split(|b| *b == b'/').peekable();
    let mut first = true;
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        if segment == b"." && !first {
            if is_last {
                out.push(b'/');
            }
            continue;
        }
        if !first {
            out.push(b'/');
        }
        first = false;
        out.extend_from_slice(segment);
    }
}

/// Without segments `..` and those before them.
fn strip_dot_dot(path: &[u8], full: bool, out: &mut Vec<u8>) {
    let mut segments = path.split(|b| *b == b'/').peekable();
    // What stands before the first slash, mostly nothing.
    out.extend_from_slice(segments.next().unwrap_or_default());
    let root = out.len();
    // How many `..` stand at the beginning of what was written.
    let mut kept = root;
    while let Some(segment) = segments.next() {
        if segment != b".." {
            out.push(b'/');
            out.extend_from_slice(segment);
            continue;
        }
        if out.len() > kept {
            let tail = out.get(kept..).unwrap_or_default();
            let at = memchr::memrchr(b'/', tail).unwrap_or(0);
            out.truncate(kept + at);
        } else if !full {
            out.extend_from_slice(b"/..");
            kept = out.len();
        }
        if segments.peek().is_none() {
            out.push(b'/');
        }
    }
    if out.len() == root {
        out.push(b'/');
    }
}

/// Copies, with escapes as `each` writes them; `None`: one is broken, and none may be.
fn escapes(
    old: &[u8],
    strict: bool,
    out: &mut Vec<u8>,
    each: impl Fn(&[u8], &mut Vec<u8>),
) -> Option<()> {
    let mut rest = old;
    while let Some((b, tail)) = rest.split_first() {
        rest = tail;
        if *b != b'%' {
            out.push(*b);
            continue;
        }
        match tail
            .get(..2)
            .filter(|d| d.iter().all(u8::is_ascii_hexdigit))
        {
            Some(digits) => {
                each(digits, out);
                rest = tail.get(2..).unwrap_or_default();
            }
            None if strict => return None,
            None => out.push(b'%'),
        }
    }
    Some(())
}

fn byte(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn compile(line: &mut Line<'_, '_, '_>) -> Result<Arc<dyn Act>, Fault> {
    let name = line.argument("missing argument <normalizer>")?.bytes();
    let option: &[u8] = match line.at_end() {
        true => b"",
        false => line.take().map(|w| w.bytes()).unwrap_or_default(),
    };
    let normalizer = match (name, option) {
        (b"fragment-encode", b"") => Normalizer::FragmentEncode,
        (b"fragment-strip", b"") => Normalizer::FragmentStrip,
        (b"path-merge-slashes", b"") => Normalizer::MergeSlashes,
        (b"path-strip-dot", b"") => Normalizer::StripDot,
        (b"path-strip-dotdot", b"") => Normalizer::StripDotDot(false),
        (b"path-strip-dotdot", b"full") => Normalizer::StripDotDot(true),
        (b"percent-decode-unreserved", b"") => Normalizer::DecodeUnreserved(false),
        (b"percent-decode-unreserved", b"strict") => Normalizer::DecodeUnreserved(true),
        (b"percent-to-uppercase", b"") => Normalizer::Uppercase(false),
        (b"percent-to-uppercase", b"strict") => Normalizer::Uppercase(true),
        (b"query-sort-by-name", b"") => Normalizer::SortQuery,
        (b"path-strip-dotdot" | b"percent-decode-unreserved" | b"percent-to-uppercase", _) => {
            return Err(Fault::Wrong(format!(
                "unknown argument '{}' for '{}' normalizer",
                BStr::new(option),
                BStr::new(name)
            )));
        }
        _ => {
            let shown = BStr::new(name);
            return Err(Fault::Wrong(format!("unknown normalizer '{shown}'")));
        }
    };
    Ok(Arc::new(Normalize(normalizer)))
}

pub(super) static KEYWORDS: &[Keyword] = &[Keyword {
    name: "normalize-uri",
    prefix: false,
    sets: RuleSets::REQUEST,
    compile,
    doc: "Writes the target in another way that means the same.",
    examples: &[
        Example {
            line: "http-request normalize-uri path-strip-dot",
            result: "GET /a/b.html?q=1&r=two&q=3|host: www.example.com|user-agent: curl/8|cookie: a=1; b=2",
        },
        Example {
            line: "http-request normalize-uri query-sort-by-name",
            result: "GET /a/b.html?q=1&q=3&r=two|host: www.example.com|user-agent: curl/8|cookie: a=1; b=2",
        },
    ],
}];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        // The manual's examples.
        for (normalizer, old, new) in [
            (Normalizer::StripDot, "/.", "/"),
            (Normalizer::StripDot, "/./bar/", "/bar/"),
            (Normalizer::StripDot, "/a/./a", "/a/a"),
            (Normalizer::StripDot, "/.well-known/", "/.well-known/"),
            (Normalizer::StripDotDot(false), "/foo/../", "/"),
            (Normalizer::StripDotDot(false), "/foo/../bar/", "/bar/"),
            (Normalizer::StripDotDot(false), "/foo/bar/../", "/foo/"),
            (Normalizer::StripDotDot(false), "/../bar/", "/../bar/"),
            (Normalizer::StripDotDot(false), "/bar/../../", "/../"),
            (Normalizer::StripDotDot(false), "/foo//../", "/foo/"),
            (Normalizer::StripDotDot(true), "/../bar/", "/bar/"),
            (Normalizer::StripDotDot(true), "/bar/../../", "/"),
            (Normalizer::MergeSlashes, "/foo//bar", "/foo/bar"),
            (Normalizer::DecodeUnreserved(false), "/%61dmin", "/admin"),
            (Normalizer::DecodeUnreserved(false), "/%%36%36", "/%66"),
            (Normalizer::Uppercase(false), "/%6f%zz", "/%6F%zz"),
        ] {
            let mut out = Vec::new();
            assert_eq!(normalizer.apply(old.as_bytes(), &mut out), Some(()));
            assert_eq!(BStr::new(&out), new, "{normalizer:?} {old}");
        }
    }
}

//! `json_query`: a value by its path (manual 7.3.1; RFC 8259).
//!
//! The text is read only as far as the value: what follows may be anything.

use super::{Conv, Example};
use crate::sample::args::{Arg, Kind, int, text};
use crate::sample::value::{Sample, Type, parse_int};
use crate::sample::view::Eval;
use std::io::Write;

pub(super) static CONVS: &[Conv] = &[Conv {
    name: "json_query",
    args: &[Kind::Str, Kind::Str],
    required: 1,
    input: Type::Str,
    out: Type::Any,
    check: Some(|args, _| check(args)),
    eval: |args, v, e| match v {
        Sample::Str(s) => query(args, s, e),
        _ => None,
    },
    doc: "The value at a JSON path such as `$.a.b[0]`: text, booleans, arrays as they stand, \
          numbers as text or, with `int`, as integers.",
    examples: &[
        Example::of(
            "'str(\"{\\\"a\\\":{\\\"b\\\":[1,2]}}\"),json_query(\"$.a.b[1]\",int)'",
            "2",
        ),
        Example::of("'str(\"{\\\"a\\\":\\\"x\\\"}\"),json_query($.a)'", "x"),
        Example::of("'str(\"{\\\"a\\\":[1,2]}\"),json_query($.a)'", "[1,2]"),
        Example::none("'str(\"{\\\"a\\\":1}\"),json_query($.b)'"),
    ],
}];

/// Checks path and type.
pub(super) fn check(args: &mut Vec<Arg>) -> Result<(), String> {
    let path = text(args, 0).to_vec();
    if path.is_empty() {
        return Err("json_path must not be empty".into());
    }
    let as_int = match text(args, 1) {
        b"" => 0,
        b"int" => 1,
        _ => return Err("output_type only supports \"int\" as argument".into()),
    };
    *args = vec![Arg::Str(path.into()), Arg::Int(as_int)];
    Ok(())
}

/// Numbers that JSON readers agree upon (RFC 8259 section 6).
const GREATEST: i64 = (1 << 53) - 1;

/// The value at the path of checked arguments.
pub(super) fn query<'a>(args: &'a [Arg], s: &'a [u8], e: &Eval<'a>) -> Option<Sample<'a>> {
    let path = match text(args, 0) {
        [b'$', rest @ ..] => rest,
        _ => return None,
    };
    let at = find(s, path)?;
    let value = Reader { s, at };
    let end = value.skip()?;
    let token = s.get(at..end)?;
    match *token.first()? {
        b'[' => Some(Sample::Str(token)),
        b't' => Some(Sample::Bool(true)),
        b'f' => Some(Sample::Bool(false)),
        b'"' => unescape(token.get(1..token.len() - 1)?, e),
        b'-' | b'0'..=b'9' if int(args, 1) == Some(1) => {
            let n = parse_int(token)?;
            (-GREATEST..=GREATEST)
                .contains(&n)
                .then_some(Sample::Int(n))
        }
        b'-' | b'0'..=b'9' => {
            let n: f64 = std::str::from_utf8(token).ok()?.parse().unwrap_or(0.0);
            let mut digits = [0u8; 32];
            let mut room = &mut digits[..];
            short_float(n, &mut room)?;
            let len = 32 - room.len();
            Some(Sample::Str(e.scratch.copy(digits.get(..len)?)))
        }
        _ => None,
    }
}

/// The text at a path (without the `$`), if a string is there.
pub(super) fn string_at(s: &[u8], path: &[u8]) -> Option<Vec<u8>> {
    let at = find(s, path)?;
    let end = Reader { s, at }.skip()?;
    let inner = match s.get(at..end)? {
        [b'"', inner @ .., b'"'] => inner,
        _ => return None,
    };
    let mut out = Vec::with_capacity(inner.len());
    unescape_to(inner, &mut |b| out.push(b))?;
    Some(out)
}

/// Where the value of a path begins.
fn find(s: &[u8], path: &[u8]) -> Option<usize> {
    let mut at = blanks(s, 0);
    let mut path = path;
    while let [kind, rest @ ..] = path {
        let reader = Reader { s, at };
        match kind {
            b'.' => {
                let len = key_len(rest);
                let (key, tail) = rest.split_at(len);
                at = reader.member(key)?;
                path = tail;
            }
            b'[' => {
                let end = memchr::memchr(b']', rest)?;
                let index = std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()?;
                at = reader.element(index)?;
                path = rest.get(end + 1..)?;
            }
            _ => return None,
        }
    }
    Some(at)
}

/// The length of the key at the beginning of a path; a backslash protects what follows it.
fn key_len(path: &[u8]) -> usize {
    let mut at = 0;
    while let Some(b) = path.get(at) {
        match b {
            b'\\' => at += 1,
            b'.' | b'[' => break,
            _ => {}
        }
        at += 1;
    }
    at.min(path.len())
}

/// Whether a key of the text is that of a path.
fn same_key(key: &[u8], path: &[u8]) -> bool {
    let mut wanted = path.iter();
    let mut given = key.iter();
    loop {
        let next = match wanted.next() {
            Some(b'\\') => wanted.next(),
            other => other,
        };
        match (next, given.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

fn blanks(s: &[u8], at: usize) -> usize {
    let rest = s.get(at..).unwrap_or_default();
    at + rest
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
        .count()
}

/// A place in the text at which a value begins.
struct Reader<'s> {
    s: &'s [u8],
    at: usize,
}

impl Reader<'_> {
    /// The place of an object's member.
    fn member(&self, wanted: &[u8]) -> Option<usize> {
        let mut at = self.open(b'{')?;
        loop {
            if self.s.get(at) != Some(&b'"') {
                return None;
            }
            let end = string_end(self.s, at)?;
            let key = self.s.get(at + 1..end - 1)?;
            at = blanks(self.s, end);
            if self.s.get(at) != Some(&b':') {
                return None;
            }
            at = blanks(self.s, at + 1);
            if same_key(key, wanted) {
                return Some(at);
            }
            at = self.next_in(at)?;
        }
    }

    /// The place of an array's element.
    fn element(&self, index: usize) -> Option<usize> {
        let mut at = self.open(b'[')?;
        if self.s.get(at) == Some(&b']') {
            return None;
        }
        for _ in 0..index {
            at = self.next_in(at)?;
        }
        Some(at)
    }

    fn open(&self, bracket: u8) -> Option<usize> {
        (self.s.get(self.at) == Some(&bracket)).then(|| blanks(self.s, self.at + 1))
    }

    /// Behind the value at `at` and the comma that follows it.
    fn next_in(&self, at: usize) -> Option<usize> {
        let end = blanks(self.s, Reader { s: self.s, at }.skip()?);
        (self.s.get(end) == Some(&b',')).then(|| blanks(self.s, end + 1))
    }

    /// Behind the value. Brackets are counted, not nested calls made: the text is the client's.
    fn skip(&self) -> Option<usize> {
        let mut open: Vec<u8> = Vec::new();
        let mut at = self.at;
        // A value must follow, or the end of what was just opened.
        let mut wanted = true;
        loop {
            at = blanks(self.s, at);
            let b = *self.s.get(at)?;
            match b {
                b'{' | b'[' if wanted && open.len() < DEEPEST => {
                    open.push(b + 2);
                    at += 1;
                    continue;
                }
                b'}' | b']' => {
                    if open.pop() != Some(b) {
                        return None;
                    }
                    at += 1;
                }
                b',' | b':' if !wanted && (b == b',' || open.last() == Some(&b'}')) => {
                    at += 1;
                    wanted = true;
                    continue;
                }
                b'"' if wanted => at = string_end(self.s, at)?,
                _ if wanted => at = literal_end(self.s, at)?,
                _ => return None,
            }
            wanted = false;
            if open.is_empty() {
                return Some(at);
            }
        }
    }
}

/// Nested brackets that are followed.
const DEEPEST: usize = 20;

/// Behind the string that begins at `at`.
fn string_end(s: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        match s.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Behind a number or `true`, `false`, `null`.
fn literal_end(s: &[u8], at: usize) -> Option<usize> {
    let rest = s.get(at..)?;
    for word in [&b"true"[..], b"false", b"null"] {
        if rest.starts_with(word) {
            return Some(at + word.len());
        }
    }
    let digits = |from: usize| {
        let tail = rest.get(from..).unwrap_or_default();
        tail.iter().take_while(|b| b.is_ascii_digit()).count()
    };
    // As C's strtod reads numbers, which takes more than JSON has.
    let sign = usize::from(rest.first() == Some(&b'-'));
    let mut len = sign + digits(sign);
    if len == 0 {
        return None;
    }
    if rest.get(len) == Some(&b'.') && len > sign {
        len += 1 + digits(len + 1);
    }
    if matches!(rest.get(len), Some(b'e' | b'E')) && len > sign {
        let sign = usize::from(matches!(rest.get(len + 1), Some(b'+' | b'-')));
        match digits(len + 1 + sign) {
            0 => {}
            n => len += 1 + sign + n,
        }
    }
    Some(at + len)
}

/// A string's text.
fn unescape<'a>(inner: &'a [u8], e: &Eval<'a>) -> Option<Sample<'a>> {
    if memchr::memchr(b'\\', inner).is_none() {
        return Some(Sample::Str(inner));
    }
    let mut out = e.scratch.buffer();
    unescape_to(inner, &mut |b| out.push(b))?;
    Some(Sample::Str(out.into_bump_slice()))
}

fn unescape_to(inner: &[u8], push: &mut dyn FnMut(u8)) -> Option<()> {
    let mut bytes = inner.iter();
    while let Some(&b) = bytes.next() {
        if b != b'\\' {
            push(b);
            continue;
        }
        push(match *bytes.next()? {
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                // Only what is one byte can be shown.
                let hex = bytes.as_slice().get(..4)?;
                let code = u32::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?;
                bytes.nth(3);
                u8::try_from(code).ok()?
            }
            // HAProxy knows no `\/`
            other @ (b'"' | b'\\') => other,
            _ => return None,
        });
    }
    Some(())
}

/// A number as C's `%g` shows it: six significant digits, no zeros at the end.
fn short_float(n: f64, out: &mut &mut [u8]) -> Option<()> {
    if n == 0.0 {
        let sign = if n.is_sign_negative() { "-" } else { "" };
        return write!(out, "{sign}0").ok();
    }
    if n.is_infinite() {
        let sign = if n < 0.0 { "-" } else { "" };
        return write!(out, "{sign}inf").ok();
    }
    let mut text = [0u8; 32];
    let mut room = &mut text[..];
    write!(room, "{n:.5e}").ok()?;
    let len = 32 - room.len();
    let text = std::str::from_utf8(text.get(..len)?).ok()?;
    let (mantissa, exponent) = text.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    if (-4..6).contains(&exponent) {
        let places = usize::try_from(5 - exponent).ok()?;
        let mut text = [0u8; 32];
        let mut room = &mut text[..];
        write!(room, "{n:.places$}").ok()?;
        let len = 32 - room.len();
        let text = std::str::from_utf8(text.get(..len)?).ok()?;
        let text = match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.'),
            false => text,
        };
        return write!(out, "{text}").ok();
    }
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    let sign = if exponent < 0 { '-' } else { '+' };
    write!(out, "{mantissa}e{sign}{:02}", exponent.abs()).ok()
}

//! Log-format strings: text, `%aliases` and `%[expressions]` (manual 8.2.6).

use super::compile::{Compile, Fault};
use super::expr::Expr;
use super::value::Sample;
use super::view::Eval;
use crate::config::directive::Word;
use crate::grammar;
use bitflags::bitflags;
use bstr::BStr;

pub mod alias;

use alias::{Alias, Logged};

bitflags! {
    /// Flags of an item: `%{+Q,+X}ci`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Flags: u8 {
        /// `Q`: in quotes
        const QUOTE = 1;
        /// `X`: hexadecimal
        const HEX = 1 << 1;
        /// `E`: `"`, `\` and `]` escaped
        const ESCAPE = 1 << 2;
        /// `bin`: bytes as they are
        const BINARY = 1 << 3;
    }
}

/// What the text is for, which decides what happens to unprintable bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Header values, targets, bodies: control characters become `%XX`.
    #[default]
    Http,
    /// Log lines: what is logged of a request is escaped as `#XX`, nothing becomes `-`, blanks are
    /// merged.
    Log,
}

/// A compiled log-format string.
#[derive(Clone, Debug, Default)]
pub struct LogFormat {
    items: Vec<Item>,
    purpose: Purpose,
}

#[derive(Clone, Debug)]
enum Item {
    Text(Box<[u8]>),
    Alias(&'static Alias, Flags),
    Expr(Box<Expr>, Flags),
}

impl LogFormat {
    /// Compiles one word for use in a message; the error is HAProxy's.
    pub fn parse(text: &[u8], cx: &mut Compile<'_>) -> Result<LogFormat, Fault> {
        Self::parse_for(Purpose::Http, text, cx)
    }

    /// Compiles one word; a fault is reported as it is.
    pub fn compile(word: &Word, cx: &mut Compile<'_>) -> Option<LogFormat> {
        cx.span = word.span;
        match Self::parse(word.bytes(), cx) {
            Ok(format) => Some(format),
            Err(Fault::Wrong(m)) => {
                cx.alert(format!("{m}."));
                None
            }
            Err(Fault::Pending) => None,
        }
    }

    /// Compiles text for a purpose; the error is HAProxy's.
    pub fn parse_for(
        purpose: Purpose,
        text: &[u8],
        cx: &mut Compile<'_>,
    ) -> Result<LogFormat, Fault> {
        let mut out = LogFormat {
            items: Vec::new(),
            purpose,
        };
        let mut global = Flags::empty();
        let mut literal: Vec<u8> = Vec::new();
        let mut at = 0;
        while let Some(&b) = text.get(at) {
            at += 1;
            if b != b'%' {
                let blank = b == b' ' && literal.last() == Some(&b' ');
                if !(blank && purpose == Purpose::Log) {
                    literal.push(b);
                }
                continue;
            }
            let mut flags = global;
            if text.get(at) == Some(&b'(') {
                at = item_name(text, at)?;
            }
            if text.get(at) == Some(&b'{') {
                at = item_flags(text, at, &mut flags)?;
            }
            match text.get(at) {
                None => return Err("truncated line after '%'".into()),
                Some(b'[') => {
                    let rest = text.get(at + 1..).unwrap_or_default();
                    let (expr, used) = expression(rest, cx)?;
                    at += 1 + used;
                    out.flush(&mut literal);
                    out.items.push(Item::Expr(Box::new(expr), flags));
                }
                Some(b) if b.is_ascii_alphabetic() => {
                    let rest = text.get(at..).unwrap_or_default();
                    let len = rest
                        .iter()
                        .position(|b| !b.is_ascii_alphanumeric())
                        .unwrap_or(rest.len());
                    let name = rest.get(..len).unwrap_or_default();
                    at += len;
                    if name == b"o" {
                        global = flags;
                        continue;
                    }
                    let Some(found) = alias::find(name) else {
                        if grammar::log_alias(name).is_some() {
                            cx.note_pending("format alias", name);
                            continue;
                        }
                        return Err(format!(
                            "no such format alias '{}'. If you wanted to emit the '%' character \
                             verbatim, you need to use '%%'",
                            BStr::new(name)
                        )
                        .into());
                    };
                    out.flush(&mut literal);
                    out.items.push(Item::Alias(found, flags));
                }
                Some(b) if b.is_ascii_digit() => {
                    return Err(format!(
                        "unexpected alias name near '{}' at position {at} line : '{}'. Maybe you \
                         want to write a single '%', use the syntax '%%'",
                        BStr::new(text.get(at..).unwrap_or_default()),
                        BStr::new(text)
                    )
                    .into());
                }
                // `%%`, and any other character stands for itself.
                Some(&b) => {
                    literal.push(b);
                    at += 1;
                }
            }
        }
        out.flush(&mut literal);
        Ok(out)
    }

    /// Text that is not looked at.
    pub fn text(text: &[u8]) -> LogFormat {
        LogFormat {
            items: vec![Item::Text(text.into())],
            purpose: Purpose::Http,
        }
    }

    /// The text if there is nothing to evaluate.
    pub fn constant(&self) -> Option<&[u8]> {
        match self.items.as_slice() {
            [] => Some(&[]),
            [Item::Text(t)] => Some(t),
            _ => None,
        }
    }

    fn flush(&mut self, literal: &mut Vec<u8>) {
        if !literal.is_empty() {
            self.items.push(Item::Text(std::mem::take(literal).into()));
        }
    }

    /// Appends the text to `out`.
    pub fn render(&self, e: &Eval<'_>, out: &mut Vec<u8>) {
        for item in &self.items {
            match item {
                Item::Text(t) => out.extend_from_slice(t),
                Item::Alias(alias, flags) => {
                    let start = out.len();
                    (alias.eval)(e, *flags, out);
                    if out.len() == start && alias.lists_captures() {
                        // without captures there is no field, nor a blank for it
                        if out.last() == Some(&b' ') {
                            out.pop();
                        }
                        continue;
                    }
                    self.finish(start, *flags, alias.quoted, alias.logged, out);
                }
                Item::Expr(expr, flags) => {
                    let start = out.len();
                    match expr.eval(e) {
                        Some(Sample::Bin(b)) if flags.contains(Flags::BINARY) => {
                            out.extend_from_slice(b);
                            continue;
                        }
                        Some(sample) => sample.append(out),
                        None => {}
                    }
                    // Only log lines put expressions in quotes.
                    let quoted = self.purpose == Purpose::Log;
                    self.finish(start, *flags, quoted, Logged::Raw, out);
                }
            }
        }
    }

    /// Escapes and quotes what an item appended from `start` on.
    fn finish(&self, start: usize, flags: Flags, quoted: bool, logged: Logged, out: &mut Vec<u8>) {
        let quote = quoted && flags.contains(Flags::QUOTE);
        if out.len() == start {
            if quote {
                out.extend_from_slice(b"\"\"");
            } else if self.purpose == Purpose::Log && logged.dash() {
                out.push(b'-');
            }
            return;
        }
        let needs_escape = |b: &u8| match self.purpose {
            Purpose::Http => (*b < b' ' && *b != b'\t') || *b == 0x7f,
            Purpose::Log => logged.escapes(*b),
        };
        let backslash = flags.contains(Flags::ESCAPE);
        if self.purpose == Purpose::Log && logged == Logged::Raw && !(backslash || quote) {
            return;
        }
        let is_special = |b: &u8| backslash && b"\"\\]".contains(b);
        let new = out.get(start..).unwrap_or_default();
        if new.iter().any(|b| needs_escape(b) || is_special(b)) {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            let digit = |n: u8| HEX.get(usize::from(n)).copied().unwrap_or(b'0');
            let mark = match self.purpose {
                Purpose::Http => b'%',
                Purpose::Log => b'#',
            };
            let raw = out.split_off(start);
            for b in raw {
                if is_special(&b) {
                    out.extend_from_slice(&[b'\\', b]);
                } else if needs_escape(&b) {
                    out.extend_from_slice(&[mark, digit(b >> 4), digit(b & 15)]);
                } else {
                    out.push(b);
                }
            }
        }
        if quote {
            out.insert(start, b'"');
            out.push(b'"');
        }
    }
}

/// Skips `(name:type)`; returns where it ends.
fn item_name(text: &[u8], open: usize) -> Result<usize, String> {
    let rest = text.get(open + 1..).unwrap_or_default();
    let end = rest
        .iter()
        .position(|b| !(b.is_ascii_alphanumeric() || b"_-.:".contains(b)))
        .unwrap_or(rest.len());
    if rest.get(end) != Some(&b')') {
        let near = rest.get(end..end + 1).unwrap_or_default();
        return Err(format!(
            "invalid character in custom name near '{}",
            BStr::new(near)
        ));
    }
    let inner = rest.get(..end).unwrap_or_default();
    if let Some(colon) = memchr::memchr(b':', inner) {
        let kind = inner.get(colon + 1..).unwrap_or_default();
        if !matches!(kind, b"str" | b"sint" | b"bool" | b"raw") {
            return Err(format!(
                "unexpected output type '{}' at position {} line : '{}'. Supported types are: \
                 str, sint, bool, raw",
                BStr::new(kind),
                open + 1 + colon + 1,
                BStr::new(text)
            ));
        }
    }
    Ok(open + 1 + end + 1)
}

/// Reads `{+Q,-X}`; returns where it ends. Words that are no flag are ignored, as by HAProxy.
fn item_flags(text: &[u8], open: usize, flags: &mut Flags) -> Result<usize, String> {
    let rest = text.get(open + 1..).unwrap_or_default();
    let end = memchr::memchr(b'}', rest)
        .ok_or_else(|| format!("truncated line after '{}'", BStr::new(rest)))?;
    for word in rest.get(..end).unwrap_or_default().split(|&b| b == b',') {
        let (on, name) = match word {
            [b'+', name @ ..] => (true, name),
            [b'-', name @ ..] => (false, name),
            _ => continue,
        };
        let flag = match name {
            b"Q" => Flags::QUOTE,
            b"X" => Flags::HEX,
            b"E" => Flags::ESCAPE,
            b"bin" => Flags::BINARY,
            _ => continue,
        };
        flags.set(flag, on);
    }
    Ok(open + 1 + end + 1)
}

/// Compiles `expr]`; returns what follows the bracket.
fn expression(rest: &[u8], cx: &mut Compile<'_>) -> Result<(Expr, usize), Fault> {
    let (expr, end) = Expr::parse_prefix(rest, cx).map_err(|fault| {
        fault.wrap(|m| {
            format!(
                "failed to parse sample expression <{}> : {m}",
                BStr::new(rest)
            )
        })
    })?;
    if !expr.places().intersects(cx.places) {
        return Err(format!(
            "sample fetch <{}> may not be reliably used here because it needs '{}' which is not \
             available here",
            expr.fetch_name(),
            expr.source()
        )
        .into());
    }
    let shown = BStr::new(rest.get(..end).unwrap_or_default());
    match rest.get(end) {
        Some(b']') => Ok((expr, end + 1)),
        Some(&b) => Err(format!(
            "expected ']' after '{shown}', but found '{}'",
            char::from(b)
        )
        .into()),
        None => Err(format!("missing ']' after '{shown}'").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, Stream};
    use super::*;

    fn render(purpose: Purpose, text: &str) -> Result<String, Fault> {
        render_on(Stream::example(), purpose, text)
    }

    fn render_on(stream: Stream, purpose: Purpose, text: &str) -> Result<String, Fault> {
        let names = testing::Known;
        let mut cx = testing::compile(&names);
        let format = LogFormat::parse_for(purpose, text.as_bytes(), &mut cx)?;
        let mut out = Vec::new();
        stream.eval(|e| format.render(e, &mut out));
        Ok(BStr::new(&out).to_string())
    }

    #[test]
    fn in_messages() {
        // Recorded from HAProxy 3.4 with `http-request set-header`.
        for (text, want) in [
            ("%%", "%"),
            ("a%%b", "a%b"),
            ("%-", "-"),
            ("%]x", "]x"),
            ("%[path]-%[query]", "/a/b.html-q=1&r=two&q=3"),
            ("%{+Q}[path]", "/a/b.html"),
            ("%{+Q}o%HM%{-Q}HM", "\"GET\"GET"),
            ("%{+Q}CC", "\"\""),
            ("%[var(txn.none)]", ""),
            ("%{+E}[bin(225c5d)]", "\\\"\\\\\\]"),
            ("%[bin(090a1f7f)]", "\t%0A%1F%7F"),
            ("%{+X}ci", "C0000207"),
            ("%{+X}cp", "9C40"),
            ("%ci:%cp", "192.0.2.7:40000"),
            ("%(a)b", "www"),
            ("%(a:sint)[path]", "/a/b.html"),
            ("%r", "GET /a/b.html?q=1&r=two&q=3 HTTP/1.1"),
            (
                "%HM %HU %HP %HQ %HV",
                "GET /a/b.html?q=1&r=two&q=3 /a/b.html ?q=1&r=two&q=3 HTTP/1.1",
            ),
        ] {
            assert_eq!(render(Purpose::Http, text).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn in_logs() {
        // Recorded from HAProxy 3.4 with `log-format`.
        for (text, want) in [
            ("a   b %[var(txn.none)]", "a b -"),
            ("%CC|%{+Q}CC|%ID", "-|\"\"|-"),
            ("%{+Q}[bin(41)]", "\"A\""),
            ("%{+Q}[int(5)]", "\"5\""),
            ("%{+Q,+E}[bin(2241)]", "\"\\\"A\""),
            ("%{+E}[bin(22235d5c)]", "\\\"#\\]\\\\"),
            ("%[bin(0a0141)]", "\n\u{1}A"),
        ] {
            assert_eq!(render(Purpose::Log, text).as_deref(), Ok(want), "{text}");
        }
        let head = "GET http://h/a\"{|}? HTTP/1.1\r\nHost: h";
        let shown = |text| render_on(Stream::on(head), Purpose::Log, text).unwrap();
        assert_eq!(shown("%HU %HP"), "http://h/a#22{|}? http://h/a#22{|}");
        assert_eq!(shown("%HPO|%HQ"), "/a#22{|}|?");
        let star = Stream::on("OPTIONS * HTTP/1.1\r\nHost: h");
        assert_eq!(
            render_on(star, Purpose::Log, "%HPO|%HQ|%HU").unwrap(),
            "||*"
        );
    }

    #[test]
    fn faults() {
        // Recorded from HAProxy 3.4.
        for (text, want) in [
            (
                "%[pathh]",
                "failed to parse sample expression <pathh]> : unknown fetch method 'pathh'",
            ),
            ("%[path", "missing ']' after 'path'"),
            (
                "%[]",
                "failed to parse sample expression <]> : missing fetch method",
            ),
            (
                "%[path,]",
                "failed to parse sample expression <path,]> : unknown converter ''",
            ),
            ("%[path lower]", "expected ']' after 'path', but found ' '"),
            ("%", "truncated line after '%'"),
            ("%{[path]", "truncated line after '[path]'"),
            (
                "%zz",
                "no such format alias 'zz'. If you wanted to emit the '%' character verbatim, you need to use '%%'",
            ),
            (
                "%1",
                "unexpected alias name near '1' at position 1 line : '%1'. Maybe you want to write a single '%', use the syntax '%%'",
            ),
            (
                "%(name:int)[path]",
                "unexpected output type 'int' at position 7 line : '%(name:int)[path]'. Supported types are: str, sint, bool, raw",
            ),
            (
                "%[src,add(1)]",
                "failed to parse sample expression <src,add(1)]> : converter 'add' cannot be applied",
            ),
            (
                "%[status]",
                "sample fetch <status> may not be reliably used here because it needs 'HTTP response' which is not available here",
            ),
        ] {
            assert_eq!(
                render(Purpose::Http, text).unwrap_err(),
                want.into(),
                "{text}"
            );
        }
    }
}

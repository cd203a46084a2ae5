//! Log-format strings: text, `%aliases` and `%[expressions]` (manual 8.2.6).

use super::compile::{Compile, Fault};
use super::expr::Expr;
use super::value::{Sample, Type};
use super::view::{Eval, LogStep};
use crate::config::directive::Word;
use bitflags::bitflags;

pub mod alias;
mod encode;
mod parse;

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
        /// `json`
        const JSON = 1 << 4;
        /// `cbor`
        const CBOR = 1 << 5;
    }
}

/// What the text is for, which decides what happens to unprintable bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Header values, targets, bodies: control characters become `%XX`.
    #[default]
    Http,
    /// What health checks send and say, and bodies of answers: as it is.
    Check,
    /// As `Http`, but blanks are merged.
    UniqueId,
    /// Log lines: what is logged of a request is escaped as `#XX`, nothing becomes `-`, blanks are
    /// merged.
    Log,
}

/// A compiled log-format string.
#[derive(Clone, Debug, Default)]
pub struct LogFormat {
    items: Vec<Item>,
    purpose: Purpose,
    /// `%{+json}o` or `%{+cbor}o`: only named items count, and the whole is one map.
    encoding: Flags,
}

/// The type that an item is made, `%(name:type)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cast {
    Text,
    Number,
    Bool,
    Raw,
}

impl Cast {
    fn kind(self) -> Type {
        match self {
            Cast::Text => Type::Str,
            Cast::Number => Type::Sint,
            Cast::Bool => Type::Bool,
            Cast::Raw => Type::Bin,
        }
    }
}

/// What stands around an item.
#[derive(Clone, Debug, Default)]
struct Manner {
    flags: Flags,
    name: Option<Box<[u8]>>,
    cast: Option<Cast>,
}

#[derive(Clone, Debug)]
enum Item {
    Text(Box<[u8]>),
    Alias(&'static Alias, Manner),
    Expr(Box<Expr>, Manner),
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

    /// Text that is not looked at.
    pub fn text(text: &[u8]) -> LogFormat {
        LogFormat {
            items: vec![Item::Text(text.into())],
            ..LogFormat::default()
        }
    }

    /// The text if there is nothing to evaluate.
    pub fn constant(&self) -> Option<&[u8]> {
        match self.items.as_slice() {
            _ if !self.encoding.is_empty() => None,
            [] => Some(&[]),
            [Item::Text(t)] => Some(t),
            _ => None,
        }
    }

    /// Nothing is in it that shows.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether it tells what is only known when the stream ends.
    pub fn tells_the_end(&self) -> bool {
        self.aliases().any(Alias::tells_the_end)
    }

    /// Whether it counts the lines of its front end (`%lc`).
    pub fn counts_lines(&self) -> bool {
        self.aliases().any(|a| a.name == "lc")
    }

    fn aliases(&self) -> impl Iterator<Item = &'static Alias> {
        self.items.iter().filter_map(|item| match item {
            Item::Alias(alias, _) => Some(*alias),
            _ => None,
        })
    }

    fn flush(&mut self, literal: &mut Vec<u8>) {
        if !literal.is_empty() {
            self.items.push(Item::Text(std::mem::take(literal).into()));
        }
    }

    /// Appends the text to `out`.
    pub fn render(&self, e: &Eval<'_>, out: &mut Vec<u8>) {
        if !self.encoding.is_empty() {
            return self.render_map(e, out);
        }
        let merges = !matches!(self.purpose, Purpose::Http | Purpose::Check);
        // what stands before is a blank, or nothing
        let mut blank = merges;
        for item in &self.items {
            let manner = match item {
                Item::Text(t) => {
                    let text = match t.strip_prefix(b" ") {
                        Some(rest) if blank => rest,
                        _ => t,
                    };
                    match text {
                        // most are a single blank: no call for that
                        [byte] => out.push(*byte),
                        text => out.extend_from_slice(text),
                    }
                    blank = merges && (t.ends_with(b" ") || blank && text.is_empty());
                    continue;
                }
                Item::Alias(_, manner) | Item::Expr(_, manner) => manner,
            };
            if manner.flags.intersects(Flags::JSON | Flags::CBOR) {
                self.encode(item, e, manner.flags, out);
                blank = false;
                continue;
            }
            let flags = manner.flags;
            let start = out.len();
            match item {
                Item::Text(_) => {}
                Item::Alias(alias, _) => {
                    (alias.eval)(e, flags, out);
                    if out.len() == start && alias.lists_captures() {
                        // without captures there is no field, nor a blank for it
                        continue;
                    }
                    if !alias.is_list {
                        let hex = flags.contains(Flags::HEX) && alias.shows_hex();
                        self.finish(start, flags, alias.quoted && !hex, alias.logged, out);
                    }
                }
                Item::Expr(expr, _) => {
                    match expr.eval(e) {
                        Some(Sample::Bin(b)) if flags.contains(Flags::BINARY) => {
                            out.extend_from_slice(b);
                            blank = false;
                            continue;
                        }
                        Some(sample) => sample.append(out),
                        None => {}
                    }
                    // Only log lines put expressions in quotes.
                    let quoted = self.purpose == Purpose::Log;
                    self.finish(start, flags, quoted, Logged::Raw, out);
                }
            }
            blank = false;
        }
    }

    /// Escapes and quotes what an item appended from `start` on.
    #[inline]
    fn finish(&self, start: usize, flags: Flags, quoted: bool, logged: Logged, out: &mut Vec<u8>) {
        // numbers and addresses of an ordinary log line need neither
        let plain = self.purpose == Purpose::Log && logged == Logged::Raw && flags.is_empty();
        if !plain || out.len() == start {
            self.dress(start, flags, quoted, logged, out);
        }
    }

    fn dress(&self, start: usize, flags: Flags, quoted: bool, logged: Logged, out: &mut Vec<u8>) {
        let quote = quoted && flags.contains(Flags::QUOTE);
        let log = self.purpose == Purpose::Log;
        if out.len() == start {
            if quote {
                out.extend_from_slice(b"\"\"");
            } else if log && logged.dash() {
                out.push(b'-');
            }
            return;
        }
        let backslash = flags.contains(Flags::ESCAPE);
        if self.purpose == Purpose::Check || log && logged == Logged::Raw && !(backslash || quote) {
            return;
        }
        let mark = if log { b'#' } else { b'%' };
        escape(out, start, |b| {
            let hex = match log {
                true => logged.escapes(b),
                false => (b < b' ' && b != b'\t') || b == 0x7f,
            };
            if hex {
                return Escape::Hex(mark);
            }
            if backslash && b"\"\\]".contains(&b) {
                return Escape::Backslash;
            }
            Escape::None
        });
        if quote {
            out.insert(start, b'"');
            out.push(b'"');
        }
    }
}

/// How a byte is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escape {
    None,
    /// A backslash in front.
    Backslash,
    /// This character and two digits in its place.
    Hex(u8),
}

/// Rewrites what stands in `out` from `start` on, in place.
fn escape(out: &mut Vec<u8>, start: usize, how: impl Fn(u8) -> Escape) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |n: u8| HEX.get(usize::from(n)).copied().unwrap_or(b'0');
    let old = out.len();
    let extra: usize = out
        .iter()
        .skip(start)
        .map(|b| match how(*b) {
            Escape::None => 0,
            Escape::Backslash => 1,
            Escape::Hex(_) => 2,
        })
        .sum();
    if extra == 0 {
        return;
    }
    out.resize(old + extra, 0);
    let (mut read, mut write) = (old, old + extra);
    // from the end to the begin, so that nothing is written over before it is read
    while read > start && write > read {
        read -= 1;
        let Some(b) = out.get(read).copied() else {
            return;
        };
        let text: [u8; 3] = match how(b) {
            Escape::None => [0, 0, b],
            Escape::Backslash => [0, b'\\', b],
            Escape::Hex(mark) => [mark, digit(b >> 4), digit(b & 15)],
        };
        let len = match how(b) {
            Escape::None => 1,
            Escape::Backslash => 2,
            Escape::Hex(_) => 3,
        };
        write -= len;
        let (from, to) = (text.get(3 - len..), out.get_mut(write..write + len));
        if let (Some(from), Some(to)) = (from, to) {
            to.copy_from_slice(from);
        }
    }
}

/// The name of a step, for `%OG`.
fn origin(e: &Eval<'_>) -> &'static str {
    e.view
        .log()
        .map_or(LogStep::Unspecified, |l| l.step)
        .origin()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, Stream};
    use super::*;
    use bstr::BStr;

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

//! The encodings of log-format strings: JSON (RFC 8259) and CBOR (RFC 8949, in hexadecimal unless
//! `+bin` is set), as HAProxy writes them.

use super::alias::{Alias, Logged};
use super::{Cast, Escape, Flags, Item, LogFormat, Manner, escape};
use crate::sample::value::{Sample, Type};
use crate::sample::view::{Direction, Eval};
use std::io::Write;

/// What is encoded of an item.
enum Value<'a> {
    /// Nothing: `null` in CBOR, empty text in JSON.
    Missing,
    /// No slots to be listed.
    Null,
    Bool(bool),
    Int(i64),
    Text(&'a [u8]),
    /// As it is, whatever becomes of the encoding.
    Raw(&'a [u8]),
}

impl LogFormat {
    /// All named items as one map.
    pub(super) fn render_map(&self, e: &Eval<'_>, out: &mut Vec<u8>) {
        let json = self.encoding.contains(Flags::JSON);
        let mut first = true;
        match json {
            true => out.push(b'{'),
            false => self.cbor(out).byte(0xbf),
        }
        for item in &self.items {
            let (Item::Alias(_, manner) | Item::Expr(_, manner)) = item else {
                continue;
            };
            let Some(name) = &manner.name else { continue };
            if json {
                if !std::mem::take(&mut first) {
                    out.extend_from_slice(b", ");
                }
                json_text(name, Logged::Raw, out);
                out.extend_from_slice(b": ");
            } else {
                self.cbor(out).text(name);
            }
            self.encode(item, e, self.encoding, out);
        }
        match json {
            true => out.push(b'}'),
            false => self.cbor(out).byte(0xff),
        }
    }

    fn cbor<'o>(&self, out: &'o mut Vec<u8>) -> Cbor<'o> {
        Cbor {
            out,
            binary: self.encoding.contains(Flags::BINARY),
        }
    }

    /// One item.
    pub(super) fn encode(&self, item: &Item, e: &Eval<'_>, encoding: Flags, out: &mut Vec<u8>) {
        let json = encoding.contains(Flags::JSON);
        match item {
            Item::Text(_) => {}
            Item::Alias(alias, _) if alias.lists_captures() => {
                self.encode_captures(alias, e, json, out);
            }
            Item::Alias(alias, manner) => {
                let mut text = e.scratch.take_text();
                let value = alias_value(alias, manner, e, json, &mut text);
                self.write(value, alias.logged, json, out);
                e.scratch.give_text(text);
            }
            Item::Expr(expr, manner) => {
                let mut found = expr.eval(e);
                if let Some(cast) = manner.cast {
                    found = found.and_then(|s| s.cast(cast.kind(), e.scratch));
                }
                let raw = manner.cast == Some(Cast::Raw);
                let keep = self.encoding.contains(Flags::BINARY);
                let value = match found {
                    None if raw => Value::Raw(b""),
                    None => Value::Missing,
                    Some(Sample::Bin(b)) if raw => Value::Raw(b),
                    Some(Sample::Bin(b)) if keep && json => Value::Raw(b),
                    Some(Sample::Bin(b)) if json => {
                        Value::Text(b.split(|b| *b == 0).next().unwrap_or_default())
                    }
                    Some(Sample::Bin(b)) => return self.cbor(out).bytes(b),
                    Some(Sample::Bool(b)) => Value::Bool(b),
                    Some(Sample::Int(n)) => Value::Int(n),
                    Some(sample) => match sample.cast(Type::Str, e.scratch) {
                        Some(Sample::Str(s)) => Value::Text(s),
                        _ => Value::Missing,
                    },
                };
                self.write(value, Logged::Raw, json, out);
            }
        }
    }

    fn write(&self, value: Value<'_>, logged: Logged, json: bool, out: &mut Vec<u8>) {
        if let Value::Raw(bytes) = value {
            return out.extend_from_slice(bytes);
        }
        if json {
            let _ = match value {
                Value::Null => out.write_all(b"null"),
                Value::Bool(b) => write!(out, "{b}"),
                Value::Int(n) => write!(out, "{n}"),
                Value::Text(text) => {
                    json_text(text, logged, out);
                    Ok(())
                }
                Value::Missing | Value::Raw(_) => out.write_all(b"\"\""),
            };
            return;
        }
        let mut cbor = self.cbor(out);
        match value {
            Value::Bool(b) => cbor.byte(if b { 0xf5 } else { 0xf4 }),
            Value::Int(n) => cbor.int(n),
            Value::Text(text) if logged == Logged::Raw => cbor.text(text),
            Value::Text(text) => {
                cbor.byte(0x7f);
                cbor.pieces(text, logged);
                cbor.byte(0xff);
            }
            Value::Missing | Value::Null | Value::Raw(_) => cbor.byte(0xf6),
        }
    }

    /// `%hr` and its relatives: text in braces, or a list.
    fn encode_captures(&self, alias: &Alias, e: &Eval<'_>, json: bool, out: &mut Vec<u8>) {
        let direction = alias.direction();
        let slots = e.view.captures().filter(|c| c.has(direction));
        let Some(captures) = slots else {
            return self.write(Value::Null, Logged::Raw, json, out);
        };
        match (json, alias.is_list) {
            (true, true) => {
                out.push(b'[');
                let mut first = true;
                captures.each(direction, |value| {
                    if !std::mem::take(&mut first) {
                        out.extend_from_slice(b", ");
                    }
                    json_text(value.unwrap_or(b"-"), Logged::Captured, out);
                });
                out.push(b']');
            }
            (true, false) => {
                out.push(b'"');
                let start = out.len();
                (alias.eval)(e, Flags::empty(), out);
                escape(out, start, json_escape);
                out.push(b'"');
            }
            (false, list) => {
                let mut cbor = self.cbor(out);
                let mut first = true;
                cbor.byte(if list { 0x9f } else { 0x7f });
                if !list {
                    cbor.text(b"{");
                }
                captures.each(direction, |value| {
                    if list {
                        cbor.byte(0x7f);
                        cbor.pieces(value.unwrap_or(b"-"), Logged::Captured);
                        cbor.byte(0xff);
                    } else {
                        if !std::mem::take(&mut first) {
                            cbor.text(b"|");
                        }
                        cbor.pieces(value.unwrap_or_default(), Logged::Captured);
                    }
                });
                if !list {
                    cbor.text(b"}");
                }
                cbor.byte(0xff);
            }
        }
    }
}

/// The value of an alias; its text is made in `text`.
fn alias_value<'t>(
    alias: &Alias,
    manner: &Manner,
    e: &Eval<'_>,
    json: bool,
    text: &'t mut Vec<u8>,
) -> Value<'t> {
    (alias.eval)(e, manner.flags & Flags::HEX, text);
    if text.is_empty() {
        return Value::Missing;
    }
    let hex = manner.flags.contains(Flags::HEX) && alias.shows_hex();
    if alias.quoted || hex {
        return Value::Text(text);
    }
    let digits = text.strip_prefix(b"+").unwrap_or(text);
    let number = std::str::from_utf8(digits)
        .ok()
        .and_then(|t| t.parse().ok());
    // in CBOR, HAProxy leaves numbers as they are
    match (number, manner.cast.filter(|_| json)) {
        (None, _) | (Some(_), Some(Cast::Text)) => Value::Text(text),
        (Some(n), Some(Cast::Bool)) => Value::Bool(n != 0),
        (Some(n), _) => Value::Int(n),
    }
}

fn json_escape(b: u8) -> Escape {
    match b {
        b'"' | b'\\' => Escape::Backslash,
        _ => Escape::None,
    }
}

/// Text in quotes; only quotes and backslashes are escaped, as by HAProxy.
fn json_text(text: &[u8], logged: Logged, out: &mut Vec<u8>) {
    out.push(b'"');
    let start = out.len();
    out.extend_from_slice(text);
    escape(out, start, |b| match logged.escapes(b) {
        true => Escape::Hex(b'#'),
        false => Escape::None,
    });
    escape(out, start, json_escape);
    out.push(b'"');
}

struct Cbor<'o> {
    out: &'o mut Vec<u8>,
    binary: bool,
}

impl Cbor<'_> {
    fn byte(&mut self, b: u8) {
        match self.binary {
            true => self.out.push(b),
            // writing to a vector cannot fail
            false => drop(write!(self.out, "{b:02X}")),
        }
    }

    fn head(&mut self, major: u8, n: u64) {
        let major = major << 5;
        let be = n.to_be_bytes();
        let (info, bytes): (u8, &[u8]) = match n {
            0..=23 => (n as u8, &[]),
            24..=0xff => (24, &be[7..]),
            0x100..=0xffff => (25, &be[6..]),
            0x1_0000..=0xffff_ffff => (26, &be[4..]),
            _ => (27, &be),
        };
        self.byte(major | info);
        bytes.iter().for_each(|b| self.byte(*b));
    }

    fn int(&mut self, n: i64) {
        match u64::try_from(n) {
            Ok(n) => self.head(0, n),
            Err(_) => self.head(1, !n as u64),
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.byte(0x5f);
        self.head(2, bytes.len() as u64);
        bytes.iter().for_each(|b| self.byte(*b));
        self.byte(0xff);
    }

    fn text(&mut self, text: &[u8]) {
        self.head(3, text.len() as u64);
        text.iter().for_each(|b| self.byte(*b));
    }

    /// Pieces of one text: what stands before each escaped byte, and the escape.
    fn pieces(&mut self, text: &[u8], logged: Logged) {
        let mut rest = text;
        while let Some(at) = rest.iter().position(|b| logged.escapes(*b)) {
            let (plain, tail) = rest.split_at(at);
            self.text(plain);
            let mut escaped = *b"#..";
            if let Some((b, after)) = tail.split_first() {
                let _ = write!(&mut escaped[1..], "{b:02X}");
                rest = after;
            }
            self.text(&escaped);
        }
        if !rest.is_empty() {
            self.text(rest);
        }
    }
}

impl Alias {
    /// Whose slots it lists.
    pub(super) fn direction(&self) -> Direction {
        match self.name {
            "hr" | "hrl" => Direction::Request,
            _ => Direction::Response,
        }
    }
}

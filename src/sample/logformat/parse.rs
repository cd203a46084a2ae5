//! Reading log-format strings.

use super::{Cast, Flags, Item, LogFormat, Manner, Purpose, alias};
use crate::grammar;
use crate::sample::compile::{Compile, Fault};
use crate::sample::expr::Expr;
use bstr::BStr;

impl LogFormat {
    /// Compiles text for a purpose; the error is HAProxy's.
    pub fn parse_for(
        purpose: Purpose,
        text: &[u8],
        cx: &mut Compile<'_>,
    ) -> Result<LogFormat, Fault> {
        let mut out = LogFormat {
            purpose,
            ..LogFormat::default()
        };
        let mut global = Flags::empty();
        let mut literal: Vec<u8> = Vec::new();
        let mut at = 0;
        while let Some(&b) = text.get(at) {
            at += 1;
            if b != b'%' {
                let blank = b == b' ' && literal.last() == Some(&b' ');
                if !blank || matches!(purpose, Purpose::Http | Purpose::Check) {
                    literal.push(b);
                }
                continue;
            }
            let mut manner = Manner {
                flags: global,
                ..Manner::default()
            };
            let mut plain = true;
            if text.get(at) == Some(&b'(') {
                at = item_name(text, at, &mut manner)?;
                plain = false;
            }
            if text.get(at) == Some(&b'{') {
                let open = at;
                at = item_flags(text, at, &mut manner.flags)?;
                let named = |b: &u8| *b == b'[' || b.is_ascii_alphabetic();
                if !text.get(at).is_some_and(named) {
                    return Err(format!(
                        "parse argument modifier without alias name near '%{}'",
                        BStr::new(text.get(open..at).unwrap_or_default())
                    )
                    .into());
                }
            }
            match text.get(at) {
                None => return Err("truncated line after '%'".into()),
                Some(b'[') => {
                    let rest = text.get(at + 1..).unwrap_or_default();
                    let (expr, used) = expression(rest, cx)?;
                    at += 1 + used;
                    out.flush(&mut literal);
                    out.items.push(Item::Expr(Box::new(expr), manner));
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
                        global = manner.flags;
                        let encodings = Flags::JSON | Flags::CBOR | Flags::BINARY;
                        if global.intersects(Flags::JSON | Flags::CBOR) {
                            out.encoding = global & encodings;
                        }
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
                    cx.asks_server_connection |= matches!(found.name, "bi" | "bp");
                    out.flush(&mut literal);
                    out.items.push(Item::Alias(found, manner));
                }
                Some(&b) if b.is_ascii_digit() || !plain => {
                    return Err(format!(
                        "unexpected alias name near '{}' at position {at} line : '{}'. Maybe you \
                         want to write a single '%', use the syntax '%%'",
                        char::from(b),
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
}

/// Reads `(name:type)`; returns where it ends.
fn item_name(text: &[u8], open: usize, manner: &mut Manner) -> Result<usize, String> {
    let rest = text.get(open + 1..).unwrap_or_default();
    let end = rest
        .iter()
        .position(|b| !(b.is_ascii_alphanumeric() || b"_-.:".contains(b)))
        .unwrap_or(rest.len());
    match rest.get(end) {
        Some(b')') => {}
        None => return Err("invalid character in custom name near '".into()),
        Some(b) => {
            return Err(format!(
                "invalid character in custom name near '{}' at position {} line : '{}'",
                char::from(*b),
                open + 1 + end,
                BStr::new(text)
            ));
        }
    }
    let inner = rest.get(..end).unwrap_or_default();
    let mut name = inner;
    if let Some(colon) = memchr::memchr(b':', inner) {
        name = inner.get(..colon).unwrap_or_default();
        let kind = inner.get(colon + 1..).unwrap_or_default();
        manner.cast = Some(match kind {
            b"str" => Cast::Text,
            b"sint" => Cast::Number,
            b"bool" => Cast::Bool,
            b"raw" => Cast::Raw,
            _ => {
                return Err(format!(
                    "unexpected output type '{}' at position {} line : '{}'. Supported types are: \
                     str, sint, bool, raw",
                    BStr::new(kind),
                    open + 1 + colon + 1,
                    BStr::new(text)
                ));
            }
        });
    }
    if !name.is_empty() {
        manner.name = Some(name.into());
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
            b"json" => Flags::JSON,
            b"cbor" => Flags::CBOR,
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

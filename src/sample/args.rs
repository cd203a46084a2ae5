//! Arguments of fetches and converters: `(a,"b c",3)`.

use super::acl::Acl;
use super::compile::Compile;
use super::regex::Regex;
use super::value::whole_int;
use super::vars::{Scope, VarId};
use crate::table::Table;
use bstr::BStr;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// What an argument must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `string`
    Str,
    /// `integer`
    Int,
    /// `IPv4 address`
    Ipv4,
    /// `IPv4 mask`: bits or dotted
    Mask4,
    /// `IPv6 address`
    Ipv6,
    /// `IPv6 mask`: bits
    Mask6,
    /// `backend`: a proxy with servers; empty: the current one
    Backend,
    /// `frontend`
    Frontend,
    /// `server`: `backend/server`, or a server of the current back end
    Server,
    /// `regex`
    Regex,
    /// `table`: a proxy or peers section with a stick table; empty: the current proxy's
    Table,
    /// `user list`
    UserList,
    /// `Protocol buffers field number`: numbers with dots between them
    FieldNumber,
}

impl Kind {
    /// HAProxy's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Str => "string",
            Kind::Int => "integer",
            Kind::Ipv4 => "IPv4 address",
            Kind::Mask4 => "IPv4 mask",
            Kind::Ipv6 => "IPv6 address",
            Kind::Mask6 => "IPv6 mask",
            Kind::Backend => "backend",
            Kind::Frontend => "frontend",
            Kind::Server => "server",
            Kind::Regex => "regex",
            Kind::Table => "table",
            Kind::UserList => "user list",
            Kind::FieldNumber => "Protocol buffers field number",
        }
    }
}

/// A parsed argument. A missing optional one is simply not there, or [`Arg::None`] when a later
/// one is.
#[derive(Clone, Debug)]
pub enum Arg {
    /// Left out.
    None,
    /// Text.
    Str(Box<[u8]>),
    /// A number.
    Int(i64),
    /// An address or mask.
    V4(Ipv4Addr),
    /// An address or mask.
    V6(Ipv6Addr),
    /// A proxy's place in the configuration.
    Proxy(u32),
    /// A server: its proxy's place, its own place there.
    Server(u32, u32),
    /// A regex.
    Regex(Regex),
    /// Users.
    Users(Arc<super::users::UserList>),
    /// A stick table.
    Table(Arc<Table>),
    /// A map.
    Map(super::conv::Map),
    /// A named ACL, and whether it is negated.
    Acl(Arc<Acl>, bool),
    /// A variable, where a converter takes one instead of a constant.
    Var(Scope, VarId),
    /// The keys that tokens are verified and decrypted with.
    Keys(Arc<super::keys::Keys>),
}

impl Arg {
    /// Its text, empty for anything else.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Arg::Str(s) => s,
            _ => &[],
        }
    }
}

/// The text of argument `i`; empty when missing.
pub fn text(args: &[Arg], i: usize) -> &[u8] {
    args.get(i).map(Arg::bytes).unwrap_or_default()
}

/// The number of argument `i`.
pub fn int(args: &[Arg], i: usize) -> Option<i64> {
    match args.get(i) {
        Some(Arg::Int(n)) => Some(*n),
        _ => None,
    }
}

/// Parses what stands behind a keyword: `(...)` or nothing. Returns the arguments and the number
/// of bytes eaten; else HAProxy's message.
///
/// As in HAProxy, text may be empty even where it is required, an empty optional argument of
/// another type ends the list, and a missing parenthesis counts as one empty argument.
pub fn parse(
    text: &[u8],
    kinds: &[Kind],
    required: usize,
    cx: &mut Compile<'_>,
) -> Result<(Vec<Arg>, usize), Fault> {
    let open = text.first() == Some(&b'(');
    if !open && required == 0 {
        return Ok((Vec::new(), 0));
    }
    let mut at = usize::from(open);
    let mut args: Vec<Arg> = Vec::new();
    while let Some(&kind) = kinds.get(args.len()) {
        let index = args.len() + 1;
        let (word, next) = match open {
            true => word(text, at).ok_or_else(|| Fault::at(index, expected_paren(&[])))?,
            false => (Vec::new(), at),
        };
        if word.is_empty() && kind != Kind::Str {
            let named = matches!(
                kind,
                Kind::Backend | Kind::Frontend | Kind::Server | Kind::Table
            );
            if args.len() >= required && !named {
                break;
            }
            if !named {
                return Err(Fault::at(
                    index,
                    format!(
                        "expected type '{}' at position {index}, but got nothing",
                        kind.name()
                    ),
                ));
            }
        }
        args.push(one(&word, kind, index, cx)?);
        at = next;
        if !open || text.get(at) != Some(&b',') || args.len() >= kinds.len() {
            break;
        }
        at += 1;
    }
    if args.len() < required {
        return Err(Fault::at(
            args.len() + 1,
            format!(
                "missing arguments (got {}/{required}), type '{}' expected",
                args.len(),
                kinds.get(args.len()).map_or("", |k| k.name())
            ),
        ));
    }
    if !open {
        return Ok((args, 0));
    }
    match text.get(at) {
        Some(b')') => Ok((args, at + 1)),
        _ => {
            // An empty optional argument left its comma unread.
            let from = match text.get(at.wrapping_sub(1)) {
                Some(b',') if text.get(at).is_some() && !args.is_empty() => at - 1,
                _ => at,
            };
            let rest = text.get(from..).unwrap_or_default();
            let index = match rest {
                [] => args.len().max(1),
                _ => args.len() + 1,
            };
            Err(Fault::at(index, expected_paren(rest)))
        }
    }
}

/// A fault in an argument list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The argument, from 1.
    pub index: usize,
    /// HAProxy's words.
    pub message: String,
}

impl Fault {
    fn at(index: usize, message: String) -> Self {
        Fault { index, message }
    }
}

fn expected_paren(rest: &[u8]) -> String {
    match rest {
        [] => "expected ')'".into(),
        _ => format!("expected ')' before '{}'", BStr::new(rest)),
    }
}

/// One argument's text from `at` on: up to `,` or `)`, with the quotes and escapes of the
/// configuration language (manual 2.2, without `\#`, `\$` and `\xNN`). `None`: an open quote.
fn word(text: &[u8], mut at: usize) -> Option<(Vec<u8>, usize)> {
    let mut out = Vec::new();
    let mut quote = 0u8;
    while let Some(&b) = text.get(at) {
        match b {
            b'"' | b'\'' if quote == 0 => quote = b,
            _ if b == quote => quote = 0,
            b'\\' if quote != b'\'' => {
                let escaped = match text.get(at + 1) {
                    Some(b'r') => Some(b'\r'),
                    Some(b'n') => Some(b'\n'),
                    Some(b't') => Some(b'\t'),
                    Some(&c @ (b'\\' | b'"' | b'\'')) => Some(c),
                    Some(b' ') => Some(b' '),
                    _ => None,
                };
                match escaped {
                    Some(c) => {
                        out.push(c);
                        at += 1;
                    }
                    None => out.push(b'\\'),
                }
            }
            b',' | b')' if quote == 0 => return Some((out, at)),
            _ => out.push(b),
        }
        at += 1;
    }
    (quote == 0).then_some((out, at))
}

fn one(word: &[u8], kind: Kind, index: usize, cx: &mut Compile<'_>) -> Result<Arg, Fault> {
    let bad = || {
        Fault::at(
            index,
            format!(
                "failed to parse '{}' as type '{}' at position {index}",
                BStr::new(word),
                kind.name()
            ),
        )
    };
    let utf8 = || std::str::from_utf8(word).map_err(|_| bad());
    Ok(match kind {
        Kind::Str => Arg::Str(word.into()),
        Kind::Int => Arg::Int(whole_int(word).ok_or_else(bad)?),
        Kind::Ipv4 => Arg::V4(utf8()?.parse().map_err(|_| bad())?),
        Kind::Ipv6 => Arg::V6(utf8()?.parse().map_err(|_| bad())?),
        Kind::Mask4 => Arg::V4(mask4(word).ok_or_else(bad)?),
        Kind::Mask6 => Arg::V6(mask6(word).ok_or_else(bad)?),
        Kind::Backend => Arg::Proxy(match word {
            [] => {
                if cx.owner.starts_with("frontend") {
                    cx.no_capability("backend", index);
                }
                cx.names.current().unwrap_or(u32::MAX)
            }
            _ => cx.names.backend(word).unwrap_or_else(|| {
                cx.unresolved("backend", word, index);
                u32::MAX
            }),
        }),
        Kind::Frontend => Arg::Proxy(match word {
            [] => {
                if cx.owner.starts_with("backend") {
                    cx.no_capability("frontend", index);
                }
                cx.names.current().unwrap_or(u32::MAX)
            }
            _ => cx.names.frontend(word).unwrap_or_else(|| {
                cx.unresolved("frontend", word, index);
                u32::MAX
            }),
        }),
        Kind::Server => {
            let mut parts = word.splitn(2, |&b| b == b'/');
            let (first, second) = (parts.next().unwrap_or_default(), parts.next());
            let (backend, server) = match second {
                Some(server) => (cx.names.backend_of_server(first), server),
                None if cx.inherited => {
                    cx.nameless("backend", index);
                    return Ok(Arg::None);
                }
                None => (cx.names.current(), first),
            };
            match backend {
                None => {
                    cx.unresolved("backend", first, index);
                    Arg::None
                }
                Some(be) => match cx.names.server(be, server) {
                    Some(s) => Arg::Server(be, s),
                    None => {
                        cx.unresolved("server", server, index);
                        Arg::None
                    }
                },
            }
        }
        Kind::Table if word.is_empty() && cx.inherited => {
            cx.nameless("table", index);
            Arg::None
        }
        Kind::Table => {
            if let Some(table) = cx.names.table(word) {
                return Ok(Arg::Table(table));
            }
            let table = match word {
                [] => cx.proxy_name(),
                _ => word.to_vec(),
            };
            cx.unresolved("table", &table, index);
            Arg::None
        }
        Kind::UserList => match cx.names.user_list(word) {
            Some(list) => Arg::Users(list),
            None => {
                cx.unresolved_list(word, index);
                Arg::None
            }
        },
        Kind::FieldNumber => {
            let number = |n: &[u8]| !n.is_empty() && n.iter().all(u8::is_ascii_digit);
            match word.split(|b| *b == b'.').all(number) {
                true => Arg::Str(word.into()),
                false => return Err(bad()),
            }
        }
        // Built by the keyword's check, which knows the flags.
        Kind::Regex => Arg::Str(word.into()),
    })
}

/// Turns an argument's text into the ACL it names, `!` in front of it included; the error is
/// HAProxy's.
pub fn acl(arg: &mut Arg, cx: &mut Compile<'_>) -> Result<(), String> {
    let word = arg.bytes();
    let (negated, name) = match word.strip_prefix(b"!") {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    let found = match cx.acls.find(name, cx.span) {
        Some(named) => Some(named.clone()),
        None => Acl::predefined(name, cx).map(Arc::new),
    };
    let found = found.ok_or_else(|| format!("ACL '{}' not found", BStr::new(name)))?;
    *arg = Arg::Acl(found, negated);
    Ok(())
}

/// A mask as bits or dotted: `24`, `255.255.255.0`.
pub fn mask4(text: &[u8]) -> Option<Ipv4Addr> {
    if let Some(bits) = whole_int(text) {
        let bits = u32::try_from(bits).ok().filter(|b| *b <= 32)?;
        return Some(Ipv4Addr::from(u32::MAX.checked_shl(32 - bits).unwrap_or(0)));
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A mask as bits or as an address: `64`, `ffff::`.
pub fn mask6(text: &[u8]) -> Option<Ipv6Addr> {
    if let Some(bits) = whole_int(text) {
        let bits = u32::try_from(bits).ok().filter(|b| *b <= 128)?;
        return Some(Ipv6Addr::from(
            u128::MAX.checked_shl(128 - bits).unwrap_or(0),
        ));
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::compile::NoNames;
    use super::super::places::Places;
    use super::*;

    fn try_parse(text: &str, kinds: &[Kind], required: usize) -> Result<Vec<String>, String> {
        let mut cx = Compile::new(Places::FE_REQUEST, &NoNames);
        parse(text.as_bytes(), kinds, required, &mut cx)
            .map(|(args, _)| {
                args.iter()
                    .map(|a| match a {
                        Arg::Str(s) => BStr::new(&s[..]).to_string(),
                        other => format!("{other:?}"),
                    })
                    .collect()
            })
            .map_err(|f| format!("{}: {}", f.index, f.message))
    }

    #[test]
    fn quotes() {
        // Recorded from HAProxy 3.4.
        let ok = |t: &str| try_parse(t, &[Kind::Str], 1).unwrap().join("|");
        assert_eq!(ok("(12)"), "12");
        assert_eq!(ok("(\"a,b\")"), "a,b");
        assert_eq!(ok("('a,b')"), "a,b");
        assert_eq!(ok("(\"a\\,b\")"), "a\\,b");
        assert_eq!(ok("('a)b')"), "a)b");
        assert_eq!(ok("( a b )"), " a b ");
        assert_eq!(ok("('a'b)"), "ab");
        assert_eq!(ok("(a'b,c'd)"), "ab,cd");
        assert_eq!(ok("('a\\nb')"), "a\\nb");
        assert_eq!(ok("(\"\")"), "");
        let bad = |t: &str| try_parse(t, &[Kind::Str], 1).unwrap_err();
        assert_eq!(bad("(a,b)"), "2: expected ')' before ',b)'");
        assert_eq!(bad("(a\\,b)"), "2: expected ')' before ',b)'");
        assert_eq!(bad("('a\\'b')"), "1: expected ')'");
        assert_eq!(bad("(a"), "1: expected ')'");
    }

    #[test]
    fn types() {
        let two = [Kind::Str, Kind::Int];
        assert_eq!(try_parse("()", &two, 0).unwrap(), [""]);
        assert_eq!(
            try_parse("(host,x)", &two, 0).unwrap_err(),
            "2: failed to parse 'x' as type 'integer' at position 2"
        );
        assert_eq!(
            try_parse("(a,1,3)", &two, 0).unwrap_err(),
            "3: expected ')' before ',3)'"
        );
        assert_eq!(
            try_parse("(x)", &[], 0).unwrap_err(),
            "1: expected ')' before 'x)'"
        );
        assert_eq!(
            try_parse("(1)", &[Kind::Int, Kind::Str], 2).unwrap_err(),
            "2: missing arguments (got 1/2), type 'string' expected"
        );
        assert_eq!(
            try_parse("(1.2.3)", &[Kind::Ipv4], 1).unwrap_err(),
            "1: failed to parse '1.2.3' as type 'IPv4 address' at position 1"
        );
    }

    #[test]
    fn masks() {
        assert_eq!(mask4(b"24"), Some(Ipv4Addr::new(255, 255, 255, 0)));
        assert_eq!(mask4(b"0"), Some(Ipv4Addr::UNSPECIFIED));
        assert_eq!(mask4(b"255.0.0.0"), Some(Ipv4Addr::new(255, 0, 0, 0)));
        assert_eq!(mask4(b"33"), None);
        assert_eq!(mask6(b"64"), Some("ffff:ffff:ffff:ffff::".parse().unwrap()));
    }
}

//! Fetches and converters that HAProxy knows and hapax does not execute yet, made from the
//! grammar's tables, so that everything around them is checked: their arguments, where they may
//! stand, the converters behind them, the rest of the line. What was compiled with one of them
//! is never run ([`Compile::pending`](super::Compile)).

use super::args::Kind;
use super::conv::{self, Conv};
use super::fetch::{self, Fetch, Source};
use super::places::Places;
use super::value::Type;
use crate::grammar;
use std::collections::HashMap;
use std::sync::LazyLock;

static FETCHES: LazyLock<HashMap<&'static str, Fetch>> = LazyLock::new(|| {
    let unknown = |f: &&grammar::Fetch| fetch::find(f.name.as_bytes()).is_none();
    let known = grammar::fetches().iter().filter(unknown);
    known.map(|row| (row.name, stub_fetch(row))).collect()
});

static CONVERTERS: LazyLock<HashMap<&'static str, Conv>> = LazyLock::new(|| {
    let unknown = |c: &&grammar::Converter| conv::find(c.name.as_bytes()).is_none();
    let known = grammar::converters().iter().filter(unknown);
    known.map(|row| (row.name, stub_converter(row))).collect()
});

/// As many arguments as a Lua function may take.
const LUA_ARGS: &[Kind] = &[Kind::Str; 5];

static ANYWHERE: Source = Source {
    name: "internal state",
    places: Places::ANYWHERE,
};

/// What a Lua script registers: only running it would tell whether it does.
static LUA_FETCH: Fetch = Fetch {
    name: "lua.",
    args: LUA_ARGS,
    required: 0,
    out: Type::Str,
    source: &ANYWHERE,
    check: None,
    eval: |_, _, _| None,
    doc: "",
    examples: &[],
};

static LUA_CONVERTER: Conv = Conv {
    name: "lua.",
    args: LUA_ARGS,
    required: 0,
    input: Type::Str,
    out: Type::Str,
    check: None,
    eval: |_, _, _| None,
    doc: "",
    examples: &[],
};

/// The fetch of a name that no handler executes.
pub fn fetch(name: &[u8]) -> Option<&'static Fetch> {
    if name.starts_with(b"lua.") {
        return Some(&LUA_FETCH);
    }
    FETCHES.get(std::str::from_utf8(name).ok()?)
}

/// The converter of a name that no handler executes.
pub fn converter(name: &[u8]) -> Option<&'static Conv> {
    if name.starts_with(b"lua.") {
        return Some(&LUA_CONVERTER);
    }
    CONVERTERS.get(std::str::from_utf8(name).ok()?)
}

fn stub_fetch(row: &grammar::Fetch) -> Fetch {
    let (args, required) = kinds(row.args);
    let places = row.places();
    let bits = places
        .iter()
        .zip(0u32..)
        .filter(|(there, _)| **there)
        .fold(0, |all, (_, bit)| all | 1 << bit);
    let places = Places::from_bits_truncate(bits);
    // Made once for the life of the process.
    let source: &'static Source = Box::leak(Box::new(Source {
        name: source_name(places),
        places,
    }));
    Fetch {
        name: row.name,
        args,
        required,
        out: value_type(row.yields),
        source,
        check: None,
        eval: |_, _, _| None,
        doc: "",
        examples: &[],
    }
}

fn stub_converter(row: &grammar::Converter) -> Conv {
    let (args, required) = kinds(row.args);
    Conv {
        name: row.name,
        args,
        required,
        input: value_type(row.takes),
        out: value_type(row.yields),
        check: None,
        eval: |_, _, _| None,
        doc: "",
        examples: &[],
    }
}

/// `string,integer[,table]`: the kinds, and how many stand before the bracket.
fn kinds(text: &str) -> (&'static [Kind], usize) {
    let required = text.split('[').next().unwrap_or_default();
    let count = |text: &str| text.split(',').filter(|t| !t.is_empty()).count();
    let required = count(required);
    let plain: String = text.chars().filter(|c| !"[]".contains(*c)).collect();
    let kinds: Vec<Kind> = plain
        .split(',')
        .filter(|t| !t.is_empty())
        .map(|name| match name {
            "integer" => Kind::Int,
            "IPv4 address" => Kind::Ipv4,
            "IPv4 mask" => Kind::Mask4,
            "IPv6 address" => Kind::Ipv6,
            "IPv6 mask" => Kind::Mask6,
            "backend" => Kind::Backend,
            "frontend" => Kind::Frontend,
            "server" => Kind::Server,
            "regex" => Kind::Regex,
            "table" => Kind::Table,
            "user list" => Kind::UserList,
            _ => Kind::Str,
        })
        .collect();
    (Box::leak(kinds.into_boxed_slice()), required)
}

fn value_type(name: &str) -> Type {
    match name {
        "same" => Type::Same,
        "bool" => Type::Bool,
        "sint" => Type::Sint,
        "addr" => Type::Addr,
        "ipv4" => Type::Ipv4,
        "ipv6" => Type::Ipv6,
        "str" => Type::Str,
        "bin" => Type::Bin,
        "meth" => Type::Meth,
        _ => Type::Any,
    }
}

/// HAProxy's words for where a value known at these places comes from.
fn source_name(places: Places) -> &'static str {
    let sources = fetch::all().map(|f| f.source);
    let mut same = sources.filter(|s| s.places == places);
    same.next().map_or("internal state", |s| s.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_tables_is_found() {
        for row in grammar::fetches() {
            let name = row.name.as_bytes();
            assert!(
                fetch::find(name).or_else(|| fetch(name)).is_some(),
                "{row:?}"
            );
        }
        for row in grammar::converters() {
            let name = row.name.as_bytes();
            let known = conv::find(name).or_else(|| converter(name));
            assert!(known.is_some(), "{row:?}");
        }
    }

    #[test]
    fn arguments_are_read_from_the_table() {
        assert_eq!(
            kinds("string,integer[,table]"),
            (&[Kind::Str, Kind::Int, Kind::Table][..], 2)
        );
        assert_eq!(kinds("[table]"), (&[Kind::Table][..], 0));
        assert_eq!(kinds(""), (&[][..], 0));
    }
}

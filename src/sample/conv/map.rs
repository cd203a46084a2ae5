//! `map` and its family (manual 7.3.1): keys of a file to values.

use super::{Conv, Example};
use crate::sample::args::{Arg, Kind, text};
use crate::sample::compile::Compile;
use crate::sample::pattern::Method;
use crate::sample::reference::{Reading, Reference, Values};
use crate::sample::regex::expand;
use crate::sample::value::{Sample, Type, parse_ip};
use crate::sample::view::Eval;
use std::sync::Arc;

/// A compiled map.
#[derive(Clone, Debug)]
pub struct Map {
    list: Arc<Reference>,
    index: usize,
    values: Values,
}

macro_rules! map {
    ($name:literal, $method:ident, $input:ident, $out:ident, $values:ident, $default:ident,
     $check:ident, $eval:ident, $doc:literal) => {
        Conv {
            name: $name,
            args: &[Kind::Str, Kind::$default],
            required: 1,
            input: Type::$input,
            out: Type::$out,
            check: Some(|args, cx| {
                $check(args)?;
                prepare(args, cx, Method::$method, Values::$values)
            }),
            eval: $eval,
            doc: $doc,
            examples: &[Example::none(concat!("int(5),", $name, "(virt@none)"))],
        }
    };
}

/// Converters of one way of matching: text, integers, addresses and the key itself.
macro_rules! family {
    ($id:ident, $method:ident, $input:ident, [$($name:literal),+], $int:literal, $ip:literal, $key:literal) => {
        static $id: &[Conv] = &[
            $(map!($name, $method, $input, Str, Text, Str, text_default, value,
                "The text that a file has for a value."),)+
            map!($int, $method, $input, Sint, Int, Int, text_default, value,
                "The integer that a file has for a value."),
            map!($ip, $method, $input, Addr, Ip, Str, ip_default, value,
                "The address that a file has for a value."),
            Conv {
                name: $key,
                args: &[Kind::Str],
                required: 1,
                input: Type::$input,
                out: Type::Str,
                check: Some(|args, cx| prepare(args, cx, Method::$method, Values::Text)),
                eval: key,
                doc: "The key of a file that a value matches.",
                examples: &[Example::none(concat!("path,", $key, "(virt@none)"))],
            },
        ];
    };
}

family!(
    STR,
    Str,
    Str,
    ["map", "map_str"],
    "map_str_int",
    "map_str_ip",
    "map_str_key"
);
family!(
    BEG,
    Beg,
    Str,
    ["map_beg"],
    "map_beg_int",
    "map_beg_ip",
    "map_beg_key"
);
family!(
    SUB,
    Sub,
    Str,
    ["map_sub"],
    "map_sub_int",
    "map_sub_ip",
    "map_sub_key"
);
family!(
    DIR,
    Dir,
    Str,
    ["map_dir"],
    "map_dir_int",
    "map_dir_ip",
    "map_dir_key"
);
family!(
    DOM,
    Dom,
    Str,
    ["map_dom"],
    "map_dom_int",
    "map_dom_ip",
    "map_dom_key"
);
family!(
    END,
    End,
    Str,
    ["map_end"],
    "map_end_int",
    "map_end_ip",
    "map_end_key"
);
family!(
    REG,
    Reg,
    Str,
    ["map_reg"],
    "map_reg_int",
    "map_reg_ip",
    "map_reg_key"
);
family!(
    INT,
    Int,
    Sint,
    ["map_int"],
    "map_int_int",
    "map_int_ip",
    "map_int_key"
);
family!(
    IP,
    Ip,
    Addr,
    ["map_ip"],
    "map_ip_int",
    "map_ip_ip",
    "map_ip_key"
);
static REGM: &[Conv] = &[map!(
    "map_regm",
    Reg,
    Str,
    Str,
    Text,
    Str,
    text_default,
    groups,
    "As `map_reg`; `\\1` and so on in the value stand for groups of the key."
)];

/// All of them.
pub(super) static FAMILIES: &[&[Conv]] = &[STR, BEG, SUB, DIR, DOM, END, REG, INT, IP, REGM];

#[allow(clippy::unnecessary_wraps, reason = "as the other checks of a default")]
fn text_default(_: &mut [Arg]) -> Result<(), String> {
    Ok(())
}

fn ip_default(args: &mut [Arg]) -> Result<(), String> {
    let Some(Arg::Str(word)) = args.get(1) else {
        return Ok(());
    };
    let ip = parse_ip(word).ok_or_else(|| {
        // HAProxy's own full stop comes on top of the message's.
        format!(
            "map: cannot parse default ip <{}>.",
            bstr::BStr::new(&word[..])
        )
    })?;
    if let Some(arg) = args.get_mut(1) {
        *arg = match ip {
            std::net::IpAddr::V4(a) => Arg::V4(a),
            std::net::IpAddr::V6(a) => Arg::V6(a),
        };
    }
    Ok(())
}

fn prepare(
    args: &mut [Arg],
    cx: &mut Compile<'_>,
    method: Method,
    values: Values,
) -> Result<(), String> {
    let reading = Reading {
        method,
        ignore_case: false,
        no_dns: true,
        values,
    };
    let name = text(args, 0).to_vec();
    let (list, index) = cx.list_patterns(&name, cx.span, true, reading, "map")?;
    if let Some(first) = args.first_mut() {
        *first = Arg::Map(Map {
            list,
            index,
            values,
        });
    }
    Ok(())
}

/// What is given where nothing matches.
fn default(args: &[Arg]) -> Option<Sample<'_>> {
    Some(match args.get(1)? {
        Arg::Str(s) => Sample::Str(s),
        Arg::Int(n) => Sample::Int(*n),
        Arg::V4(a) => Sample::V4(*a),
        Arg::V6(a) => Sample::V6(*a),
        _ => return None,
    })
}

fn value<'a>(args: &'a [Arg], v: Sample<'a>, e: &Eval<'a>) -> Option<Sample<'a>> {
    let Some(Arg::Map(map)) = args.first() else {
        return None;
    };
    let found = map.list.find(map.index, v, e.scratch, |entry, _| {
        let text = entry.value.as_deref()?;
        match map.values {
            Values::Text => Some(Sample::Str(e.scratch.copy(text))),
            values => match values.sample(text)? {
                Sample::Int(n) => Some(Sample::Int(n)),
                Sample::V4(a) => Some(Sample::V4(a)),
                Sample::V6(a) => Some(Sample::V6(a)),
                _ => None,
            },
        }
    });
    found.flatten().or_else(|| default(args))
}

fn key<'a>(args: &'a [Arg], v: Sample<'a>, e: &Eval<'a>) -> Option<Sample<'a>> {
    let Some(Arg::Map(map)) = args.first() else {
        return None;
    };
    map.list.find(map.index, v, e.scratch, |entry, _| {
        Sample::Str(e.scratch.copy(&entry.key))
    })
}

fn groups<'a>(args: &'a [Arg], v: Sample<'a>, e: &Eval<'a>) -> Option<Sample<'a>> {
    let (Some(Arg::Map(map)), Sample::Str(s)) = (args.first(), v) else {
        return None;
    };
    let found = map.list.find(map.index, v, e.scratch, |entry, regex| {
        let caps = regex?.captures_at(s, 0)?;
        let mut out = e.scratch.buffer();
        expand(entry.value.as_deref()?, &caps, &mut out);
        Some(Sample::Str(out.into_bump_slice()))
    });
    found.flatten().or_else(|| default(args))
}

//! Values in lists of names (manual 7.3.1): `add_item`, `param`, `language`, `reverse_dom`.

use super::{Conv, Example};
use crate::sample::args::{Arg, Kind, text};
use crate::sample::scratch::BUFSIZE;
use crate::sample::value::{Sample, Type};
use crate::sample::vars;
use bstr::BStr;

pub(super) static CONVS: &[Conv] = &[
    Conv {
        name: "add_item",
        args: &[Kind::Str, Kind::Str, Kind::Str],
        required: 2,
        input: Type::Str,
        out: Type::Str,
        check: Some(|args, _| {
            let name = text(args, 1);
            if name.is_empty() && text(args, 2).is_empty() {
                return Err("one of the optional arguments has to be nonempty".into());
            }
            let variable = match name {
                [] => Arg::None,
                _ => match vars::intern(name) {
                    Ok((scope, id)) => Arg::Var(scope, id),
                    Err(_) => {
                        let shown = BStr::new(name);
                        return Err(format!("failed to register variable name '{shown}'"));
                    }
                },
            };
            if let Some(arg) = args.get_mut(1) {
                *arg = variable;
            }
            Ok(())
        }),
        eval: |args, v, e| {
            let Sample::Str(s) = v else { return None };
            let item = match args.get(1) {
                Some(Arg::Var(scope, id)) => vars::read(e, *scope, *id)
                    .map(|v| v.text(e.scratch))
                    .unwrap_or_default(),
                _ => &[],
            };
            let suffix = text(args, 2);
            if item.is_empty() && suffix.is_empty() {
                return Some(Sample::Str(s));
            }
            let mut out = e.scratch.buffer();
            out.extend_from_slice(s);
            if !s.is_empty() {
                out.extend_from_slice(text(args, 0));
            }
            out.extend_from_slice(item);
            out.extend_from_slice(suffix);
            (out.len() < BUFSIZE).then(|| Sample::Str(out.into_bump_slice()))
        },
        doc: "Adds a variable's value and a text to a list, behind a separator if there is \
              something on both sides of it.",
        examples: &[
            Example::of("'str(a),add_item(\";\",txn.known,!)'", "a;value!"),
            Example::of("'str(),add_item(\";\",txn.known)'", "value"),
            Example::of("'str(a),add_item(\";\",txn.unknown)'", "a"),
        ],
    },
    Conv {
        name: "param",
        args: &[Kind::Str, Kind::Str],
        required: 1,
        input: Type::Str,
        out: Type::Str,
        check: Some(|args, _| match args.get(1) {
            None | Some(Arg::None) => Ok(()),
            Some(delimiter) if delimiter.bytes().len() == 1 => Ok(()),
            // HAProxy's own full stop comes on top of the message's.
            Some(_) => Err("Delimiter must be exactly 1 character.".into()),
        }),
        eval: |args, v, _| {
            let Sample::Str(s) = v else { return None };
            let delimiter = text(args, 1).first().copied().unwrap_or(b'&');
            let name = text(args, 0);
            s.split(|b| *b == delimiter)
                .find_map(|part| match part.strip_prefix(name)? {
                    [] => Some(Sample::Str(&[])),
                    [b'=', value @ ..] => Some(Sample::Str(value)),
                    _ => None,
                })
        },
        doc: "The value of a parameter in a list separated by `&` or the byte given.",
        examples: &[
            Example::of("'str(a=b&c=d&a=r),param(a)'", "b"),
            Example::of("'str(a&b=c),param(a)'", ""),
            Example::of("'str(a=1;b=2),param(b,;)'", "2"),
            Example::none("'str(a=1),param(b)'"),
        ],
    },
    Conv {
        name: "language",
        args: &[Kind::Str, Kind::Str],
        required: 1,
        input: Type::Str,
        out: Type::Str,
        check: None,
        eval: |args, v, _| {
            let Sample::Str(s) = v else { return None };
            match preferred(s, text(args, 0)) {
                Some(found) => Some(Sample::Str(found)),
                None => match args.get(1) {
                    Some(Arg::Str(default)) => Some(Sample::Str(default)),
                    _ => None,
                },
            }
        },
        doc: "The language of a list (`es;fr;en`) that Accept-Language weighs most (RFC 9110 \
              section 12.5.4), else the default.",
        examples: &[
            Example::of("'str(\"de,fr;q=0.5,en;q=0.8\"),language(fr;en)'", "en"),
            Example::of("'str(de),language(fr;en,es)'", "es"),
            Example::none("'str(de),language(fr;en)'"),
        ],
    },
    Conv {
        name: "reverse_dom",
        args: &[],
        required: 0,
        input: Type::Str,
        out: Type::Str,
        check: None,
        eval: |_, v, e| {
            let Sample::Str(s) = v else { return None };
            let s = s.strip_suffix(b".").unwrap_or(s);
            let mut out = e.scratch.buffer();
            for label in s.rsplit(|b| *b == b'.') {
                if label.is_empty() {
                    return None;
                }
                if !out.is_empty() {
                    out.push(b'.');
                }
                out.extend_from_slice(label);
            }
            Some(Sample::Str(out.into_bump_slice()))
        },
        doc: "The labels of a host name in the opposite order.",
        examples: &[
            Example::of("str(mail.example.com.),reverse_dom", "com.example.mail"),
            Example::none("str(a..b),reverse_dom"),
        ],
    },
];

/// The language among `offered` that `accepted` weighs most, as it is written there.
fn preferred<'o>(accepted: &[u8], offered: &'o [u8]) -> Option<&'o [u8]> {
    let known = |name: &[u8]| offered.split(|b| *b == b';').find(|o| *o == name);
    let mut best: Option<(u32, &[u8])> = None;
    for part in accepted.split(|b| *b == b',') {
        let (name, weight) = match memchr::memchr(b';', part) {
            Some(at) if at + 1 == part.len() => continue,
            Some(at) => (part.get(..at)?, weight(part.get(at + 1..)?)),
            None => (part, 1000),
        };
        if weight == 0 || best.is_some_and(|(w, _)| w >= weight) {
            continue;
        }
        let name = name.trim_ascii();
        let base = name.split(|b| *b == b'-').next().unwrap_or_default();
        if let Some(found) = known(name).or_else(|| known(base)) {
            best = Some((weight, found));
        }
    }
    best.map(|(_, name)| name)
}

/// A quality value in thousandths.
fn weight(text: &[u8]) -> u32 {
    let Some(rest) = text.trim_ascii().strip_prefix(b"q=") else {
        return 1000;
    };
    // what is no number weighs nothing in
    if !rest.first().is_some_and(u8::is_ascii_digit) {
        return 1000;
    }
    let mut digits = rest.iter().filter(|b| b.is_ascii_digit());
    let whole = (0..4).fold(0, |sum, _| {
        sum * 10 + digits.next().map_or(0, |d| u32::from(d - b'0'))
    });
    u32::min(whole, 1000)
}

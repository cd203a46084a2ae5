//! `add-headers-bin`, `set-headers-bin`, `del-headers-bin`: header fields in the binary form of
//! `req.hdrs_bin` (manual 4.4): lengths in HAProxy's variable form in front of names and values.

use super::{Act, Example, Flow, Keyword, Line, RuleSets, Run, message_of};
use crate::sample::Expr;
use crate::sample::compile::Fault;
use crate::sample::value::{Sample, Type};
use std::sync::Arc;

/// A text and what follows it.
fn text(from: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, mut rest) = from.split_first()?;
    let mut length = u64::from(*first);
    if length >= 240 {
        let mut shift = 4;
        loop {
            let (byte, behind) = rest.split_first()?;
            rest = behind;
            length = length.checked_add(u64::from(*byte).checked_shl(shift)?)?;
            shift += 7;
            if *byte < 128 {
                break;
            }
        }
    }
    rest.split_at_checked(usize::try_from(length).ok()?)
}

/// All that stands up to an empty name, as pairs or as names alone; `None` where that never comes.
fn fields(mut from: &[u8], pairs: bool) -> Option<Vec<(&[u8], &[u8])>> {
    let mut all = Vec::new();
    loop {
        let (name, rest) = text(from)?;
        let (value, rest) = match pairs {
            true => text(rest)?,
            false => (&[][..], rest),
        };
        if name.is_empty() {
            return Some(all);
        }
        all.push((name, value));
        from = rest;
    }
}

#[derive(Debug)]
struct Write {
    expr: Expr,
    prefix: Box<[u8]>,
    replace: bool,
}

impl Act for Write {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let Some(Sample::Bin(given)) = self.expr.eval_as(Type::Bin, &run.eval()) else {
            return Flow::Continue;
        };
        // the expression may have looked at what is written to
        let given = given.to_vec();
        let Some(all) = fields(&given, true) else {
            return run.written(false);
        };
        let direction = run.direction;
        let Some(message) = message_of(&mut *run.view, direction) else {
            return Flow::Continue;
        };
        let mut room = true;
        for (name, value) in all {
            if !name.starts_with(&self.prefix) {
                continue;
            }
            if self.replace {
                message.del_header(name);
            }
            room = message.has_room_for(name.len() + value.len());
            if !room {
                break;
            }
            message.add_header(name, value);
        }
        run.written(room)
    }
}

/// How `del-headers-bin` compares names.
#[derive(Clone, Copy, Debug)]
enum Match {
    Str,
    Beg,
    End,
    Sub,
}

#[derive(Debug)]
struct Delete {
    expr: Expr,
    by: Match,
}

impl Act for Delete {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let Some(Sample::Bin(given)) = self.expr.eval_as(Type::Bin, &run.eval()) else {
            return Flow::Continue;
        };
        // names of messages are in lower case
        let given = given.to_ascii_lowercase();
        let Some(all) = fields(&given, false) else {
            return run.written(false);
        };
        if let Some(message) = run.message_mut() {
            message.retain(|name, _| {
                !all.iter().any(|(wanted, _)| match self.by {
                    Match::Str => name == *wanted,
                    Match::Beg => name.starts_with(wanted),
                    Match::End => name.ends_with(wanted),
                    Match::Sub => memchr::memmem::find(name, wanted).is_some(),
                })
            });
        }
        Flow::Continue
    }
}

fn expression(line: &mut Line<'_, '_, '_>) -> Result<Expr, Fault> {
    let (expr, used) = Expr::parse_words(line.words, line.cx)?;
    expr.check_places(expr.fetch_name(), line.cx)?;
    for _ in 0..used {
        line.take();
    }
    Ok(expr)
}

fn write(line: &mut Line<'_, '_, '_>, replace: bool) -> Result<Arc<dyn Act>, Fault> {
    let expects = match replace {
        true => "expects exactly one argument or three arguments <headers> prefix <pfx>",
        false => "expects 1 argument: <headers>; or 3 arguments: <headers> prefix <pfx>",
    };
    if line.at_end() {
        return Err(expects.into());
    }
    let expr = expression(line)?;
    let prefix = match line.take_if("prefix") {
        true => line.argument(expects)?.bytes().into(),
        false => Box::default(),
    };
    Ok(Arc::new(Write {
        expr,
        prefix,
        replace,
    }))
}

fn delete(line: &mut Line<'_, '_, '_>) -> Result<Arc<dyn Act>, Fault> {
    if line.at_end() {
        return Err("expects at least 1 argument".into());
    }
    let expr = expression(line)?;
    let by = match line.take_if("-m") {
        false => Match::Str,
        true => match line.argument("-m flag expects exactly 1 argument")?.bytes() {
            b"str" => Match::Str,
            b"beg" => Match::Beg,
            b"end" => Match::End,
            b"sub" => Match::Sub,
            b"reg" => {
                return Err(
                    "-m reg is unsupported with del-headers-bin due to performance reasons".into(),
                );
            }
            other => {
                return Err(Fault::Wrong(format!(
                    "-m with unsupported matching method '{}'",
                    bstr::BStr::new(other)
                )));
            }
        },
    };
    Ok(Arc::new(Delete { expr, by }))
}

pub(super) static KEYWORDS: &[Keyword] = &[
    Keyword {
        name: "add-headers-bin",
        prefix: false,
        sets: RuleSets::HTTP,
        compile: |line| write(line, false),
        doc: "Adds fields given in the form of `req.hdrs_bin`, or those whose names begin so.",
        examples: &[Example {
            line: "http-request add-headers-bin bin(01780131017901320000)",
            result: "GET /a/b.html?q=1&r=two&q=3|host: www.example.com|user-agent: curl/8|cookie: a=1; b=2|x: 1|y: 2",
        }],
    },
    Keyword {
        name: "set-headers-bin",
        prefix: false,
        sets: RuleSets::HTTP,
        compile: |line| write(line, true),
        doc: "As add-headers-bin; each takes the place of all fields of its name.",
        examples: &[Example {
            line: "http-request set-headers-bin req.hdrs_bin prefix h",
            result: "GET /a/b.html?q=1&r=two&q=3|user-agent: curl/8|cookie: a=1; b=2|host: www.example.com",
        }],
    },
    Keyword {
        name: "del-headers-bin",
        prefix: false,
        sets: RuleSets::HTTP,
        compile: delete,
        doc: "Removes the fields of names given in the form of `req.hdrs_bin`, without values.",
        examples: &[Example {
            line: "http-request del-headers-bin bin(034f4f4b00) -m sub",
            result: "GET /a/b.html?q=1&r=two&q=3|host: www.example.com|user-agent: curl/8",
        }],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        let mut long = vec![240, 0];
        long.extend(vec![b'x'; 240]);
        assert_eq!(
            text(&long).map(|(t, rest)| (t.len(), rest.len())),
            Some((240, 0))
        );
        let mut longer = vec![0xff, 0x80, 0];
        longer.extend(vec![b'x'; 255 + (0x80 << 4)]);
        assert_eq!(text(&longer).map(|(t, _)| t.len()), Some(255 + (0x80 << 4)));
        assert_eq!(text(&[3, b'a']), None);
        assert_eq!(fields(&[1, b'a', 1, b'b'], true), None);
        assert_eq!(
            fields(&[1, b'a', 0, 0, 0], true),
            Some(vec![(&b"a"[..], &b""[..])])
        );
    }
}

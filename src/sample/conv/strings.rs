//! Text (manual 7.3.1).

use super::integers::{number, number_or_variable};
use super::{Conv, Example};
use crate::sample::args::{Arg, Kind, int, text};
use crate::sample::compile::Compile;
use crate::sample::scratch::BUFSIZE;
use crate::sample::value::{Sample, Type};
use std::ops::Range;

macro_rules! text_to_text {
    ($name:literal, |$s:ident, $e:ident| $value:expr, $doc:literal, $($expr:literal = $want:literal),+) => {
        Conv {
            name: $name,
            args: &[],
            required: 0,
            input: Type::Str,
            out: Type::Str,
            check: None,
            eval: |_, v, $e| match v {
                Sample::Str($s) => Some(Sample::Str($value)),
                _ => None,
            },
            doc: $doc,
            examples: &[$(Example::of($expr, $want)),+],
        }
    };
}

macro_rules! trim {
    ($name:literal, |$s:ident, $drop:ident| $value:expr, $doc:literal, $($expr:literal = $want:literal),+) => {
        Conv {
            name: $name,
            args: &[Kind::Str],
            required: 1,
            input: Type::Str,
            out: Type::Str,
            check: None,
            eval: |args, v, _| {
                let set = text(args, 0);
                let $drop = |b: &u8| !set.contains(b);
                match v {
                    Sample::Str($s) => $value.map(Sample::Str),
                    _ => None,
                }
            },
            doc: $doc,
            examples: &[$(Example::of($expr, $want)),+],
        }
    };
}

pub(super) static CONVS: &[Conv] = &[
    text_to_text!(
        "lower",
        |s, e| {
            match s.iter().any(u8::is_ascii_uppercase) {
                false => s,
                true => {
                    let out = e.scratch.zeroed(s.len());
                    out.copy_from_slice(s);
                    out.make_ascii_lowercase();
                    out
                }
            }
        },
        "ASCII letters in lower case.",
        "str(Ex.COM),lower" = "ex.com"
    ),
    text_to_text!(
        "upper",
        |s, e| {
            match s.iter().any(u8::is_ascii_lowercase) {
                false => s,
                true => {
                    let out = e.scratch.zeroed(s.len());
                    out.copy_from_slice(s);
                    out.make_ascii_uppercase();
                    out
                }
            }
        },
        "ASCII letters in upper case.",
        "str(Ex.com),upper" = "EX.COM"
    ),
    text_to_text!(
        "reverse",
        |s, e| {
            let out = e.scratch.zeroed(s.len());
            out.copy_from_slice(s);
            out.reverse();
            out
        },
        "The bytes in the opposite order.",
        "str(abc),reverse" = "cba"
    ),
    text_to_text!(
        "cut_crlf",
        |s, _e| {
            s.split(|&b| b == b'\r' || b == b'\n')
                .next()
                .unwrap_or_default()
        },
        "Up to the first carriage return or line feed.",
        "bin(61620d0a63),cut_crlf" = "ab"
    ),
    trim!(
        "ltrim",
        |s, keep| s
            .iter()
            .position(keep)
            .map_or(Some(&[][..]), |at| s.get(at..)),
        "Without the characters given at its beginning.",
        "'str(\" ,b \"),ltrim(\" ,\")'" = "b "
    ),
    trim!(
        "rtrim",
        |s, keep| s.get(..s.iter().rposition(keep).map_or(0, |at| at + 1)),
        "Without the characters given at its end.",
        "'str(\" b, \"),rtrim(\" ,\")'" = " b"
    ),
    Conv {
        name: "length",
        args: &[],
        required: 0,
        input: Type::Str,
        out: Type::Sint,
        check: None,
        eval: |_, v, _| match v {
            Sample::Str(s) => i64::try_from(s.len()).ok().map(Sample::Int),
            _ => None,
        },
        doc: "The number of bytes.",
        examples: &[
            Example::of("str(abc),length", "3"),
            Example::of("bin(610062),length", "1"),
        ],
    },
    Conv {
        name: "bytes",
        args: &[Kind::Str, Kind::Str],
        required: 1,
        input: Type::Bin,
        out: Type::Bin,
        check: Some(|args, cx| {
            number_or_variable(args, cx)?;
            match args.as_slice() {
                [Arg::Int(i64::MIN..0), ..] => Err("expects a non-negative integer".into()),
                [_, Arg::Int(i64::MIN..1), ..] => Err("expects a positive integer".into()),
                _ => Ok(()),
            }
        }),
        eval: |args, v, e| {
            let Sample::Bin(s) = v else { return None };
            let from = usize::try_from(number(args, 0, e)?).ok()?;
            let Some(rest) = s.get(from..) else {
                return Some(Sample::Bin(&[]));
            };
            Some(Sample::Bin(match args.get(1) {
                None => rest,
                // More than there is: HAProxy leaves the value alone.
                Some(_) => match rest.get(..usize::try_from(number(args, 1, e)?).ok()?) {
                    Some(part) => part,
                    None if from < s.len() => s,
                    None => &[],
                },
            }))
        },
        doc: "A part by offset and length.",
        examples: &[
            Example::of("str(abcdef),bytes(2)", "cdef"),
            Example::of("str(abcdef),bytes(2,2)", "cd"),
            Example::of("str(abcdef),bytes(2,9)", "abcdef"),
            Example::of("str(abcdef),bytes(7)", ""),
        ],
    },
    Conv {
        name: "field",
        args: &[Kind::Int, Kind::Str, Kind::Int],
        required: 2,
        input: Type::Str,
        out: Type::Str,
        check: Some(index_and_separators),
        eval: |args, v, _| match v {
            Sample::Str(s) => parts(args, s, |_| true).map(Sample::Str),
            _ => None,
        },
        doc: "A field, counted from 1 (negative: from the end), and how many (0: all); \
              separators in a row enclose empty fields.",
        examples: &[
            Example::of("str(f1_f2_f3__f5),field(5,_)", "f5"),
            Example::of("str(f1_f2_f3__f5),field(2,_,0)", "f2_f3__f5"),
            Example::of("str(f1_f2_f3__f5),field(2,_,2)", "f2_f3"),
            Example::of("str(f1_f2_f3__f5),field(-2,_,3)", "f2_f3_"),
            Example::of("str(f1_f2_f3__f5),field(-3,_,0)", "f1_f2_f3"),
            Example::of("str(f1_f2_f3__f5),field(4,_)", ""),
            Example::none("str(f1_f2_f3__f5),field(9,_)"),
            Example::of("str(f1_f2_f3__f5),field(-1,x)", "f1_f2_f3__f5"),
        ],
    },
    Conv {
        name: "word",
        args: &[Kind::Int, Kind::Str, Kind::Int],
        required: 2,
        input: Type::Str,
        out: Type::Str,
        check: Some(index_and_separators),
        eval: |args, v, _| match v {
            Sample::Str(s) => parts(args, s, |r| !r.is_empty()).map(Sample::Str),
            _ => None,
        },
        doc: "A word, counted from 1 (negative: from the end), and how many (0: all); \
              separators in a row count as one.",
        examples: &[
            Example::of("str(f1_f2_f3__f5),word(4,_)", "f5"),
            Example::of("str(f1_f2_f3__f5),word(3,_,2)", "f3__f5"),
            Example::of("str(f1_f2_f3__f5),word(-3,_,0)", "f1_f2"),
            Example::none("str(f1_f2_f3__f5),word(-5,_)"),
            Example::of("str(__a_b__),word(1,_)", "a"),
            Example::of("str(__a_b__),word(2,_,0)", "b__"),
            Example::of("str(__a_b__),word(-2,_,0)", "__a"),
        ],
    },
    Conv {
        name: "host_only",
        args: &[],
        required: 0,
        input: Type::Str,
        out: Type::Str,
        check: None,
        eval: |_, v, e| {
            let Sample::Str(s) = v else { return None };
            let out = e.scratch.copy(s.get(..host_end(s))?);
            let lower = e.scratch.zeroed(out.len());
            lower.copy_from_slice(out);
            lower.make_ascii_lowercase();
            Some(Sample::Str(lower))
        },
        doc: "The host of a Host field, in lower case.",
        examples: &[
            Example::of("str(Ex.COM:80),host_only", "ex.com"),
            Example::of("str([::1]:80),host_only", "[::1]"),
        ],
    },
    Conv {
        name: "port_only",
        args: &[],
        required: 0,
        input: Type::Str,
        out: Type::Sint,
        check: None,
        eval: |_, v, _| {
            let Sample::Str(s) = v else { return None };
            let digits = s.get(host_end(s) + 1..).unwrap_or_default();
            let port = digits.iter().fold(0u32, |n, &b| {
                n.wrapping_mul(10)
                    .wrapping_add(u32::from(b).wrapping_sub(u32::from(b'0')))
            });
            Some(Sample::Int(port.into()))
        },
        doc: "The port of a Host field, 0 if it has none.",
        examples: &[
            Example::of("str(Ex.COM:80),port_only", "80"),
            Example::of("str([::1]),port_only", "0"),
        ],
    },
    Conv {
        name: "concat",
        args: &[Kind::Str, Kind::Str, Kind::Str],
        required: 1,
        input: Type::Str,
        out: Type::Str,
        check: Some(|args, _| {
            if let Some(name) = args.get(1).map(Arg::bytes).filter(|n| !n.is_empty()) {
                let (scope, id) = crate::sample::vars::intern(name)?;
                if let Some(slot) = args.get_mut(1) {
                    *slot = Arg::Var(scope, id);
                }
            }
            Ok(())
        }),
        eval: |args, v, e| {
            let Sample::Str(s) = v else { return None };
            let mut out = e.scratch.buffer();
            let mut push = |part: &[u8]| {
                // A part that does not fit into HAProxy's buffer is left out.
                if out.len() + part.len() < BUFSIZE {
                    out.extend_from_slice(part);
                }
            };
            push(s);
            push(text(args, 0));
            if let Some(Arg::Var(scope, id)) = args.get(1)
                && let Some(value) = crate::sample::vars::read(e, *scope, *id)
            {
                push(value.text(e.scratch));
            }
            push(text(args, 2));
            Some(Sample::Str(out.into_bump_slice()))
        },
        doc: "Appends a text, a variable's value and another text.",
        examples: &[
            Example::of("str(a),concat(b)", "ab"),
            Example::of("str(a),concat(<,txn.known,>)", "a<value>"),
        ],
    },
    Conv {
        name: "strcmp",
        args: &[Kind::Str],
        required: 1,
        input: Type::Str,
        out: Type::Sint,
        check: Some(|args, _| {
            let (scope, id) = crate::sample::vars::intern(text(args, 0))?;
            *args = vec![Arg::Var(scope, id)];
            Ok(())
        }),
        eval: |args, v, e| {
            let Sample::Str(s) = v else { return None };
            let Some(Arg::Var(scope, id)) = args.first() else {
                return None;
            };
            let other = crate::sample::vars::read(e, *scope, *id)?.text(e.scratch);
            // The difference of the first bytes that differ, else which one is longer.
            let differ = s.iter().zip(other).find(|(a, b)| a != b);
            Some(Sample::Int(match differ {
                Some((a, b)) => i64::from(*a) - i64::from(*b),
                None => s.len().cmp(&other.len()) as i64,
            }))
        },
        doc: "Compares with a variable's value: negative, 0 or positive.",
        examples: &[Example::of("str(value),strcmp(txn.known)", "0")],
    },
];

/// Where the port's `:` (or the end) is; a colon within brackets belongs to the host.
fn host_end(s: &[u8]) -> usize {
    let from = s.iter().rposition(|&b| b == b']').unwrap_or(0);
    s.get(from..)
        .and_then(|tail| tail.iter().rposition(|&b| b == b':'))
        .map_or(s.len(), |at| from + at)
}

#[allow(clippy::ptr_arg, reason = "the signature of a check")]
fn index_and_separators(args: &mut Vec<Arg>, _: &mut Compile<'_>) -> Result<(), String> {
    if int(args, 0) == Some(0) {
        return Err("Unexpected value 0 for index".into());
    }
    if text(args, 1).is_empty() {
        return Err("Empty separators list".into());
    }
    Ok(())
}

/// The parts of `s` between separators that the arguments mean: index, separators, count. Only
/// parts that `counts` accepts are counted.
fn parts<'a>(
    args: &[Arg],
    s: &'a [u8],
    counts: impl Fn(&Range<usize>) -> bool,
) -> Option<&'a [u8]> {
    let index = int(args, 0)?;
    let set = text(args, 1);
    let count = int(args, 2).unwrap_or(1);
    let wanted = index.unsigned_abs();
    let is_separator = |b: &u8| set.contains(b);
    let mut seen = 0u64;
    if index > 0 {
        let (mut at, mut start) = (0, None);
        loop {
            let rest = s.get(at..)?;
            let end = at + rest.iter().position(is_separator).unwrap_or(rest.len());
            if counts(&(at..end)) {
                seen += 1;
                if seen == wanted {
                    start = Some(at);
                    if count == 0 {
                        return s.get(at..);
                    }
                }
                if let (Some(from), Ok(count)) = (start, u64::try_from(count))
                    && seen + 1 - wanted >= count
                {
                    return s.get(from..end);
                }
            }
            if end >= s.len() {
                // Fewer parts than asked for: all that is left.
                return start.and_then(|from| s.get(from..));
            }
            at = end + 1;
        }
    }
    let (mut end, mut stop) = (s.len(), None);
    loop {
        let head = s.get(..end)?;
        let at = head.iter().rposition(is_separator).map_or(0, |i| i + 1);
        if counts(&(at..end)) {
            seen += 1;
            if seen == wanted {
                stop = Some(end);
                if count == 0 {
                    return s.get(..end);
                }
            }
            if let (Some(to), Ok(count)) = (stop, u64::try_from(count))
                && seen + 1 - wanted >= count
            {
                return s.get(at..to);
            }
        }
        if at == 0 {
            return stop.and_then(|to| s.get(..to));
        }
        end = at - 1;
    }
}

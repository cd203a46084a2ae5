//! Integers and booleans (manual 7.3.1). Arithmetic saturates, as in HAProxy.

use super::{Conv, Example};
use crate::sample::args::{Arg, Kind, text};
use crate::sample::compile::Compile;
use crate::sample::value::{Sample, Type, whole_int};
use crate::sample::vars;
use crate::sample::view::Eval;

macro_rules! unary {
    ($name:literal, $out:ident, |$i:ident| $value:expr, $doc:literal, $($expr:literal = $want:literal),+) => {
        Conv {
            name: $name,
            args: &[],
            required: 0,
            input: Type::Sint,
            out: Type::$out,
            check: None,
            eval: |_, v, _| match v {
                Sample::Int($i) => Some($value),
                _ => None,
            },
            doc: $doc,
            examples: &[$(Example::of($expr, $want)),+],
        }
    };
}

macro_rules! binary {
    ($name:literal, |$a:ident, $b:ident| $value:expr, $doc:literal, $($expr:literal = $want:literal),+) => {
        Conv {
            name: $name,
            args: &[Kind::Str],
            required: 1,
            input: Type::Sint,
            out: Type::Sint,
            check: Some(number_or_variable),
            eval: |args, v, e| {
                let $b = operand(args, e)?;
                match v {
                    Sample::Int($a) => Some(Sample::Int($value)),
                    _ => None,
                }
            },
            doc: $doc,
            examples: &[$(Example::of($expr, $want)),+],
        }
    };
}

pub(super) static CONVS: &[Conv] = &[
    binary!(
        "add",
        |a, b| a.saturating_add(b),
        "Adds a number or variable.",
        "int(7),add(3)" = "10",
        "int(9223372036854775807),add(1)" = "9223372036854775807"
    ),
    binary!(
        "sub",
        |a, b| a.saturating_sub(b),
        "Subtracts a number or variable.",
        "int(7),sub(10)" = "-3",
        "int(-9223372036854775808),sub(1)" = "-9223372036854775808"
    ),
    binary!(
        "mul",
        |a, b| a.saturating_mul(b),
        "Multiplies.",
        "int(7),mul(-2)" = "-14",
        "int(9223372036854775807),mul(-2)" = "-9223372036854775808"
    ),
    binary!(
        "div",
        |a, b| a.checked_div(b).unwrap_or(i64::MAX),
        "Divides; by 0 the greatest number results.",
        "int(-7),div(2)" = "-3",
        "int(7),div(0)" = "9223372036854775807"
    ),
    binary!(
        "mod",
        |a, b| a.checked_rem(b).unwrap_or(0),
        "The rest of a division.",
        "int(-7),mod(4)" = "-3",
        "int(7),mod(0)" = "0"
    ),
    binary!("and", |a, b| a & b, "Bitwise and.", "int(7),and(6)" = "6"),
    binary!("or", |a, b| a | b, "Bitwise or.", "int(7),or(8)" = "15"),
    binary!(
        "xor",
        |a, b| a ^ b,
        "Bitwise exclusive or.",
        "int(7),xor(2)" = "5"
    ),
    unary!(
        "neg",
        Sint,
        |i| Sample::Int(i.checked_neg().unwrap_or(i64::MAX)),
        "The opposite number.",
        "int(7),neg" = "-7"
    ),
    unary!(
        "cpl",
        Sint,
        |i| Sample::Int(!i),
        "Every bit inverted.",
        "int(7),cpl" = "-8"
    ),
    unary!(
        "bool",
        Bool,
        |i| Sample::Bool(i != 0),
        "False for 0, else true.",
        "int(7),bool" = "1"
    ),
    unary!(
        "not",
        Bool,
        |i| Sample::Bool(i == 0),
        "True for 0, else false.",
        "int(7),not" = "0"
    ),
    unary!(
        "odd",
        Bool,
        |i| Sample::Bool(i & 1 == 1),
        "Whether a number is odd.",
        "int(-7),odd" = "1"
    ),
    unary!(
        "even",
        Bool,
        |i| Sample::Bool(i & 1 == 0),
        "Whether a number is even.",
        "int(7),even" = "0"
    ),
    Conv {
        name: "htonl",
        args: &[],
        required: 0,
        input: Type::Sint,
        out: Type::Bin,
        check: None,
        eval: |_, v, e| match v {
            // The low 32 bits, as HAProxy keeps them.
            #[allow(clippy::cast_possible_truncation)]
            Sample::Int(i) => Some(Sample::Bin(e.scratch.copy(&(i as i32).to_be_bytes()))),
            _ => None,
        },
        doc: "The low 32 bits in network byte order.",
        examples: &[Example::of("int(1),htonl,hex", "00000001")],
    },
    Conv {
        name: "iif",
        args: &[Kind::Str, Kind::Str],
        required: 2,
        input: Type::Bool,
        out: Type::Str,
        check: None,
        eval: |args, v, _| {
            Some(Sample::Str(text(
                args,
                usize::from(v != Sample::Bool(true)),
            )))
        },
        doc: "The first text for true, the second for false.",
        examples: &[
            Example::of("int(2),iif(yes,no)", "yes"),
            Example::of("str(abc),iif(yes,no)", "no"),
        ],
    },
];

/// A constant, or the name of a variable that is read for every evaluation.
#[allow(clippy::ptr_arg, reason = "the signature of a check")]
pub(super) fn number_or_variable(args: &mut Vec<Arg>, _: &mut Compile<'_>) -> Result<(), String> {
    for arg in args.iter_mut() {
        let word = arg.bytes();
        *arg = match whole_int(word) {
            Some(n) => Arg::Int(n),
            None if word.is_empty() => Arg::Int(0),
            None => match vars::intern(word) {
                Ok((scope, id)) => Arg::Var(scope, id),
                Err(_) => return Err("expects an integer or a variable name".into()),
            },
        };
    }
    Ok(())
}

fn operand<'a>(args: &'a [Arg], e: &Eval<'a>) -> Option<i64> {
    number(args, 0, e)
}

/// Argument `i`: a constant or a variable's value.
pub(super) fn number<'a>(args: &'a [Arg], i: usize, e: &Eval<'a>) -> Option<i64> {
    match *args.get(i)? {
        Arg::Int(n) => Some(n),
        Arg::Var(scope, id) => match vars::read(e, scope, id)?.cast(Type::Sint, e.scratch)? {
            Sample::Int(n) => Some(n),
            _ => None,
        },
        _ => None,
    }
}

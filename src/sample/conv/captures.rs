//! `capture-req` and `capture-res`: captures in the middle of an expression (manual 7.3.1).

use super::{Conv, Example};
use crate::sample::args::{Arg, Kind};
use crate::sample::value::{Sample, Type};
use crate::sample::view::{Direction, Eval};

pub(super) static CONVS: &[Conv] = &[
    Conv {
        name: "capture-req",
        args: &[Kind::Int],
        required: 1,
        input: Type::Str,
        out: Type::Str,
        check: None,
        eval: |args, v, e| store(args, v, e, Direction::Request),
        doc: "Keeps the value in a capture slot of the request and hands it on.",
        examples: &[
            Example::of("str(ab),capture-req(0),upper", "AB"),
            Example::none("str(ab),capture-req(9)"),
        ],
    },
    Conv {
        name: "capture-res",
        args: &[Kind::Int],
        required: 1,
        input: Type::Str,
        out: Type::Str,
        check: None,
        eval: |args, v, e| store(args, v, e, Direction::Response),
        doc: "Keeps the value in a capture slot of the response and hands it on.",
        examples: &[Example::none("str(ab),capture-res(9)")],
    },
];

fn store<'a>(
    args: &[Arg],
    value: Sample<'a>,
    e: &Eval<'a>,
    direction: Direction,
) -> Option<Sample<'a>> {
    let (Some(Arg::Int(slot)), Sample::Str(text)) = (args.first(), value) else {
        return None;
    };
    let slot = usize::try_from(*slot).ok()?;
    let stored = e.view.captures()?.store(direction, slot, text);
    stored.then_some(value)
}

//! `set-var` and `unset-var` within an expression (manual 7.3.1).

use super::{Conv, Example};
use crate::sample::args::{Arg, Kind, text};
use crate::sample::compile::Compile;
use crate::sample::value::Type;
use crate::sample::vars::{self, When};

pub(super) static CONVS: &[Conv] = &[
    Conv {
        name: "set-var",
        args: &[Kind::Str, Kind::Str, Kind::Str, Kind::Str, Kind::Str],
        required: 1,
        input: Type::Any,
        out: Type::Any,
        check: Some(variable),
        eval: |args, v, e| {
            if let [Arg::Var(scope, id), Arg::Int(when)] = args
                && When::from_bits(*when).allows(*scope, *id, e, v)
            {
                vars::write(e.view, *scope, *id, v.into());
            }
            Some(v)
        },
        doc: "Keeps the value in a variable and hands it on; conditions may follow the name.",
        examples: &[Example::of("str(a),set-var(txn.conv_example),upper", "A")],
    },
    Conv {
        name: "unset-var",
        args: &[Kind::Str],
        required: 1,
        input: Type::Any,
        out: Type::Any,
        check: Some(variable),
        eval: |args, v, e| {
            if let Some(Arg::Var(scope, id)) = args.first() {
                vars::unset(e.view, *scope, *id);
            }
            Some(v)
        },
        doc: "Unsets a variable and hands the value on.",
        examples: &[Example::of("str(a),unset-var(txn.conv_example)", "a")],
    },
];

fn variable(args: &mut Vec<Arg>, _: &mut Compile<'_>) -> Result<(), String> {
    let (scope, id) = vars::intern(text(args, 0))?;
    let when = When::parse(args.iter().skip(1).map(Arg::bytes))?;
    *args = vec![Arg::Var(scope, id), Arg::Int(when.bits())];
    Ok(())
}

//! `when`: a value under a condition (manual 7.3.1).

use super::{Conv, Example};
use crate::sample::args::{Arg, Kind, acl, int, text};
use crate::sample::condition::Truth;
use crate::sample::value::Type;
use crate::sample::view::Eval;
use bstr::BStr;

const CONDITIONS: [&str; 7] = [
    "stopping",
    "normal",
    "error",
    "forwarded",
    "toapplet",
    "processed",
    "acl",
];

pub(super) static CONVS: &[Conv] = &[Conv {
    name: "when",
    args: &[Kind::Str, Kind::Str, Kind::Str],
    required: 1,
    input: Type::Any,
    out: Type::Any,
    check: Some(|args, cx| {
        let word = text(args, 0);
        let (negated, name) = match word.strip_prefix(b"!") {
            Some(rest) => (true, rest),
            None => (false, word),
        };
        let at = CONDITIONS.iter().position(|c| c.as_bytes() == name);
        let at = at.and_then(|at| i64::try_from(at).ok()).ok_or_else(|| {
            format!(
                "expects a supported keyword among {{{}}} but got '{}'",
                CONDITIONS.join(","),
                BStr::new(name)
            )
        })?;
        if name == b"acl" {
            match args.get_mut(1) {
                Some(arg) => acl(arg, cx)?,
                None => {
                    return Err(
                        "'acl' selector requires an extra argument with the ACL name".into(),
                    );
                }
            }
        }
        if let Some(first) = args.first_mut() {
            *first = Arg::Int(at << 1 | i64::from(negated));
        }
        Ok(())
    }),
    eval: |args, v, e| {
        let selector = int(args, 0)?;
        let name = CONDITIONS.get(usize::try_from(selector >> 1).ok()?)?;
        (holds(name, args, e)? != (selector & 1 == 1)).then_some(v)
    },
    doc: "Hands the value on if a condition holds: stopping, normal, error, forwarded, toapplet, \
          processed, or acl with the name of an ACL.",
    examples: &[
        Example::none("str(a),when(stopping)"),
        Example::of("str(a),when(!stopping)", "a"),
        Example::of("str(a),when(forwarded)", "a"),
    ],
}];

fn holds(name: &str, args: &[Arg], e: &Eval<'_>) -> Option<bool> {
    let view = e.view;
    let faulty = || view.log().is_some_and(|log| log.is_faulty());
    Some(match name {
        "stopping" => view.world().stopping(),
        "normal" => !faulty(),
        "error" => faulty(),
        "forwarded" => view.server().is_some(),
        "toapplet" => view.by_applet(),
        "processed" => view.server().is_some() || view.by_applet(),
        _ => match args.get(1)? {
            Arg::Acl(acl, negated) => (acl.eval(e) == Truth::Yes) != *negated,
            _ => return None,
        },
    })
}

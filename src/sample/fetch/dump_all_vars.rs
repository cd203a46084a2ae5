//! `dump_all_vars` (manual 7.3.2).

use super::{CONSTANT, Example, Fetch};
use crate::sample::args::{Kind, text};
use crate::sample::value::{Sample, Type};
use crate::sample::vars::{self, Owned, Scope};

const SCOPES: [(&str, Scope); 5] = [
    ("sess", Scope::Sess),
    ("txn", Scope::Txn),
    ("req", Scope::Req),
    ("res", Scope::Res),
    ("proc", Scope::Proc),
];

pub(super) static FETCHES: &[Fetch] = &[Fetch {
    name: "dump_all_vars",
    args: &[Kind::Str, Kind::Str, Kind::Str],
    required: 0,
    out: Type::Str,
    source: &CONSTANT,
    check: Some(|args, _| {
        let scope = text(args, 0);
        let known = scope.is_empty() || SCOPES.iter().any(|(n, _)| n.as_bytes() == scope);
        match known {
            true => Ok(()),
            false => Err(format!(
                "invalid scope '{}', must be one of: sess, txn, req, res, proc",
                bstr::BStr::new(scope)
            )),
        }
    }),
    eval: |args, e, _| {
        let delimiter = match text(args, 2) {
            b"" => b", ",
            given => given,
        };
        let mut out = Vec::new();
        let all = SCOPES.iter();
        for (name, scope) in all.filter(|(n, _)| [b"", n.as_bytes()].contains(&text(args, 0))) {
            vars::each(e.view, *scope, &mut |variable, value| {
                if !variable.starts_with(text(args, 1)) {
                    return;
                }
                if !out.is_empty() {
                    out.extend_from_slice(delimiter);
                }
                out.extend_from_slice(name.as_bytes());
                out.push(b'.');
                out.extend_from_slice(variable);
                out.push(b'=');
                write(value, &mut out);
            });
        }
        Some(Sample::Str(e.scratch.copy(&out)))
    },
    doc: "Names and values of all variables, or of those in a scope, with a beginning; what \
          stands between them.",
    examples: &[
        Example::of("dump_all_vars(txn)", "txn.known=\"value\""),
        Example::of("dump_all_vars(txn,other)", ""),
    ],
}];

fn write(value: &Owned, out: &mut Vec<u8>) {
    match value {
        Owned::Bool(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
        Owned::Int(i) => out.extend_from_slice(i.to_string().as_bytes()),
        Owned::V4(a) => out.extend_from_slice(a.to_string().as_bytes()),
        Owned::V6(a) => out.extend_from_slice(a.to_string().as_bytes()),
        Owned::Str(s) | Owned::Meth(s) => {
            out.push(b'"');
            out.extend_from_slice(s);
            out.push(b'"');
        }
        Owned::Bin(s) => {
            for b in s {
                out.extend_from_slice(format!("{b:02X}").as_bytes());
            }
        }
    }
}

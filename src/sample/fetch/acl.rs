//! `acl(...)`: named ACLs as a value (manual 7.3.2).

use super::{CONSTANT, Fetch};
use crate::sample::args::{Arg, Kind, acl};
use crate::sample::condition::Truth;
use crate::sample::value::{Sample, Type};

pub(super) static FETCHES: &[Fetch] = &[Fetch {
    name: "acl",
    args: &[Kind::Str; 12],
    required: 1,
    out: Type::Bool,
    source: &CONSTANT,
    check: Some(|args, cx| args.iter_mut().try_for_each(|arg| acl(arg, cx))),
    eval: |args, e, cursor| {
        for arg in args {
            let Arg::Acl(acl, negated) = arg else {
                return None;
            };
            match acl.eval(e) {
                Truth::NotYet => {
                    cursor.not_yet = true;
                    return None;
                }
                truth if (truth == Truth::Yes) == *negated => return Some(Sample::Bool(false)),
                _ => {}
            }
        }
        Some(Sample::Bool(true))
    },
    doc: "Whether all the ACLs named hold; `!` in front of a name negates it.",
    examples: &[],
}];

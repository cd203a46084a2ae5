//! `regsub` (manual 7.3.1).

use super::{Conv, Example};
use crate::sample::args::{Arg, Kind, text};
use crate::sample::regex::{Regex, expand};
use crate::sample::scratch::BUFSIZE;
use crate::sample::value::{Sample, Type};

pub(super) static CONVS: &[Conv] = &[Conv {
    name: "regsub",
    args: &[Kind::Regex, Kind::Str, Kind::Str],
    required: 2,
    input: Type::Str,
    out: Type::Str,
    check: Some(|args, _| {
        let (mut ignore_case, mut global) = (false, false);
        for flag in text(args, 2) {
            match flag {
                b'i' => ignore_case = true,
                b'g' => global = true,
                other => {
                    return Err(format!(
                        "invalid regex flag '{}', only 'i' and 'g' are supported",
                        char::from(*other)
                    ));
                }
            }
        }
        if text(args, 0).is_empty() {
            return Err("missing regex in arg 1".into());
        }
        let regex = Regex::new(text(args, 0), ignore_case)?;
        let by = Arg::Str(text(args, 1).into());
        *args = vec![Arg::Regex(regex), by, Arg::Int(global.into())];
        Ok(())
    }),
    eval: |args, v, e| {
        let Sample::Str(s) = v else { return None };
        let [Arg::Regex(regex), Arg::Str(by), Arg::Int(global)] = args else {
            return None;
        };
        let mut at = 0;
        let mut out = e.scratch.buffer();
        while let Some(caps) = regex.captures_at(s, at) {
            let whole = caps.range(0)?;
            out.extend_from_slice(s.get(at..whole.start)?);
            expand(by, &caps, &mut out);
            let was_at_end = at >= s.len();
            at = whole.end;
            if *global == 0 {
                break;
            }
            if whole.is_empty() {
                // An empty match: the byte behind it is kept, and at the end HAProxy tries once
                // more.
                match s.get(at) {
                    Some(b) => {
                        out.push(*b);
                        at += 1;
                    }
                    None if was_at_end => break,
                    None => {}
                }
            }
            if out.len() > BUFSIZE {
                break;
            }
        }
        if at == 0 && out.is_empty() {
            return Some(Sample::Str(s));
        }
        out.extend_from_slice(s.get(at..).unwrap_or_default());
        out.truncate(BUFSIZE);
        Some(Sample::Str(out.into_bump_slice()))
    },
    doc: "Replaces the first match of a regex, or all of them with the flag `g`; `\\1` to `\\9` \
          stand for groups; the flag `i` ignores case.",
    examples: &[
        Example::of("str(aXbXc),regsub(X,-)", "a-bXc"),
        Example::of("str(aXbXc),regsub(x,-,ig)", "a-b-c"),
        Example::of("'str(aXbXc),regsub(\"(b)\",[\\\\1],g)'", "aX[b]Xc"),
        Example::of("str(aXbXc),regsub(x*,-,g)", "-a-X-b-X-c-"),
        Example::of("str(aXbXc),regsub($,!,g)", "aXbXc!!"),
        Example::of("str(aXbXc),regsub(^.,-,g)", "-XbXc"),
        Example::of("str(aXbXc),regsub(X,,g)", "abc"),
        Example::of("str(abc),regsub(x,y)", "abc"),
    ],
}];

//! Arguments that are base64, or a variable that holds base64: keys, nonces, tags.

use crate::sample::args::Arg;
use crate::sample::conv::encodings::from_base64;
use crate::sample::value::{Sample, Type};
use crate::sample::vars;
use crate::sample::view::Eval;

/// Turns the text of an argument into the variable it names, or else into the bytes it encodes.
/// `what` names it in the message.
pub(super) fn prepare(arg: Option<&mut Arg>, what: &str) -> Result<(), String> {
    let Some(arg) = arg else { return Ok(()) };
    let prepared = match vars::intern(arg.bytes()) {
        Ok((scope, id)) => Arg::Var(scope, id),
        Err(_) => {
            let mut bytes = Vec::new();
            from_base64(arg.bytes(), &mut |b| bytes.push(b)).ok_or_else(|| {
                format!(
                    "failed to parse {what} : argument needs to be base64 encoded, and can either \
                     be a string or a variable"
                )
            })?;
            Arg::Str(bytes.into())
        }
    };
    *arg = prepared;
    Ok(())
}

/// The bytes of a prepared argument.
pub(super) fn bytes<'a>(arg: Option<&'a Arg>, e: &Eval<'a>) -> Option<&'a [u8]> {
    match arg? {
        Arg::Str(s) => Some(s),
        Arg::Var(scope, id) => {
            let text = match vars::read(e, *scope, *id)?.cast(Type::Str, e.scratch)? {
                Sample::Str(s) => s,
                _ => return None,
            };
            let mut out = e.scratch.buffer();
            from_base64(text, &mut |b| out.push(b))?;
            Some(out.into_bump_slice())
        }
        _ => None,
    }
}

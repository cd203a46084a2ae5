//! `proto NAME` of a `bind` line: what is spoken without anybody having agreed upon it.

use super::{BindOption, Fault, argument};
use crate::config::args::Args;
use crate::ir::Bind;

/// `proto NAME`
pub const PROTO: BindOption = BindOption {
    name: "proto",
    lower: proto,
};

fn proto(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "proto", "missing value")?;
    match word.text.as_slice() {
        b"h2" => (bind.h2, bind.h1) = (true, false),
        b"h1" => (bind.h2, bind.h1) = (false, true),
        name => {
            let text = format!(" unknown MUX protocol '{}'", String::from_utf8_lossy(name));
            return Err(Fault::about("proto", word.span, text));
        }
    }
    Ok(())
}

//! `proto NAME` of a `server` line: what is spoken without anybody having agreed upon it.

use super::{Fault, ServerOption, argument};

/// `proto NAME`
pub const PROTO: ServerOption = ServerOption::new(&["proto"], |made, _, args| {
    let word = argument(args, "'proto' : missing value.")?;
    match word.text.as_slice() {
        b"h2" => made.server.h2 = true,
        b"h1" => made.server.h2 = false,
        name => {
            let name = String::from_utf8_lossy(name);
            let text = format!("'proto' :  unknown MUX protocol '{name}'.");
            return Err(Fault::at(word.span, text));
        }
    }
    Ok(())
});

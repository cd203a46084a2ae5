//! `hash-key`: what a server's places on the ring of `hash-type consistent` come from.

use super::{Fault, ServerDraft, ServerOption};
use crate::config::args::Args;
use crate::ir::proxy::HashKey;
use crate::lower::check::pending_note;

/// `hash-key id|addr|addr-port`
pub const HASH_KEY: ServerOption = ServerOption::new(&["hash-key"], lower);

fn lower(made: &mut ServerDraft, _name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let here = args.here();
    let word = args.next_word();
    let text = word.map(|w| w.display().to_string()).unwrap_or_default();
    made.server.hash_key = match text.as_str() {
        "id" => HashKey::Id,
        "addr" => HashKey::Addr,
        "addr-port" => HashKey::AddrPort,
        "id32" | "guid" => {
            let what = format!("'hash-key {text}' (the key is 'id' instead)");
            args.report(pending_note(here, &what, 5));
            HashKey::Id
        }
        _ => {
            let text = "'hash-key' has to be 'id', 'id32', 'guid', 'addr', or 'addr-port'.";
            return Err(Fault::at(here, text));
        }
    };
    Ok(())
}

//! What a server is at start: `backup`, `disabled`, `enabled`, `id`.

use super::{Fault, ServerDraft, ServerOption, argument};
use crate::config::args::{Args, atol};

/// `backup`, `no-backup`
pub const BACKUP: ServerOption = ServerOption::new(&["backup", "no-backup"], backup);
/// `disabled`, `enabled`
pub const DISABLED: ServerOption = ServerOption::new(&["disabled", "enabled"], disabled);
/// `id N`
pub const ID: ServerOption = ServerOption {
    names: &["id"],
    in_default: false,
    lower: id,
};

/// `stick`, `non-stick`
pub const STICK: ServerOption = ServerOption::new(&["non-stick", "stick"], stick);

fn stick(made: &mut ServerDraft, name: &str, _args: &mut Args<'_, '_>) -> Result<(), Fault> {
    made.server.non_stick = name == "non-stick";
    Ok(())
}

fn backup(made: &mut ServerDraft, name: &str, _args: &mut Args<'_, '_>) -> Result<(), Fault> {
    made.server.backup = name == "backup";
    Ok(())
}

fn disabled(made: &mut ServerDraft, name: &str, _args: &mut Args<'_, '_>) -> Result<(), Fault> {
    made.server.disabled = name == "disabled";
    Ok(())
}

fn id(made: &mut ServerDraft, _name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "'id' : expects an integer argument.")?;
    match u32::try_from(atol(&word.text).0) {
        Ok(id) if id > 0 => {
            made.server.id = id;
            made.server.id_given = true;
        }
        _ => {
            let text = "'id' : custom id has to be between 1 and 4294967295..";
            return Err(Fault::at(word.span, text));
        }
    }
    Ok(())
}

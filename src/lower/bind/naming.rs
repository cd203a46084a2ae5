//! `name`, `id` of a `bind` line.

use super::{BindOption, Fault, argument};
use crate::config::args::{Args, atol};
use crate::ir::Bind;

/// `name NAME`
pub const NAME: BindOption = BindOption {
    name: "name",
    lower: name,
};
/// `id N`
pub const ID: BindOption = BindOption {
    name: "id",
    lower: id,
};

fn name(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "name", "missing name")?;
    bind.name = Some(word.display().to_string());
    Ok(())
}

fn id(bind: &mut Bind, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "id", "expects an integer argument")?;
    let (value, used) = atol(&word.text);
    if used == 0 {
        let text = format!("expects an integer argument, found '{}'", word.display());
        return Err(Fault::about("id", word.span, text));
    }
    match u32::try_from(value) {
        Ok(value) if value > 0 => bind.id = Some(value),
        _ => return Err(Fault::about("id", word.span, "custom id has to be > 0")),
    }
    Ok(())
}

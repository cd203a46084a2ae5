//! `cookie` of a server: its value in the persistence cookie.

use super::{Fault, ServerDraft, ServerOption, argument};
use crate::config::args::Args;

/// `cookie VALUE`
pub const COOKIE: ServerOption = ServerOption::new(&["cookie"], cookie);

fn cookie(made: &mut ServerDraft, _name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "'cookie' expects <value> as argument..")?;
    made.server.cookie = Some(word.text.to_vec());
    Ok(())
}

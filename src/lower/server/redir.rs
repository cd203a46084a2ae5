//! `redir`: clients of this server are sent there instead.

use super::{Fault, ServerDraft, ServerOption, argument};
use crate::config::args::Args;

/// `redir PREFIX`
pub const REDIR: ServerOption = ServerOption::new(&["redir"], redir);

fn redir(made: &mut ServerDraft, _name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "'redir' expects <prefix> as argument..")?;
    made.server.redir = Some(word.text.to_vec());
    Ok(())
}

//! `on-marked-down`, `on-marked-up`: what happens to open connections when a server's state
//! changes.

use super::{Fault, ServerDraft, ServerOption};
use crate::config::args::Args;

/// `on-marked-down shutdown-sessions`
pub const ON_MARKED_DOWN: ServerOption = ServerOption::new(&["on-marked-down"], lower);
/// `on-marked-up shutdown-backup-sessions`
pub const ON_MARKED_UP: ServerOption = ServerOption::new(&["on-marked-up"], lower);

fn lower(made: &mut ServerDraft, name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let expected = match name {
        "on-marked-down" => "shutdown-sessions",
        _ => "shutdown-backup-sessions",
    };
    let here = args.here();
    if !args.take(expected) {
        let got = args
            .peek()
            .map_or_else(String::new, |w| w.display().to_string());
        let text = format!("'{name}' expects '{expected}' but got '{got}'.");
        return Err(Fault::at(here, text));
    }
    match name {
        "on-marked-down" => made.server.shutdown_on_down = true,
        _ => made.server.shutdown_backup_on_up = true,
    }
    Ok(())
}

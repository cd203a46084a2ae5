//! `init-state`: how a server begins, and begins anew when it leaves maintenance.

use super::{Fault, ServerDraft, ServerOption};
use crate::config::args::Args;
use crate::ir::server::InitState;

/// `init-state fully-up|up|down|fully-down|none`
pub const INIT_STATE: ServerOption = ServerOption::new(&["init-state"], lower);

fn lower(made: &mut ServerDraft, _name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let here = args.missing_at();
    let word = args.next_word();
    let said = word.map(|w| w.bytes()).unwrap_or_default();
    made.server.init_state = match said {
        b"fully-up" => Some(InitState::FullyUp),
        b"up" => Some(InitState::Up),
        b"down" => Some(InitState::Down),
        b"fully-down" => Some(InitState::FullyDown),
        b"none" => None,
        _ => {
            let text = format!(
                "'init-state' expects one of 'none', 'fully-up', 'up', 'down', or 'fully-down' but \
                 got '{}'.",
                String::from_utf8_lossy(said)
            );
            return Err(Fault::at(word.map_or(here, |w| w.span), text));
        }
    };
    Ok(())
}

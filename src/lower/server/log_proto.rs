//! `log-proto`: how a ring's messages are told apart on their way (configuration manual 5.2).

use super::{Fault, ServerDraft, ServerOption};
use crate::config::args::Args;

/// `log-proto legacy|octet-count`
pub const LOG_PROTO: ServerOption = ServerOption::new(&["log-proto"], lower);

fn lower(made: &mut ServerDraft, _: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let at = args.here();
    let word = args.next_word();
    let said = word.map_or_else(String::new, |w| w.display().to_string());
    made.counted = match said.as_str() {
        "octet-count" => true,
        "legacy" => false,
        _ => {
            let text =
                format!("'log-proto' expects one of 'legacy' or 'octet-count' but got '{said}'.");
            return Err(Fault::at(word.map_or(at, |w| w.span), text));
        }
    };
    Ok(())
}

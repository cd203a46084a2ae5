//! What traffic tells about a server: `observe`, `on-error`, `error-limit` (configuration manual
//! 5.2).

use super::{Fault, ServerDraft, ServerOption, argument};
use crate::config::args::{Args, atol};
use crate::ir::server::{Observe, OnError};

/// `observe layer4|layer7`
pub const OBSERVE: ServerOption = ServerOption::new(&["observe"], |made, _, args| {
    let word = argument(args, "'observe' expects <mode> as argument..")?;
    made.server.observe = match word.bytes() {
        b"none" => None,
        b"layer4" => Some(Observe::Layer4),
        b"layer7" => Some(Observe::Layer7),
        _ => {
            let text = format!(
                "'observe' expects one of 'none', 'layer4', 'layer7' but got '{}'.",
                word.display()
            );
            return Err(Fault::at(word.span, text));
        }
    };
    Ok(())
});
/// `on-error MODE`
pub const ON_ERROR: ServerOption = ServerOption::new(&["on-error"], on_error);
/// `error-limit N`
pub const ERROR_LIMIT: ServerOption = ServerOption::new(&["error-limit"], |made, _, args| {
    let word = argument(args, "'error-limit' expects an integer argument..")?;
    let limit = u32::try_from(atol(&word.text).0).ok().filter(|n| *n > 0);
    let Some(limit) = limit else {
        return Err(Fault::at(word.span, "'error-limit' has to be > 0.."));
    };
    made.server.error_limit = limit;
    Ok(())
});

fn on_error(made: &mut ServerDraft, _name: &str, args: &mut Args<'_, '_>) -> Result<(), Fault> {
    let word = argument(args, "'on-error' expects <mode> as argument..")?;
    made.server.on_error = match word.bytes() {
        b"fastinter" => OnError::FastInter,
        b"fail-check" => OnError::FailCheck,
        b"sudden-death" => OnError::SuddenDeath,
        b"mark-down" => OnError::MarkDown,
        _ => {
            let text = format!(
                "'on-error' expects one of 'fastinter', 'fail-check', 'sudden-death' or 'mark-down' but got '{}'.",
                word.display()
            );
            return Err(Fault::at(word.span, text));
        }
    };
    Ok(())
}

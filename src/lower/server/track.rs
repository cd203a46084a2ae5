//! `track [BACKEND/]SERVER`: the state of another server is followed.

use super::{ServerOption, argument};

/// `track`
pub const TRACK: ServerOption = ServerOption::new(&["track"], |made, _, args| {
    let word = argument(args, "'track' expects [<proxy>/]<server> as argument..")?;
    made.server.track = Some(word.display().to_string());
    Ok(())
});

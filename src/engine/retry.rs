//! What becomes of a failed attempt to reach a server: `retries`, `option redispatch`.

use super::count;
use crate::plan::BackendPlan;

/// The longest pause before the same server is asked again, in milliseconds; a shorter `timeout
/// connect` takes its place.
const TURN_AROUND: u32 = 1000;

/// Whether the next attempt may go to another server. `left`: attempts that remain, this one taken
/// off; `server`: the one that failed; `pinned`: persistence asked for it.
pub fn elsewhere(be: &BackendPlan, left: u32, server: Option<u32>, pinned: bool) -> bool {
    let Some(interval) = be.redispatch else {
        return false;
    };
    // who needs no certain server need not wait for this one
    let free = !pinned && be.state.any_will_do() && be.state.usable_active() > 1;
    let down = || {
        server
            .and_then(|s| be.state.server(s))
            .is_some_and(|s| !s.running())
    };
    due(interval, be.retries, left) || free || down()
}

/// `option redispatch [N]`: whether it is the turn of another server, by number of attempts alone.
fn due(interval: i32, total: u32, left: u32) -> bool {
    let done = total.saturating_sub(left);
    match interval {
        0 => false,
        n if n > 0 => done.is_multiple_of(n.unsigned_abs()),
        n => {
            // -1: the last retry; -2: the one before; and every |n|th back from there
            let from_end = n.unsigned_abs();
            let at = total + 1;
            done.checked_add(from_end) == Some(at)
                || (done < at && (at - done).is_multiple_of(from_end) && from_end > 1)
        }
    }
}

/// The pause before the same server is asked again, in milliseconds: its restart takes a moment.
/// `timeout`: `timeout connect` that holds for this stream.
pub fn pause(timeout: Option<u32>) -> u32 {
    timeout.unwrap_or(TURN_AROUND).min(TURN_AROUND)
}

/// Counts the attempt that follows one at `server`: a redispatch only if `now` is another one.
/// Returns whether it is.
pub fn counted(be: &BackendPlan, server: Option<u32>, now: Option<u32>) -> bool {
    let moved = now != server;
    count::retry(be, server, moved);
    moved
}

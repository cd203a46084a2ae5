//! What of a request `balance` hashes.

use super::thread::Thread;
use crate::plan::BackendPlan;
use crate::sample::view::{Direction, Eval, StreamView};

/// The hash by which a back end chooses the server; `None` if it chooses otherwise, or the request
/// has not what is hashed.
#[inline]
pub fn key(t: &Thread, be: &BackendPlan, view: &dyn StreamView) -> Option<u32> {
    let selector = be.selector.as_ref()?;
    let mut scratch = t.scratch.borrow_mut();
    scratch.reset();
    selector.of(&Eval {
        view,
        scratch: &scratch,
        direction: Direction::Request,
        last: true,
    })
}

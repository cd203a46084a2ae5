//! Which server a request asks for: what `balance` hashes of it, and `use-server`.

use super::thread::Thread;
use crate::ir::proxy::Options;
use crate::ir::rule::ServerRef;
use crate::plan::BackendPlan;
use crate::rules;
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

/// The server of the first `use-server` rule that holds and whose server runs (or that is to be
/// used even so: `option persist`).
#[inline]
pub fn use_server(t: &Thread, be: &BackendPlan, view: &mut dyn StreamView) -> Option<u32> {
    if be.use_servers.is_empty() {
        return None;
    }
    let mut scratch = t.scratch.borrow_mut();
    let persist = be.options.contains(Options::PERSIST);
    for rule in &be.use_servers {
        if let Some(condition) = &rule.condition
            && !rules::holds(condition, Direction::Request, view, &mut scratch)
        {
            continue;
        }
        let server = match &rule.target {
            ServerRef::Index(index) => Some(*index),
            ServerRef::Dynamic(format) => {
                scratch.reset();
                let mut name = scratch.take_text();
                format.render(
                    &Eval {
                        view,
                        scratch: &scratch,
                        direction: Direction::Request,
                        last: true,
                    },
                    &mut name,
                );
                let found = be.server_by_name(&name).map(|i| i as u32);
                scratch.give_text(name);
                found
            }
        };
        if let Some(state) = server.and_then(|i| be.state.server(i))
            && (state.running() || persist)
        {
            return server;
        }
    }
    None
}

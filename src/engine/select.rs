//! Which back end and which server a request asks for: `use_backend`, what `balance` hashes of it, and `use-server`.

use super::thread::Thread;
use crate::ir::proxy::Options;
use crate::ir::rule::Condition;
use crate::ir::rule::ServerRef;
use crate::plan::{BackendId, BackendPlan, BackendTarget, FrontendPlan, Plan};
use crate::rules;
use crate::sample::view::{Direction, Eval, StreamView};

/// The back end of the first `use_backend` line that holds, else the default one. Those that are not
/// published are passed over, unless `force-be-switch` lets the request go there.
#[inline]
pub fn backend(
    t: &Thread,
    plan: &Plan,
    fe: &FrontendPlan,
    view: &dyn StreamView,
) -> Option<BackendId> {
    match fe.use_backends.is_empty() && !plan.growth.has_changed() {
        true => fe.default_backend,
        false => switch(t, plan, fe, view),
    }
}

fn switch(t: &Thread, plan: &Plan, fe: &FrontendPlan, view: &dyn StreamView) -> Option<BackendId> {
    let mut scratch = t.scratch.borrow_mut();
    let mut holds = |c: &Condition| rules::holds(c, Direction::Request, view, &mut scratch);
    let forced = plan.growth.has_changed() && fe.force_be_switch.iter().any(&mut holds);
    let open = |id: BackendId| forced || plan.may_choose(id);
    let default = fe.default_backend.filter(|id| open(*id));
    for line in &fe.use_backends {
        let condition = line.condition.as_ref();
        if condition.is_some_and(|c| !rules::holds(c, Direction::Request, view, &mut scratch)) {
            continue;
        }
        match &line.target {
            BackendTarget::Backend(id) if open(*id) => return Some(*id),
            BackendTarget::Backend(_) => {}
            BackendTarget::Dynamic(format) => {
                let mut name = Vec::new();
                scratch.reset();
                let eval = Eval {
                    view,
                    scratch: &scratch,
                    direction: Direction::Request,
                    last: true,
                };
                format.render(&eval, &mut name);
                // an unknown name ends the search
                let found = plan.backend_by_name(&name);
                if found.is_none_or(open) {
                    return found.or(default);
                }
            }
        }
    }
    default
}

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

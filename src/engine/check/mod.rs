//! Health checks: one task per checked server (HAProxy configuration manual 5.2 `check`).

mod agent;
mod expect;
mod http;
pub mod observe;
mod outcome;
mod probe;
mod report;
mod request;

use super::thread::Thread;
use crate::balance::ServerState;
use crate::balance::health::{Health, Spread};
use crate::balance::state::Admin;
use crate::ir::check::CheckStatus;
use crate::plan::{BackendPlan, CheckPlan, ServerPlan};
use outcome::Outcome;
use probe::Probe;
use report::{report, tell};
use std::sync::Arc;

/// Starts the checks that fall to this thread: servers go round the threads.
pub fn start(t: &'static Thread) {
    let threads = t.shared.loads.len().max(1);
    let checked = || {
        let backends = t.shared.plan.backends.iter();
        backends
            .flat_map(|be| (0..be.servers.len()).map(move |i| (be, i)))
            .filter_map(|(be, i)| {
                let server = be.servers.get(i)?;
                server.settings.check.as_ref().map(|c| (be, i, c))
            })
    };
    let max_spread = t.shared.plan.global.settings.max_spread_checks;
    let first = Spread::new(checked().map(|(_, _, c)| c.inter), max_spread);
    for (position, (be, i, settings)) in checked().enumerate() {
        if position % threads == t.worker.id {
            let health = Health::new(settings);
            let delay = first.first_delay(position as u32, settings.inter);
            t.worker
                .spawn(run(t, Arc::clone(be), i as u32, health, delay));
        }
    }
    let all = t.shared.plan.backends.iter();
    let agents = all.flat_map(|be| {
        let servers = be.servers.iter().zip(0u32..);
        servers.filter_map(move |(s, i)| s.settings.agent.as_ref().map(|a| (be, i, a)))
    });
    let first = Spread::new(agents.clone().map(|(_, _, a)| a.inter), max_spread);
    for (position, (be, i, settings)) in agents.enumerate() {
        if position % threads == t.worker.id {
            let delay = first.first_delay(position as u32, settings.inter);
            t.worker.spawn(agent::run(t, Arc::clone(be), i, delay));
        }
    }
}

/// Starts what a server that was added needs of checks, on the thread that all its life is
/// responsible for it.
pub fn enter(t: &'static Thread, be: &Arc<BackendPlan>, index: u32) {
    let (Some(server), Some(state)) = (be.servers.get(index as usize), be.state.server(index))
    else {
        return;
    };
    if let Some(settings) = &server.settings.check
        && state.check_task().is_none()
    {
        let health = Health::new(settings);
        t.worker.spawn(run(t, Arc::clone(be), index, health, 0));
    }
    if server.settings.agent.is_some()
        && let Some(agent) = &state.agent
        && agent.wants_task()
    {
        t.worker.spawn(agent::run(t, Arc::clone(be), index, 0));
    }
}

async fn run(t: &'static Thread, be: Arc<BackendPlan>, index: u32, mut health: Health, delay: u32) {
    let w = t.worker;
    let spread = t.shared.plan.global.settings.spread_checks.unsigned_abs();
    let Some(server) = be.servers.get(index as usize) else {
        return;
    };
    let Some(state) = be.state.server(index).cloned() else {
        return;
    };
    state.checked_by(w.current().token());
    w.sleep(delay).await;
    while !t.shared.is_stopping() && !state.is_removed() {
        let begin = w.now_ms();
        if !state.admin().intersects(Admin::ANY_MAINT) && !state.checks_paused() {
            state.set_checking(true);
            let outcome = check(t, &be, server, &state).await;
            state.set_checking(false);
            let took = u32::try_from(w.now_ms() - begin).ok();
            health.resume(state.score(), state.operational());
            // who went into maintenance meanwhile, or was deleted, is not judged any more
            if !state.admin().intersects(Admin::ANY_MAINT) {
                report(t, &be, server, &state, &mut health, (&outcome, took));
            }
        }
        // counted from the end of the check (observed)
        let mut next = w.now_ms() + u64::from(health.next_delay(spread, t.random()));
        while w.now_ms() < next {
            w.park(next).await;
            if state.is_removed() {
                break;
            }
            if state.take_hurry() {
                next = next.min(w.now_ms() + u64::from(health.fastinter()));
            }
        }
    }
    state.checked_by(0);
}

/// Checks once.
async fn check(
    t: &'static Thread,
    be: &BackendPlan,
    server: &ServerPlan,
    state: &ServerState,
) -> Outcome {
    match &server.check {
        // boxed: while a server is not being checked, its task is small
        CheckPlan::Steps(steps) => Box::pin(Probe::new(t, be, server, state, steps).run()).await,
        CheckPlan::External(_) => Outcome::of(CheckStatus::L4Ok),
    }
}

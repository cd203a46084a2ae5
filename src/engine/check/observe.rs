//! `observe`: traffic shows errors (configuration manual 5.2 `observe`, `on-error`).

use super::outcome::Outcome;
use super::report::report;
use crate::balance::Admin;
use crate::balance::health::Health;
use crate::engine::reactor::TaskRef;
use crate::engine::thread::Thread;
use crate::ir::check::CheckStatus;
use crate::ir::server::OnError;
use crate::plan::BackendId;

/// So many errors in a row were seen, `last` in HAProxy's words.
pub fn reached(t: &'static Thread, backend: u32, index: u32, last: &str) {
    let Some(be) = t.shared.plan.backend(BackendId(backend)) else {
        return;
    };
    let (Some(server), Some(state)) = (be.servers.get(index as usize), be.state.server(index))
    else {
        return;
    };
    let settings = &server.settings;
    let Some(check) = &settings.check else {
        return;
    };
    if state.admin().intersects(Admin::ANY_MAINT) || state.checks_paused() {
        return;
    }
    state.counters.observed_errors.inc();
    let mut health = Health::new(check);
    let score = match settings.on_error {
        OnError::FastInter => None,
        OnError::FailCheck => Some(state.score()),
        OnError::SuddenDeath => Some(state.score().min(check.rise + 1)),
        OnError::MarkDown => Some(state.score().min(check.rise)),
    };
    if let Some(score) = score {
        health.resume(score, state.operational());
        let text = format!(
            "Detected {} consecutive errors, last one was: {last}",
            settings.error_limit
        );
        let outcome = Outcome::told(CheckStatus::Observed, text);
        report(t, be, server, state, &mut health, (&outcome, None));
    }
    if settings.on_error != OnError::MarkDown
        && let Some(token) = state.hurry()
    {
        t.shared.hub.wake_task(TaskRef::from_token(token));
    }
}

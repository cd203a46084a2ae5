//! Health checks: one task per checked server (HAProxy configuration manual 5.2 `check`).

mod expect;
mod http;
mod outcome;
mod probe;
mod request;

use super::thread::Thread;
use crate::balance::ServerState;
use crate::balance::counters::LastCheck;
use crate::balance::event::{CheckResult, CheckStatus, HealthNews, ServerEvent, Verdict};
use crate::balance::health::{Health, Spread};
use crate::balance::state::Admin;
use crate::ir::proxy::Options;
use crate::plan::{BackendPlan, CheckPlan, ServerPlan};
use outcome::Outcome;
use probe::Probe;
use std::sync::Arc;

/// Syslog level `notice`.
const NOTICE: u8 = 5;
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
    w.sleep(delay).await;
    while !t.shared.is_stopping() {
        let begin = w.now_ms();
        if !state.admin().intersects(Admin::ANY_MAINT) && !state.checks_paused() {
            state.set_checking(true);
            let outcome = check(t, &be, server, &state).await;
            state.set_checking(false);
            let took = (w.now_ms() - begin) as u32;
            health.resume(state.score(), state.operational());
            let proven = health.score() >= health.rise();
            let judged = health.result(outcome.status);
            state.set_score(health.score());
            if proven && judged.status.verdict() == Verdict::Failed {
                state.counters.failed_checks.inc();
            }
            *state.counters.last_check.lock() = Some(LastCheck {
                status: judged.status,
                code: outcome.code,
                info: outcome.info.as_str().into(),
                duration_ms: took,
            });
            let result = CheckResult {
                status: judged.status,
                code: outcome.code,
                info: &outcome.info,
                duration_ms: Some(took),
            };
            let mut told = false;
            if judged.news
                && be.options.contains(Options::LOG_HEALTH_CHECKS)
                && let Some(log) = &be.log
            {
                let news = HealthNews {
                    backend: &be.name,
                    server: &server.name,
                    backup: state.backup,
                    check: result,
                    shown: health.shown(),
                };
                told = true;
                crate::engine::log::send(t, log, NOTICE, news.to_string().as_bytes());
            }
            if let Some(change) = judged.change {
                let requeued = be.state.set_operational(&state, health.state(), w.now_ms());
                let event = ServerEvent {
                    backend: &be.name,
                    server: &server.name,
                    backup: state.backup,
                    was: judged.was,
                    now: change,
                    check: (!told).then_some(result),
                    active: be.state.usable_active(),
                    backup_left: be.state.usable_backup(),
                    sessions: state.served(),
                    requeued,
                    queued: state.queued(),
                };
                if let Some(log) = &be.log {
                    crate::engine::log::send(t, log, event.level(), event.to_string().as_bytes());
                    if event.backend_lost() {
                        let text = format!("backend {} has no server available!", be.name);
                        crate::engine::log::send(
                            t,
                            log,
                            crate::engine::log::EMERG,
                            text.as_bytes(),
                        );
                    }
                }
                t.shared.events.server(&be, &event);
            }
        }
        // counted from the end of the check (observed)
        let next = w.now_ms() + u64::from(health.next_delay(spread, t.random()));
        while w.now_ms() < next {
            w.park(next).await;
        }
    }
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

//! What the result of a check comes to, and who is told.

use super::outcome::Outcome;
use crate::balance::ServerState;
use crate::balance::counters::LastCheck;
use crate::balance::event::{Change, CheckResult, HealthNews, ServerEvent, Verdict};
use crate::balance::health::Health;
use crate::engine::thread::Thread;
use crate::engine::{log, resolvers};
use crate::ir::check::CheckStatus;
use crate::ir::proxy::Options;
use crate::plan::{BackendPlan, ServerPlan};

/// Syslog level `notice`.
const NOTICE: u8 = 5;

/// Counts a result, remembers and tells it, and changes the server's state if that is due. `took`
/// in milliseconds; `None`: nothing was asked.
pub(super) fn report(
    t: &'static Thread,
    be: &BackendPlan,
    server: &ServerPlan,
    state: &ServerState,
    health: &mut Health,
    (outcome, took): (&Outcome, Option<u32>),
) {
    if outcome.status == CheckStatus::L4Timeout
        && let Some(dns) = &server.dns
    {
        resolvers::hurry(t, be.id, state.index, dns.resolvers);
    }
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
        duration_ms: took.unwrap_or(0),
    });
    let result = CheckResult {
        status: judged.status,
        code: outcome.code,
        info: &outcome.info,
        duration_ms: took,
    };
    let news = HealthNews {
        kind: "Health",
        backend: &be.name,
        server: &server.name,
        backup: state.backup,
        check: result,
        shown: health.shown(),
    };
    let told = judged.news && told(t, be, &news);
    let Some(change) = judged.change else {
        return;
    };
    if change != Change::Down && state.held_by_agent() {
        // it may come back when its agent says so too
        return;
    }
    let now = t.worker.now_ms();
    let requeued = be.state.set_operational(state, health.state(), now);
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
    tell(t, be, &event);
}

/// Tells of a result under `option log-health-checks`; false: nobody is told.
pub(super) fn told(t: &'static Thread, be: &BackendPlan, news: &HealthNews<'_>) -> bool {
    match &be.log {
        Some(target) if be.options.contains(Options::LOG_HEALTH_CHECKS) => {
            log::send(t, target, NOTICE, news.to_string().as_bytes());
            true
        }
        _ => false,
    }
}

/// Tells of a change in the log and to whoever listens.
pub(super) fn tell(t: &'static Thread, be: &BackendPlan, event: &ServerEvent<'_>) {
    if let Some(target) = &be.log {
        log::send(t, target, event.level(), event.to_string().as_bytes());
        if event.backend_lost() {
            let text = format!("{} {} has no server available!", be.kind(), be.name);
            log::send(t, target, log::EMERG, text.as_bytes());
        }
    }
    t.shared.events.server(be, event);
}

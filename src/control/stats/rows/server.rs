//! The line of a server.

use super::{bytes, http, inside, last_session, seconds_since, times};
use crate::balance::{Admin, Operational, ServerState};
use crate::control::stats::column as c;
use crate::control::stats::row::{Kind, Row, Value};
use crate::engine::Shared;
use crate::ir::proxy::Mode;
use crate::plan::{BackendPlan, ServerAddress, ServerPlan};
use std::net::SocketAddr;

/// The word for a server's state, as HAProxy shows it: how far it is on its way up or down stands
/// behind it.
fn status(plan: &ServerPlan, state: &ServerState) -> Value {
    let admin = state.admin();
    if admin.contains(Admin::RESOLVE_MAINT) {
        return "MAINT (resolution)".into();
    }
    if admin.intersects(Admin::ANY_MAINT) {
        let own = admin.intersects(Admin::ANY_MAINT - Admin::TRACKED_MAINT);
        return match &plan.track {
            Some((_, _, path)) if !own => format!("MAINT (via {path})").into(),
            _ => "MAINT".into(),
        };
    }
    let check = plan.settings.check.as_ref();
    let check = check.filter(|_| !state.checks_paused());
    let operational = state.operational();
    let word = match operational {
        Operational::Stopped if state.held_by_agent() => return "DOWN (agent)".into(),
        Operational::Stopped => "DOWN",
        _ if admin.intersects(Admin::ANY_DRAIN) => match state.asks_agent() {
            true => "DRAIN (agent)",
            false => "DRAIN",
        },
        Operational::Stopping => "NOLB",
        _ if check.is_none() && plan.track.is_none() => return "no check".into(),
        _ => "UP",
    };
    let score = state.score();
    match (check, operational) {
        (Some(check), Operational::Stopped) if score > 0 => {
            format!("{word} {score}/{}", check.rise).into()
        }
        (Some(check), Operational::Running | Operational::Stopping | Operational::Starting)
            if score + 1 < check.rise + check.fall =>
        {
            // below 0 before the first check (observed)
            let steps = i64::from(score) + 1 - i64::from(check.rise);
            format!("{word} {steps}/{}", check.fall).into()
        }
        _ => word.into(),
    }
}

/// The line of a server; `legends`: with its address and cookie; `now` in milliseconds of
/// `base::clock`.
pub fn server(
    row: &mut Row,
    shared: &Shared,
    be: &BackendPlan,
    plan: &ServerPlan,
    state: &ServerState,
    legends: bool,
    now: u64,
) {
    let counters = &state.counters;
    row.begin(Kind::Server, be.mode);
    row.set(c::PXNAME, be.name.to_string());
    row.set(c::SVNAME, plan.name.to_string());
    row.set(c::IID, be.uuid);
    row.set(c::SID, plan.settings.id);
    row.set(c::QCUR, state.queued());
    row.set(c::QMAX, state.queued_max());
    row.set(c::SCUR, state.served());
    row.set(c::SMAX, state.served_max());
    let limit = |n: u32| Some(n).filter(|n| *n > 0);
    row.set(c::SLIM, limit(state.maxconn()));
    row.set(c::QLIMIT, limit(state.maxqueue()));
    row.set(c::STOT, counters.sessions.total());
    bytes(
        row,
        [&counters.bytes_in, &counters.bytes_out],
        [&counters.request_growth, &counters.response_growth],
    );
    row.set(c::DRESP, counters.denied_responses.total());
    row.set(c::ECON, counters.connect_errors.total());
    row.set(c::ERESP, counters.response_errors.total());
    row.set(c::WRETR, counters.retries.total());
    row.set(c::WREDIS, counters.redispatches.total());
    row.set(c::STATUS, status(plan, state));
    let scale = crate::balance::state::WEIGHT_SCALE;
    row.set(c::WEIGHT, state.effective_weight().div_ceil(scale));
    row.set(c::UWEIGHT, state.weight());
    row.set(c::ACT, u32::from(!state.backup));
    row.set(c::BCK, u32::from(state.backup));
    row.set(c::LASTCHG, seconds_since(state.last_change(), now));
    check(row, plan, state, now);
    agent(row, state);
    if let Some((_, _, path)) = &plan.track {
        row.set(c::TRACKED, path.to_string());
    }
    if state.observer.is_some() && !state.checks_paused() {
        row.set(c::HANAFAIL, counters.observed_errors.total());
    }
    if state.is_starting() && state.usable() {
        row.set(c::THROTTLE, state.throttle());
    }
    row.set(c::LBTOT, counters.chosen.total());
    row.set(c::RATE, counters.rate.now(now));
    row.set(c::RATE_MAX, counters.rate.max());
    if be.mode == Mode::Http {
        http(row, &counters.http);
        row.set(c::REQ_TOT, counters.http.all());
    }
    row.set(c::CLI_ABRT, counters.client_aborts.total());
    row.set(c::SRV_ABRT, counters.server_aborts.total());
    row.set(c::LASTSESS, last_session(&counters.last_session, now));
    times(row, &counters.times);
    row.set(c::CONNECT, counters.connects.total());
    row.set(c::REUSE, counters.reuses.total());
    let (unsafe_idle, safe_idle) = shared
        .idle
        .iter()
        .map(|counts| counts.halves(be.id, state.index))
        .fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    row.set(c::SRV_ICUR, unsafe_idle + safe_idle);
    row.set(c::IDLE_CONN_CUR, unsafe_idle);
    row.set(c::SAFE_CONN_CUR, safe_idle);
    row.set(c::USED_CONN_CUR, state.served());
    let need = counters.need.estimate().max(state.served());
    row.set(c::NEED_CONN_EST, need);
    row.set(c::PRIV_IDLE_CUR, counters.private_idle.cur());
    inside(row, &counters.mishaps, &counters.tls);
    row.set(c::SRC_ILIM, plan.settings.pool_max_conn);
    if legends {
        let address = match &*plan.address_now() {
            ServerAddress::Inet(at) => Some(at.to_string()),
            ServerAddress::InetMapped(at, offset) => {
                Some(SocketAddr::new(at.ip(), *offset as u16).to_string())
            }
            _ => Some("unix".to_string()),
        };
        row.set(c::ADDR, address);
        let cookie = plan.settings.cookie.as_deref();
        row.set(
            c::COOKIE,
            cookie.map(|v| String::from_utf8_lossy(v).into_owned()),
        );
    }
}

/// The columns of the agent: empty without one.
fn agent(row: &mut Row, state: &ServerState) {
    let agent = state.agent.as_ref().filter(|a| !a.is_paused());
    let Some(agent) = agent else {
        return;
    };
    row.set(c::AGENT_RISE, 1u32);
    row.set(c::AGENT_FALL, 1u32);
    row.set(
        c::AGENT_HEALTH,
        u32::from(agent.is_up() && agent.has_spoken()),
    );
    match &*agent.last.lock() {
        None => {
            row.set(c::AGENT_STATUS, "INI");
            row.set(c::AGENT_DESC, "Initializing");
        }
        Some(last) => {
            row.set(c::AGENT_STATUS, last.status.code());
            row.set(c::AGENT_CODE, last.code.map(u32::from));
            row.set(c::AGENT_DURATION, last.duration_ms);
            row.set(c::AGENT_DESC, last.status.reason());
            if !last.info.is_empty() {
                row.set(c::LAST_AGT, last.info.to_string());
            }
        }
    }
}

/// The columns of health checks: empty where there are none, or an administrator has stopped them.
fn check(row: &mut Row, plan: &ServerPlan, state: &ServerState, now: u64) {
    let settings = plan.settings.check.as_ref();
    let Some(settings) = settings.filter(|_| !state.checks_paused()) else {
        for column in [
            c::CHKFAIL,
            c::CHKDOWN,
            c::DOWNTIME,
            c::CHECK_RISE,
            c::CHECK_FALL,
            c::CHECK_HEALTH,
            c::CHECK_CODE,
            c::CHECK_DURATION,
        ] {
            row.set(column, Value::Empty);
        }
        return;
    };
    let counters = &state.counters;
    row.set(c::CHKFAIL, counters.failed_checks.total());
    row.set(c::CHKDOWN, counters.went_down.total());
    let since = match state.running() {
        true => 0,
        false => now.saturating_sub(state.last_change()),
    };
    row.set(c::DOWNTIME, (counters.downtime.total() + since) / 1000);
    if state.admin().intersects(Admin::ANY_MAINT) {
        // nothing is checked there
        for column in [
            c::CHECK_RISE,
            c::CHECK_FALL,
            c::CHECK_HEALTH,
            c::CHECK_CODE,
            c::CHECK_DURATION,
        ] {
            row.set(column, Value::Empty);
        }
        return;
    }
    row.set(c::CHECK_RISE, settings.rise);
    row.set(c::CHECK_FALL, settings.fall);
    row.set(c::CHECK_HEALTH, state.score());
    match &*counters.last_check.lock() {
        None => {
            row.set(c::CHECK_STATUS, "INI");
            row.set(c::CHECK_DESC, "Initializing");
            row.set(c::CHECK_CODE, Value::Empty);
            row.set(c::CHECK_DURATION, Value::Empty);
        }
        Some(last) => {
            let word = last.status.code();
            match state.checking() {
                true => row.set(c::CHECK_STATUS, format!("* {word}")),
                false => row.set(c::CHECK_STATUS, word),
            }
            let code = last.code.map(u32::from);
            row.set(
                c::CHECK_CODE,
                code.map(|n| if state.checking() { 0 } else { n }),
            );
            row.set(c::CHECK_DURATION, last.duration_ms);
            row.set(c::CHECK_DESC, last.status.reason());
            if !state.checking() && !last.info.is_empty() {
                row.set(c::LAST_CHK, last.info.to_string());
            }
        }
    }
}

//! The line of a back end.

use super::{bytes, compressed, h2, http, inside, last_session, seconds_since, times};
use crate::balance::ServerState;
use crate::control::stats::column as c;
use crate::control::stats::row::{Kind, Row, Value};
use crate::engine::Shared;
use crate::ir::proxy::{Balance, Mode};
use crate::plan::BackendPlan;

/// The line of a back end; `legends`: with its cookie and algorithm; `now` in milliseconds of
/// `base::clock`.
pub fn backend(row: &mut Row, shared: &Shared, be: &BackendPlan, legends: bool, now: u64) {
    let state = &be.state;
    let counters = &state.counters;
    row.begin(Kind::Backend, be.mode);
    row.set(c::PXNAME, be.name.to_string());
    row.set(c::SVNAME, "BACKEND");
    row.set(c::IID, be.uuid);
    row.set(c::QCUR, state.queued());
    row.set(c::QMAX, state.queued_max());
    row.set(c::SCUR, state.sessions.cur());
    row.set(c::SMAX, state.sessions.max());
    row.set(c::SLIM, be.state.fullconn());
    row.set(c::STOT, counters.sessions.total());
    bytes(
        row,
        [&counters.bytes_in, &counters.bytes_out],
        [&counters.request_growth, &counters.response_growth],
    );
    row.set(c::DREQ, counters.denied_requests.total());
    row.set(c::DRESP, counters.denied_responses.total());
    row.set(c::ECON, counters.connect_errors.total());
    row.set(c::ERESP, counters.response_errors.total());
    row.set(c::WRETR, counters.retries.total());
    row.set(c::WREDIS, counters.redispatches.total());
    // a back end without servers (a page of statistics alone) is not down
    let down = state.is_down() && be.has_servers();
    let status = match (down, state.is_published()) {
        (true, true) => "DOWN",
        (false, true) => "UP",
        (true, false) => "DOWN (UNPUB)",
        (false, false) => "UP (UNPUB)",
    };
    row.set(c::STATUS, status);
    row.set(c::ACT, state.usable_active());
    row.set(c::BCK, state.usable_backup());
    let on_backup = state.usable_active() == 0;
    let weight = |of: fn(&ServerState) -> u32| -> u32 {
        let used = state.servers().iter().filter(|s| s.usable());
        used.filter(|s| s.backup == on_backup)
            .map(|s| of(s))
            .fold(0, u32::saturating_add)
    };
    let scale = crate::balance::state::WEIGHT_SCALE;
    row.set(
        c::WEIGHT,
        weight(ServerState::effective_weight).div_ceil(scale),
    );
    row.set(c::UWEIGHT, weight(ServerState::weight));
    let changed = counters.last_change.last().unwrap_or(0);
    row.set(c::CHKDOWN, counters.went_down.total());
    row.set(c::LASTCHG, seconds_since(changed, now));
    let since = if down { now.saturating_sub(changed) } else { 0 };
    row.set(
        c::DOWNTIME,
        match !be.has_servers() {
            true => Value::Empty,
            false => ((counters.downtime.total() + since) / 1000).into(),
        },
    );
    row.set(c::LBTOT, counters.chosen.total());
    row.set(c::RATE, counters.rate.now(now));
    row.set(c::RATE_MAX, counters.rate.max());
    if be.mode == Mode::Http {
        http(row, &counters.http);
        compressed(row, &counters.compressed);
        row.set(c::REQ_TOT, counters.requests.total());
        let servers = || be.state.servers().iter();
        let busy: u32 = servers().map(|s| s.served()).sum();
        let idle = |s: u32| {
            shared
                .idle
                .iter()
                .map(move |i| i.get(be.id, s))
                .sum::<u32>()
        };
        let idle: u32 = servers()
            .map(|s| idle(s.index) + s.counters.private_idle.cur())
            .sum();
        h2(row, &counters.h2);
        let ((_, h2_total), (h2_open, h2_streams)) =
            (counters.h2.connections(), counters.h2.streams());
        let busy = busy.saturating_sub(h2_open);
        row.set(c::H1_OPEN_CONNECTIONS, busy + idle);
        row.set(c::H1_OPEN_STREAMS, busy);
        let connects = counters.connects.total();
        row.set(c::H1_TOTAL_CONNECTIONS, connects.saturating_sub(h2_total));
        let streams = connects + counters.reuses.total();
        row.set(c::H1_TOTAL_STREAMS, streams.saturating_sub(h2_streams));
        row.set(c::H1_BYTES_IN, counters.wire_in.total());
        row.set(c::H1_BYTES_OUT, counters.wire_out.total());
    }
    inside(row, &counters.mishaps, &counters.tls);
    row.set(c::CLI_ABRT, counters.client_aborts.total());
    row.set(c::SRV_ABRT, counters.server_aborts.total());
    row.set(c::LASTSESS, last_session(&counters.last_session, now));
    times(row, &counters.times);
    row.set(c::CONNECT, counters.connects.total());
    row.set(c::REUSE, counters.reuses.total());
    if legends {
        let cookie = be.cookie.as_ref().map(|c| c.name());
        row.set(
            c::COOKIE,
            cookie.map(|name| String::from_utf8_lossy(name).into_owned()),
        );
        // 3.4 has no word for random here
        let word: Value = match &be.balance {
            Balance::Default | Balance::Random { .. } => "unknown".into(),
            other => other.word().to_owned().into(),
        };
        row.set(c::ALGO, word);
    }
}

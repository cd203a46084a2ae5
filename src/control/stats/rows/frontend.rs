//! The line of a front end.

use super::{bytes, compressed, h2, http, inside};
use crate::control::stats::column as c;
use crate::control::stats::row::{Kind, Row};
use crate::engine::Shared;
use crate::engine::shared::Phase;
use crate::ir::proxy::Mode;
use crate::plan::FrontendPlan;
use std::sync::atomic::Ordering::Relaxed;

/// The line of a front end; `now` in milliseconds of `base::clock`.
pub fn frontend(row: &mut Row, shared: &Shared, fe: &FrontendPlan, now: u64) {
    let http_mode = fe.mode == Mode::Http;
    row.begin(Kind::Frontend, fe.mode);
    row.set(c::PXNAME, fe.name.to_string());
    row.set(c::SVNAME, "FRONTEND");
    row.set(c::IID, fe.uuid);
    let stopping = shared.is_stopping();
    let status = match shared.frontends.get(fe.id.0 as usize).map(|f| f.phase()) {
        Some(Phase::Stopped) => "STOP",
        _ if stopping => "STOP",
        Some(Phase::Paused) => "PAUSED",
        _ => "OPEN",
    };
    row.set(c::STATUS, status);
    row.set(c::RATE_LIM, fe.rate_limit_sessions.unwrap_or(0));
    let Some(state) = shared.frontends.get(fe.id.0 as usize) else {
        return;
    };
    let limit = match state.conns.max.load(Relaxed) {
        0 => shared.conns.max.load(Relaxed),
        limit => limit,
    };
    row.set(c::SCUR, state.conns.current());
    row.set(c::SMAX, state.conns.peak());
    row.set(c::SLIM, limit);
    let connections = state.connections.load(Relaxed);
    row.set(c::CONN_TOT, connections);
    let counters = &state.counters;
    let denied = counters.denied_connections.total() + counters.denied_sessions.total();
    let sessions = connections.saturating_sub(denied + counters.unfinished.total());
    row.set(c::STOT, sessions);
    let rules = &fe.rules;
    let all_let_in =
        rules.tcp_request_connection.is_empty() && rules.tcp_request_session.is_empty();
    let rate = match all_let_in {
        true => &counters.rate,
        false => &counters.admitted_rate,
    };
    bytes(
        row,
        [&counters.bytes_in, &counters.bytes_out],
        [&counters.request_growth, &counters.response_growth],
    );
    row.set(c::DREQ, counters.denied_requests.total());
    row.set(c::DRESP, counters.denied_responses.total());
    row.set(c::EREQ, counters.bad_requests.total());
    row.set(c::DCON, counters.denied_connections.total());
    row.set(c::DSES, counters.denied_sessions.total());
    inside(row, &counters.mishaps, &counters.tls);
    row.set(c::RATE, rate.now(now));
    row.set(c::RATE_MAX, rate.max());
    row.set(c::CONN_RATE, counters.rate.now(now));
    row.set(c::CONN_RATE_MAX, counters.rate.max());
    if http_mode {
        http(row, &counters.http);
        compressed(row, &counters.compressed);
        let requests = state.requests.load(Relaxed);
        row.set(c::REQ_RATE, counters.request_rate.now(now));
        row.set(c::REQ_RATE_MAX, counters.request_rate.max());
        row.set(c::REQ_TOT, requests);
        row.set(c::INTERCEPTED, counters.intercepted.total());
        let ((h2_open, h2_total), h2_requests) =
            (counters.h2.connections(), counters.h2.requests.total());
        row.set(c::H2SESS, h2_total);
        row.set(c::H2REQ, h2_requests);
        h2(row, &counters.h2);
        let at_once = h2_total.saturating_sub(counters.h2.upgrades.total());
        let h1_sessions = sessions.saturating_sub(at_once);
        row.set(c::H1SESS, h1_sessions);
        row.set(c::H1REQ, requests.saturating_sub(h2_requests));
        let h1_open = state.conns.current().saturating_sub(h2_open);
        row.set(c::H1_OPEN_CONNECTIONS, h1_open);
        let (h2_streams, h2_streams_total) = counters.h2.streams();
        let open = requests.saturating_sub(counters.http.all());
        row.set(c::H1_OPEN_STREAMS, open.saturating_sub(h2_streams.into()));
        row.set(c::H1_TOTAL_CONNECTIONS, h1_sessions);
        let streams = requests.saturating_sub(counters.silent.total());
        row.set(
            c::H1_TOTAL_STREAMS,
            streams.saturating_sub(h2_streams_total),
        );
        row.set(c::H1_BYTES_IN, counters.wire_in.total());
        row.set(c::H1_BYTES_OUT, counters.wire_out.total());
    } else {
        row.set(c::SESS_OTHER, sessions);
    }
}

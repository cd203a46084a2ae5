//! What stands in the lines: one file per kind of line.

mod backend;
mod frontend;
mod listener;
mod server;

pub use backend::backend;
pub use frontend::frontend;
pub use listener::listener;
pub use server::server;

use super::column as c;
use super::row::{Row, Value};
use crate::balance::counters::{
    Compressed, Growth, HttpCounters, Mishaps, Moment, Sum, Times, TlsCounters,
};
use crate::balance::h2::H2Counters;

pub(super) fn http(row: &mut Row, http: &HttpCounters) {
    let columns = [
        c::HRSP_OTHER,
        c::HRSP_1XX,
        c::HRSP_2XX,
        c::HRSP_3XX,
        c::HRSP_4XX,
        c::HRSP_5XX,
    ];
    for (column, sum) in columns.into_iter().zip(&http.by_class) {
        row.set(column, sum.total());
    }
}

/// What went wrong inside, and TLS.
pub(super) fn inside(row: &mut Row, mishaps: &Mishaps, tls: &TlsCounters) {
    row.set(c::WREW, mishaps.rewrites.total());
    row.set(c::EINT, mishaps.internal.total());
    row.set(c::SSL_SESS, tls.sessions.total());
    row.set(c::SSL_REUSED_SESS, tls.resumed.total());
    row.set(c::SSL_FAILED_HANDSHAKE, tls.failed.total());
}

/// HTTP/2.
pub(super) fn h2(row: &mut Row, counters: &H2Counters) {
    let columns = [
        c::H2_HEADERS_RCVD,
        c::H2_DATA_RCVD,
        c::H2_SETTINGS_RCVD,
        c::H2_RST_STREAM_RCVD,
        c::H2_GOAWAY_RCVD,
        c::H2_DETECTED_CONN_PROTOCOL_ERRORS,
        c::H2_DETECTED_STRM_PROTOCOL_ERRORS,
        c::H2_RST_STREAM_RESP,
        c::H2_GOAWAY_RESP,
    ];
    for (column, sum) in columns.into_iter().zip(counters.sums()) {
        row.set(column, sum);
    }
    let (open, total) = counters.connections();
    row.set(c::H2_OPEN_CONNECTIONS, open);
    row.set(c::H2_TOTAL_CONNECTIONS, total);
    let (open, total) = counters.streams();
    row.set(c::H2_BACKEND_OPEN_STREAMS, open);
    row.set(c::H2_BACKEND_TOTAL_STREAMS, total);
}

pub(super) fn times(row: &mut Row, times: &Times) {
    let columns = [
        (c::QTIME, c::QTIME_MAX, &times.queue),
        (c::CTIME, c::CTIME_MAX, &times.connect),
        (c::RTIME, c::RTIME_MAX, &times.response),
        (c::TTIME, c::TTIME_MAX, &times.total),
    ];
    for (mean, max, average) in columns {
        row.set(mean, average.mean());
        row.set(max, average.max());
    }
}

/// Bytes of clients, those for servers, those of servers, and those for clients.
pub(super) fn bytes(row: &mut Row, sums: [&Sum; 2], growth: [&Growth; 2]) {
    let [received, sent] = sums.map(Sum::total);
    let [to_server, to_client] = growth;
    row.set(c::BIN, received);
    row.set(c::BOUT, sent);
    row.set(c::REQBIN, received);
    row.set(c::REQBOUT, to_server.apply(received));
    row.set(c::RESBIN, sent);
    row.set(c::RESBOUT, to_client.apply(sent));
}

pub(super) fn seconds_since(at: u64, now: u64) -> u64 {
    now.saturating_sub(at) / 1000
}

pub(super) fn last_session(moment: &Moment, now: u64) -> Value {
    match moment.last() {
        Some(at) => seconds_since(at, now).into(),
        None => Value::Negative(-1),
    }
}

/// What compression did.
fn compressed(row: &mut Row, counters: &Compressed) {
    row.set(c::COMP_IN, counters.read.total());
    row.set(c::COMP_OUT, counters.written.total());
    row.set(c::COMP_BYP, counters.bypassed.total());
    row.set(c::COMP_RSP, counters.responses.total());
}

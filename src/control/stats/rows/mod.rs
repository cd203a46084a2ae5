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
use crate::balance::counters::{HttpCounters, Moment, Times};

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

pub(super) fn bytes(row: &mut Row, bytes_in: u64, bytes_out: u64) {
    row.set(c::BIN, bytes_in);
    row.set(c::BOUT, bytes_out);
    row.set(c::REQBIN, bytes_in);
    row.set(c::REQBOUT, bytes_in);
    row.set(c::RESBIN, bytes_out);
    row.set(c::RESBOUT, bytes_out);
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

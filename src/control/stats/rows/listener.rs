//! The line of a listener (`option socket-stats`).

use super::{bytes, inside};
use crate::control::stats::column as c;
use crate::control::stats::row::{Kind, Row};
use crate::engine::Shared;
use crate::plan::FrontendPlan;
use crate::plan::listener::{ListenAddress, ListenerPlan};
use std::sync::atomic::Ordering::Relaxed;

/// The line of a listener of `fe`; `legends`: with its address.
pub fn listener(
    row: &mut Row,
    shared: &Shared,
    fe: &FrontendPlan,
    listener: &ListenerPlan,
    legends: bool,
) {
    row.begin(Kind::Listener, fe.mode);
    row.set(c::PXNAME, fe.name.to_string());
    let number = || format!("sock-{}", listener.uuid);
    let name = listener.name.as_deref().map_or_else(number, str::to_owned);
    row.set(c::SVNAME, name);
    row.set(c::IID, fe.uuid);
    row.set(c::SID, listener.uuid);
    row.set(c::STATUS, "OPEN");
    if let Some(limit) = shared.listeners.get(listener.id.0 as usize) {
        row.set(c::SCUR, limit.current());
        row.set(c::SMAX, limit.peak());
        row.set(c::SLIM, limit.max.load(Relaxed));
    }
    if let Some(Some(own)) = shared.listener_counters.get(listener.id.0 as usize) {
        let sums = &own.sums;
        let denied = sums.denied_connections.total() + sums.denied_sessions.total();
        let connections = own.connections.total();
        row.set(c::CONN_TOT, connections);
        row.set(c::STOT, connections.saturating_sub(denied));
        bytes(
            row,
            [&sums.bytes_in, &sums.bytes_out],
            [&sums.request_growth, &sums.response_growth],
        );
        row.set(c::DREQ, sums.denied_requests.total());
        row.set(c::DRESP, sums.denied_responses.total());
        row.set(c::EREQ, sums.bad_requests.total());
        inside(row, &sums.mishaps, &sums.tls);
        row.set(c::DCON, sums.denied_connections.total());
        row.set(c::DSES, sums.denied_sessions.total());
    }
    let (proto, address) = match &listener.address {
        ListenAddress::Inet(at) if at.is_ipv4() => ("tcpv4", at.to_string()),
        ListenAddress::Inet(at) => ("tcpv6", at.to_string()),
        _ => ("unix_stream", "unix".to_string()),
    };
    row.set(c::PROTO, proto);
    if legends {
        row.set(c::ADDR, address);
    }
}

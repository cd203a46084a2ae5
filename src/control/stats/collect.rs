//! From the running state to lines of statistics.

use super::column as c;
use super::row::{Kind, Row, Value};
use crate::balance::counters::{HttpCounters, Moment, Times};
use crate::balance::event::Verdict;
use crate::balance::{Admin, Operational, ServerState};
use crate::base::clock;
use crate::engine::Shared;
use crate::ir::proxy::{Balance, Mode, Options};
use crate::plan::listener::ListenAddress;
use crate::plan::{BackendPlan, FrontendPlan, ServerAddress, ServerPlan};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Which lines are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter<'a> {
    /// Servers that are down are left out.
    pub up: bool,
    /// Servers in maintenance are left out.
    pub no_maint: bool,
    /// Only proxies whose names contain this.
    pub scope: &'a str,
    /// With addresses, cookies and algorithms.
    pub legends: bool,
    /// Only the proxy of this number.
    pub proxy: Option<u32>,
    /// Only these kinds; empty: all.
    pub kinds: &'a [Kind],
    /// Only the server of this number.
    pub server: Option<u32>,
}

impl Filter<'_> {
    fn kind(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
    fn proxy(&self, name: &str, uuid: u32) -> bool {
        name.contains(self.scope) && self.proxy.is_none_or(|id| id == uuid)
    }
}

/// One proxy, both sides of a `listen`.
pub struct Both<'a> {
    /// The side that accepts.
    pub front: Option<&'a Arc<FrontendPlan>>,
    /// The side with servers.
    pub back: Option<&'a Arc<BackendPlan>>,
}

impl Both<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        let back = self.back.map(|b| &*b.name);
        self.front.map(|f| &*f.name).or(back).unwrap_or_default()
    }
    /// Its number.
    pub fn uuid(&self) -> u32 {
        let back = self.back.map(|b| b.uuid);
        self.front.map(|f| f.uuid).or(back).unwrap_or_default()
    }
    /// `http` or `tcp`
    pub fn mode(&self) -> Mode {
        let back = self.back.map(|b| b.mode);
        self.front.map(|f| f.mode).or(back).unwrap_or_default()
    }
}

/// All proxies in the order of the configuration.
pub fn proxies(shared: &Shared) -> Vec<Both<'_>> {
    let mut fronts = shared.plan.frontends.iter().peekable();
    let mut backs = shared.plan.backends.iter().peekable();
    let mut all = Vec::with_capacity(fronts.len() + backs.len());
    loop {
        let next = match (fronts.peek(), backs.peek()) {
            (None, None) => return all,
            (Some(f), Some(b)) => f.proxy.min(b.proxy),
            (Some(f), None) => f.proxy,
            (None, Some(b)) => b.proxy,
        };
        all.push(Both {
            front: fronts.next_if(|f| f.proxy == next),
            back: backs.next_if(|b| b.proxy == next),
        });
    }
}

/// The lines of one proxy: front end, listeners, servers, back end.
pub fn rows(shared: &Shared, proxy: &Both<'_>, filter: &Filter<'_>, line: &mut dyn FnMut(&Row)) {
    if !filter.proxy(proxy.name(), proxy.uuid()) {
        return;
    }
    let now = clock::now_ms();
    if let Some(fe) = proxy.front {
        if filter.kind(Kind::Frontend) {
            line(&frontend(shared, fe, now));
        }
        if fe.options.contains(Options::SOCKET_STATS) && filter.kind(Kind::Listener) {
            listeners(shared, fe, filter, line);
        }
    }
    if let Some(be) = proxy.back {
        if filter.kind(Kind::Server) {
            for (plan, state) in be.servers.iter().zip(be.state.servers()) {
                let maint = state.admin().intersects(Admin::ANY_MAINT);
                if filter.up && !state.running()
                    || filter.no_maint && maint
                    || filter.server.is_some_and(|id| id != plan.settings.id)
                {
                    continue;
                }
                line(&server(be, plan, state, filter.legends, now));
            }
        }
        if filter.kind(Kind::Backend) {
            let mut row = backend(be, filter.legends, now);
            if filter.up && !be.servers.is_empty() {
                // what is hidden is told in numbers
                let up = be.state.servers().iter().filter(|s| s.running()).count();
                let status = format!("{} ({up}/{})", row.text(c::STATUS), be.servers.len());
                row.set(c::STATUS, status);
            }
            line(&row);
        }
    }
}

fn http(row: &mut Row, http: &HttpCounters) {
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

fn times(row: &mut Row, times: &Times) {
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

fn bytes(row: &mut Row, bytes_in: u64, bytes_out: u64) {
    row.set(c::BIN, bytes_in);
    row.set(c::BOUT, bytes_out);
    row.set(c::REQBIN, bytes_in);
    row.set(c::REQBOUT, bytes_in);
    row.set(c::RESBIN, bytes_out);
    row.set(c::RESBOUT, bytes_out);
}

fn seconds_since(at: u64, now: u64) -> u64 {
    now.saturating_sub(at) / 1000
}

fn last_session(moment: &Moment, now: u64) -> Value {
    match moment.last() {
        Some(at) => seconds_since(at, now).into(),
        None => Value::Negative(-1),
    }
}

fn frontend(shared: &Shared, fe: &FrontendPlan, now: u64) -> Row {
    let http_mode = fe.mode == Mode::Http;
    let mut row = Row::new(Kind::Frontend, fe.mode);
    row.set(c::PXNAME, fe.name.to_string());
    row.set(c::SVNAME, "FRONTEND");
    row.set(c::IID, fe.uuid);
    let stopping = shared.is_stopping();
    row.set(c::STATUS, if stopping { "STOP" } else { "OPEN" });
    row.set(c::RATE_LIM, fe.rate_limit_sessions.unwrap_or(0));
    let Some(state) = shared.frontends.get(fe.id.0 as usize) else {
        return row;
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
    let sessions = connections.saturating_sub(denied);
    row.set(c::STOT, sessions);
    let rules = &fe.rules;
    let all_let_in =
        rules.tcp_request_connection.is_empty() && rules.tcp_request_session.is_empty();
    let rate = match all_let_in {
        true => &counters.rate,
        false => &counters.admitted_rate,
    };
    bytes(
        &mut row,
        counters.bytes_in.total(),
        counters.bytes_out.total(),
    );
    row.set(c::DREQ, counters.denied_requests.total());
    row.set(c::DRESP, counters.denied_responses.total());
    row.set(c::EREQ, counters.bad_requests.total());
    row.set(c::DCON, counters.denied_connections.total());
    row.set(c::DSES, counters.denied_sessions.total());
    row.set(c::RATE, rate.now(now));
    row.set(c::RATE_MAX, rate.max());
    row.set(c::CONN_RATE, counters.rate.now(now));
    row.set(c::CONN_RATE_MAX, counters.rate.max());
    if http_mode {
        http(&mut row, &counters.http);
        let requests = state.requests.load(Relaxed);
        row.set(c::REQ_RATE, counters.request_rate.now(now));
        row.set(c::REQ_RATE_MAX, counters.request_rate.max());
        row.set(c::REQ_TOT, requests);
        row.set(c::INTERCEPTED, counters.intercepted.total());
        row.set(c::H1SESS, sessions);
        row.set(c::H1REQ, requests);
        row.set(c::H1_OPEN_CONNECTIONS, state.conns.current());
        row.set(c::H1_TOTAL_CONNECTIONS, sessions);
        row.set(c::H1_TOTAL_STREAMS, requests);
    } else {
        row.set(c::SESS_OTHER, sessions);
    }
    row
}

fn listeners(shared: &Shared, fe: &FrontendPlan, filter: &Filter<'_>, line: &mut dyn FnMut(&Row)) {
    let own = shared.plan.listeners.iter();
    for listener in own.filter(|l| l.frontend == Some(fe.id)) {
        let mut row = Row::new(Kind::Listener, fe.mode);
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
        let (proto, address) = match &listener.address {
            ListenAddress::Inet(at) if at.is_ipv4() => ("tcpv4", at.to_string()),
            ListenAddress::Inet(at) => ("tcpv6", at.to_string()),
            _ => ("unix_stream", "unix".to_string()),
        };
        row.set(c::PROTO, proto);
        if filter.legends {
            row.set(c::ADDR, address);
        }
        line(&row);
    }
}

/// The word for a server's state, as HAProxy shows it: how far it is on its way up or down stands
/// behind it.
fn status(plan: &ServerPlan, state: &ServerState) -> Value {
    let admin = state.admin();
    if admin.contains(Admin::RESOLVE_MAINT) {
        return "MAINT (resolution)".into();
    }
    if admin.intersects(Admin::ANY_MAINT) {
        return "MAINT".into();
    }
    let check = plan.settings.check.as_ref();
    let check = check.filter(|_| !state.checks_paused());
    let operational = state.operational();
    let word = match operational {
        Operational::Stopped => "DOWN",
        _ if admin.intersects(Admin::ANY_DRAIN) => "DRAIN",
        Operational::Stopping => "NOLB",
        _ if check.is_none() => return "no check".into(),
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
            let steps = (score + 1).saturating_sub(check.rise);
            format!("{word} {steps}/{}", check.fall).into()
        }
        _ => word.into(),
    }
}

fn server(
    be: &BackendPlan,
    plan: &ServerPlan,
    state: &ServerState,
    legends: bool,
    now: u64,
) -> Row {
    let counters = &state.counters;
    let mut row = Row::new(Kind::Server, be.mode);
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
        &mut row,
        counters.bytes_in.total(),
        counters.bytes_out.total(),
    );
    row.set(c::DRESP, counters.denied_responses.total());
    row.set(c::ECON, counters.connect_errors.total());
    row.set(c::ERESP, counters.response_errors.total());
    row.set(c::WRETR, counters.retries.total());
    row.set(c::WREDIS, counters.redispatches.total());
    let check = counters.last_check.lock().clone();
    row.set(c::STATUS, status(plan, state));
    let scale = crate::balance::state::WEIGHT_SCALE;
    row.set(c::WEIGHT, state.effective_weight().div_ceil(scale));
    row.set(c::UWEIGHT, state.weight());
    row.set(c::ACT, u32::from(!state.backup));
    row.set(c::BCK, u32::from(state.backup));
    row.set(c::LASTCHG, seconds_since(state.last_change(), now));
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
    if let Some(settings) = &plan.settings.check {
        row.set(c::CHKFAIL, counters.failed_checks.total());
        row.set(c::CHKDOWN, counters.went_down.total());
        let since = match state.running() {
            true => 0,
            false => now.saturating_sub(state.last_change()),
        };
        row.set(c::DOWNTIME, (counters.downtime.total() + since) / 1000);
        row.set(c::CHECK_RISE, settings.rise);
        row.set(c::CHECK_FALL, settings.fall);
        row.set(c::CHECK_HEALTH, state.score());
    }
    if let Some(last) = &check {
        row.set(c::CHECK_STATUS, last.status.code());
        row.set(c::CHECK_CODE, last.code.map(u32::from));
        row.set(c::CHECK_DURATION, last.duration_ms);
        row.set(c::CHECK_DESC, last.status.reason());
        if last.status.verdict() != Verdict::Passed && !last.info.is_empty() {
            row.set(c::LAST_CHK, last.info.to_string());
        }
    }
    row.set(c::LBTOT, counters.chosen.total());
    row.set(c::RATE, counters.rate.now(now));
    row.set(c::RATE_MAX, counters.rate.max());
    if be.mode == Mode::Http {
        http(&mut row, &counters.http);
        row.set(c::REQ_TOT, counters.http.all());
    }
    row.set(c::CLI_ABRT, counters.client_aborts.total());
    row.set(c::SRV_ABRT, counters.server_aborts.total());
    row.set(c::LASTSESS, last_session(&counters.last_session, now));
    times(&mut row, &counters.times);
    row.set(c::CONNECT, counters.connects.total());
    row.set(c::REUSE, counters.reuses.total());
    row.set(c::USED_CONN_CUR, state.served());
    if legends {
        let address = match &plan.address {
            ServerAddress::Inet(at) => Some(at.to_string()),
            ServerAddress::InetMapped(at, _) => Some(at.ip().to_string()),
            _ => Some("unix".to_string()),
        };
        row.set(c::ADDR, address);
        let cookie = plan.settings.cookie.as_deref();
        row.set(
            c::COOKIE,
            cookie.map(|v| String::from_utf8_lossy(v).into_owned()),
        );
    }
    row
}

fn backend(be: &BackendPlan, legends: bool, now: u64) -> Row {
    let state = &be.state;
    let counters = &state.counters;
    let mut row = Row::new(Kind::Backend, be.mode);
    row.set(c::PXNAME, be.name.to_string());
    row.set(c::SVNAME, "BACKEND");
    row.set(c::IID, be.uuid);
    row.set(c::QCUR, state.queued());
    row.set(c::QMAX, state.queued_max());
    row.set(c::SCUR, state.sessions.cur());
    row.set(c::SMAX, state.sessions.max());
    row.set(c::SLIM, be.fullconn);
    row.set(c::STOT, counters.sessions.total());
    bytes(
        &mut row,
        counters.bytes_in.total(),
        counters.bytes_out.total(),
    );
    row.set(c::DREQ, counters.denied_requests.total());
    row.set(c::DRESP, counters.denied_responses.total());
    row.set(c::ECON, counters.connect_errors.total());
    row.set(c::ERESP, counters.response_errors.total());
    row.set(c::WRETR, counters.retries.total());
    row.set(c::WREDIS, counters.redispatches.total());
    // a back end without servers (a page of statistics alone) is not down
    let down = state.is_down() && !be.servers.is_empty();
    row.set(c::STATUS, if down { "DOWN" } else { "UP" });
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
        match be.servers.is_empty() {
            true => Value::Empty,
            false => ((counters.downtime.total() + since) / 1000).into(),
        },
    );
    row.set(c::LBTOT, counters.chosen.total());
    row.set(c::RATE, counters.rate.now(now));
    row.set(c::RATE_MAX, counters.rate.max());
    if be.mode == Mode::Http {
        http(&mut row, &counters.http);
        row.set(c::REQ_TOT, counters.requests.total());
    }
    // HAProxy fills it for front ends alone
    row.set(c::INTERCEPTED, Value::Empty);
    row.set(c::CLI_ABRT, counters.client_aborts.total());
    row.set(c::SRV_ABRT, counters.server_aborts.total());
    row.set(c::LASTSESS, last_session(&counters.last_session, now));
    times(&mut row, &counters.times);
    row.set(c::CONNECT, counters.connects.total());
    row.set(c::REUSE, counters.reuses.total());
    if legends {
        let cookie = be.cookie.as_ref().map(|c| c.name());
        row.set(
            c::COOKIE,
            cookie.map(|name| String::from_utf8_lossy(name).into_owned()),
        );
        let word: Value = match &be.balance {
            Balance::RoundRobin => "roundrobin".into(),
            Balance::LeastConn => "leastconn".into(),
            Balance::Pending(name) => name.clone().into(),
            Balance::Default => "unknown".into(),
        };
        row.set(c::ALGO, word);
    }
    row
}

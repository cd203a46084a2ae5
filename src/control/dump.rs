//! How every proxy and server is doing, in HAProxy's sentences: at SIGHUP and when they stop.

use crate::base::diag::Severity;
use crate::engine::Shared;
use crate::plan::{BackendPlan, FrontendPlan, LogPlan};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Syslog level `warning`.
const WARNING: u8 = 4;
/// Syslog level `notice`.
const NOTICE: u8 = 5;

/// What is told of a proxy, and to whose log.
struct Line<'a> {
    /// Its place in the configuration.
    proxy: u32,
    name: &'a str,
    log: Option<&'a Arc<LogPlan>>,
    text: String,
}

/// What a front end counts: connections now, connections so far.
type Counts = (u32, u64);

/// Tells it, in the order of the configuration.
pub fn servers(shared: &Shared, say: &mut dyn FnMut(Severity, &str)) {
    let mut tell = |text: &str| say(Severity::Warning, text);
    tell("SIGHUP received, dumping servers states.");
    let plan = &shared.plan;
    let mut proxies: Vec<Line<'_>> = Vec::new();
    let counts = |index: usize| {
        shared.frontends.get(index).map_or((0, 0), |state| {
            (
                state.conns.current(),
                state.connections.load(Ordering::Relaxed),
            )
        })
    };
    if !plan.global.stats_sockets.is_empty() {
        tell(&without_servers("GLOBAL", (0, 0)));
    }
    for (index, frontend) in plan.frontends.iter().enumerate() {
        if frontend.same_section.is_none() {
            let text = without_servers(&frontend.name, counts(index));
            proxies.push(Line {
                proxy: frontend.proxy.0,
                name: &frontend.name,
                log: frontend.log.as_ref(),
                text,
            });
        }
    }
    for backend in plan.present() {
        let own = plan
            .frontends
            .iter()
            .position(|f| f.same_section == Some(backend.id))
            .map_or((0, 0), counts);
        let line = |text| Line {
            proxy: backend.proxy.0,
            name: &backend.name,
            log: backend.log.as_ref(),
            text,
        };
        for server in backend.state.present() {
            let text = format!(
                "SIGHUP: Server {}/{} is {}. Conn: {} act, {} pend, {} tot.",
                backend.name,
                server.name,
                if server.running() { "UP" } else { "DOWN" },
                server.served(),
                server.queued(),
                server.counters.sessions.total()
            );
            proxies.push(line(text));
        }
        proxies.push(line(with_servers(backend, own)));
    }
    proxies.sort_by_key(|line| line.proxy);
    let mut last = None;
    for line in proxies {
        tell(&line.text);
        let Some(log) = line.log else { continue };
        if last.replace(line.proxy) != Some(line.proxy) {
            let text = format!(
                "SIGHUP received, dumping servers states for proxy {}.",
                line.name
            );
            shared.log(log, NOTICE, &text);
        }
        shared.log(log, NOTICE, &line.text);
    }
}

/// Connections of a proxy in both directions.
struct Both {
    name: String,
    log: Option<Arc<LogPlan>>,
    now: u32,
    from_clients: u64,
    to_servers: u64,
}

/// Every section, in the order of the configuration.
fn sections(shared: &Shared) -> Vec<Both> {
    let mut sections: Vec<(u32, bool, Both)> = Vec::new();
    for (frontend, state) in shared.plan.frontends.iter().zip(&shared.frontends) {
        let own = shared.plan.backends.iter();
        let own = own.filter(|b| frontend.same_section == Some(b.id));
        let both = Both {
            name: frontend.name.to_string(),
            log: frontend.log.clone(),
            now: state.conns.current(),
            from_clients: state.connections.load(Ordering::Relaxed),
            to_servers: own.map(|b| b.state.counters.sessions.total()).sum(),
        };
        sections.push((frontend.proxy.0, false, both));
    }
    for backend in shared.plan.present() {
        let of_a_listen = |f: &Arc<FrontendPlan>| f.same_section == Some(backend.id);
        if shared.plan.frontends.iter().any(of_a_listen) {
            continue;
        }
        let both = Both {
            name: backend.name.to_string(),
            log: backend.log.clone(),
            now: backend.state.sessions.cur(),
            from_clients: 0,
            to_servers: backend.state.counters.sessions.total(),
        };
        sections.push((backend.proxy.0, true, both));
    }
    // the sections that listen close first
    sections.sort_by_key(|(place, backend, _)| (*backend, *place));
    sections.into_iter().map(|(_, _, both)| both).collect()
}

/// Tells that sections take nothing new any more: those that `which` names.
pub fn stopped(shared: &Shared, which: impl Fn(&str) -> bool, say: &mut dyn FnMut(Severity, &str)) {
    for section in sections(shared).iter().filter(|s| which(&s.name)) {
        let text = format!(
            "Proxy {} stopped (cumulated conns: FE: {}, BE: {}).",
            section.name, section.from_clients, section.to_servers
        );
        say(Severity::Warning, &text);
        if let Some(log) = &section.log {
            shared.log(log, WARNING, &text);
        }
    }
    shared.settle_logs();
}

/// Tells whose connections `hard-stop-after` ends.
pub fn cut_off(shared: &Shared, say: &mut dyn FnMut(Severity, &str)) {
    for section in sections(shared).iter().filter(|s| s.now > 0) {
        let text = format!(
            "Proxy {} hard-stopped ({} remaining conns will be closed).",
            section.name, section.now
        );
        say(Severity::Warning, &text);
        if let Some(log) = &section.log {
            shared.log(log, WARNING, &text);
        }
    }
    shared.settle_logs();
}

fn without_servers(name: &str, (now, total): Counts) -> String {
    format!(
        "SIGHUP: Proxy {name} has no servers. Conn: act(FE+BE): {now}+0, 0 pend (0 unass), \
         tot(FE+BE): {total}+0."
    )
}

fn with_servers(backend: &BackendPlan, (now, total): Counts) -> String {
    let state = &backend.state;
    let (active, backup) = (state.usable_active(), state.usable_backup());
    let servers = if state.present().next().is_none() {
        "no servers.".to_string()
    } else if active + backup == 0 {
        "no server available !".to_string()
    } else if active == 0 {
        format!("{backup} backup servers available.")
    } else {
        format!("{active} active servers and {backup} backup servers available.")
    };
    format!(
        "SIGHUP: Proxy {} has {servers} Conn: act(FE+BE): {now}+{}, {} pend ({} unass), \
         tot(FE+BE): {total}+{}.",
        backend.name,
        state.sessions.cur(),
        state.waiting(),
        state.queued(),
        state.counters.sessions.total()
    )
}

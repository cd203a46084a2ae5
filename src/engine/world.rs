//! What fetches see of servers, proxies and the process.

use super::shared::FrontendState;
use super::thread::Thread;
use crate::balance::{ServerState, WEIGHT_SCALE};
use crate::base::clock;
use crate::ir::proxy::Options;
use crate::plan::BackendPlan;
use crate::sample::view::World;
use std::sync::Arc;

impl Thread {
    fn back(&self, proxy: u32) -> Option<&Arc<BackendPlan>> {
        self.shared.plan.backend_of(proxy)
    }

    fn front(&self, proxy: u32) -> Option<&FrontendState> {
        let all = &self.shared.plan.frontends;
        let at = all.binary_search_by_key(&proxy, |f| f.proxy.0).ok()?;
        self.shared.frontends.get(at)
    }

    fn server_state(&self, proxy: u32, server: u32) -> Option<&Arc<ServerState>> {
        self.back(proxy)?.state.server(server)
    }
}

/// Connections a server can still take; -1: no limit.
fn free(server: &ServerState) -> i64 {
    match server.maxconn() {
        0 => -1,
        max => i64::from(max.saturating_sub(server.served())),
    }
}

/// The sum over the servers that can be chosen; -1 as soon as one has no limit.
fn sum(backend: &BackendPlan, of: impl Fn(&ServerState) -> i64) -> i64 {
    let state = &backend.state;
    let active = state.usable_active() > 0;
    let mut total = 0;
    for server in state.servers() {
        if !server.usable() || (server.backup && active) {
            continue;
        }
        match of(server) {
            i64::MIN..0 => return -1,
            n => total += n,
        }
    }
    total
}

impl World for Thread {
    fn backend_named(&self, name: &[u8]) -> Option<u32> {
        let mut all = self.shared.plan.present();
        Some(all.find(|b| b.name.as_bytes() == name)?.proxy.0)
    }
    fn frontend_named(&self, name: &[u8]) -> Option<u32> {
        let all = &self.shared.plan.frontends;
        let found = all.iter().find(|f| f.name.as_bytes() == name)?;
        Some(found.proxy.0)
    }
    fn server_named(&self, backend: u32, name: &[u8]) -> Option<u32> {
        let mut all = self.back(backend)?.state.present();
        Some(all.find(|s| s.name.as_bytes() == name)?.index)
    }
    fn nbsrv(&self, backend: u32) -> Option<u32> {
        let backend = self.back(backend)?;
        let state = &backend.state;
        Some(match state.usable_active() {
            0 if backend.options.contains(Options::ALLBACKUPS) => state.usable_backup(),
            0 => state.usable_backup().min(1),
            n => n,
        })
    }
    fn queue(&self, backend: u32) -> Option<u32> {
        Some(self.back(backend)?.state.waiting())
    }
    fn be_conn(&self, backend: u32) -> Option<u32> {
        Some(self.back(backend)?.state.sessions.cur())
    }
    fn fe_conn(&self, frontend: u32) -> Option<u32> {
        Some(self.front(frontend)?.conns.current())
    }
    fn be_sess_rate(&self, backend: u32) -> Option<u32> {
        let counters = &self.back(backend)?.state.counters;
        Some(counters.rate.now(clock::now_ms()))
    }
    fn fe_sess_rate(&self, frontend: u32) -> Option<u32> {
        let counters = &self.front(frontend)?.counters;
        Some(counters.rate.now(clock::now_ms()))
    }
    fn fe_req_rate(&self, frontend: u32) -> Option<u32> {
        let counters = &self.front(frontend)?.counters;
        Some(counters.request_rate.now(clock::now_ms()))
    }
    fn verdict_on(&self, status: u16) -> (bool, bool) {
        self.shared.plan.global.settings.http_codes.verdict(status)
    }
    fn srv_is_up(&self, backend: u32, server: u32) -> Option<bool> {
        Some(self.server_state(backend, server)?.running())
    }
    fn srv_conn(&self, backend: u32, server: u32) -> Option<u32> {
        Some(self.server_state(backend, server)?.served())
    }
    fn srv_queue(&self, backend: u32, server: u32) -> Option<u32> {
        Some(self.server_state(backend, server)?.queued())
    }
    fn be_conn_free(&self, backend: u32) -> Option<i64> {
        Some(sum(self.back(backend)?, free))
    }
    fn connslots(&self, backend: u32) -> Option<i64> {
        Some(sum(self.back(backend)?, |s| {
            match (free(s), s.maxqueue()) {
                (-1, _) | (_, 0) => -1,
                (free, queue) => free + i64::from(queue) - i64::from(s.queued()),
            }
        }))
    }
    fn srv_conn_free(&self, backend: u32, server: u32) -> Option<i64> {
        Some(free(self.server_state(backend, server)?))
    }
    fn srv_weight(&self, backend: u32, server: u32) -> Option<u32> {
        let state = self.server_state(backend, server)?;
        Some(state.effective_weight().div_ceil(WEIGHT_SCALE))
    }
    fn srv_weights(&self, backend: u32, server: u32) -> Option<(u32, u32)> {
        let initial = self
            .back(backend)?
            .servers
            .get(server as usize)?
            .settings
            .weight;
        Some((initial, self.server_state(backend, server)?.weight()))
    }
    fn srv_sess_rate(&self, backend: u32, server: u32) -> Option<u32> {
        let counters = &self.server_state(backend, server)?.counters;
        Some(counters.rate.now(clock::now_ms()))
    }
    fn thread(&self) -> u32 {
        u32::try_from(self.worker.id).unwrap_or(0)
    }
    fn act_conn(&self) -> Option<u32> {
        Some(self.shared.conns.current())
    }
    fn stopping(&self) -> bool {
        self.shared.stopping.is_announced()
    }
    fn uptime_ms(&self) -> u64 {
        clock::now_ms().saturating_sub(self.shared.started_ms)
    }
}

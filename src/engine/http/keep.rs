//! What becomes of a server's connection after a transaction.

use super::{KeptConn, Private, Stream};
use crate::engine::pool::ServerConn;
use crate::ir::proxy::HttpReuse;
use crate::plan::BackendPlan;

/// `max-session-srv-conns` unless it is said.
const MAX_SESSION_SRV_CONNS: u32 = 5;

impl Stream {
    /// Keeps a connection for other requests: of this session only if it is `bound` to it, or
    /// nothing is shared.
    pub(super) fn keep_connection(
        &mut self,
        be: &BackendPlan,
        server: u32,
        mut conn: ServerConn,
        bound: bool,
    ) {
        if conn.sock.pipe().is_some() {
            // a stream is over; its connection is kept by itself
            return;
        }
        let t = self.s.t;
        conn.idle_since = t.worker.now_ms();
        let state = be.state.server(server);
        let used = state.map_or(1, |s| s.served());
        let need = state.map(|s| &s.counters.need);
        if let Some(need) = need.filter(|_| conn.uses > 1) {
            need.saw(used);
        }
        if bound || be.http_reuse == HttpReuse::Never {
            conn.sock.watch();
            let most = self.s.fe.max_session_srv_conns;
            let most = most.unwrap_or(MAX_SESSION_SRV_CONNS) as usize;
            let kept = &mut self.s.kept;
            // the connections kept first stay (as 3.4 does)
            if kept.len() < most {
                kept.push(KeptConn {
                    backend: be.id,
                    server,
                    conn,
                    bound,
                    _counted: state.cloned().map(Private::new),
                });
            }
            return;
        }
        let shared = &t.shared;
        let idle = || t.idle.count(be.id, server);
        if !shared.descriptors.may_idle(shared.conns.current(), idle) {
            return;
        }
        let (max, low, delay) = match be.servers.get(server as usize).map(|s| &s.settings) {
            Some(s) => (s.pool_max_conn, s.pool_low_conn, s.pool_purge_delay.into()),
            None => (None, 0, 0),
        };
        // the limit counts what all threads have together
        let all = || -> u32 { shared.idle.iter().map(|c| c.get(be.id, server)).sum() };
        if max.is_some_and(|max| all() >= max) {
            return;
        }
        // what others have idle is looked at only where this thread has some, too
        let wanted = || {
            let idle = all();
            idle <= low || used + idle <= need.map_or(0, |n| n.estimate())
        };
        t.idle.put(t.worker, be.id, server, conn, delay, wanted);
    }
}

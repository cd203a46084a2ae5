//! `strict-maxconn`: connections to a server, idle ones too, never exceed its `maxconn`
//! (configuration manual 5.2). Servers without it count nothing.

use super::connect::Fault;
use super::takeover;
use super::thread::Thread;
use crate::balance::ServerState;
use crate::plan::BackendPlan;
use std::sync::Arc;

/// One of the counted connections; dropping it counts it out.
pub struct Held(Arc<ServerState>);

impl Held {
    fn take(state: &Arc<ServerState>) -> Option<Held> {
        state.open_connection().then(|| Held(Arc::clone(state)))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.close_connection();
    }
}

/// Room for a new connection, for which an idle one of any thread is closed if need be; `None`
/// where nothing is counted.
///
/// # Errors
/// All connections are in use, or kept for their clients.
pub async fn room(
    t: &'static Thread,
    be: &BackendPlan,
    server: u32,
    kind: u64,
) -> Result<Option<Held>, Fault> {
    let plan = be.servers.get(server as usize);
    let (true, Some(state)) = (
        plan.is_some_and(|p| p.settings.strict_maxconn),
        be.state.server(server),
    ) else {
        return Ok(None);
    };
    loop {
        if let Some(held) = Held::take(state) {
            return Ok(Some(held));
        }
        let mut idle = t.idle.take(be.id, server, kind, false);
        if idle.is_none() && t.shared.idle.len() > 1 {
            idle = takeover::take(t, be.id, server, kind, false).await;
        }
        if idle.is_none() {
            return Err(Fault::Full);
        }
    }
}

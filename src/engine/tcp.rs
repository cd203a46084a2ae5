//! `mode tcp`: one connection to a server for one of a client.

use super::connect;
use super::forward::Half;
use super::pool::ServerConn;
use super::reactor::Wake;
use super::session::Session;
use super::tunnel;
use crate::balance::queue::{Assigned, Slot, Turn, Want};
use crate::ir::proxy::Options;
use crate::plan::{BackendPlan, ServerAddress};
use crate::proto::h1::BodyLength;
use std::net::SocketAddr;
use std::sync::Arc;

/// Serves a client in TCP mode until both sides have ended.
pub async fn serve(mut s: Box<Session>) {
    let Some(be) =
        s.fe.default_backend
            .and_then(|id| s.plan.backend(id))
            .cloned()
    else {
        return;
    };
    let t = s.t;
    let mut retries = be.retries;
    let mut avoid = None;
    s.client.watch();
    loop {
        let Some(slot) = assign(&s, &be, avoid).await else {
            return;
        };
        let server = slot.index();
        let fault = match connect(&mut s, &be, server).await {
            Ok(conn) => {
                let (mut up, mut down) = (Half::idle(), Half::idle());
                up.begin(BodyLength::Tunnel, false);
                down.begin(BodyLength::Tunnel, false);
                let limits = tunnel::Timeouts {
                    client: be.timeouts.tunnel.or(s.fe.timeouts.client),
                    server: be.timeouts.tunnel.or(be.timeouts.server),
                    client_fin: s.fe.timeouts.client_fin,
                    server_fin: be.timeouts.server_fin,
                };
                tunnel::run(t, &s.client, &conn.sock, up, down, limits).await;
                return;
            }
            Err(None) => return,
            Err(Some(fault)) => fault,
        };
        if retries == 0 {
            return;
        }
        retries -= 1;
        drop(slot);
        if be.redispatch.is_some() && retries == 0 {
            avoid = Some(server);
        } else if !matches!(fault, connect::Fault::TimedOut) {
            t.worker
                .sleep(be.timeouts.connect.unwrap_or(1000).min(1000))
                .await;
        }
    }
}

/// Waits for a slot; `None` when the client is gone or there is none to be had.
async fn assign(s: &Session, be: &Arc<BackendPlan>, avoid: Option<u32>) -> Option<Slot> {
    let w = s.t.worker;
    let want = Want {
        avoid,
        token: w.current().token(),
        ..Want::default()
    };
    let until = w.after(be.timeouts.queue);
    loop {
        let mut waiter = match be.state.assign(&want, w.now_ms()) {
            Assigned::Slot(slot) => return Some(slot),
            Assigned::Queued(waiter) => waiter,
            Assigned::Full | Assigned::None => return None,
        };
        loop {
            match waiter.turn() {
                Turn::Go(slot) => return Some(slot),
                Turn::Redispatch => break,
                Turn::Wait => {}
            }
            if gone(s, be) || w.park(until).await == Wake::TimedOut {
                return None;
            }
        }
    }
}

fn gone(s: &Session, be: &BackendPlan) -> bool {
    s.client.broken() || s.client.hung_up() && be.options.contains(Options::ABORTONCLOSE)
}

async fn connect(
    s: &mut Session,
    be: &BackendPlan,
    server: u32,
) -> Result<ServerConn, Option<connect::Fault>> {
    let worker = s.t.worker;
    let Some(plan) = be.servers.get(server as usize) else {
        return Err(None);
    };
    let options = connect::Options {
        keepalive: be.options.contains(Options::SRVTCPKA),
        source: plan.settings.source.as_ref(),
        user_timeout: plan.settings.tcp_ut,
        fast_open: plan.settings.tfo,
        rcvbuf: None,
        sndbuf: None,
    };
    let until = worker.after(be.timeouts.connect);
    let sock = match &plan.address {
        ServerAddress::InetMapped(addr, offset) => {
            let port = s.dst().map_or(0, |d| i32::from(d.port())) + offset;
            let addr = SocketAddr::new(addr.ip(), port as u16);
            connect::start(worker, &ServerAddress::Inet(addr), options)
        }
        address => connect::start(worker, address, options),
    }
    .map_err(Some)?;
    connect::established(worker, &sock, until, || gone(s, be)).await?;
    Ok(ServerConn::new(sock))
}

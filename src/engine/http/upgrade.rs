//! Connections that changed their protocol: 101, and CONNECT that was granted.

use super::Stream;
use super::exchange::Attempt;
use super::server::Attached;
use crate::engine::session::Next;
use crate::engine::tunnel;
use crate::ir::proxy::Options;
use crate::proto::h1::BodyLength;

impl Stream {
    /// The protocol changed (101, or CONNECT was granted).
    pub(super) fn is_tunnel(&self) -> bool {
        self.res
            .as_ref()
            .is_some_and(|r| r.body() == BodyLength::Tunnel)
    }

    /// Whether a server answered the key that was made up for a client of HTTP/2.
    #[cold]
    pub(super) fn is_websocket_answer(&self) -> bool {
        use crate::proto::h2::{WEBSOCKET_ACCEPT, WEBSOCKET_KEY};
        if self.req.header(b"sec-websocket-key") != Some(WEBSOCKET_KEY) {
            return true;
        }
        let res = self.res.as_ref();
        res.is_some_and(|r| r.header(b"sec-websocket-accept") == Some(WEBSOCKET_ACCEPT))
    }

    /// Passes bytes both ways from now on.
    pub(super) async fn run_tunnel(&mut self, a: Attached, mut at: Attempt) -> Next {
        let t = self.s.t;
        // the client may have spoken already
        at.up.begin(BodyLength::Tunnel, false);
        let early = self
            .req
            .body_prefix()
            .get(self.body_taken..)
            .unwrap_or_default();
        let early = [early, &std::mem::take(&mut self.s.carry)].concat();
        if at.up.push(t, &a.conn.sock, &early, &[], false).is_err() {
            return Next::Drop;
        }
        let limits = tunnel::Timeouts {
            client: self.timeouts.tunnel.or(self.timeouts.client),
            server: self.timeouts.tunnel.or(self.timeouts.server),
            client_fin: self.s.fe.timeouts.client_fin,
            server_fin: self.be.as_ref().and_then(|b| b.timeouts.server_fin),
        };
        let sides = tunnel::Sides {
            client: self.s.fe.options,
            server: self.be.as_ref().map_or(Options::empty(), |b| b.options),
        };
        let (client, server) = (&self.s.client, &a.conn.sock);
        let ended = tunnel::run(t, (client, server), at.up, at.down, limits, sides, None).await;
        self.state = ended.state;
        Next::Drop
    }
}

//! What becomes of both connections once a response went out, or is not worth it.

use super::Stream;
use super::exchange::{Attempt, Failure};
use super::server::Attached;
use crate::engine::session::Next;
use crate::ir::proxy::RetryOn;
use crate::plan::BackendPlan;
use crate::proto::h1::BodyLength;

impl Stream {
    /// Keeps the connection of a response that is not passed on, because its status is worth
    /// another attempt, if the response is there whole (as 3.4 does).
    #[cold]
    pub(super) fn keep_for_retry(
        &mut self,
        be: &BackendPlan,
        a: Attached,
        failure: Failure,
    ) -> Failure {
        if let Failure::Again(why, _) = &failure
            && RetryOn::STATUSES.contains(*why)
            && let (Some(res), Some(server)) = (&self.res, self.server)
            && !self.close_server
            && !self.req.closes_server()
            && res.keep_alive()
            && self.whole_body_len_of(res) == Some(res.body_prefix().len())
        {
            a.conn.settle();
            self.keep_connection(be, server, a.conn, false);
        }
        failure
    }

    /// Nothing that was received behind the request's head is needed any more.
    pub(super) fn is_used_up(&self) -> bool {
        self.req.body() != BodyLength::Tunnel && self.req.body_prefix().len() == self.body_taken
    }

    /// The response went out whole: what becomes of both connections.
    pub(super) fn finish(&mut self, be: &BackendPlan, a: Attached, at: Attempt) -> Next {
        self.sent += at.down.body_bytes;
        self.received += at.up.body_bytes;
        let Attached { conn, .. } = a;
        conn.settle();
        self.s.last = self.server.map(|server| (be.id, server));
        let Some(res) = &self.res else {
            return Next::Drop;
        };
        let keep_server = !self.close_server
            && !self.req.closes_server()
            && res.keep_alive()
            && res.body() != BodyLength::UntilClose
            && !at.discards
            && at.surplus.is_empty()
            && at.up.is_done()
            && !at.up.is_sink_lost()
            && self.body_read;
        if keep_server && let Some(server) = self.server {
            let bound = self.is_connection_bound();
            self.keep_connection(be, server, conn, bound);
        }
        if at.keep_client && self.keep_client {
            Next::KeepAlive
        } else if self.body_read
            && !self.req.keep_alive()
            && self.s.carry.is_empty()
            && self.req.body() == BodyLength::None
            && self.req.body_prefix().is_empty()
        {
            // the client asked for it: nothing of it can be on its way that a reset would hurt
            Next::Drop
        } else {
            Next::Close
        }
    }

    /// NTLM and Negotiate authenticate the connection, not the request: no other client may get
    /// it.
    fn is_connection_bound(&self) -> bool {
        let Some(res) = &self.res else { return false };
        let name: &[u8] = match res.status() {
            401 => b"www-authenticate",
            407 => b"proxy-authenticate",
            _ => return false,
        };
        res.values_of(name).any(|v| {
            let starts = |s: &[u8]| v.get(..s.len()).is_some_and(|p| p.eq_ignore_ascii_case(s));
            starts(b"negotiate") || starts(b"ntlm") || starts(b"nego2")
        })
    }
}

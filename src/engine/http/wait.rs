//! Waiting for either side of an exchange: clients that hang up, time-outs.

use super::exchange::{Attempt, Failure};
use super::server::Attached;
use super::{End, Stream};
use crate::engine::reactor::NEVER;
use crate::engine::session::Next;
use crate::ir::proxy::{Options, RetryOn};
use crate::plan::BackendPlan;
use crate::proto::h1::BodyLength;

/// A client is only watched for hanging up once a server takes longer than this, ms: most answer
/// sooner, and a connection that never waits needs no registration.
const WATCH_AFTER: u64 = 25;

impl Stream {
    /// Waits for anything to move, and notices a client that has gone.
    pub(super) async fn wait(
        &mut self,
        be: &BackendPlan,
        a: &mut Attached,
        at: &Attempt,
        since: u64,
    ) -> Result<(), Failure> {
        let w = self.s.t.worker;
        let mut until = self.client_deadline(at).min(self.server_deadline(at));
        if let Some(paused) = &self.paused {
            until = until.min(paused.until);
        }
        let watched = self.s.client.is_watched();
        let until = if watched {
            until
        } else {
            until.min(since + WATCH_AFTER)
        };
        let until = until.min(self.look_at_contstats(at));
        w.park(until).await;
        if !watched && w.now_ms() >= since + WATCH_AFTER {
            self.s.client.watch();
        }
        let client = &self.s.client;
        let gone = client.broken();
        // an end is seen behind what the buffer could take; a tunnel's first bytes stay unread
        let unread = match self.req.body() {
            BodyLength::Tunnel => 0,
            _ => self.s.t.bufsize,
        };
        let multiplexed = client.pipe().is_some();
        let mut left = (multiplexed || be.options.contains(Options::ABORTONCLOSE))
            && at.up.is_read()
            && client.ended_within(unread);
        if left && at.until_close && !be.options.contains(Options::NOLINGER) {
            // nothing but an end can end this response, so the client's is passed on instead
            left = false;
            if !std::mem::replace(&mut a.conn.lingers, true) {
                a.conn.sock.shutdown_write();
            }
        }
        if gone || left {
            if at.answered {
                self.sent += at.down.body_bytes;
            } else if multiplexed {
                // the client gave this stream up; 3.4 logs it so
                self.status = 400;
                if gone {
                    let state = if at.up.is_read() { *b"CD" } else { *b"CH" };
                    return Err(Failure::End(End::Silent(state)));
                }
            }
            return Err(Failure::End(match (gone, at.answered) {
                (true, true) => End::Silent(*b"CD"),
                (true, false) => End::Silent(*b"CH"),
                (false, true) => End::Cut(*b"CD"),
                (false, false) => End::Status(400, *b"CH"),
            }));
        }
        Ok(())
    }

    /// `option contstats`: counts what was moved so far, if it is time; until when it has time.
    #[inline]
    pub(super) fn look_at_contstats(&mut self, at: &Attempt) -> u64 {
        let received = self.received + at.up.body_bytes;
        let sent = self.sent + at.down.body_bytes;
        let t = self.s.t;
        match &mut self.contstats {
            None => NEVER,
            Some(counted) => {
                counted.look(&t.shared, t.worker.now_ms(), received, sent);
                counted.due()
            }
        }
    }

    fn client_deadline(&self, at: &Attempt) -> u64 {
        let waits = at.down.is_pending() || !at.up.is_read() && !at.up.is_pending();
        deadline(waits, at.client_active, self.timeouts.client)
    }

    fn server_deadline(&self, at: &Attempt) -> u64 {
        let waits = at.up.is_pending()
            || at.up.is_done() && !at.down.is_pending() && !(at.answered && at.down.is_read());
        deadline(waits, at.server_active, self.timeouts.server)
    }

    /// Ends the transaction if a time-out passed.
    pub(super) fn check_deadlines(
        &mut self,
        a: &mut Attached,
        at: &mut Attempt,
    ) -> Result<Option<Next>, Failure> {
        let now = self.s.t.worker.now_ms();
        let next;
        let (client, server) = (
            self.client_deadline(at) <= now,
            self.server_deadline(at) <= now,
        );
        match (client, server, at.answered) {
            (false, false, _) => Ok(None),
            // 400, not 408: as 3.4 answers once the head was passed on
            (true, _, false) => {
                // the server may still work on what it has: an end, not a reset (seen on 3.4)
                a.conn.lingers = true;
                self.received += at.up.body_bytes;
                Err(Failure::End(End::Status(400, *b"cH")))
            }
            (false, true, false) => Err(Failure::Again(
                RetryOn::RESPONSE_TIMEOUT,
                End::Status(504, *b"sH"),
            )),
            (client, _, true) => {
                self.sent += at.down.body_bytes;
                (self.state, next) = match client {
                    true => (*b"cD", Next::Drop),
                    // what was sent so far must arrive
                    false => (*b"sD", Next::Close),
                };
                Ok(Some(next))
            }
        }
    }
}

fn deadline(waits: bool, active: u64, ms: Option<u32>) -> u64 {
    match (waits, ms) {
        (true, Some(ms)) => active + u64::from(ms),
        _ => NEVER,
    }
}

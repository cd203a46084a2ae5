//! Response rules that wait: `http-response pause`, `http-response wait-for-body`.

use super::exchange::{Attempt, Failure};
use super::server::Attached;
use super::{End, Stream};
use crate::engine::reactor::Io;
use crate::plan::BackendPlan;

/// Where response rules go on, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paused {
    /// The rule set, counted as [`Stream::response_rules`] runs them.
    pub set: usize,
    /// The rule in it.
    pub rule: usize,
    /// Until then, ms.
    pub until: u64,
    /// They wait for so many bytes of the body; 0: for all.
    pub body: Option<usize>,
    /// What the head weighed when it was received.
    pub size: u64,
}

impl Stream {
    /// Looks whether the response's rules may go on, and goes on; whether anything moved.
    #[cold]
    pub(super) fn resume_response(
        &mut self,
        be: &BackendPlan,
        a: &Attached,
        at: &mut Attempt,
    ) -> Result<bool, Failure> {
        let now = self.s.t.worker.now_ms();
        let Some(paused) = self.paused.as_deref().copied() else {
            return Ok(false);
        };
        let (mut moved, mut ended) = (false, false);
        let mut full = true;
        if let Some(res) = &mut self.res {
            if !res.space().is_empty() {
                match a.conn.sock.recv(res.space()) {
                    Io::Done(n) => {
                        res.filled(n);
                        moved = true;
                    }
                    Io::Blocked => {}
                    Io::Eof | Io::Failed(_) => ended = true,
                }
            }
            full = res.space().is_empty();
        }
        // a server that is waited for by a rule is not late
        at.server_active = now;
        self.decoded.take();
        let late = now >= paused.until;
        let ready = match paused.body {
            None => late,
            Some(wanted) => full || self.has_of_response(wanted),
        };
        if ready {
            self.paused = None;
            self.pass_response(be, at, Some(paused))?;
            return Ok(true);
        }
        if late || ended && paused.body.is_some() {
            return Err(Failure::End(End::Status(504, *b"sH")));
        }
        Ok(moved)
    }

    /// Whether so many bytes of the response's body are there; 0: all of them.
    pub(super) fn has_of_response(&self, wanted: usize) -> bool {
        let Some(res) = &self.res else { return true };
        let whole = self.whole_body_len_of(res).is_some();
        whole || wanted > 0 && super::body::received(res, &self.decoded, 1).len() >= wanted
    }
}

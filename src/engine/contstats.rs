//! `option contstats`: what a long stream moves is counted while it goes on, every five seconds,
//! instead of at its end (HAProxy configuration manual 4.2).

use super::session::Session;
use super::shared::Shared;
use crate::ir::proxy::Options;
use crate::plan::{BackendPlan, FrontendId};
use std::sync::Arc;

/// Milliseconds between two looks.
const EVERY: u64 = 5000;

/// What of a stream was counted before its end.
pub struct Contstats {
    fe: FrontendId,
    listener: u32,
    be: Arc<BackendPlan>,
    server: Option<u32>,
    due: u64,
    counted: (u64, u64),
}

impl Contstats {
    /// For a stream of a front end with this option.
    #[inline]
    pub fn of(s: &Session, be: &Arc<BackendPlan>, server: Option<u32>) -> Option<Box<Contstats>> {
        let wanted = s.fe.options.contains(Options::CONTSTATS);
        wanted.then(|| {
            Box::new(Contstats {
                fe: s.fe.id,
                listener: s.listener,
                be: Arc::clone(be),
                server,
                due: s.t.worker.now_ms() + EVERY,
                counted: (0, 0),
            })
        })
    }

    /// When to look again, ms tick, if something was moved that is not counted.
    pub fn due(&self) -> u64 {
        self.due
    }

    /// Counts what was moved so far (from and to the client) since the last look, if it is time.
    #[cold]
    pub fn look(&mut self, shared: &Shared, now_ms: u64, received: u64, sent: u64) {
        if now_ms < self.due {
            return;
        }
        self.due = now_ms + EVERY;
        let (received, sent) = self.take(received, sent);
        shared.front(self.fe, self.listener, |fe| {
            fe.bytes_in.add(received);
            fe.bytes_out.add(sent);
        });
        let counters = &self.be.state.counters;
        counters.bytes_in.add(received);
        counters.bytes_out.add(sent);
        let server = self.server.and_then(|s| self.be.state.server(s));
        if let Some(server) = server {
            server.counters.bytes_in.add(received);
            server.counters.bytes_out.add(sent);
        }
    }

    /// What is not counted yet of these totals.
    pub fn rest(&self, received: u64, sent: u64) -> (u64, u64) {
        let (before_in, before_out) = self.counted;
        (
            received.saturating_sub(before_in),
            sent.saturating_sub(before_out),
        )
    }

    fn take(&mut self, received: u64, sent: u64) -> (u64, u64) {
        let rest = self.rest(received, sent);
        self.counted = (self.counted.0 + rest.0, self.counted.1 + rest.1);
        rest
    }
}

//! The answers that hapax itself gives: built-in, `errorfile`, `errorloc`.

use crate::ir::proxy::ErrorReply;
use std::sync::Arc;

/// Statuses that `errorfile` and `errorloc` take, in HAProxy 3.4.
pub const STATUSES: [u16; 21] = [
    200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 421, 422, 425, 429, 431, 500, 501, 502,
    503, 504,
];

/// One whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorPage {
    /// Status line, headers, empty line, body: ready to send.
    pub bytes: Arc<[u8]>,
    /// Where the body begins (HEAD gets only what stands before).
    pub body_at: usize,
    /// The status that its status line says (`errorfile 503` may hold a 200; `errorloc` says 302).
    pub status: u16,
    /// True when the configuration replaced the built-in answer. An empty `bytes` then means
    /// "close without a word" (`errorfile 408 /dev/null`).
    pub custom: bool,
    /// `http-error`: the answer is made by this.
    pub reply: Option<ErrorReply>,
}

/// All of them for one proxy.
#[derive(Clone, Debug, Default)]
pub struct ErrorPages {
    pages: [Option<Arc<ErrorPage>>; STATUSES.len()],
}

impl ErrorPages {
    /// The answer for a status; 500's for one that has no page.
    pub fn page(&self, status: u16) -> Option<&Arc<ErrorPage>> {
        let index = STATUSES
            .iter()
            .position(|s| *s == status)
            .or_else(|| STATUSES.iter().position(|s| *s == 500))?;
        self.pages.get(index)?.as_ref()
    }
    /// Sets the answer for a status; one that no page can have is ignored.
    pub fn set(&mut self, status: u16, page: Arc<ErrorPage>) {
        if let Some(slot) = STATUSES
            .iter()
            .position(|s| *s == status)
            .and_then(|i| self.pages.get_mut(i))
        {
            *slot = Some(page);
        }
    }
}

//! Answers that come from above the engine: the status page.

use crate::plan::StatsPlan;
use std::fmt;
use std::sync::Arc;

/// A request for a page of the process's own.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The page.
    pub page: &'a Arc<StatsPlan>,
    /// Path and query; begins with the page's `uri`.
    pub target: &'a [u8],
    /// Whoever asks may change servers.
    pub admin: bool,
    /// What was sent with `POST`.
    pub form: Form<'a>,
}

/// A form that came with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form<'a> {
    /// None: `GET` or `HEAD`.
    None,
    /// One, from somebody who may not send it.
    Refused,
    /// One that does not fit into the buffer.
    TooLong,
    /// One, chunks taken apart.
    Whole(&'a [u8]),
}

/// What is answered.
pub struct Reply {
    /// Status line and headers, each ended by CR LF, without the empty line, and without
    /// `transfer-encoding` and `connection`.
    pub head: Vec<u8>,
    /// The body; `None`: it is empty, and the head says so.
    pub body: Option<Box<dyn Pieces>>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("head", &self.head).finish()
    }
}

/// A body that is made while it is sent, because it may be far larger than a buffer and others
/// want to be served between its pieces.
pub trait Pieces {
    /// Appends the next piece, some KiB; false: it was the last one.
    fn next(&mut self, out: &mut Vec<u8>) -> bool;
}

/// Answers requests.
pub trait HttpService: Send + Sync {
    /// The answer to a request.
    fn answer(&self, asked: &Asked<'_>) -> Reply;
    /// The numbers of the process for Prometheus; `None`: what is asked for (path and query) makes
    /// no sense.
    fn export(&self, target: &[u8]) -> Option<Reply>;
}

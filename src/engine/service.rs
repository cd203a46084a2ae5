//! Answers that come from above the engine: the status page.

use crate::plan::StatsPlan;

/// A request for a page of the process's own.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The page.
    pub page: &'a StatsPlan,
    /// `GET`, `HEAD`, `POST`
    pub method: &'a [u8],
    /// Path and query; begins with the page's `uri`.
    pub target: &'a [u8],
    /// The `Authorization` header.
    pub authorization: Option<&'a [u8]>,
}

/// What is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Status line and headers, each ended by CR LF, without the empty line, and without
    /// `transfer-encoding` and `connection`.
    pub head: Vec<u8>,
    /// The body.
    pub body: Vec<u8>,
    /// The head tells the body's length; otherwise it is sent in chunks.
    pub sized: bool,
}

/// Answers requests.
pub trait HttpService: Send + Sync {
    /// The answer to a request.
    fn answer(&self, asked: &Asked<'_>) -> Reply;
}

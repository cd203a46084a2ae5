//! Rules and conditions in source order; expressions are kept as `sample` compiled them.

use super::proxy::ProxyId;
use crate::base::span::Span;
use std::sync::Arc;

pub use crate::sample::condition::{Condition, Term};

/// `http-request`, `http-response`, `http-after-response`, `tcp-request ...` line.
#[derive(Clone, Debug)]
pub struct Rule {
    /// When it applies.
    pub condition: Option<Condition>,
    /// What it does.
    pub action: crate::action::Action,
    /// The line.
    pub span: Span,
}

/// `use_backend`
#[derive(Clone, Debug)]
pub struct UseBackend {
    /// When it applies.
    pub condition: Option<Condition>,
    /// Which back end.
    pub target: BackendRef,
    /// The line.
    pub span: Span,
}

/// A back end by name, resolved by `lower`, or by an expression evaluated per request.
#[derive(Clone, Debug)]
pub enum BackendRef {
    /// Resolved.
    Proxy(ProxyId),
    /// A log-format string.
    Dynamic(Arc<crate::sample::logformat::LogFormat>),
}

/// `use-server`
#[derive(Clone, Debug)]
pub struct UseServer {
    /// When it applies; `None`: always.
    pub condition: Option<Condition>,
    /// Which server.
    pub target: ServerRef,
}

/// A server of the same back end by name, resolved by `lower`, or by an expression evaluated per
/// request.
#[derive(Clone, Debug)]
pub enum ServerRef {
    /// Its place in the file's order.
    Index(u32),
    /// A log-format string.
    Dynamic(Arc<crate::sample::logformat::LogFormat>),
}

/// `force-persist` / `ignore-persist`
#[derive(Clone, Debug)]
pub struct PersistRule {
    /// True for `force-persist`.
    pub force: bool,
    /// When it applies.
    pub condition: Condition,
}

/// `reqrep` and its relatives of files before 2.1.
#[derive(Clone, Debug, Default)]
pub struct LineRules {
    /// On requests, in order.
    pub request: Vec<LineRule>,
    /// `reqadd`, after those.
    pub request_add: Vec<AddedLine>,
    /// On responses, in order.
    pub response: Vec<LineRule>,
    /// `rspadd`, after those.
    pub response_add: Vec<AddedLine>,
}

/// A rule on header lines as text.
#[derive(Clone, Debug)]
pub struct LineRule {
    /// When it applies.
    pub condition: Option<Condition>,
    /// What it does.
    pub action: crate::action::reqrep::LineAction,
    /// The line.
    pub span: Span,
}

/// `reqadd`, `rspadd`
#[derive(Clone, Debug)]
pub struct AddedLine {
    /// When it applies.
    pub condition: Option<Condition>,
    /// Header lines.
    pub text: Box<[u8]>,
}

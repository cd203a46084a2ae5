//! Rules and conditions in source order; expressions are kept as `sample` compiled them.

use super::proxy::ProxyId;
use crate::base::span::Span;
use std::sync::Arc;

/// A condition: `if`/`unless` and its terms in disjunctive form.
#[derive(Clone, Debug)]
pub struct Condition {
    /// `unless`
    pub negated: bool,
    /// Alternatives; each a list of terms that must all hold.
    pub any_of: Vec<Vec<Term>>,
}

/// One term of a condition.
#[derive(Clone, Debug)]
pub struct Term {
    /// `!`
    pub negated: bool,
    /// The ACL tests of the named or anonymous ACL: the term holds if any of them does.
    pub acl: Arc<crate::sample::acl::Acl>,
}

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

/// `force-persist` / `ignore-persist`
#[derive(Clone, Debug)]
pub struct PersistRule {
    /// True for `force-persist`.
    pub force: bool,
    /// When it applies.
    pub condition: Condition,
}

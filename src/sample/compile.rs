//! What compiling an expression, an ACL or an action needs to know and what it leaves behind.

use super::acl::PatternFile;
use super::places::Places;
use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use bstr::BStr;
use std::net::IpAddr;
use std::sync::Arc;

/// Names and hosts that configuration lines refer to; `lower` implements it.
pub trait Names {
    /// The proxy of that name that has servers (`backend`, `listen`).
    fn backend(&self, _name: &[u8]) -> Option<u32> {
        None
    }
    /// The proxy of that name that accepts connections (`frontend`, `listen`).
    fn frontend(&self, _name: &[u8]) -> Option<u32> {
        None
    }
    /// A server's place in a back end.
    fn server(&self, _backend: u32, _name: &[u8]) -> Option<u32> {
        None
    }
    /// The proxy that the line stands in.
    fn current(&self) -> Option<u32> {
        None
    }
    /// Addresses of a host name in an address pattern.
    fn resolve(&self, _host: &[u8]) -> Option<IpAddr> {
        None
    }
}

/// Knows no names.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoNames;

impl Names for NoNames {}

/// The state of compiling the lines of one section.
pub struct Compile<'a> {
    /// Where the expression will be evaluated.
    pub places: Places,
    /// Names it may refer to.
    pub names: &'a dyn Names,
    /// What the line belongs to, in HAProxy's words: `frontend 'www'`, `proxy 'stats'` (listen).
    pub owner: String,
    /// The directive in work; findings point at it unless they know better.
    pub span: Span,
    /// Findings so far.
    pub diags: Vec<Diagnostic>,
    /// Pattern files that `plan` has to load.
    pub files: Vec<Arc<PatternFile>>,
    /// Keywords met that HAProxy knows and hapax does not execute yet.
    pub pending: Vec<&'static str>,
}

impl<'a> Compile<'a> {
    /// For lines evaluated at `places`.
    pub fn new(places: Places, names: &'a dyn Names) -> Self {
        Compile {
            places,
            names,
            owner: String::new(),
            span: Span::default(),
            diags: Vec::new(),
            files: Vec::new(),
            pending: Vec::new(),
        }
    }

    /// Notes an alert at the directive in work.
    pub fn alert(&mut self, message: impl Into<String>) {
        self.diags
            .push(Diagnostic::alert(RULE_FAULT, self.span, message));
    }

    /// Notes a warning at the directive in work.
    pub fn warning(&mut self, message: impl Into<String>) {
        self.diags
            .push(Diagnostic::warning(RULE_DOUBT, self.span, message));
    }

    /// An argument names a proxy or server that is not there.
    pub(super) fn unresolved(&mut self, what: &str, name: &[u8], index: usize) {
        self.alert(format!(
            "unable to find {what} '{}' referenced in arg {index} of a sample expression in {}.",
            BStr::new(name),
            self.owner
        ));
    }
}

/// An expression, ACL, condition or action that HAProxy refuses too.
pub const RULE_FAULT: &str = "HX0400";
/// An expression, ACL, condition or action that cannot do what it seems to say.
pub const RULE_DOUBT: &str = "HX0401";
/// A fetch, converter or action known to HAProxy that hapax does not execute yet.
pub const RULE_PENDING: &str = "HX0402";

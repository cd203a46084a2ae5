//! What compiling an expression, an ACL or an action needs to know and what it leaves behind.

use super::places::Places;
use crate::base::diag::Diagnostic;
use std::net::IpAddr;

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
    /// Findings so far.
    pub diags: Vec<Diagnostic>,
    /// Pattern files that `plan` has to load.
    pub files: Vec<std::sync::Arc<super::acl::PatternFile>>,
}

impl<'a> Compile<'a> {
    /// For lines evaluated at `places`.
    pub fn new(places: Places, names: &'a dyn Names) -> Self {
        Compile {
            places,
            names,
            diags: Vec::new(),
            files: Vec::new(),
        }
    }
}

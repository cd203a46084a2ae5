//! The status page: what the `stats` lines of a proxy say.

use crate::base::span::Span;

/// The `stats` lines of one section together. A proxy with lines of its own takes nothing from
/// its `defaults` (observed on HAProxy 3.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// The head line of the section that the lines stand in.
    pub section: Span,
    /// `stats uri` (`/haproxy?stats`)
    pub uri: Option<Vec<u8>>,
    /// `stats refresh`, seconds
    pub refresh: Option<u32>,
    /// `stats realm` (`HAProxy Statistics`)
    pub realm: Option<Vec<u8>>,
    /// `stats auth`: `USER:PASSWORD`
    pub users: Vec<Vec<u8>>,
    /// `stats scope`: names of proxies, `.` is the section itself
    pub scope: Vec<String>,
    /// `stats show-version`, unless `stats hide-version` took it back
    pub version: bool,
    /// `stats show-node`; `Some(None)`: the name that the process has anyway
    pub node: Option<Option<String>>,
    /// `stats show-desc`; `Some(None)`: the `description` in `global`
    pub description: Option<Option<String>>,
    /// `stats show-legends`
    pub legends: bool,
    /// `stats show-modules`
    pub modules: bool,
}

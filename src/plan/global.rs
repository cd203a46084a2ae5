//! Process-wide settings, resolved.

use super::listener::ListenerPlan;
use crate::ir;
use crate::proto::h1::CaseMap;
use std::sync::Arc;

/// Process-wide settings. What the configuration leaves to the machine (`nbthread`, `maxconn`
/// from the descriptor limit) stays open here: the process fills it in at start.
#[derive(Debug)]
pub struct GlobalPlan {
    /// The settings as written.
    pub settings: ir::Global,
    /// User to become after binding (`user` looked up, or `uid`).
    pub uid: Option<u32>,
    /// Group to become after binding (`group` looked up, or `gid`).
    pub gid: Option<u32>,
    /// `nbthread`, else what `nbproc` asked for; `None`: one per usable CPU.
    pub nbthread: Option<u32>,
    /// Listeners of the runtime API; their `ir::Bind::cli` says who may do what.
    pub stats_sockets: Vec<ListenerPlan>,
    /// `h1-case-adjust*`, empty when not used.
    pub case_map: Arc<CaseMap>,
}

//! IR to plan.

use super::{Files, GlobalPlan, Plan};
use crate::balance::queue::Wake;
use crate::base::diag::Diagnostic;
use crate::ir;
use std::collections::HashMap;
use std::sync::Arc;

/// Builds the plan of a configuration. `None` when a fault makes one impossible; the list says
/// which. Queues call `wake` when a waiting request may go on.
pub fn build(
    config: &ir::Config,
    _files: &dyn Files,
    _wake: &Arc<dyn Wake>,
) -> (Option<Plan>, Vec<Diagnostic>) {
    let plan = Plan {
        global: GlobalPlan {
            settings: config.global.clone(),
            uid: None,
            gid: None,
            nbthread: config.global.nbthread,
            stats_sockets: Vec::new(),
            case_map: Arc::default(),
        },
        listeners: Vec::new(),
        frontends: Vec::new(),
        backends: Vec::new(),
        backend_names: HashMap::new(),
    };
    (Some(plan), Vec::new())
}

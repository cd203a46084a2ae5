//! Back ends, servers and front ends as commands name them.

use super::{Call, Flow, shown};
use crate::plan::FrontendPlan;

use crate::control::change::number;
pub use crate::control::change::{Named, backend};

/// The server of `backend/server`; answers why there is none.
pub fn server<'a>(call: &mut Call<'a>, word: &[u8]) -> Result<Named<'a>, Flow> {
    let plan = call.world.plan();
    let Some(slash) = word.iter().position(|b| *b == b'/') else {
        return Err(call.error("Require 'backend/server'."));
    };
    let (first, second) = word.split_at(slash);
    if second.len() < 2 {
        return Err(call.error("Require 'backend/server'."));
    }
    let Some(backend) = backend(plan, first) else {
        return Err(call.error("No such backend."));
    };
    let name = second.get(1..).unwrap_or_default();
    let index = match number(name) {
        Some(id) => backend.find(|s| s.settings.id == id),
        None => backend.server_by_name(name),
    };
    match index.and_then(|index| Named::at(backend, index)) {
        Some(found) => Ok(found),
        None => Err(call.error("No such server.")),
    }
}

/// The front end of a name; answers why there is none.
pub fn frontend<'a>(call: &mut Call<'a>, word: &[u8]) -> Result<&'a FrontendPlan, Flow> {
    if word.is_empty() {
        return Err(call.error("A frontend name is expected."));
    }
    let plan = call.world.plan();
    let (name, id) = (shown(word), number(word));
    let meant = |f: &&std::sync::Arc<FrontendPlan>| *f.name == name || Some(f.uuid) == id;
    match plan.frontends.iter().find(meant) {
        Some(found) => Ok(found),
        None => Err(call.error("No such frontend.")),
    }
}

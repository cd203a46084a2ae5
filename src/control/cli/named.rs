//! Back ends, servers and front ends as commands name them.

use super::{Call, Flow, shown};
use crate::balance::{BackendState, ServerState};
use crate::plan::{BackendPlan, FrontendPlan, Plan, ServerPlan};
use std::sync::Arc;

/// A server that a command named.
pub struct Named<'p> {
    /// Its back end.
    pub backend: &'p BackendPlan,
    /// The server as configured.
    pub server: &'p ServerPlan,
    /// Its state.
    pub state: &'p Arc<ServerState>,
}

impl Named<'_> {
    /// What its back end's threads share.
    pub fn shared(&self) -> &Arc<BackendState> {
        &self.backend.state
    }
    /// `backend/server`
    pub fn path(&self) -> String {
        format!("{}/{}", self.backend.name, self.server.name)
    }
}

/// The back end of a name, or of an `id` written as `#3`.
pub fn backend<'p>(plan: &'p Plan, word: &[u8]) -> Option<&'p BackendPlan> {
    if let Some(number) = number(word) {
        return plan
            .backends
            .iter()
            .find(|b| b.uuid == number)
            .map(|b| &**b);
    }
    let id = plan.backend_by_name(word)?;
    plan.backend(id).map(|b| &**b)
}

fn number(word: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(word.strip_prefix(b"#")?).ok()?;
    digits.parse().ok()
}

/// The server of `backend/server`; answers why there is none.
pub fn server<'a>(call: &mut Call<'a>, word: &[u8]) -> Result<Named<'a>, Flow> {
    let plan = call.world.plan();
    let Some(slash) = word.iter().position(|b| *b == b'/') else {
        return Err(call.error("Require 'backend/server'."));
    };
    let (first, second) = word.split_at(slash);
    let Some(backend) = backend(plan, first) else {
        return Err(call.error("No such backend."));
    };
    let name = second.get(1..).unwrap_or_default();
    let index = match number(name) {
        Some(id) => backend.servers.iter().position(|s| s.settings.id == id),
        None => backend.server_by_name(name),
    };
    let found = index.and_then(|index| {
        let state = backend.state.server(u32::try_from(index).ok()?)?;
        Some((backend.servers.get(index)?, state))
    });
    match found {
        Some((server, state)) => Ok(Named {
            backend,
            server,
            state,
        }),
        None => Err(call.error("No such server.")),
    }
}

/// The front end of a name; answers why there is none.
pub fn frontend<'a>(call: &mut Call<'a>, word: &[u8]) -> Result<&'a FrontendPlan, Flow> {
    if word.is_empty() {
        return Err(call.error("A frontend name is expected."));
    }
    let plan = call.world.plan();
    let name = shown(word);
    match plan.frontends.iter().find(|f| *f.name == name) {
        Some(found) => Ok(found),
        None => Err(call.error("No such frontend.")),
    }
}

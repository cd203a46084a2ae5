//! Changes of servers' states that an administrator makes, by the runtime API or on the status
//! page, with the lines that tell of them (management guide 9.3, `set server`).

use super::world::World;
use crate::balance::event;
use crate::balance::{Admin, BackendState, Operational, ServerState};
use crate::base::clock;
use crate::base::diag::Severity;
use crate::plan::{BackendPlan, Plan, ServerPlan};
use std::sync::Arc;

/// A server that an administrator named.
pub struct Named<'p> {
    /// Its back end.
    pub backend: &'p BackendPlan,
    /// The server as configured.
    pub server: &'p ServerPlan,
    /// Its state.
    pub state: &'p Arc<ServerState>,
}

impl<'p> Named<'p> {
    /// The server at this place of a back end.
    pub fn at(backend: &'p BackendPlan, index: usize) -> Option<Named<'p>> {
        Some(Named {
            backend,
            server: backend.servers.get(index)?,
            state: backend.state.server(u32::try_from(index).ok()?)?,
        })
    }
    /// What its back end's threads share.
    pub fn shared(&self) -> &Arc<BackendState> {
        &self.backend.state
    }
    /// `backend/server`
    pub fn path(&self) -> String {
        format!("{}/{}", self.backend.name, self.server.name)
    }
    /// What a server of this kind is called.
    fn title(&self) -> String {
        let kind = if self.state.backup { "Backup " } else { "" };
        format!("{kind}Server {}", self.path())
    }
    /// The score of a server that has just come back: one failed check takes it down again.
    fn on_trial(&self) -> u32 {
        self.server.settings.check.as_ref().map_or(1, |c| c.rise)
    }
    /// The score of a server that is certainly up.
    fn proven(&self) -> u32 {
        let check = self.server.settings.check.as_ref();
        check.map_or(1, |c| c.rise + c.fall - 1)
    }
}

/// The back end of a name, or of an `id` written as `#3`.
pub fn backend<'p>(plan: &'p Plan, word: &[u8]) -> Option<&'p BackendPlan> {
    if let Some(number) = number(word) {
        return plan.present().find(|b| b.uuid == number).map(|b| &**b);
    }
    let id = plan.backend_by_name(word)?;
    plan.backend(id).map(|b| &**b)
}

/// The number of `#3`.
pub fn number(word: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(word.strip_prefix(b"#")?).ok()?;
    digits.parse().ok()
}

/// Forced by an administrator or by `disabled`.
const FORCED: Admin = Admin::MAINT.union(Admin::CONFIG_MAINT);

/// What is left, when a server has gone.
fn left(found: &Named<'_>, requeued: u32) -> String {
    event::left(found.shared(), found.state, requeued)
}

/// What is there, when it is still there.
fn online(found: &Named<'_>, requeued: u32) -> String {
    event::online(found.shared(), found.state, requeued)
}

/// Syslog levels of what is told.
const EMERG: u8 = 0;
const ALERT: u8 = 1;
const NOTICE: u8 = 5;

/// Tells it, and logs it where the back end logs.
fn tell(world: &dyn World, found: &Named<'_>, level: u8, text: &str) {
    world.tell(Severity::Warning, text);
    log(world, found, level, text);
}

fn log(world: &dyn World, found: &Named<'_>, level: u8, text: &str) {
    if let (Some(shared), Some(log)) = (world.shared(), &found.backend.log) {
        shared.log(log, level, text);
    }
}

/// Whether the back end has lost its last server since `before`.
fn tell_if_lost(world: &dyn World, found: &Named<'_>, before: bool) {
    if found.shared().is_down() && !before {
        let kind = found.backend.kind();
        let name = &found.backend.name;
        world.tell(
            Severity::Alert,
            &format!("{kind} '{name}' has no server available!"),
        );
        let text = format!("{kind} {name} has no server available!");
        log(world, found, EMERG, &text);
    }
}

/// Into maintenance, which ends drain.
pub fn maintenance(world: &dyn World, found: &Named<'_>) {
    disable(world, found, "");
    let admin = found.state.admin();
    if admin.contains(Admin::DRAIN) {
        let to = admin - Admin::DRAIN;
        found.shared().set_admin(found.state, to, clock::now_ms());
    }
}

/// Into maintenance; drain goes on after it. `cause` stands behind the word, with a blank before
/// it, if it is told.
pub fn disable(world: &dyn World, found: &Named<'_>, cause: &str) {
    let admin = found.state.admin();
    if admin.intersects(FORCED) {
        return;
    }
    let before = found.shared().is_down();
    let was_up = found.state.operational() != Operational::Stopped;
    let now = clock::now_ms();
    let to = admin | Admin::MAINT;
    let requeued = found.shared().set_admin(found.state, to, now);
    found.state.set_score(0);
    let title = found.title();
    let (level, text) = match was_up {
        true => {
            let left = left(found, requeued);
            let text = format!("{title} is going DOWN for maintenance{cause}.{left}");
            (ALERT, text)
        }
        false => {
            let text = format!("{title} was DOWN and now enters maintenance{cause}.");
            (NOTICE, text)
        }
    };
    tell(world, found, level, &text);
    tell_if_lost(world, found, before);
}

/// Changes the weight; the last server with one may be lost by it.
pub fn weight(world: &dyn World, found: &Named<'_>, weight: u32) {
    let before = found.shared().is_down();
    found.shared().set_weight(found.state, weight);
    tell_if_lost(world, found, before);
}

/// Out of maintenance: the server is up, whatever checks said before, but on trial.
pub fn no_maintenance(world: &dyn World, found: &Named<'_>) {
    let to = found.state.admin() - FORCED;
    leave_maintenance(world, found, to);
}

fn leave_maintenance(world: &dyn World, found: &Named<'_>, to: Admin) -> bool {
    if !found.state.admin().intersects(FORCED) {
        return false;
    }
    let now = clock::now_ms();
    let title = found.title();
    let checked = found.state.checked && !found.state.checks_paused();
    let follows = found.server.track.as_ref();
    let stopped = found.state.operational() == Operational::Stopped;
    let (score, up) = match found.state.begins {
        // it is as the one that it follows
        _ if follows.is_some() => (found.state.score(), !stopped),
        Some(begins) => begins,
        None if checked => (found.on_trial(), true),
        None => (found.state.score(), true),
    };
    found.state.set_score(score);
    let operational = match up {
        true => Operational::Running,
        false => Operational::Stopped,
    };
    let shared = found.shared();
    if follows.is_none() {
        shared.set_operational(found.state, operational, now);
    }
    shared.set_admin(found.state, to, now);
    if let Some((_, _, path)) = follows.filter(|_| to.contains(Admin::TRACKED_MAINT)) {
        let text =
            format!("{title} is leaving forced maintenance but remains in maintenance via {path}.");
        tell(world, found, NOTICE, &text);
        return true;
    }
    let drained = to.intersects(Admin::ANY_DRAIN);
    let up = if up { "UP" } else { "DOWN" };
    let word = if drained { "DRAIN" } else { "READY" };
    let text = format!("{title} is {up}/{word} (leaving forced maintenance).");
    tell(world, found, NOTICE, &text);
    if drained {
        let text = format!("{title} remains in forced drain mode.");
        tell(world, found, NOTICE, &text);
    }
    true
}

/// Neither maintenance nor drain.
pub fn ready(world: &dyn World, found: &Named<'_>) {
    let to = found.state.admin() - (FORCED | Admin::DRAIN);
    if !leave_maintenance(world, found, to) {
        no_drain(world, found);
    }
}

/// Drain, which ends maintenance.
pub fn drain(world: &dyn World, found: &Named<'_>) {
    let to = (found.state.admin() - FORCED) | Admin::DRAIN;
    if !leave_maintenance(world, found, to) {
        stop(world, found, "");
    }
}

/// Drain, behind maintenance where that is on. `cause` as for [`disable`].
pub fn stop(world: &dyn World, found: &Named<'_>, cause: &str) {
    let admin = found.state.admin();
    let to = admin | Admin::DRAIN;
    if admin == to {
        return;
    }
    if admin.intersects(Admin::ANY_MAINT) {
        found.shared().set_admin(found.state, to, clock::now_ms());
        return;
    }
    let before = found.shared().is_down();
    let requeued = found.shared().set_admin(found.state, to, clock::now_ms());
    let rest = match found.state.operational() {
        Operational::Stopped => left(found, requeued),
        _ => online(found, requeued),
    };
    let title = found.title();
    let text = format!("{title} enters drain state{cause}.{rest}");
    tell(world, found, NOTICE, &text);
    tell_if_lost(world, found, before);
}

/// Out of drain.
pub fn no_drain(world: &dyn World, found: &Named<'_>) {
    let admin = found.state.admin();
    if !admin.contains(Admin::DRAIN) {
        return;
    }
    let now = clock::now_ms();
    found
        .shared()
        .set_admin(found.state, admin - Admin::DRAIN, now);
    if admin.intersects(Admin::ANY_MAINT) {
        return;
    }
    let word = match found.state.operational() {
        Operational::Stopped => "DOWN",
        _ => "UP",
    };
    let title = found.title();
    let text = format!("{title} is {word} (leaving forced drain).");
    tell(world, found, NOTICE, &text);
}

/// As if a check had found it so; nothing happens in maintenance. `by` tells who did it.
pub fn health(world: &dyn World, found: &Named<'_>, to: Operational, by: &str) {
    let was = found.state.operational();
    if found.state.admin().intersects(Admin::ANY_MAINT) {
        return;
    }
    found.state.set_score(match to {
        Operational::Stopped => 0,
        _ => found.proven(),
    });
    if was == to {
        return;
    }
    let before = found.shared().is_down();
    let now = clock::now_ms();
    let requeued = found.shared().set_operational(found.state, to, now);
    let title = found.title();
    let (word, rest) = match to {
        Operational::Stopped => ("DOWN", left(found, requeued)),
        Operational::Stopping => ("stopping", online(found, requeued)),
        _ => ("UP", online(found, requeued)),
    };
    let level = match to {
        Operational::Stopped => ALERT,
        _ => NOTICE,
    };
    let text = format!("{title} is {word}, {by}.{rest}");
    tell(world, found, level, &text);
    tell_if_lost(world, found, before);
}

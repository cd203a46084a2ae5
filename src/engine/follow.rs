//! What is done to a server from elsewhere than its own checks: `track` makes it follow another
//! one, an agent sends it into maintenance or drain. The lines that tell of it are HAProxy 3.4's.

use super::thread::Thread;
use crate::balance::event::{left, online};
use crate::balance::{Admin, Operational, ServerState};
use crate::plan::{BackendId, BackendPlan, ServerPlan};

/// Syslog levels of what is told.
const ALERT: u8 = 1;
const NOTICE: u8 = 5;

/// A server with all that is known of it.
pub struct Subject<'a> {
    /// The thread in work.
    pub t: &'static Thread,
    /// Its back end.
    pub be: &'a BackendPlan,
    /// Its line.
    pub server: &'a ServerPlan,
    /// Its state.
    pub state: &'a ServerState,
}

impl Subject<'_> {
    fn title(&self) -> String {
        let kind = if self.state.backup { "Backup " } else { "" };
        format!("{kind}Server {}/{}", self.be.name, self.server.name)
    }

    /// Tells it in the log and to whoever listens.
    pub fn tell(&self, level: u8, text: &str) {
        if let Some(log) = &self.be.log {
            super::log::send(self.t, log, level, text.as_bytes());
        }
        self.t.shared.events.text(level, text);
    }

    /// Tells that the back end has no server left, if it had one before.
    pub fn tell_if_lost(&self, was_down: bool) {
        if was_down || !self.be.state.is_down() {
            return;
        }
        let kind = self.be.kind();
        let text = format!("{kind} {} has no server available!", self.be.name);
        if let Some(log) = &self.be.log {
            super::log::send(self.t, log, super::log::EMERG, text.as_bytes());
        }
        let text = format!("{kind} '{}' has no server available!", self.be.name);
        self.t.shared.events.text(super::log::EMERG, &text);
    }

    /// Into or out of maintenance of a kind; `via` stands behind the words.
    pub fn maintenance(&self, kind: Admin, on: bool, via: &str) {
        let (be, admin) = (&self.be.state, self.state.admin());
        let others = (admin - kind).intersects(Admin::ANY_MAINT);
        let to = if on { admin | kind } else { admin - kind };
        if to == admin {
            return;
        }
        let was_down = be.is_down();
        let requeued = be.set_admin(self.state, to, self.t.worker.now_ms());
        if others {
            return;
        }
        let title = self.title();
        match (on, self.state.operational() == Operational::Stopped) {
            (true, false) => {
                let left = left(be, self.state, requeued);
                let text = format!("{title} is going DOWN for maintenance{via}.{left}");
                self.tell(ALERT, &text);
            }
            (true, true) => {
                let text = format!("{title} was DOWN and now enters maintenance{via}.");
                self.tell(NOTICE, &text);
            }
            (false, stopped) => {
                let up = if stopped { "DOWN" } else { "UP" };
                let word = match to.intersects(Admin::ANY_DRAIN) {
                    true => "DRAIN",
                    false => "READY",
                };
                let forced = if via.is_empty() { "forced " } else { "" };
                let text = format!("{title} is {up}/{word} (leaving {forced}maintenance).");
                self.tell(NOTICE, &text);
            }
        }
        self.tell_if_lost(was_down);
    }

    /// Its name (`host`) has an address again.
    pub fn resolves_again(&self, host: &str) {
        let admin = self.state.admin() - Admin::RESOLVE_MAINT;
        self.be
            .state
            .set_admin(self.state, admin, self.t.worker.now_ms());
        if admin.intersects(Admin::ANY_MAINT) {
            return;
        }
        let title = self.title();
        let up = match self.state.operational() {
            Operational::Stopped => "DOWN",
            _ => "UP",
        };
        let word = match admin.intersects(Admin::ANY_DRAIN) {
            true => "DRAIN",
            false => "READY",
        };
        let text = format!("{title} ('{host}') is {up}/{word} (resolves again).");
        self.tell(NOTICE, &text);
        let text = format!("{title} administratively READY thanks to valid DNS answer.");
        self.tell(NOTICE, &text);
    }

    /// Into or out of drain of a kind.
    pub fn drain(&self, kind: Admin, on: bool, via: &str) {
        let (be, admin) = (&self.be.state, self.state.admin());
        let to = if on { admin | kind } else { admin - kind };
        if to == admin {
            return;
        }
        let was_down = be.is_down();
        let requeued = be.set_admin(self.state, to, self.t.worker.now_ms());
        if admin.intersects(Admin::ANY_MAINT) || (admin - kind).intersects(Admin::ANY_DRAIN) {
            return;
        }
        let title = self.title();
        let stopped = self.state.operational() == Operational::Stopped;
        if on {
            let rest = match stopped {
                true => left(be, self.state, requeued),
                false => online(be, self.state, requeued),
            };
            self.tell(NOTICE, &format!("{title} enters drain state{via}.{rest}"));
        } else {
            let up = if stopped { "DOWN" } else { "UP" };
            let forced = if via.is_empty() { "forced " } else { "" };
            let text = format!("{title} is {up} (leaving {forced}drain){via}.");
            self.tell(NOTICE, &text);
        }
        self.tell_if_lost(was_down);
    }

    /// Up, stopping or down as another server.
    fn become_like(&self, to: Operational, via: &str) {
        let be = &self.be.state;
        let was_down = be.is_down();
        let was = self.state.operational();
        let requeued = be.set_operational(self.state, to, self.t.worker.now_ms());
        let title = self.title();
        let (word, rest, level) = match to {
            Operational::Stopped => {
                let level = if was == Operational::Stopping {
                    NOTICE
                } else {
                    ALERT
                };
                ("DOWN", left(be, self.state, requeued), level)
            }
            Operational::Stopping => ("stopping", online(be, self.state, requeued), NOTICE),
            _ => ("UP", online(be, self.state, requeued), NOTICE),
        };
        self.tell(level, &format!("{title} is {word}{via}.{rest}"));
        self.tell_if_lost(was_down);
    }
}

/// A server has changed that others follow.
pub fn changed(t: &'static Thread, backend: u32, index: u32) {
    let plan = &t.shared.plan;
    let Some(tracked) = plan.backend(BackendId(backend)) else {
        return;
    };
    let Some(leader) = tracked.state.server(index) else {
        return;
    };
    let followers = plan.followers.read().get(&(backend, index)).cloned();
    // the one that came last is told first
    for (of, server) in followers.iter().flatten().rev() {
        let Some(be) = plan.backend(*of) else {
            continue;
        };
        let at = *server as usize;
        let (Some(server), Some(state)) = (be.servers.get(at), be.state.server(*server)) else {
            continue;
        };
        if state.is_removed() {
            continue;
        }
        let via = match &server.track {
            Some((_, _, path)) => format!(" via {path}"),
            None => String::new(),
        };
        let subject = Subject {
            t,
            be,
            server,
            state,
        };
        let plain = |o| match o {
            Operational::Starting => Operational::Running,
            other => other,
        };
        let to = plain(leader.operational());
        let differs = to != plain(state.operational());
        if differs && state.admin().intersects(Admin::ANY_MAINT) {
            // what nobody sees now is told when it leaves maintenance
            be.state.set_operational(state, to, t.worker.now_ms());
        }
        let admin = leader.admin();
        subject.maintenance(
            Admin::TRACKED_MAINT,
            admin.intersects(Admin::ANY_MAINT),
            &via,
        );
        subject.drain(
            Admin::TRACKED_DRAIN,
            admin.intersects(Admin::ANY_DRAIN),
            &via,
        );
        if to != plain(state.operational()) {
            subject.become_like(to, &via);
        }
    }
}

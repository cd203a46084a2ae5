//! What answers come to for servers: their addresses, and maintenance without one.

use super::{Section, ip_of, services};
use crate::balance::Admin;
use crate::engine::follow::Subject;
use crate::engine::http::contains;
use crate::plan::resolvers::HostName;
use crate::plan::{BackendPlan, ServerAddress, ServerPlan};
use crate::proto::dns::{self, Kind};
use std::net::IpAddr;
use std::sync::Arc;

/// Syslog level of what is told.
const NOTICE: u8 = 5;

/// A server whose name is looked up.
#[derive(Clone)]
pub(super) struct User {
    pub be: Arc<BackendPlan>,
    pub server: u32,
}

impl User {
    pub fn plan(&self) -> Option<&ServerPlan> {
        self.be.servers.get(self.server as usize)
    }

    pub fn is(&self, other: &User) -> bool {
        self.be.id == other.be.id && self.server == other.server
    }

    /// Its host's name as of now.
    pub fn host(&self) -> HostName {
        let dns = self.plan().and_then(|p| p.dns.as_ref());
        dns.map_or_else(HostName::default, |d| d.host.lock().clone())
    }

    /// Changes the name.
    pub fn set_host(&self, host: HostName) {
        if let Some(dns) = self.plan().and_then(|p| p.dns.as_ref()) {
            *dns.host.lock() = host;
        }
    }

    pub fn ip(&self) -> Option<IpAddr> {
        ip_of(&self.plan()?.address_now())
    }

    /// The family that its line prefers.
    pub fn preferred(&self) -> Kind {
        match self.plan().map(|p| p.settings.resolution.prefer_v4) {
            Some(true) => Kind::A,
            _ => Kind::Aaaa,
        }
    }

    /// Whether names are looked up for both in the same way.
    fn asks_as(&self, other: &User) -> bool {
        let section = |u: &User| Some(u.plan()?.dns.as_ref()?.resolvers);
        section(self) == section(other) && self.preferred() == other.preferred()
    }

    fn service(&self) -> Option<&str> {
        self.plan()?.dns.as_ref()?.service.as_deref()
    }

    /// Whether it is in maintenance because it has no address.
    fn is_lost(&self) -> bool {
        let state = self.be.state.server(self.server);
        state.is_some_and(|s| s.admin().contains(Admin::RESOLVE_MAINT))
    }

    /// What is said of it.
    fn path(&self) -> String {
        let name = self.plan().map_or("", |p| &p.name);
        format!("{}/{name}", self.be.name)
    }
}

/// Whether another server of the back end has an address already that the same look-up found.
fn is_taken(user: &User, ip: IpAddr) -> bool {
    let own = user.host();
    (0u32..).zip(&user.be.servers).any(|(index, plan)| {
        if index == user.server || plan.dns.is_none() {
            return false;
        }
        let other = User {
            be: Arc::clone(&user.be),
            server: index,
        };
        let host = other.host();
        // places of one service differ by their ports
        let elsewhere = user.service().is_some() && host.port != own.port;
        let same = host.name == own.name && other.asks_as(user);
        same && !elsewhere && other.ip() == Some(ip)
    })
}

/// A port as it is told: `+10` counts from the one that the client came to.
fn port(place: &ServerAddress, plan: &ServerPlan) -> String {
    match place {
        ServerAddress::Inet(at) => at.port().to_string(),
        ServerAddress::InetMapped(_, offset) => format!("{offset:+}"),
        _ => match plan.settings.address.port_offset {
            Some(offset) => format!("{offset:+}"),
            None => plan.settings.address.port.to_string(),
        },
    }
}

impl Section {
    /// Looks the name of a server's host up from now on, if it has one.
    pub(super) fn attach(&mut self, user: User) {
        if let Some(name) = user.host().name {
            let kind = user.preferred();
            self.enlist(user, &name, kind);
        }
    }

    /// Looks a name up for a server from now on.
    pub(super) fn enlist(&mut self, user: User, name: &str, kind: Kind) {
        let at = self.lookup(name, kind);
        let now = self.t.worker.now_ms();
        let Some(lookup) = self.lookups.get_mut(at) else {
            return;
        };
        if lookup.users.iter().any(|u| u.is(&user)) {
            return;
        }
        lookup.users.push(user.clone());
        match lookup.known.is_empty() {
            true => lookup.next = lookup.next.min(now),
            false => self.choose(at, &user, "DNS cache"),
        }
    }

    /// Does not look its address up any more.
    pub(super) fn detach(&mut self, user: &User) {
        for lookup in self.lookups.iter_mut().filter(|l| l.preferred != Kind::Srv) {
            lookup.users.retain(|u| !u.is(user));
        }
    }

    fn tell(&self, user: &User, text: &str) {
        self.with(user, |subject| subject.tell(NOTICE, text));
    }

    fn with<R>(&self, user: &User, f: impl FnOnce(&Subject<'_>) -> R) -> Option<R> {
        let subject = Subject {
            t: self.t,
            be: &user.be,
            server: user.plan()?,
            state: user.be.state.server(user.server)?,
        };
        Some(f(&subject))
    }

    /// Addresses came: servers keep theirs if it is among them, others get a new one.
    pub(super) fn learn(&mut self, at: usize, line: usize, found: &[IpAddr], now: u64) {
        let hold = self.settings().map_or(0, |s| u64::from(s.hold_obsolete));
        let Some(lookup) = self.lookups.get_mut(at) else {
            return;
        };
        for ip in found {
            match lookup.known.iter_mut().find(|(known, _)| known == ip) {
                Some(entry) => entry.1 = now,
                None => lookup.known.push((*ip, now)),
            }
        }
        lookup
            .known
            .retain(|(ip, seen)| found.contains(ip) || now < seen + hold);
        lookup.known.sort_by_key(|(ip, _)| dns::address_order(*ip));
        let users = lookup.users.clone();
        for (user, number) in users.iter().zip(0..) {
            if number > 0 {
                self.choose(at, user, "DNS cache");
                continue;
            }
            let section = self.plan.resolvers.get(self.index);
            let by = section.and_then(|s| {
                let nameserver = s.nameservers.get(line)?;
                Some(format!("{}/{}", s.settings.name, nameserver.name))
            });
            let before = user.ip();
            self.choose(at, user, &by.unwrap_or_default());
            if user.ip() != before && user.ip().is_some() {
                self.count(line, |c| c.update.inc());
            }
        }
    }

    /// Chooses a server's address: in the networks it prefers, used by no other, its own.
    fn choose(&mut self, at: usize, user: &User, by: &str) {
        let (Some(plan), Some(lookup)) = (user.plan(), self.lookups.get(at)) else {
            return;
        };
        let resolution = &plan.settings.resolution;
        let own = user.ip();
        let mut best: Option<(u8, IpAddr)> = None;
        for (ip, _) in &lookup.known {
            let taken = is_taken(user, *ip);
            if taken && !resolution.allow_dup_ip && own != Some(*ip) {
                continue;
            }
            let near = resolution.nets.iter().any(|net| contains(*net, *ip));
            let score = u8::from(near) << 2 | u8::from(!taken) << 1 | u8::from(own == Some(*ip));
            if best.is_none_or(|(most, _)| score > most) {
                best = Some((score, *ip));
            }
        }
        match best {
            Some((_, ip)) => self.place(user, ip, by),
            None => self.lose(user, "No IP for server ", true),
        }
    }

    /// A server is at this address, and at the port that its name came with.
    pub(super) fn place(&mut self, user: &User, ip: IpAddr, by: &str) {
        let Some(plan) = user.plan() else { return };
        let (before, now) = (plan.address_now().into_owned(), plan.at(ip));
        if before != now {
            let mut changes = Vec::new();
            let old = ip_of(&before);
            if old != Some(ip) {
                let old = old.map_or_else(|| "(none)".to_owned(), |ip| ip.to_string());
                changes.push(format!("IP changed from '{old}' to '{ip}'"));
            }
            let (old, new) = (port(&before, plan), port(&now, plan));
            // a port that came without an address is not told
            if old != new && by == services::BY {
                changes.push(format!("port changed from '{old}' to '{new}'"));
            }
            plan.move_to(now);
            if !changes.is_empty() {
                let text = format!("{}: {} by '{by}'.", user.path(), changes.join(", "));
                self.tell(user, &text);
            }
            self.forget_connections(user);
        }
        if user.is_lost() && !self.ready.iter().any(|u| u.is(user)) {
            self.ready.push(user.clone());
        }
    }

    /// A server has got the name of its host with a service.
    pub(super) fn tell_name(&self, user: &User, name: &str) {
        let text = format!(
            "{} changed its FQDN from (null) to {name} by 'SRV record'",
            user.path()
        );
        if let Some(log) = &user.be.log {
            crate::engine::log::send(self.t, log, NOTICE, text.as_bytes());
        }
    }

    /// Connections to where a server was are of no use any more.
    pub(super) fn forget_connections(&self, user: &User) {
        let (backend, server) = (user.be.id, user.server);
        self.t.shared.everywhere(move |_| {
            crate::engine::with_thread(|t| t.idle.forget(backend, server));
        });
    }

    /// A server without an address is in maintenance. `gone`: it has none from now on.
    pub(super) fn lose(&mut self, user: &User, cause: &str, gone: bool) {
        self.ready.retain(|u| !u.is(user));
        self.with(user, |subject| {
            let via = format!(" ({cause})");
            subject.maintenance(Admin::RESOLVE_MAINT, true, &via);
        });
        if gone
            && let Some(plan) = user.plan()
            && user.ip().is_some()
        {
            plan.move_to(ServerAddress::Unresolved);
            self.forget_connections(user);
        }
    }

    /// Servers that have an address again leave maintenance.
    pub(super) fn welcome(&mut self) {
        for user in std::mem::take(&mut self.ready) {
            let host = user.host().name.unwrap_or_default();
            self.with(&user, |subject| subject.resolves_again(&host));
        }
    }
}

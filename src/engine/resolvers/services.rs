//! Services (RFC 2782): servers are given the places that an SRV record offers.

use super::Section;
use super::servers::User;
use crate::plan::ServerAddress;
use crate::plan::resolvers::HostName;
use crate::proto::dns::Service;

/// What moves a server whose place came with its address.
pub(super) const BY: &str = "DNS additional record";

/// A place of a service, and when it was last among the answers.
pub(super) struct Offer {
    service: Service,
    seen: u64,
}

impl Offer {
    fn is_at(&self, host: &HostName) -> bool {
        host.name.as_deref() == Some(&*self.service.target) && host.port == Some(self.service.port)
    }
}

impl Section {
    /// Places came: servers keep theirs if it is among them, free ones take the new ones.
    pub(super) fn learn_services(&mut self, at: usize, found: Vec<Service>, now: u64) {
        let hold = self.settings().map_or(0, |s| u64::from(s.hold_obsolete));
        let Some(lookup) = self.lookups.get_mut(at) else {
            return;
        };
        for service in found {
            let same = |o: &&mut Offer| {
                o.service.target == service.target && o.service.port == service.port
            };
            match lookup.offers.iter_mut().find(same) {
                Some(offer) => *offer = Offer { service, seen: now },
                None => lookup.offers.push(Offer { service, seen: now }),
            }
        }
        let is_over = |o: &Offer| o.seen != now && now >= o.seen + hold;
        let users = lookup.users.clone();
        let mut left: Vec<User> = Vec::new();
        for offer in lookup.offers.extract_if(.., |o| is_over(o)) {
            left.extend(users.iter().filter(|u| offer.is_at(&u.host())).cloned());
        }
        let offers: Vec<Service> = lookup.offers.iter().map(|o| o.service.clone()).collect();
        for user in &left {
            self.lose(user, "entry removed from SRV record", false);
            self.detach(user);
            let host = HostName {
                name: None,
                ..user.host()
            };
            user.set_host(host);
        }
        // each back end gets all of them
        let mut rest = users.as_slice();
        while let Some(first) = rest.first() {
            let here = |u: &&User| u.be.id == first.be.id;
            let (own, others) = rest.split_at(rest.iter().take_while(here).count());
            for service in &offers {
                self.offer(service, own, &left);
            }
            rest = others;
        }
        for user in left.iter().filter(|u| u.host().name.is_none()) {
            self.clear(user);
        }
    }

    /// Gives a place to the server that has it, or to one that has none; to those who have just
    /// `left` theirs only if there is no other.
    fn offer(&mut self, service: &Service, users: &[User], left: &[User]) {
        let has = |u: &&User| {
            let host = u.host();
            host.name.as_deref() == Some(&*service.target) && host.port == Some(service.port)
        };
        let holder = users.iter().find(has);
        let idle = || users.iter().filter(|u| u.host().name.is_none());
        let rested = idle().find(|u| !left.iter().any(|l| l.is(u)));
        let Some(user) = holder.or(rested).or_else(|| idle().next()) else {
            return;
        };
        let fresh = holder.is_none();
        if fresh {
            user.set_host(HostName {
                name: Some(service.target.as_str().into()),
                port: Some(service.port),
                is_told: true,
            });
        }
        self.weigh(user, service.weight);
        if let Some(ip) = service.address {
            self.detach(user);
            self.place(user, ip, BY);
        }
        if fresh {
            self.tell_name(user, &service.target);
        }
        if service.address.is_none() {
            self.attach(user.clone());
        }
    }

    /// The weight of a place, in HAProxy's steps: 256 at most, 0 only for 0.
    fn weigh(&self, user: &User, weight: u16) {
        let ignored = user
            .plan()
            .is_none_or(|p| p.settings.resolution.ignore_weight);
        let weight = u32::from(weight).div_ceil(256);
        if let Some(state) = user.be.state.server(user.server)
            && !ignored
            && state.weight() != weight
        {
            user.be.state.set_weight(state, weight);
        }
    }

    /// The service is gone: no server has a place any more.
    pub(super) fn withdraw(&mut self, users: &[User]) {
        for user in users.iter().filter(|u| u.host().name.is_some()) {
            self.lose(user, "entry removed from SRV record", true);
            self.detach(user);
            self.clear(user);
        }
    }

    /// A server has no place any more.
    fn clear(&self, user: &User) {
        user.set_host(HostName {
            name: None,
            port: Some(0),
            is_told: true,
        });
        if let Some(plan) = user.plan() {
            plan.move_to(ServerAddress::Unresolved);
        }
        self.forget_connections(user);
    }
}

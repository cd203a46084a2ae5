//! The way through the proxies, line by line, so that it can stop anywhere and go on later.

use super::column as c;
use super::row::{Kind, Row};
use super::rows;
use crate::balance::Admin;
use crate::base::clock;
use crate::engine::Shared;
use crate::ir::proxy::{Mode, Options};
use crate::plan::listener::ListenerPlan;
use crate::plan::{BackendPlan, FrontendPlan};
use std::sync::Arc;

/// Which lines are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Servers that are down are left out.
    pub up: bool,
    /// Servers in maintenance are left out.
    pub no_maint: bool,
    /// Only proxies whose names contain this, in any case.
    pub scope: String,
    /// With what the columns mean, where the form has a place for it.
    pub described: bool,
    /// With addresses, cookies and algorithms.
    pub legends: bool,
    /// Only the proxy of this number.
    pub proxy: Option<u32>,
    /// Only these kinds; empty: all.
    pub kinds: Vec<Kind>,
    /// Only the server of this number.
    pub server: Option<u32>,
}

impl Filter {
    fn kind(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
    fn proxy(&self, proxy: &Both<'_>) -> bool {
        let (name, part) = (proxy.name().as_bytes(), self.scope.as_bytes());
        let mut parts = name.windows(part.len().max(1));
        (part.is_empty() || parts.any(|p| p.eq_ignore_ascii_case(part)))
            && self.proxy.is_none_or(|id| id == proxy.uuid())
    }
}

/// One proxy, both sides of a `listen`.
#[derive(Clone, Copy)]
pub struct Both<'a> {
    /// The side that accepts.
    pub front: Option<&'a Arc<FrontendPlan>>,
    /// The side with servers.
    pub back: Option<&'a Arc<BackendPlan>>,
}

impl Both<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        let back = self.back.map(|b| &*b.name);
        self.front.map(|f| &*f.name).or(back).unwrap_or_default()
    }
    /// Its number.
    pub fn uuid(&self) -> u32 {
        let back = self.back.map(|b| b.uuid);
        self.front.map(|f| f.uuid).or(back).unwrap_or_default()
    }
    /// `http` or `tcp`
    pub fn mode(&self) -> Mode {
        let back = self.back.map(|b| b.mode);
        self.front.map(|f| f.mode).or(back).unwrap_or_default()
    }
}

/// All proxies in the order of the configuration.
pub fn proxies(shared: &Shared) -> Vec<Both<'_>> {
    let mut fronts = shared.plan.frontends.iter().peekable();
    let mut backs = shared.plan.present().peekable();
    let mut all = Vec::with_capacity(fronts.len() + shared.plan.backends.len());
    loop {
        let next = match (fronts.peek(), backs.peek()) {
            (None, None) => return all,
            (Some(f), Some(b)) => f.proxy.min(b.proxy),
            (Some(f), None) => f.proxy,
            (None, Some(b)) => b.proxy,
        };
        all.push(Both {
            front: fronts.next_if(|f| f.proxy == next),
            back: backs.next_if(|b| b.proxy == next),
        });
    }
}

/// What is met on the way.
pub enum Met<'a> {
    /// A proxy begins.
    Proxy(Both<'a>),
    /// One of its lines.
    Line(Both<'a>, &'a Row),
    /// It ends.
    End(Both<'a>),
}

/// Where it goes on.
#[derive(Clone, Copy, Debug)]
enum Place {
    Proxy,
    Frontend,
    Listener(usize),
    Server(usize),
    Backend,
    End,
}

/// A way through the proxies that remembers where it is. All its steps are taken with the same
/// [`Shared`].
pub struct Walk {
    filter: Filter,
    /// Places in the plan of front end and back end.
    proxies: Vec<(Option<usize>, Option<usize>)>,
    at: usize,
    place: Place,
    row: Row,
}

impl Walk {
    /// Through the proxies that `shows` lets through.
    pub fn new(shared: &Shared, filter: Filter, shows: impl Fn(&str) -> bool) -> Walk {
        let wanted = |p: &Both<'_>| filter.proxy(p) && shows(p.name());
        let proxies = proxies(shared)
            .iter()
            .filter(|p| wanted(p))
            .map(|p| {
                let front = p.front.map(|f| f.id.0 as usize);
                (front, p.back.map(|b| b.id.0 as usize))
            })
            .collect();
        Walk {
            filter,
            proxies,
            at: 0,
            place: Place::Proxy,
            row: Row::new(Kind::Server, Mode::Http),
        }
    }

    /// Takes a step, on which it may meet something; false: the way is at its end.
    pub fn step(&mut self, shared: &Shared, meet: &mut dyn FnMut(Met<'_>)) -> bool {
        let Some((front, back)) = self.proxies.get(self.at) else {
            return false;
        };
        let proxy = Both {
            front: front.and_then(|at| shared.plan.frontends.get(at)),
            back: back.and_then(|at| shared.plan.backends.get(at)),
        };
        let now = clock::now_ms();
        let filter = &self.filter;
        let row = &mut self.row;
        self.place = match (self.place, proxy.front, proxy.back) {
            (Place::Proxy, _, _) => {
                meet(Met::Proxy(proxy));
                Place::Frontend
            }
            (Place::Frontend, Some(fe), _) => {
                if filter.kind(Kind::Frontend) {
                    rows::frontend(row, shared, fe, now);
                    meet(Met::Line(proxy, row));
                }
                match fe.options.contains(Options::SOCKET_STATS) && filter.kind(Kind::Listener) {
                    true => Place::Listener(0),
                    false => Place::Server(0),
                }
            }
            (Place::Frontend, None, _) => Place::Server(0),
            (Place::Listener(at), Some(fe), _) => {
                let own = |l: &&ListenerPlan| l.frontend == Some(fe.id);
                let own = |l: &&ListenerPlan| own(l) && filter.server.is_none_or(|id| id == l.uuid);
                match shared.plan.listeners.iter().filter(own).nth(at) {
                    Some(listener) => {
                        rows::listener(row, shared, fe, listener, filter.legends);
                        meet(Met::Line(proxy, row));
                        Place::Listener(at + 1)
                    }
                    None => Place::Server(0),
                }
            }
            (Place::Server(at), _, Some(be)) if filter.kind(Kind::Server) => {
                let index = be.state.nth(at);
                let pair = be.servers.get(index).zip(be.state.servers().get(index));
                if let Some((plan, state)) = pair {
                    let gone = state.is_removed();
                    let maint = state.admin().intersects(Admin::ANY_MAINT);
                    let hidden = gone
                        || filter.up && !state.running()
                        || filter.no_maint && maint
                        || filter.server.is_some_and(|id| id != plan.settings.id);
                    if !hidden {
                        rows::server(row, shared, be, plan, state, filter.legends, now);
                        meet(Met::Line(proxy, row));
                    }
                    Place::Server(at + 1)
                } else {
                    Place::Backend
                }
            }
            (Place::Server(_) | Place::Listener(_), _, _) => Place::Backend,
            (Place::Backend, _, Some(be)) => {
                if filter.kind(Kind::Backend) {
                    rows::backend(row, shared, be, filter.legends, now);
                    if (filter.up || filter.no_maint) && be.has_servers() {
                        // what is hidden is told in numbers
                        let up = be.state.servers().iter().filter(|s| s.running()).count();
                        let status = row.text(c::STATUS);
                        let status = format!("{status} ({up}/{})", be.present().count());
                        row.set(c::STATUS, status);
                    }
                    meet(Met::Line(proxy, row));
                }
                Place::End
            }
            (Place::Backend, _, None) => Place::End,
            (Place::End, _, _) => {
                meet(Met::End(proxy));
                self.at += 1;
                Place::Proxy
            }
        };
        true
    }
}

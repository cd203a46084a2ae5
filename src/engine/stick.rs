//! `stick on`, `match`, `store-request`, `store-response` (configuration manual 4.2): which server
//! an entry of a table names, and what is learnt once a server was found.

use super::thread::Thread;
use crate::base::clock;
use crate::ir::persist::StickRule;
use crate::plan::{BackendPlan, ServerAddress, ServerPlan};
use crate::rules;
use crate::sample::stick;
use crate::sample::view::{Direction, Eval, StreamView};
use crate::table::{Data, ServerKey, Table};
use std::sync::Arc;

/// Most keys learnt of one message.
const MOST: usize = 8;

/// Keys to be entered with the server that is found.
#[derive(Debug, Default)]
pub struct Stores(Vec<(Arc<Table>, Vec<u8>)>);

impl Stores {
    fn has(&self, table: &Arc<Table>) -> bool {
        self.0.iter().any(|(known, _)| Arc::ptr_eq(known, table))
    }
}

/// The key of a rule, if its condition holds.
fn key_of(
    t: &Thread,
    rule: &StickRule,
    view: &dyn StreamView,
    direction: Direction,
) -> Option<Vec<u8>> {
    let mut scratch = t.scratch.borrow_mut();
    if let Some(condition) = &rule.condition
        && !rules::holds(condition, direction, view, &mut scratch)
    {
        return None;
    }
    scratch.reset();
    let eval = Eval {
        view,
        scratch: &scratch,
        direction,
        last: true,
    };
    let sample = rule.expr.eval(&eval)?;
    Some(stick::key(&rule.table, sample, &scratch)?.bytes().to_vec())
}

/// What identifies a server in entries of a table.
fn name_of(table: &Table, server: &ServerPlan) -> Option<Vec<u8>> {
    match (table.spec().server_key, &*server.address_now()) {
        (ServerKey::Name, _) => Some(server.name.as_bytes().to_vec()),
        (ServerKey::Address, ServerAddress::Inet(at)) => Some(at.to_string().into_bytes()),
        (ServerKey::Address, _) => None,
    }
}

/// The server that an entry names: by its name or address, else by its id.
fn server_of(be: &BackendPlan, table: &Table, name: i64, id: i64) -> Option<u32> {
    let by_name = table.name_of(name).and_then(|name| {
        let same = |s: &ServerPlan| name_of(table, s).is_some_and(|n| n == *name);
        be.find(same)
    });
    let by_id = || {
        let id = u32::try_from(id).ok().filter(|id| *id > 0)?;
        be.find(|s| s.settings.id == id)
    };
    u32::try_from(by_name.or_else(by_id)?).ok()
}

/// Runs the rules on a request: the server that they find, unless one was found before, and what is
/// to be learnt.
#[cold]
pub fn request(
    t: &Thread,
    be: &BackendPlan,
    view: &dyn StreamView,
    found: bool,
    forced: bool,
) -> (Option<u32>, Option<Box<Stores>>) {
    let mut server = None;
    let mut stores = Box::<Stores>::default();
    for rule in be.stick_rules.iter().filter(|r| !r.response) {
        let store = rule.stores && !stores.has(&rule.table) && stores.0.len() < MOST;
        if !(store || rule.matches) {
            continue;
        }
        let Some(key) = key_of(t, rule, view, Direction::Request) else {
            continue;
        };
        if rule.matches && !found && server.is_none() {
            let entry = rule.table.key(&key);
            let named = rule.table.change(&entry, clock::now_ms(), |e| {
                let value = |data| e.get(data, 0).unwrap_or(0);
                (value(Data::ServerKey), value(Data::ServerId))
            });
            let named = named.and_then(|(name, id)| server_of(be, &rule.table, name, id));
            let usable = |s: &u32| {
                let state = be.state.server(*s);
                state.is_some_and(|state| state.running() || forced)
            };
            server = named.filter(usable);
        }
        if store {
            stores.0.push((rule.table.clone(), key));
        }
    }
    (server, (!stores.0.is_empty()).then_some(stores))
}

/// Runs the rules on a response, and enters everything learnt with the server that answered.
#[cold]
pub fn response(
    t: &Thread,
    be: &BackendPlan,
    view: &dyn StreamView,
    stores: Option<Box<Stores>>,
    server: u32,
) {
    let Some(plan) = be.servers.get(server as usize) else {
        return;
    };
    if plan.settings.non_stick {
        return;
    }
    let mut learnt = Stores::default();
    for rule in be.stick_rules.iter().filter(|r| r.response) {
        if learnt.has(&rule.table) || learnt.0.len() >= MOST {
            continue;
        }
        if let Some(key) = key_of(t, rule, view, Direction::Response) {
            learnt.0.push((rule.table.clone(), key));
        }
    }
    let asked = stores.unwrap_or_default();
    for (table, key) in asked.0.iter().chain(&learnt.0) {
        let name = name_of(table, plan).map(|name| table.number_of(&name));
        // a full table learns nothing
        let _ = table.upsert(&table.key(key), clock::now_ms(), |e| {
            e.set(Data::ServerId, 0, plan.settings.id.into());
            if let Some(name) = name {
                e.set(Data::ServerKey, 0, name.into());
            }
        });
    }
}

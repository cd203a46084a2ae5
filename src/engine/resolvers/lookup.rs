//! One name that is looked up: asking, hearing, giving up.

use super::servers::User;
use super::services::Offer;
use super::{Reply, Section};
use crate::engine::reactor::NEVER;
use crate::proto::dns::{self, Answer, Kind};
use std::net::IpAddr;
use std::sync::Arc;

/// How a question ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Nx,
    Refused,
    Timeout,
    Other,
}

/// A name that is looked up, again and again if servers have it.
pub(super) struct Lookup {
    pub name: Box<str>,
    pub preferred: Kind,
    pub users: Vec<User>,
    /// Who waits for the next answer.
    pub waiting: Vec<Arc<Reply>>,
    /// The question under way.
    asked: Option<Asked>,
    /// When the next one begins, ms tick.
    pub next: u64,
    /// When an answer last was a good one, or when it was made, ms tick.
    valid: u64,
    /// Addresses, and when each was last among the answers.
    pub known: Vec<(IpAddr, u64)>,
    /// Places of a service.
    pub offers: Vec<Offer>,
    /// Whose turn it is among the addresses for those who ask once.
    given: usize,
}

struct Asked {
    id: u16,
    kind: Kind,
    /// When the name servers were asked, ms tick.
    at: u64,
    /// Rounds left.
    left: u32,
    /// Name servers that have not answered.
    waiting: usize,
    /// There is no other family to be asked for in this round.
    both: bool,
    fault: Fault,
}

impl Lookup {
    pub fn new(name: &str, preferred: Kind, now: u64) -> Lookup {
        Lookup {
            name: name.into(),
            preferred,
            users: Vec::new(),
            waiting: Vec::new(),
            asked: None,
            next: now,
            valid: now,
            known: Vec::new(),
            offers: Vec::new(),
            given: 0,
        }
    }

    /// The next of its addresses.
    fn give(&mut self) -> Option<IpAddr> {
        let at = self.given % self.known.len().max(1);
        self.given = self.given.wrapping_add(1);
        self.known.get(at).map(|(ip, _)| *ip)
    }
}

impl Section {
    /// The place of a name's look-up, which is made if there is none.
    pub(super) fn lookup(&mut self, name: &str, preferred: Kind) -> usize {
        let same = |l: &Lookup| l.preferred == preferred && l.name.eq_ignore_ascii_case(name);
        match self.lookups.iter().position(same) {
            Some(at) => at,
            None => {
                let now = self.t.worker.now_ms();
                self.lookups.push(Lookup::new(name, preferred, now));
                self.lookups.len() - 1
            }
        }
    }

    /// `do-resolve`
    pub(super) fn look_up(&mut self, name: &str, kind: Kind, reply: Arc<Reply>, now: u64) {
        let hub = Arc::clone(&self.t.shared.hub);
        let hold = self.settings().map_or(0, |s| u64::from(s.hold_valid));
        if self.lines.is_empty() || dns::question(0, name, kind, 0).is_none() {
            reply.give(&hub, None);
            return;
        }
        let at = self.lookup(name, kind);
        let Some(lookup) = self.lookups.get_mut(at) else {
            return;
        };
        if !lookup.known.is_empty() && now < lookup.valid + hold {
            reply.give(&hub, lookup.give());
            return;
        }
        lookup.waiting.push(reply);
        if lookup.asked.is_none() {
            lookup.next = now;
        }
    }

    /// Asks every name server.
    fn ask(&mut self, at: usize, kind: Kind, left: u32, both: bool) {
        let id = self.id();
        let payload = self.settings().map_or(512, |s| s.payload);
        let (w, now) = (self.t.worker, self.t.worker.now_ms());
        let Some(lookup) = self.lookups.get_mut(at) else {
            return;
        };
        let question = dns::question(id, &lookup.name, kind, payload).unwrap_or_default();
        let mut waiting = 0;
        let mut sent = Vec::new();
        for line in &mut self.lines {
            let done = !question.is_empty() && line.ask(w, &question);
            waiting += usize::from(done);
            sent.push(done);
        }
        lookup.asked = Some(Asked {
            id,
            kind,
            at: now,
            left,
            waiting,
            both,
            fault: Fault::Timeout,
        });
        for (line, done) in sent.into_iter().enumerate() {
            match done {
                true => self.count(line, |c| c.sent.inc()),
                false => self.count(line, |c| c.send_error.inc()),
            }
        }
    }

    /// Asks from the beginning, for the family that is preferred.
    fn ask_first(&mut self, at: usize, left: u32) {
        let Some(preferred) = self.lookups.get(at).map(|l| l.preferred) else {
            return;
        };
        let (kind, other) = self.families(preferred);
        self.ask(at, kind, left, !other);
    }

    /// Does what is due; when to come again, ms tick.
    pub(super) fn turn(&mut self, now: u64) -> u64 {
        let hold = self.settings().map_or(0, |s| u64::from(s.hold_valid));
        let mut until = NEVER;
        for at in 0..self.lookups.len() {
            until = until.min(self.turn_of(at, now));
        }
        // what nobody wants any more is forgotten
        self.lookups.retain(|l| {
            let wanted = !l.users.is_empty() || !l.waiting.is_empty() || l.asked.is_some();
            wanted || (!l.known.is_empty() && now < l.valid + hold)
        });
        until
    }

    fn turn_of(&mut self, at: usize, now: u64) -> u64 {
        let Some((retry, rounds)) = self.settings().map(|s| (u64::from(s.retry), s.retries)) else {
            return NEVER;
        };
        let Some(lookup) = self.lookups.get(at) else {
            return NEVER;
        };
        let Some(asked) = &lookup.asked else {
            let wanted = !lookup.users.is_empty() || !lookup.waiting.is_empty();
            if !wanted {
                return NEVER;
            }
            if now < lookup.next {
                return lookup.next;
            }
            self.ask_first(at, rounds.saturating_sub(1));
            return now + retry;
        };
        if now < asked.at + retry {
            return asked.at + retry;
        }
        let (left, fault, kind, both) = (asked.left, asked.fault, asked.kind, asked.both);
        if left == 0 {
            self.fail(at, fault, now);
            return self.lookups.get(at).map_or(NEVER, |l| l.next);
        }
        // who answered had nothing; who did not answer is not waited for
        match fault != Fault::Timeout && !both {
            true => self.ask(at, kind.other(), left, true),
            false => self.ask_first(at, left - 1),
        }
        now + retry
    }

    /// Takes what a name server has sent.
    pub(super) fn listen(&mut self, line: usize, buffer: &mut [u8]) {
        let Some(way) = self.lines.get_mut(line) else {
            return;
        };
        for message in way.messages(buffer) {
            self.heard(line, &message);
        }
    }

    fn heard(&mut self, line: usize, message: &[u8]) {
        let now = self.t.worker.now_ms();
        let id = dns::id(message);
        let mine = |l: &Lookup| l.asked.as_ref().is_some_and(|a| Some(a.id) == id);
        let Some(at) = self.lookups.iter().position(mine) else {
            self.count(line, |c| c.outdated.inc());
            return;
        };
        let most = self.settings().map_or(0, |s| usize::from(s.payload));
        if message.len() > most {
            self.count(line, |c| c.too_big.inc());
            return;
        }
        let Some(lookup) = self.lookups.get_mut(at) else {
            return;
        };
        let Some(asked) = &mut lookup.asked else {
            return;
        };
        let answer = dns::answer(message, &lookup.name, asked.kind);
        asked.fault = match answer {
            Answer::Addresses(found) => {
                self.count(line, |c| c.valid.inc());
                self.answered(at, now);
                self.learn(at, line, &found, now);
                self.satisfy(at);
                return;
            }
            Answer::Services(found) => {
                self.count(line, |c| c.valid.inc());
                self.answered(at, now);
                self.learn_services(at, found, now);
                return;
            }
            Answer::Invalid => {
                self.count(line, |c| c.invalid.inc());
                return;
            }
            Answer::NxDomain => Fault::Nx,
            Answer::Refused => Fault::Refused,
            Answer::Nothing | Answer::Truncated | Answer::Error => Fault::Other,
        };
        let fault = asked.fault;
        asked.waiting = asked.waiting.saturating_sub(1);
        let (waiting, left, kind, both) = (asked.waiting, asked.left, asked.kind, asked.both);
        self.count(line, |c| match answer {
            Answer::NxDomain => c.nx.inc(),
            Answer::Refused => c.refused.inc(),
            Answer::Nothing => c.any_err.inc(),
            Answer::Truncated => c.truncated.inc(),
            _ => c.other.inc(),
        });
        if waiting > 0 {
            return;
        }
        if !both {
            self.ask(at, kind.other(), left, true);
        } else if left == 0 {
            self.fail(at, fault, now);
        }
    }

    /// A good answer has come.
    fn answered(&mut self, at: usize, now: u64) {
        let resolve = self.settings().map_or(0, |s| u64::from(s.resolve));
        if let Some(lookup) = self.lookups.get_mut(at) {
            lookup.asked = None;
            lookup.next = now + resolve;
            lookup.valid = now;
        }
    }

    /// Gives addresses to those who wait.
    fn satisfy(&mut self, at: usize) {
        let hub = Arc::clone(&self.t.shared.hub);
        let Some(lookup) = self.lookups.get_mut(at) else {
            return;
        };
        for reply in std::mem::take(&mut lookup.waiting) {
            let ip = lookup.give();
            reply.give(&hub, ip);
        }
    }

    /// The question stays without an answer that helps.
    fn fail(&mut self, at: usize, fault: Fault, now: u64) {
        let Some(settings) = self.settings() else {
            return;
        };
        let resolve = u64::from(settings.resolve);
        let (hold, cause) = match fault {
            Fault::Nx => (settings.hold_nx, "DNS NX status"),
            Fault::Refused => (settings.hold_refused, "DNS refused status"),
            Fault::Timeout => (settings.hold_timeout, "DNS timeout status"),
            Fault::Other => (settings.hold_other, "unspecified DNS error"),
        };
        let hub = Arc::clone(&self.t.shared.hub);
        let Some(lookup) = self.lookups.get_mut(at) else {
            return;
        };
        lookup.asked = None;
        lookup.next = now + resolve;
        for reply in lookup.waiting.drain(..) {
            reply.give(&hub, None);
        }
        if now < lookup.valid + u64::from(hold) {
            return;
        }
        lookup.known.clear();
        let users = lookup.users.clone();
        if lookup.preferred == Kind::Srv {
            lookup.offers.clear();
            self.withdraw(&users);
            return;
        }
        for user in &users {
            self.lose(user, cause, true);
        }
    }
}

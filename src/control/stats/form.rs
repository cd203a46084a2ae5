//! The form of the status page, by which an administrator changes servers (configuration manual
//! 4.2, `stats admin`).

use crate::balance::Operational;
use crate::control::change::{self, Named};
use crate::control::world::World;

/// Longest field, name and value as they were sent, bytes (observed on HAProxy 3.4).
const LONGEST: usize = 2047;

/// How it went: the word that the page is then asked for with `;st=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// All of it was done.
    Done,
    /// There was nothing to do.
    Nothing,
    /// Some of it was done.
    Part,
    /// A field is wrong.
    Wrong,
    /// The form was too long.
    TooLong,
    /// It may not be sent.
    Denied,
}

impl Told {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Told::Done => "DONE",
            Told::Nothing => "NONE",
            Told::Part => "PART",
            Told::Wrong => "ERRP",
            Told::TooLong => "EXCD",
            Told::Denied => "DENY",
        }
    }
}

/// What may be done to servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Ready,
    Drain,
    Maintenance,
    Checks(bool),
    Health(Operational),
    /// Nothing happens where there is no agent.
    Agent,
    Shutdown,
    /// Deeds of old pages, which say in their lines where they came from.
    Disable,
    Enable,
    Stop,
    Start,
}

impl Deed {
    fn of(word: &[u8]) -> Option<Deed> {
        Some(match word {
            b"ready" => Deed::Ready,
            b"drain" => Deed::Drain,
            b"maint" => Deed::Maintenance,
            b"dhlth" => Deed::Checks(false),
            b"ehlth" => Deed::Checks(true),
            b"hrunn" => Deed::Health(Operational::Running),
            b"hnolb" => Deed::Health(Operational::Stopping),
            b"hdown" => Deed::Health(Operational::Stopped),
            b"dagent" | b"eagent" | b"arunn" | b"adown" => Deed::Agent,
            b"shutdown" => Deed::Shutdown,
            b"disable" => Deed::Disable,
            b"enable" => Deed::Enable,
            b"stop" => Deed::Stop,
            b"start" => Deed::Start,
            _ => return None,
        })
    }

    /// Does it; false where it does not apply.
    fn to(self, world: &dyn World, server: &Named<'_>) -> bool {
        match self {
            Deed::Ready => change::ready(world, server),
            Deed::Drain => change::drain(world, server),
            Deed::Maintenance => change::maintenance(world, server),
            Deed::Disable => change::disable(world, server, " ('disable' on stats page)"),
            Deed::Enable => change::no_maintenance(world, server),
            Deed::Stop => change::stop(world, server, " ('stop' on stats page)"),
            Deed::Start => change::no_drain(world, server),
            Deed::Checks(_) if !server.state.checked => return false,
            Deed::Checks(on) => server.state.pause_checks(!on),
            Deed::Health(to) => change::health(world, server, to, "changed from Web interface"),
            Deed::Agent => return false,
            Deed::Shutdown => world.shutdown_sessions(server.backend.id, server.state.index),
        }
        true
    }
}

/// Does what a form says.
pub fn act(world: &dyn World, form: &[u8]) -> Told {
    let mut backend = None;
    let mut deed = None;
    let mut servers = Vec::new();
    // the last of each counts, and servers are taken from the last to the first
    for field in form.rsplit(|b| *b == b'&') {
        if field.len() > LONGEST {
            return Told::Wrong;
        }
        let at = field.iter().position(|b| *b == b'=');
        let (name, value) = field.split_at(at.unwrap_or(field.len()));
        let Some(value) = decoded(value.get(1..).unwrap_or_default()) else {
            // what stands before it is not read (observed)
            break;
        };
        match name {
            b"b" if backend.is_none() => match change::backend(world.plan(), &value) {
                Some(found) => backend = Some(found),
                None => return Told::Wrong,
            },
            b"action" if deed.is_none() => match Deed::of(&value) {
                Some(known) => deed = Some(known),
                None => return Told::Wrong,
            },
            b"s" => servers.push(value),
            _ => {}
        }
    }
    let (Some(backend), Some(deed)) = (backend, deed) else {
        return Told::Nothing;
    };
    let (mut done, mut unknown) = (0u32, 0u32);
    for name in servers {
        let index = backend.server_by_name(&name);
        match index.and_then(|index| Named::at(backend, index)) {
            Some(server) => done += u32::from(deed.to(world, &server)),
            None => unknown += 1,
        }
    }
    match (done, unknown) {
        (0, 0) => Told::Nothing,
        (0, _) => Told::Wrong,
        (_, 0) => Told::Done,
        _ => Told::Part,
    }
}

/// A value as typed (`application/x-www-form-urlencoded`); `None` when it is broken.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(*rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => *other,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded() {
        assert_eq!(decoded(b"a+b%2Bc").as_deref(), Some(&b"a b+c"[..]));
        for broken in [&b"%"[..], b"%2", b"%zz", b"a%+1"] {
            assert_eq!(decoded(broken), None);
        }
    }
}

//! Captured values: parts of requests and responses that are kept for the log line and for later
//! rules (manual 8.7 and 8.8). A front end declares slots; each stream has a value for each.

use super::view::Direction;
use std::cell::RefCell;

/// A slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The header that fills it by itself, for `capture request header`.
    pub header: Option<Vec<u8>>,
    /// Bytes of the value that are kept.
    pub len: usize,
}

/// `capture cookie`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieSlot {
    /// What the cookie begins with: its name, or with `=` the whole of its name.
    pub name: Vec<u8>,
    /// Bytes of `name=value` that are kept.
    pub len: usize,
}

impl CookieSlot {
    /// The first cookie of these headers that is meant, as `name=value`.
    pub fn find<'v>(&self, mut headers: impl Iterator<Item = &'v [u8]>) -> Option<&'v [u8]> {
        headers.find_map(|h| {
            cookies(h)
                .map(<[u8]>::trim_ascii)
                .find(|c| c.starts_with(&self.name))
        })
    }

    /// The same for a `Set-Cookie` header, whose first part alone is a cookie.
    pub fn find_set<'v>(&self, mut headers: impl Iterator<Item = &'v [u8]>) -> Option<&'v [u8]> {
        headers.find_map(|h| {
            cookies(h)
                .map(<[u8]>::trim_ascii)
                .next()
                .filter(|c| c.starts_with(&self.name))
        })
    }
}

fn cookies(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    header.split(move |b| {
        quoted ^= *b == b'"';
        !quoted && matches!(b, b';' | b',')
    })
}

/// The slots of a front end, in the order of their lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slots {
    /// Filled from requests (`%hr`).
    pub request: Vec<Slot>,
    /// Filled from responses (`%hs`).
    pub response: Vec<Slot>,
    /// `capture cookie` (`%CC`, `%CS`).
    pub cookie: Option<CookieSlot>,
}

impl Slots {
    /// Nothing is captured.
    pub fn is_empty(&self) -> bool {
        self.request.is_empty() && self.response.is_empty() && self.cookie.is_none()
    }

    /// The slots of one direction.
    pub fn of(&self, direction: Direction) -> &[Slot] {
        match direction {
            Direction::Request => &self.request,
            Direction::Response => &self.response,
        }
    }

    /// Adds a slot that no header fills; its number.
    pub fn declare(&mut self, direction: Direction, len: usize) -> usize {
        let slots = match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        };
        slots.push(Slot { header: None, len });
        slots.len() - 1
    }
}

#[derive(Debug, Default)]
struct Value {
    text: Vec<u8>,
    len: usize,
    set: bool,
}

impl Value {
    fn begin(&mut self, len: usize) {
        self.text.clear();
        self.len = len;
        self.set = false;
    }

    fn store(&mut self, value: &[u8]) {
        self.text.clear();
        let kept = value.get(..self.len).unwrap_or(value);
        self.text.extend_from_slice(kept);
        self.set = true;
    }

    fn get(&self) -> Option<&[u8]> {
        self.set.then_some(&self.text)
    }
}

#[derive(Debug, Default)]
struct Values {
    request: Vec<Value>,
    response: Vec<Value>,
    cookies: [Value; 2],
}

impl Values {
    fn of(&self, direction: Direction) -> &[Value] {
        match direction {
            Direction::Request => &self.request,
            Direction::Response => &self.response,
        }
    }
}

/// The captured values of one stream. Its memory is used again for the next one.
#[derive(Debug, Default)]
pub struct Captures {
    values: RefCell<Values>,
}

impl Captures {
    /// Makes empty values for the slots of a front end.
    pub fn begin(&mut self, slots: &Slots) {
        let values = self.values.get_mut();
        for (list, slots) in [
            (&mut values.request, &slots.request),
            (&mut values.response, &slots.response),
        ] {
            list.resize_with(slots.len(), Value::default);
            for (value, slot) in list.iter_mut().zip(slots) {
                value.begin(slot.len);
            }
        }
        for value in &mut values.cookies {
            value.begin(slots.cookie.as_ref().map_or(0, |c| c.len));
        }
    }

    /// Keeps a value, cut to the slot's length; false without such a slot.
    pub fn store(&self, direction: Direction, slot: usize, value: &[u8]) -> bool {
        let mut values = self.values.borrow_mut();
        let list = match direction {
            Direction::Request => &mut values.request,
            Direction::Response => &mut values.response,
        };
        let Some(place) = list.get_mut(slot) else {
            return false;
        };
        place.store(value);
        true
    }

    /// Keeps the cookie of a direction.
    pub fn store_cookie(&self, direction: Direction, cookie: &[u8]) {
        let mut values = self.values.borrow_mut();
        if let Some(place) = values.cookies.get_mut(direction as usize) {
            place.store(cookie);
        }
    }

    /// Calls `f` with the value of a slot, if it has one.
    pub fn with<R>(
        &self,
        direction: Direction,
        slot: usize,
        f: impl FnOnce(&[u8]) -> R,
    ) -> Option<R> {
        let values = self.values.borrow();
        values.of(direction).get(slot)?.get().map(f)
    }

    /// Whether a direction has slots at all.
    pub fn has(&self, direction: Direction) -> bool {
        !self.values.borrow().of(direction).is_empty()
    }

    /// Calls `f` with the value of each slot in turn.
    pub fn each(&self, direction: Direction, mut f: impl FnMut(Option<&[u8]>)) {
        for value in self.values.borrow().of(direction) {
            f(value.get());
        }
    }

    /// Calls `f` with the cookie of a direction, if one was captured.
    pub fn cookie<R>(&self, direction: Direction, f: impl FnOnce(&[u8]) -> R) -> Option<R> {
        let values = self.values.borrow();
        values.cookies.get(direction as usize)?.get().map(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut_and_forgotten() {
        let mut slots = Slots::default();
        assert_eq!(slots.declare(Direction::Request, 3), 0);
        assert_eq!(slots.declare(Direction::Response, 2), 0);
        let mut captures = Captures::default();
        captures.begin(&slots);
        assert!(captures.store(Direction::Request, 0, b"abcd"));
        assert!(!captures.store(Direction::Request, 1, b"abcd"));
        let read = |c: &Captures, d| c.with(d, 0, <[u8]>::to_vec);
        assert_eq!(read(&captures, Direction::Request), Some(b"abc".to_vec()));
        assert_eq!(read(&captures, Direction::Response), None);
        captures.begin(&slots);
        assert_eq!(read(&captures, Direction::Request), None);
    }

    #[test]
    fn the_first_cookie_that_begins_so() {
        let slot = |name: &[u8]| CookieSlot {
            name: name.to_vec(),
            len: 60,
        };
        let headers: [&[u8]; 2] = [b"a=1; SID2=x y; SID=\"q;r\"", b"SID=z"];
        let find = |name: &[u8]| slot(name).find(headers.iter().copied());
        assert_eq!(find(b"SID"), Some(&b"SID2=x y"[..]));
        assert_eq!(find(b"SID="), Some(&b"SID=\"q;r\""[..]));
        assert_eq!(find(b"b"), None);
    }
}

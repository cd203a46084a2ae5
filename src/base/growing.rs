//! A list that may grow while others read it.
//!
//! Servers and back ends are addressed by their index in such a list, for as long as the process
//! lives: an index is what a stream, a queue, a pool of connections and a counter keep. So that
//! they can be added at run time, the list consists of what was there from the beginning, read as
//! a plain slice, and of what came later, read through two more pointers. Nothing ever moves or
//! goes away; what is deleted is marked by its owner and skipped. Reading takes no lock and pays
//! nothing for the possibility.

use parking_lot::Mutex;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Room of the first piece of what came later; every further piece has twice the room.
const FIRST: usize = 16;
/// Most pieces, for more than a hundred million elements.
const PIECES: usize = 24;

/// See the [module](self).
pub struct Growing<T> {
    first: Box<[T]>,
    late: OnceLock<Box<Late<T>>>,
}

struct Late<T> {
    pieces: [OnceLock<Box<[OnceLock<T>]>>; PIECES],
    length: AtomicUsize,
    adding: Mutex<()>,
}

impl<T> Late<T> {
    fn new() -> Late<T> {
        Late {
            pieces: std::array::from_fn(|_| OnceLock::new()),
            length: AtomicUsize::new(0),
            adding: Mutex::new(()),
        }
    }

    /// Which piece holds an element, and where in it.
    fn place(at: usize) -> (usize, usize) {
        let at = at.saturating_add(FIRST);
        let piece = (at / FIRST).ilog2() as usize;
        (piece, at - (FIRST << piece))
    }

    fn get(&self, at: usize) -> Option<&T> {
        let (piece, within) = Self::place(at);
        self.pieces.get(piece)?.get()?.get(within)?.get()
    }

    /// The number of the new one among those that came later; `None`: there is no room left.
    fn push(&self, item: T) -> Option<usize> {
        let _one_at_a_time = self.adding.lock();
        let at = self.length.load(Ordering::Relaxed);
        let (piece, within) = Self::place(at);
        let room = || (0..FIRST << piece).map(|_| OnceLock::new()).collect();
        let slots = self.pieces.get(piece)?.get_or_init(room);
        slots.get(within)?.set(item).ok()?;
        self.length.store(at + 1, Ordering::Release);
        Some(at)
    }
}

impl<T> Growing<T> {
    /// A list of these.
    pub fn new(items: Vec<T>) -> Growing<T> {
        Growing {
            first: items.into(),
            late: OnceLock::new(),
        }
    }

    /// One of them.
    #[inline]
    pub fn get(&self, at: usize) -> Option<&T> {
        match self.first.get(at) {
            None => self.later(at),
            found => found,
        }
    }

    #[cold]
    fn later(&self, at: usize) -> Option<&T> {
        self.late.get()?.get(at.checked_sub(self.first.len())?)
    }

    /// Adds one; its index. `None`: a list that has a hundred million takes no more.
    pub fn push(&self, item: T) -> Option<usize> {
        let late = self.late.get_or_init(|| Box::new(Late::new()));
        Some(self.first.len() + late.push(item)?)
    }

    /// One of them, which is made together with all before it if it is not there yet.
    #[inline]
    pub fn made(&self, at: usize) -> Option<&T>
    where
        T: Default,
    {
        match self.first.get(at) {
            None => self.make(at),
            found => found,
        }
    }

    #[cold]
    fn make(&self, at: usize) -> Option<&T>
    where
        T: Default,
    {
        while self.len() <= at {
            self.push(T::default())?;
        }
        self.later(at)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        let late = self.late.get();
        let later = late.map_or(0, |l| l.length.load(Ordering::Acquire));
        self.first.len() + later
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them in order, as many as there are at the end.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { list: self, at: 0 }
    }

    /// Those that were there from the beginning.
    pub fn first(&self) -> &[T] {
        &self.first
    }
}

impl<T> std::ops::Index<usize> for Growing<T> {
    type Output = T;

    /// For an index that was made by this very list.
    fn index(&self, at: usize) -> &T {
        match self.get(at) {
            Some(found) => found,
            None => panic!("no element {at} among {}", self.len()),
        }
    }
}

impl<T> Default for Growing<T> {
    fn default() -> Self {
        Growing::new(Vec::new())
    }
}

impl<T> From<Vec<T>> for Growing<T> {
    fn from(items: Vec<T>) -> Self {
        Growing::new(items)
    }
}

impl<T> FromIterator<T> for Growing<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Growing::new(items.into_iter().collect())
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Growing<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// See [`Growing::iter`].
pub struct Iter<'a, T> {
    list: &'a Growing<T>,
    at: usize,
}

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Iter {
            list: self.list,
            at: self.at,
        }
    }
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        let found = self.list.get(self.at)?;
        self.at += 1;
        Some(found)
    }
}

impl<'a, T> IntoIterator for &'a Growing<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::Growing;
    use std::sync::Arc;

    #[test]
    fn what_came_later_stands_behind_what_was_there() {
        let list: Growing<usize> = (0..3).collect();
        for n in 3..5000 {
            assert_eq!(list.get(n), None);
            assert_eq!(list.push(n), Some(n));
            assert_eq!(list.get(n), Some(&n));
        }
        assert_eq!(list.len(), 5000);
        assert!(list.iter().copied().eq(0..5000));
        assert_eq!(list.first(), &[0, 1, 2]);
    }

    #[test]
    fn missing_ones_are_made() {
        let list: Growing<u8> = Growing::default();
        assert!(list.is_empty());
        assert_eq!(list.made(40), Some(&0));
        assert_eq!(list.len(), 41);
        assert_eq!(list.get(41), None);
    }

    #[test]
    fn readers_see_whole_elements_while_others_add() {
        let list: Arc<Growing<Vec<usize>>> = Arc::default();
        let adding = [0, 1].map(|_| {
            let list = Arc::clone(&list);
            std::thread::spawn(move || {
                for _ in 0..2000 {
                    list.push(vec![7; 3]).expect("room");
                }
            })
        });
        while list.len() < 4000 {
            assert!(list.iter().all(|v| v == &[7; 3]));
        }
        for thread in adding {
            thread.join().expect("no panic");
        }
        assert_eq!(list.iter().count(), 4000);
    }
}

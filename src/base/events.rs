//! Messages in memory, of which the oldest give way to new ones (`ring` sections).

use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::time::Duration;

/// What 3.4 keeps of a ring's size for itself, bytes (observed).
const OWN: usize = 192;
/// What it takes beside the text of each message, bytes (observed).
const EACH: usize = 2;

/// Messages in memory. Writers and readers may be on any thread; nobody waits for a reader.
#[derive(Debug)]
pub struct EventRing {
    kept: Mutex<Kept>,
    news: Condvar,
    size: usize,
}

#[derive(Debug, Default)]
struct Kept {
    messages: VecDeque<Box<[u8]>>,
    bytes: usize,
    /// The number of the oldest one that is kept.
    first: u64,
}

impl EventRing {
    /// An empty one that takes about `size` bytes of messages.
    pub fn new(size: usize) -> EventRing {
        EventRing {
            kept: Mutex::default(),
            news: Condvar::new(),
            size: size.saturating_sub(OWN),
        }
    }

    /// Adds a message; the oldest go where there is no room.
    pub fn push(&self, message: &[u8]) {
        let cost = message.len() + EACH;
        let mut kept = self.kept.lock();
        while kept.bytes + cost > self.size {
            let Some(old) = kept.messages.pop_front() else {
                break;
            };
            kept.bytes -= old.len() + EACH;
            kept.first += 1;
        }
        if cost <= self.size {
            kept.bytes += cost;
            kept.messages.push_back(message.into());
        }
        drop(kept);
        self.news.notify_all();
    }

    /// The number that the next message will have.
    pub fn end(&self) -> u64 {
        let kept = self.kept.lock();
        kept.first + kept.messages.len() as u64
    }

    /// Shows messages from number `from` on to `take`, until that returns false; returns the
    /// number to go on with. What is gone already is passed over.
    pub fn read(&self, from: u64, mut take: impl FnMut(&[u8]) -> bool) -> u64 {
        let kept = self.kept.lock();
        let mut at = from.max(kept.first);
        let skip = usize::try_from(at - kept.first).unwrap_or(usize::MAX);
        for message in kept.messages.iter().skip(skip) {
            if !take(message) {
                break;
            }
            at += 1;
        }
        at
    }

    /// Waits until there is a message of number `from`, at most so long; whether there is.
    pub fn wait(&self, from: u64, time: Duration) -> bool {
        let mut kept = self.kept.lock();
        let there = |kept: &Kept| kept.first + kept.messages.len() as u64 > from;
        if !there(&kept) {
            self.news.wait_for(&mut kept, time);
        }
        there(&kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(ring: &EventRing, from: u64) -> (Vec<String>, u64) {
        let mut texts = Vec::new();
        let next = ring.read(from, |m| {
            texts.push(String::from_utf8_lossy(m).into_owned());
            true
        });
        (texts, next)
    }

    #[test]
    fn the_oldest_give_way() {
        let ring = EventRing::new(OWN + 3 * (4 + EACH));
        assert!(!ring.wait(0, Duration::ZERO));
        for n in 0..5 {
            ring.push(format!("no {n}").as_bytes());
        }
        assert!(ring.wait(4, Duration::ZERO) && !ring.wait(5, Duration::ZERO));
        let texts = |list: &[&str]| list.iter().map(|t| (*t).to_string()).collect::<Vec<_>>();
        assert_eq!(all(&ring, 0), (texts(&["no 2", "no 3", "no 4"]), 5));
        assert_eq!(all(&ring, 4), (texts(&["no 4"]), 5));
        assert_eq!(ring.read(2, |_| false), 2);
        // one that never fits leaves nothing
        ring.push(&[b'x'; 100]);
        assert_eq!(all(&ring, 0), (Vec::new(), 5));
        assert_eq!(ring.end(), 5);
    }
}

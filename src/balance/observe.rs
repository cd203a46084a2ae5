//! Errors that traffic shows (`observe`).

use crate::ir::server::Observe;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Counts errors in a row.
#[derive(Debug)]
pub struct Observer {
    /// What counts.
    pub what: Observe,
    /// How many are too many.
    limit: u32,
    errors: AtomicU32,
}

/// What traffic shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// A connection stood.
    Connected,
    /// None could be made.
    NotConnected,
    /// A good answer.
    Answered,
    /// A status of failure.
    WrongStatus,
    /// A head that cannot be understood.
    WrongHead,
    /// The connection ended before the answer.
    Closed,
    /// No answer in time.
    TimedOut,
}

impl Sight {
    /// HAProxy's words.
    pub fn words(self) -> &'static str {
        match self {
            Sight::Connected => "L4 successful connection",
            Sight::NotConnected => "L4 unsuccessful connection",
            Sight::Answered => "Correct http response",
            Sight::WrongStatus => "Wrong http response",
            Sight::WrongHead => "Invalid http response (headers)",
            Sight::Closed => "Close from server (http)",
            Sight::TimedOut => "Read timeout (http)",
        }
    }
}

impl Observer {
    /// For a server's line.
    pub fn new(what: Observe, limit: u32) -> Observer {
        Observer {
            what,
            limit: limit.max(1),
            errors: AtomicU32::new(0),
        }
    }

    /// Counts what was seen; true when there were too many errors.
    pub fn saw(&self, sight: Sight) -> bool {
        let error = match (sight, self.what) {
            (Sight::NotConnected, _) => true,
            (Sight::Connected, Observe::Layer4) | (Sight::Answered, Observe::Layer7) => false,
            (Sight::Connected | Sight::Answered, _) | (_, Observe::Layer4) => return false,
            _ => true,
        };
        if !error {
            self.errors.store(0, Relaxed);
            return false;
        }
        let many = self.errors.fetch_add(1, Relaxed) + 1 >= self.limit;
        if many {
            self.errors.store(0, Relaxed);
        }
        many
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_in_a_row() {
        let o = Observer::new(Observe::Layer7, 2);
        assert!(!o.saw(Sight::WrongStatus));
        assert!(!o.saw(Sight::Answered));
        assert!(!o.saw(Sight::Closed));
        assert!(!o.saw(Sight::Connected));
        assert!(o.saw(Sight::NotConnected));
        assert!(!o.saw(Sight::TimedOut));
        let o = Observer::new(Observe::Layer4, 1);
        assert!(!o.saw(Sight::WrongStatus));
        assert!(o.saw(Sight::NotConnected));
    }
}

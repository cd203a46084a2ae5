//! How many descriptors are in use, and what that means for idle connections to servers
//! (`tune.pool-low-fd-ratio`, `tune.pool-high-fd-ratio`).

use crate::ir::global::Tune;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The process's descriptors. Those of clients are counted with its connections.
#[derive(Debug, Default)]
pub struct Descriptors {
    /// Listening sockets, event loops and so on.
    fixed: u32,
    /// From here on a thread keeps one idle connection per server.
    low: u32,
    /// From here on idle connections are closed.
    high: u32,
    servers: Arc<AtomicU32>,
}

/// One connection to a server, counted as long as it lives.
#[derive(Debug)]
pub struct Counted(Arc<AtomicU32>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Descriptors {
    /// For a process that is made for `most` descriptors, of which `maxconn` clients and their
    /// server connections may take two each.
    pub fn new(most: u32, maxconn: u32, tune: &Tune) -> Descriptors {
        let share = |percent: u32| {
            let number = u64::from(most) * u64::from(percent) / 100;
            u32::try_from(number).unwrap_or(u32::MAX)
        };
        Descriptors {
            fixed: most.saturating_sub(maxconn.saturating_mul(2)),
            low: share(tune.pool_low_fd_ratio),
            high: share(tune.pool_high_fd_ratio),
            servers: Arc::default(),
        }
    }

    /// Counts a connection to a server.
    pub fn server(&self) -> Counted {
        self.servers.fetch_add(1, Ordering::Relaxed);
        Counted(Arc::clone(&self.servers))
    }

    fn used(&self, clients: u32) -> u32 {
        let servers = self.servers.load(Ordering::Relaxed);
        self.fixed.saturating_add(clients).saturating_add(servers)
    }

    /// Whether a connection may become idle on a thread that has `idle` of its server already.
    pub fn may_idle(&self, clients: u32, idle: impl FnOnce() -> usize) -> bool {
        let used = self.used(clients);
        used < self.high && (used < self.low || idle() == 0)
    }

    /// Whether a new connection has to take the place of an idle one.
    pub fn are_scarce(&self, clients: u32) -> bool {
        self.used(clients) >= self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_of_many_let_all_idle() {
        let tune = Tune {
            pool_low_fd_ratio: 20,
            pool_high_fd_ratio: 30,
            ..Tune::default()
        };
        // 10 of them are fixed
        let all = Descriptors::new(100, 45, &tune);
        assert!(all.may_idle(9, || 5));
        assert!(!all.may_idle(10, || 5) && all.may_idle(10, || 0));
        assert!(!all.are_scarce(19));
        let one = all.server();
        assert!(all.are_scarce(19) && !all.may_idle(19, || 0));
        drop(one);
        assert!(!all.are_scarce(19));
    }
}

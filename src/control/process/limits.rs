//! The limit on open descriptors and the number of connections that fits into it.

use super::Message;
use crate::base::diag::Severity;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// What the configuration asks of the descriptor limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Demand {
    /// `maxconn`
    pub maxconn: Option<u32>,
    /// `ulimit-n`
    pub ulimit_n: Option<u32>,
    /// `fd-hard-limit`: never use more descriptors than this.
    pub hard_limit: Option<u32>,
    /// `strict-limits`: refuse to run rather than run with less.
    pub strict: bool,
    /// Descriptors needed besides those of connections: listening sockets, event loops, checks.
    pub fixed: u32,
}

/// What the process will run with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections of the process.
    pub maxconn: u32,
    /// Descriptors that this takes (`Maxsock` in `show info`).
    pub maxsock: u32,
    /// Descriptors that the process may open (`Ulimit-n`).
    pub descriptors: u32,
}

/// HAProxy's default of `fd-hard-limit`: beyond it the kernel's tables only cost memory.
const DEFAULT_HARD_LIMIT: u32 = 1_048_576;

/// The two limits on open descriptors, and how to change them.
trait Descriptors {
    /// (soft, hard)
    fn limits(&self) -> (u64, u64);
    fn raise(&mut self, soft: u64, hard: u64) -> bool;
}

struct Kernel;

impl Descriptors for Kernel {
    fn limits(&self) -> (u64, u64) {
        getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((1024, 1024))
    }
    fn raise(&mut self, soft: u64, hard: u64) -> bool {
        setrlimit(Resource::RLIMIT_NOFILE, soft, hard).is_ok()
    }
}

/// Raises the descriptor limit to what the configuration needs.
///
/// Where that is impossible, HAProxy 3.4 refuses to start, while 1.4 and 1.5 warned and ran: old
/// configurations with a large `maxconn` do run, with as many connections as fit, unless they say
/// `strict-limits`.
pub fn settle_limits(demand: &Demand) -> (Limits, Vec<Message>) {
    settle(demand, &mut Kernel)
}

fn settle(demand: &Demand, descriptors: &mut dyn Descriptors) -> (Limits, Vec<Message>) {
    let mut messages = Vec::new();
    let (soft, hard) = descriptors.limits();
    let cap = demand.hard_limit.unwrap_or(DEFAULT_HARD_LIMIT);
    let usable = u32::try_from(hard).unwrap_or(u32::MAX).min(cap);
    let fits = |descriptors: u32| (descriptors.saturating_sub(demand.fixed) / 2).max(1);
    let maxconn = demand.maxconn.unwrap_or_else(|| {
        let number = fits(usable);
        messages.push(Message::new(
            Severity::Notice,
            format!("Automatically setting global.maxconn to {number}."),
        ));
        number
    });
    let maxsock = maxconn.saturating_mul(2).saturating_add(demand.fixed);
    let wanted = demand.ulimit_n.unwrap_or(maxsock);
    let mut limits = Limits {
        maxconn,
        maxsock,
        descriptors: wanted,
    };
    let target = u64::from(wanted);
    let fits_already = soft >= target && wanted <= cap && demand.ulimit_n.is_none();
    if fits_already {
        // nothing to change: less than this is needed
    } else if wanted > cap || !descriptors.raise(target, hard.max(target)) {
        let current = soft.min(u64::from(cap));
        let hard = hard.min(u64::from(cap));
        if demand.strict {
            messages.push(Message::fatal(format!(
                "[haproxy.main()] Cannot raise FD limit to {wanted}, current limit is {current} and \
                 hard limit is {hard}. Without 'maxconn' and 'ulimit-n' in the global section the \
                 limit is chosen by itself; a 'maxconn' of roughly {} would fit here.",
                fits(usable)
            )));
            return (limits, messages);
        }
        descriptors.raise(hard, hard);
        limits.descriptors = u32::try_from(hard).unwrap_or(u32::MAX);
        messages.push(Message::new(
            Severity::Warning,
            format!("[haproxy.main()] Cannot raise FD limit to {wanted}, limit is {hard}."),
        ));
    }
    if limits.descriptors < maxsock {
        limits.maxconn = fits(limits.descriptors);
        limits.maxsock = limits
            .maxconn
            .saturating_mul(2)
            .saturating_add(demand.fixed);
        messages.push(Message::new(
            Severity::Warning,
            format!(
                "[haproxy.main()] FD limit ({}) too low for maxconn={maxconn}/maxsock={maxsock}. \
                 Please raise 'ulimit-n' to {maxsock} or more to avoid any trouble. Running with \
                 maxconn={}.",
                limits.descriptors, limits.maxconn
            ),
        ));
    }
    (limits, messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Machine {
        soft: u64,
        hard: u64,
        may_raise_hard: bool,
    }

    impl Descriptors for Machine {
        fn limits(&self) -> (u64, u64) {
            (self.soft, self.hard)
        }
        fn raise(&mut self, soft: u64, hard: u64) -> bool {
            if hard > self.hard && !self.may_raise_hard {
                return false;
            }
            (self.soft, self.hard) = (soft, hard);
            true
        }
    }

    fn fixed(hard: u64) -> Machine {
        Machine {
            soft: 1024.min(hard),
            hard,
            may_raise_hard: false,
        }
    }

    #[test]
    fn without_maxconn_the_hard_limit_decides() {
        let demand = Demand {
            fixed: 20,
            ..Demand::default()
        };
        let mut machine = fixed(20_000);
        let (limits, messages) = settle(&demand, &mut machine);
        assert_eq!((limits.maxconn, limits.maxsock), (9990, 20_000));
        assert_eq!(machine.soft, 20_000);
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].severity, Severity::Notice);
        assert_eq!(
            messages[0].text,
            "Automatically setting global.maxconn to 9990."
        );
        let (limits, _) = settle(&demand, &mut fixed(u64::MAX));
        assert_eq!(limits.maxsock, DEFAULT_HARD_LIMIT);
    }

    #[test]
    fn a_maxconn_that_fits_raises_the_soft_limit_and_says_nothing() {
        let demand = Demand {
            maxconn: Some(5000),
            fixed: 20,
            ..Demand::default()
        };
        let mut machine = fixed(20_000);
        let (limits, messages) = settle(&demand, &mut machine);
        assert!(messages.is_empty());
        assert_eq!(
            (limits.maxconn, limits.descriptors, machine.soft),
            (5000, 10_020, 10_020)
        );
    }

    #[test]
    fn an_old_file_with_too_large_a_maxconn_runs_with_what_fits() {
        let demand = Demand {
            maxconn: Some(24_000),
            fixed: 20,
            ..Demand::default()
        };
        let mut machine = fixed(20_000);
        let (limits, messages) = settle(&demand, &mut machine);
        assert_eq!((limits.maxconn, limits.descriptors), (9990, 20_000));
        assert!(
            messages
                .iter()
                .all(|m| m.severity == Severity::Warning && !m.fatal)
        );
        assert_eq!(
            messages[0].text,
            "[haproxy.main()] Cannot raise FD limit to 48020, limit is 20000."
        );
        assert!(
            messages[1]
                .text
                .contains("too low for maxconn=24000/maxsock=48020.")
        );
        let strict = Demand {
            strict: true,
            ..demand
        };
        let (_, messages) = settle(&strict, &mut fixed(20_000));
        assert!(messages.iter().any(|m| m.fatal));
        let mut root = fixed(20_000);
        root.may_raise_hard = true;
        let (limits, messages) = settle(&strict, &mut root);
        assert!(messages.is_empty());
        assert_eq!(
            (limits.maxconn, root.soft, root.hard),
            (24_000, 48_020, 48_020)
        );
    }

    #[test]
    fn fd_hard_limit_is_never_passed() {
        let demand = Demand {
            hard_limit: Some(500),
            fixed: 20,
            ..Demand::default()
        };
        let (limits, _) = settle(&demand, &mut fixed(20_000));
        assert_eq!((limits.maxconn, limits.maxsock), (240, 500));
        let demand = Demand {
            maxconn: Some(1000),
            ..demand
        };
        let mut machine = fixed(20_000);
        let (limits, messages) = settle(&demand, &mut machine);
        assert_eq!(
            (limits.maxconn, limits.descriptors, machine.soft),
            (240, 500, 500)
        );
        assert_eq!(messages.len(), 2);
    }

    #[test]
    fn ulimit_n_is_set_as_written() {
        let demand = Demand {
            maxconn: Some(100),
            ulimit_n: Some(5000),
            fixed: 20,
            ..Demand::default()
        };
        let mut machine = fixed(20_000);
        let (limits, messages) = settle(&demand, &mut machine);
        assert!(messages.is_empty());
        assert_eq!(
            (limits.maxconn, limits.descriptors, machine.soft),
            (100, 5000, 5000)
        );
    }
}

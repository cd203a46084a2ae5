//! What the process does to itself between reading its configuration and serving: descriptor
//! limits, chroot, rights, the background (configuration manual 3.1, management guide 3 and 13).

use crate::base::diag::Severity;
use crate::base::sys::{self, Forked};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::{Gid, Uid};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Something to tell while starting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How bad. After an `Alert` with `fatal` the process must not go on.
    pub severity: Severity,
    /// The text, in HAProxy's words where tools look for them.
    pub text: String,
    /// Whether the start is over.
    pub fatal: bool,
}

impl Message {
    fn new(severity: Severity, text: impl Into<String>) -> Message {
        Message {
            severity,
            text: text.into(),
            fatal: false,
        }
    }
    fn fatal(text: impl Into<String>) -> Message {
        Message {
            fatal: true,
            ..Message::new(Severity::Alert, text)
        }
    }
}

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

/// Who the process becomes once its sockets are bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// `chroot`
    pub chroot: Option<PathBuf>,
    /// `uid` or the number of `user`; 0 changes nothing
    pub uid: Option<u32>,
    /// `gid` or the number of `group`; 0 changes nothing
    pub gid: Option<u32>,
}

/// Locks the process into its directory and gives up its rights, in this order. `program` is what
/// it was called as.
pub fn confine(rights: &Rights, program: &str) -> Vec<Message> {
    let mut messages = Vec::new();
    let fatal = |text: String| Message::fatal(format!("[{program}.main()] {text}"));
    let is_root = Uid::effective().is_root();
    if let Some(directory) = &rights.chroot {
        let done = nix::unistd::chroot(directory).and_then(|()| nix::unistd::chdir("/"));
        if done.is_err() {
            messages.push(fatal(format!("Cannot chroot({}).", directory.display())));
            return messages;
        }
    }
    if let Some(gid) = rights.gid.filter(|g| *g > 0) {
        if nix::unistd::setgroups(&[]).is_err() {
            messages.push(Message::new(
                Severity::Warning,
                format!(
                    "[{program}.main()] Failed to drop supplementary groups. Using 'gid'/'group' \
                     without 'uid'/'user' is generally useless."
                ),
            ));
        }
        if nix::unistd::setgid(Gid::from_raw(gid)).is_err() {
            messages.push(fatal(format!("Cannot set gid {gid}.")));
            return messages;
        }
    }
    if let Some(uid) = rights.uid.filter(|u| *u > 0) {
        if is_root && rights.gid.is_none() {
            let _ = nix::unistd::setgroups(&[]);
        }
        if nix::unistd::setuid(Uid::from_raw(uid)).is_err() {
            messages.push(fatal(format!("Cannot set uid {uid}.")));
            return messages;
        }
    }
    messages
}

/// What HAProxy 3.4 says to those who keep all rights, before [`confine`] runs.
pub fn advice(rights: &Rights, program: &str) -> Vec<Message> {
    let mut messages = Vec::new();
    if !Uid::effective().is_root() {
        return messages;
    }
    if rights.chroot.is_none() {
        messages.push(Message::new(
            Severity::Warning,
            format!(
                "[{program}.main()] HAProxy was started as root without any 'chroot' directive: an \
                 intruder would see the whole file system. Add 'chroot' with an empty directory \
                 to the global section, or 'chroot /' if this is meant."
            ),
        ));
    }
    if rights.uid.is_none() {
        messages.push(Message::new(
            Severity::Warning,
            format!(
                "[{program}.main()] HAProxy was started as the root user and does not make use of \
                 'user' nor 'uid' global options to drop the privileges. Add 'user', or 'uid 0' \
                 if this is meant."
            ),
        ));
    }
    messages
}

/// Rights that are needed as long as the process runs, asked for after [`confine`]: `usesrc` and
/// `interface` behind `source` set options of sockets that only root may set.
pub fn full_rights(needed: bool, program: &str) -> Option<Message> {
    (needed && !Uid::effective().is_root()).then(|| {
        Message::fatal(format!(
            "[{program}.main()] Some configuration options require full privileges, so global.uid \
             cannot be changed: 'usesrc' and 'interface' of 'source' work for root only."
        ))
    })
}

/// Opens the pid file, while the path can still be reached and written.
///
/// # Errors
/// The `[ALERT]` to show.
pub fn open_pidfile(path: &Path) -> Result<File, Message> {
    OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o644)
        .custom_flags(nix::libc::O_CLOEXEC)
        .open(path)
        .map_err(|_| {
            Message::fatal(format!(
                "[haproxy.main()] Cannot create pidfile {}",
                path.display()
            ))
        })
}

/// Goes to the background: the caller goes on in a new process without a terminal, whose standard
/// streams are closed; the old process writes the pid file and ends with status 0.
///
/// # Errors
/// What fork(2) says; the caller then is still in the foreground.
pub fn daemonize(pidfile: Option<File>) -> io::Result<()> {
    let null = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")
        .ok();
    match sys::fork()? {
        Forked::Parent(child) => {
            if let Some(mut file) = pidfile {
                let _ = file.write_all(format!("{child}\n").as_bytes());
            }
            // no destructor of the copied state may run twice
            std::process::exit(0)
        }
        Forked::Child => {
            let _ = nix::unistd::setsid();
            if let Some(null) = null {
                let _ = rustix::stdio::dup2_stdin(&null);
                let _ = rustix::stdio::dup2_stdout(&null);
                let _ = rustix::stdio::dup2_stderr(&null);
            }
            Ok(())
        }
    }
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

    #[test]
    fn a_chroot_that_does_not_exist_ends_the_start() {
        let rights = Rights {
            chroot: Some("/nonexistent".into()),
            ..Rights::default()
        };
        let messages = confine(&rights, "haproxy");
        assert_eq!(messages.len(), 1);
        assert!(messages[0].fatal);
        assert_eq!(
            messages[0].text,
            "[haproxy.main()] Cannot chroot(/nonexistent)."
        );
    }

    #[test]
    fn a_pidfile_in_no_directory_is_an_alert() {
        let message = open_pidfile(Path::new("/nonexistent/pid")).unwrap_err();
        assert_eq!(
            message.text,
            "[haproxy.main()] Cannot create pidfile /nonexistent/pid"
        );
    }
}

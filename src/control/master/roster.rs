//! Who works for the master. The list survives the master's exec in `HAPROXY_PROCESSES`, in the
//! form that HAProxy 2.6 and 3.4 were seen to use, so that either program can follow the other.

use crate::base::{clock, sys, version};
use rustix::io::FdFlags;
use std::fmt::Write;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

/// The variable that carries the list.
pub const VARIABLE: &str = "HAPROXY_PROCESSES";
/// Is set for a master that executed itself anew.
pub const REEXECUTED: &str = "HAPROXY_MWORKER_REEXEC";

/// How a worker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has not said yet that it serves.
    Starting,
    /// It serves.
    Current,
    /// It was there before the last reload.
    Former,
}

/// A worker.
#[derive(Debug)]
pub struct Worker {
    /// Its process number.
    pub pid: i32,
    /// The master's end of their pair.
    pub pair: OwnedFd,
    /// How many reloads it has survived.
    pub reloads: u32,
    /// When it was started, seconds since 1970.
    pub started: i64,
    /// The version that it runs.
    pub version: String,
    /// How it stands.
    pub standing: Standing,
}

/// The master and its workers.
#[derive(Debug)]
pub struct Roster {
    /// Where the master sends a connection that is to survive its exec.
    pub to_self: OwnedFd,
    /// Where it finds that connection afterwards.
    pub from_before: OwnedFd,
    /// How many reloads there were.
    pub reloads: u32,
    /// How many of the last of them failed, one after the other.
    pub failed: u32,
    /// When the master was started, seconds since 1970.
    pub started: i64,
    /// Its workers, the latest first.
    pub workers: Vec<Worker>,
}

/// Seconds since 1970.
pub fn now() -> i64 {
    i64::try_from(clock::unix_time().as_secs()).unwrap_or(i64::MAX)
}

/// The fields of one process in the variable.
#[derive(Debug, Default, PartialEq, Eq)]
struct Fields<'a> {
    kind: &'a str,
    fd: RawFd,
    child_fd: RawFd,
    pid: i32,
    reloads: u32,
    failed: u32,
    timestamp: i64,
    version: &'a str,
}

fn fields(text: &str) -> Fields<'_> {
    let mut fields = Fields {
        fd: -1,
        child_fd: -1,
        ..Fields::default()
    };
    for (name, value) in text.split(';').filter_map(|part| part.split_once('=')) {
        match name {
            "type" => fields.kind = value,
            "fd" => fields.fd = value.parse().unwrap_or(-1),
            "cfd" => fields.child_fd = value.parse().unwrap_or(-1),
            "pid" => fields.pid = value.parse().unwrap_or(0),
            "reloads" => fields.reloads = value.parse().unwrap_or(0),
            "failedreloads" => fields.failed = value.parse().unwrap_or(0),
            "timestamp" => fields.timestamp = value.parse().unwrap_or(0),
            "version" => fields.version = value,
            _ => {}
        }
    }
    fields
}

impl Roster {
    /// A master without workers.
    ///
    /// # Errors
    /// When the process may open no more descriptors.
    pub fn new() -> io::Result<Roster> {
        let (to_self, from_before) = UnixStream::pair()?;
        Ok(Roster {
            to_self: to_self.into(),
            from_before: from_before.into(),
            reloads: 0,
            failed: 0,
            started: now(),
            workers: Vec::new(),
        })
    }

    /// The list that the program before exec left.
    ///
    /// # Errors
    /// When the process may open no more descriptors.
    pub fn read(text: &str) -> io::Result<Roster> {
        let mut roster = Roster::new()?;
        for process in text.split('|').map(fields) {
            match process.kind {
                "m" => {
                    if let (Ok(to_self), Ok(from_before)) =
                        (sys::adopt(process.fd), sys::adopt(process.child_fd))
                    {
                        (roster.to_self, roster.from_before) = (to_self, from_before);
                    }
                    roster.reloads = process.reloads;
                    roster.failed = process.failed;
                    roster.started = process.timestamp;
                }
                "w" => {
                    let Ok(pair) = sys::adopt(process.fd) else {
                        continue;
                    };
                    roster.workers.push(Worker {
                        pid: process.pid,
                        pair,
                        reloads: process.reloads,
                        started: process.timestamp,
                        version: process.version.to_string(),
                        standing: Standing::Former,
                    });
                }
                _ => {}
            }
        }
        roster.workers.sort_by_key(|w| w.reloads);
        Ok(roster)
    }

    /// The list for the program after exec, to whom the descriptors are left open.
    ///
    /// # Errors
    /// What fcntl(2) says.
    pub fn leave(&self) -> io::Result<String> {
        let mut text = format!(
            "|type=m;fd={};cfd={};pid={};reloads={};failedreloads={};timestamp={};id=;version=",
            self.to_self.as_raw_fd(),
            self.from_before.as_raw_fd(),
            std::process::id(),
            self.reloads,
            self.failed,
            self.started
        );
        keep_open(&self.to_self)?;
        keep_open(&self.from_before)?;
        for w in &self.workers {
            keep_open(&w.pair)?;
            let _ = write!(
                text,
                "|type=w;fd={};cfd=-1;pid={};reloads={};failedreloads=0;timestamp={};id=;version={}",
                w.pair.as_raw_fd(),
                w.pid,
                w.reloads,
                w.started,
                w.version
            );
        }
        Ok(text)
    }

    /// A worker was started.
    pub fn enter(&mut self, pid: i32, pair: OwnedFd) {
        let worker = Worker {
            pid,
            pair,
            reloads: 0,
            started: now(),
            version: version::FULL.to_string(),
            standing: Standing::Starting,
        };
        self.workers.insert(0, worker);
    }

    /// A worker by its number.
    pub fn worker(&mut self, pid: i32) -> Option<&mut Worker> {
        self.workers.iter_mut().find(|w| w.pid == pid)
    }

    /// The numbers of all workers that stand so.
    pub fn pids(&self, standing: Standing) -> Vec<i32> {
        let those = self.workers.iter().filter(|w| w.standing == standing);
        those.map(|w| w.pid).collect()
    }

    /// One more reload, for the master and all its workers.
    pub fn count_reload(&mut self) {
        self.reloads = self.reloads.saturating_add(1);
        for worker in &mut self.workers {
            worker.reloads = worker.reloads.saturating_add(1);
            worker.standing = Standing::Former;
        }
    }

    /// `show proc`
    pub fn table(&self, debug: bool) -> String {
        let columns = |extra: &[RawFd]| match debug {
            true => {
                let all = extra.iter().map(|fd| format!("{fd:<15} "));
                format!("\t\t {}", all.collect::<String>())
            }
            false => String::new(),
        };
        let mut text = format!(
            "{:<15} {:<15} {:<15} {:<15} {:<15}",
            "#<PID>", "<type>", "<reloads>", "<uptime>", "<version>"
        );
        if debug {
            text.push_str("\t\t <ipc_fd[0]>     <ipc_fd[1]>    ");
        }
        let own = [self.to_self.as_raw_fd(), self.from_before.as_raw_fd()];
        let _ = writeln!(
            text,
            "\n{:<15} {:<15} {:<15} {:<15} {:<15}{}",
            std::process::id(),
            "master",
            format!("{} [failed: {}]", self.reloads, self.failed),
            age(self.started),
            version::FULL,
            columns(&own)
        );
        let mut part = |title: &str, former: bool| {
            text.push_str(title);
            let those = |w: &&Worker| (w.standing == Standing::Former) == former;
            for w in self.workers.iter().filter(those) {
                let _ = writeln!(
                    text,
                    "{:<15} {:<15} {:<15} {:<15} {:<15}{}",
                    w.pid,
                    "worker",
                    w.reloads,
                    age(w.started),
                    w.version,
                    columns(&[w.pair.as_raw_fd(), -1])
                );
            }
        };
        part("# workers\n", false);
        if self.workers.iter().any(|w| w.standing == Standing::Former) {
            part("# old workers\n", true);
        }
        text
    }
}

/// Time since a moment: `0d00h00m02s`.
fn age(since: i64) -> String {
    let s = now().saturating_sub(since).max(0);
    let (days, hours, minutes) = (s / 86_400, s / 3600 % 24, s / 60 % 60);
    format!("{days}d{hours:02}h{minutes:02}m{:02}s", s % 60)
}

/// A descriptor that the program after exec finds open.
fn keep_open(fd: impl AsFd) -> io::Result<()> {
    rustix::io::fcntl_setfd(fd, FdFlags::empty()).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::IntoRawFd;

    #[test]
    fn the_fields_of_3_4_are_read() {
        let text = "type=w;fd=4;cfd=-1;pid=8953;reloads=1;failedreloads=0;timestamp=1795454284;\
                    id=;version=3.4.0-64a335366";
        let read = fields(text);
        assert_eq!(
            read,
            Fields {
                kind: "w",
                fd: 4,
                child_fd: -1,
                pid: 8953,
                reloads: 1,
                failed: 0,
                timestamp: 1_795_454_284,
                version: "3.4.0-64a335366",
            }
        );
    }

    #[test]
    fn the_list_survives_exec() {
        let mut before = Roster::new().unwrap();
        before.enter(41, UnixStream::pair().unwrap().0.into());
        before.count_reload();
        before.failed = 2;
        before.enter(42, UnixStream::pair().unwrap().0.into());
        let text = before.leave().unwrap();
        // as exec does, the descriptors stay open and belong to nobody
        let started = before.started;
        for worker in before.workers {
            let _ = worker.pair.into_raw_fd();
        }
        let _ = before.to_self.into_raw_fd();
        let _ = before.from_before.into_raw_fd();
        let after = Roster::read(&text).unwrap();
        assert_eq!(
            (after.reloads, after.failed, after.started),
            (1, 2, started)
        );
        let workers: Vec<_> = after.workers.iter().map(|w| (w.pid, w.reloads)).collect();
        assert_eq!(workers, [(42, 0), (41, 1)]);
        assert!(
            after
                .workers
                .iter()
                .all(|w| w.standing == Standing::Former && w.version == version::FULL)
        );
        let flags = rustix::io::fcntl_getfd(&after.to_self).unwrap();
        assert!(flags.contains(FdFlags::CLOEXEC));
    }

    #[test]
    fn the_table_tells_workers_from_old_ones() {
        let mut roster = Roster::new().unwrap();
        let pid = std::process::id();
        roster.enter(7, UnixStream::pair().unwrap().0.into());
        let line = |pid: &str, kind: &str, reloads: &str| {
            format!(
                "{pid:<15} {kind:<15} {reloads:<15} 0d00h00m00s     {:<15}\n",
                version::FULL
            )
        };
        let head =
            "#<PID>          <type>          <reloads>       <uptime>        <version>      \n";
        let master = line(&pid.to_string(), "master", "0 [failed: 0]");
        let worker = line("7", "worker", "0");
        assert_eq!(
            roster.table(false),
            format!("{head}{master}# workers\n{worker}")
        );
        roster.count_reload();
        let master = line(&pid.to_string(), "master", "1 [failed: 0]");
        let worker = line("7", "worker", "1");
        assert_eq!(
            roster.table(false),
            format!("{head}{master}# workers\n# old workers\n{worker}")
        );
    }
}

//! Facts that no byte on the wire shows: options of the proxy's sockets, its limits and rights.
//!
//! The proxy's descriptors are duplicated with `pidfd_getfd`, which the kernel allows a parent.

use crate::clock::Deadline;
use crate::play::Place;
use hapax::base::sys;
use nix::libc;
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
use socket2::{SockRef, Socket};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// Copies of all sockets of a process, with their numbers there.
fn sockets(pid: u32) -> io::Result<Vec<(i32, Socket)>> {
    let pid_number = i32::try_from(pid).map_err(io::Error::other)?;
    let owner = Pid::from_raw(pid_number).ok_or(io::ErrorKind::NotFound)?;
    let owner = pidfd_open(owner, PidfdFlags::empty())?;
    let mut found = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))?.flatten() {
        let is_socket = fs::read_link(entry.path())
            .is_ok_and(|target| target.to_string_lossy().starts_with("socket:"));
        let number = entry.file_name().to_string_lossy().parse().ok();
        if let (true, Some(number)) = (is_socket, number)
            && let Ok(fd) = pidfd_getfd(&owner, number, PidfdGetfdFlags::empty())
        {
            found.push((number, Socket::from(fd)));
        }
    }
    Ok(found)
}

fn port(address: io::Result<socket2::SockAddr>) -> u16 {
    address
        .ok()
        .and_then(|a| a.as_socket())
        .map_or(0, |a| a.port())
}

/// Facts of the proxy's end of a connection of which this process has the other end.
pub fn of_connection(pid: u32, place: &Place, names: &[String]) -> String {
    let found = sockets(pid).map(|all| {
        all.into_iter()
            .map(|(_, s)| s)
            .find(|s| port(s.local_addr()) == place.there && port(s.peer_addr()) == place.here)
    });
    match found {
        Ok(Some(socket)) => options(&socket, names),
        Ok(None) => "no such socket".to_owned(),
        Err(e) => format!("not seen: {e}"),
    }
}

/// Facts of the sockets that listen on a port; `count` says how many there are (copies of one
/// count once), `loops` in how many event loops of all processes they are.
pub fn of_listener(pids: &[u32], wanted: u16, names: &[String]) -> String {
    let mut listening: Vec<Socket> = Vec::new();
    let (mut cookies, mut loops) = (Vec::new(), 0);
    for pid in pids {
        let all = match sockets(*pid) {
            Ok(all) => all,
            Err(e) => return format!("not seen: {e}"),
        };
        let mut numbers = Vec::new();
        for (number, socket) in all {
            if socket.is_listener().unwrap_or(false) && port(socket.local_addr()) == wanted {
                let cookie = socket.cookie().unwrap_or(0);
                if !cookies.contains(&cookie) {
                    cookies.push(cookie);
                }
                numbers.push(number);
                listening.push(socket);
            }
        }
        loops += event_loops(*pid, &numbers);
    }
    match names.first().map(String::as_str) {
        Some("count") => format!("count {}", cookies.len()),
        Some("loops") => format!("loops {loops}"),
        _ => listening
            .first()
            .map_or_else(|| "no listener".to_owned(), |s| options(s, names)),
    }
}

/// How many epoll instances of a process watch one of these descriptors.
fn event_loops(pid: u32, numbers: &[i32]) -> usize {
    let watches = |text: &str| {
        text.lines()
            .filter_map(|l| {
                l.strip_prefix("tfd:")?
                    .split_whitespace()
                    .next()?
                    .parse()
                    .ok()
            })
            .any(|number: i32| numbers.contains(&number))
    };
    fs::read_dir(format!("/proc/{pid}/fdinfo"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path()).ok())
        .filter(|text| watches(text))
        .count()
}

/// The most events that a thread of the process takes at once from epoll_wait(2): its third
/// argument while it waits. A thread that is busy is looked at again.
fn poll_events(pid: u32) -> u64 {
    let deadline = Deadline::after(Duration::from_secs(1));
    loop {
        match poll_events_now(pid) {
            Some(number) => return number,
            None if deadline.passed() => return 0,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

fn poll_events_now(pid: u32) -> Option<u64> {
    fs::read_dir(format!("/proc/{pid}/task"))
        .ok()?
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("syscall")).ok())
        .find_map(|text| {
            let mut words = text.split_whitespace();
            let call: i64 = words.next()?.parse().ok()?;
            let waits = [
                libc::SYS_epoll_wait,
                libc::SYS_epoll_pwait,
                libc::SYS_epoll_pwait2,
            ];
            if !waits.contains(&call) {
                return None;
            }
            u64::from_str_radix(words.nth(2)?.strip_prefix("0x")?, 16).ok()
        })
}

fn options(socket: &Socket, names: &[String]) -> String {
    let s = SockRef::from(socket);
    let time = |t: io::Result<Duration>| t.map(|t| format!("{} s", t.as_secs()));
    let facts: Vec<String> = names
        .iter()
        .map(|name| {
            let value = match name.as_str() {
                "keepalive" => s.keepalive().map(|v| v.to_string()),
                "keepalive-time" => time(s.tcp_keepalive_time()),
                "keepalive-interval" => time(s.tcp_keepalive_interval()),
                "keepalive-count" => s.tcp_keepalive_retries().map(|v| v.to_string()),
                "rcvbuf" => s.recv_buffer_size().map(|v| v.to_string()),
                "sndbuf" => s.send_buffer_size().map(|v| v.to_string()),
                "nodelay" => s.tcp_nodelay().map(|v| v.to_string()),
                "user-timeout" => s
                    .tcp_user_timeout()
                    .map(|v| format!("{} ms", v.unwrap_or_default().as_millis())),
                "tos" => s.tos_v4().map(|v| v.to_string()),
                "mark" => s.mark().map(|v| v.to_string()),
                "transparent" => s.ip_transparent_v4().map(|v| v.to_string()),
                "device" => s
                    .device()
                    .map(|d| String::from_utf8_lossy(&d.unwrap_or_default()).into_owned()),
                "v6only" => s.only_v6().map(|v| v.to_string()),
                "fastopen" => sys::fastopen(socket).map(|v| (v > 0).to_string()),
                "fastopen-connect" => sys::fastopen_connect(socket).map(|v| v.to_string()),
                "quickack" => s.tcp_quickack().map(|v| v.to_string()),
                "reuseport" => s.reuse_port().map(|v| v.to_string()),
                _ => Ok("unknown fact".to_owned()),
            };
            format!("{name} {}", value.unwrap_or_else(|e| e.to_string()))
        })
        .collect();
    facts.join(", ")
}

/// Facts of the process: `uid`, `gid`, `nofile`, `root`, `poll-events`, `cpu N` (is some thread bound to it alone).
pub fn of_process(pid: u32, names: &[String]) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let field = |name: &str| {
        let line = status
            .lines()
            .find_map(|l| l.strip_prefix(name))
            .unwrap_or_default();
        line.split_whitespace()
            .nth(1)
            .unwrap_or_default()
            .to_owned()
    };
    let mut facts = Vec::new();
    let mut rest = names.iter();
    while let Some(name) = rest.next() {
        let value = match name.as_str() {
            "uid" => field("Uid:"),
            "gid" => field("Gid:"),
            "root" => fs::read_link(format!("/proc/{pid}/root"))
                .map(|p| p.to_string_lossy().into_owned())
                .unwrap_or_else(|e| e.to_string()),
            "nofile" => fs::read_to_string(format!("/proc/{pid}/limits"))
                .unwrap_or_default()
                .lines()
                .find(|l| l.starts_with("Max open files"))
                .and_then(|l| l.split_whitespace().nth(3))
                .unwrap_or_default()
                .to_owned(),
            "poll-events" => poll_events(pid).to_string(),
            "cpu" => {
                let wanted = rest.next().cloned().unwrap_or_default();
                let bound = fs::read_dir(format!("/proc/{pid}/task"))
                    .into_iter()
                    .flatten()
                    .flatten()
                    .filter_map(|task| fs::read_to_string(task.path().join("status")).ok())
                    .any(|text| {
                        text.lines().any(|l| {
                            l.strip_prefix("Cpus_allowed_list:")
                                .is_some_and(|v| v.trim() == wanted)
                        })
                    });
                format!("{wanted} alone {bound}")
            }
            _ => "unknown fact".to_owned(),
        };
        facts.push(format!("{name} {value}"));
    }
    facts.join(", ")
}

/// Kind, permissions and owner of a file.
pub fn of_file(path: &Path) -> String {
    match fs::symlink_metadata(path) {
        Ok(m) => format!(
            "mode {:o} uid {} gid {}",
            m.mode() & 0o7777,
            m.uid(),
            m.gid()
        ),
        Err(e) => format!("{:?}", e.kind()),
    }
}

/// Both ends of a connection as ports.
pub fn place(here: Option<SocketAddr>, there: Option<SocketAddr>) -> Place {
    Place {
        here: here.map_or(0, |a| a.port()),
        there: there.map_or(0, |a| a.port()),
    }
}

//! Sending lines: one non-blocking socket per thread and target; what cannot be sent at once is
//! dropped and counted, since a log server that is slow must not slow the traffic.

use super::header::{Header, Line};
use crate::ir::log::LogLineFormat;
use crate::plan::{TargetAddress, TargetPlan};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with,
};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// How long a target that could not be reached is left alone, ms.
const REST: u64 = 1000;

/// The targets of one thread.
#[derive(Default)]
pub struct Sender {
    /// Few; each found by its address in memory, which a plan keeps for as long as the process runs.
    targets: Vec<(*const TargetPlan, Target)>,
    line: Vec<u8>,
    /// Lines that could not be sent.
    pub dropped: u64,
}

/// What a thread keeps for a target.
struct Target {
    socket: Socket,
    header: Header,
}

enum Socket {
    Open(OwnedFd),
    /// Not reachable; tried again from this tick on.
    Absent(u64),
}

impl Sender {
    /// Sends a message to a target.
    pub fn send(&mut self, target: &TargetPlan, line: &Line<'_>, message: &[u8], now_ms: u64) {
        let settings = &target.settings;
        let key: *const TargetPlan = target;
        let at = match self.targets.iter().position(|(k, _)| *k == key) {
            Some(at) => at,
            None => {
                self.targets.push((key, Target::default()));
                self.targets.len() - 1
            }
        };
        let Some((_, kept)) = self.targets.get_mut(at) else {
            return;
        };
        let line = Line {
            level: line.level.max(settings.min_level),
            // 3.4 puts a name where no syslog daemon could add one
            hostname: line.hostname.or(match (&target.to, settings.format) {
                (TargetAddress::Fd(_) | TargetAddress::Ring(_), LogLineFormat::Rfc3164) => {
                    Some("localhost")
                }
                _ => None,
            }),
            ..*line
        };
        self.line.clear();
        kept.header.write(&mut self.line, &line, settings);
        self.line.extend_from_slice(message);
        self.line
            .truncate((settings.len as usize).saturating_sub(1));
        if settings.format != LogLineFormat::Rfc5424 || !message.is_empty() {
            self.line.push(b'\n');
        }
        if !kept.deliver(target, &self.line, now_ms) {
            self.dropped += 1;
        }
    }
}

impl Default for Target {
    fn default() -> Self {
        Target {
            socket: Socket::Absent(0),
            header: Header::default(),
        }
    }
}

impl Target {
    fn deliver(&mut self, target: &TargetPlan, line: &[u8], now_ms: u64) -> bool {
        match &target.to {
            TargetAddress::Fd(fd) => return write_to(*fd, line),
            TargetAddress::Ring(ring) => {
                ring.events.push(line.strip_suffix(b"\n").unwrap_or(line));
                return true;
            }
            _ => {}
        }
        // a syslog that was restarted has a new socket, which is asked for with every line: that
        // costs no packet
        let (rest, attempts) = match target.to {
            TargetAddress::Unix(_) => (0, 2),
            _ => (REST, 1),
        };
        for _ in 0..attempts {
            if let Socket::Absent(until) = self.socket {
                if now_ms < until {
                    return false;
                }
                self.socket = match open(&target.to) {
                    Ok(fd) => Socket::Open(fd),
                    Err(_) => Socket::Absent(now_ms + rest),
                };
            }
            let Socket::Open(fd) = &self.socket else {
                return false;
            };
            match try_send(fd, line) {
                Ok(()) => return true,
                Err(Errno::AGAIN | Errno::NOBUFS) => return false,
                Err(_) => self.socket = Socket::Absent(now_ms + rest),
            }
        }
        false
    }
}

fn try_send(fd: &OwnedFd, line: &[u8]) -> Result<(), Errno> {
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    let mut sent = rustix::net::send(fd, line, flags);
    if sent == Err(Errno::CONNREFUSED) {
        // an answer to an earlier datagram: nobody listened then, but may now
        sent = rustix::net::send(fd, line, flags);
    }
    sent.map(|_| ())
}

/// Writes to a descriptor that the process was started with.
fn write_to(fd: i32, line: &[u8]) -> bool {
    match fd {
        1 => write_now(rustix::stdio::stdout(), line),
        2 => write_now(rustix::stdio::stderr(), line),
        fd => crate::base::sys::inherited(fd).is_ok_and(|fd| write_now(fd.as_fd(), line)),
    }
}

/// Writes where there is room at once: a reader that is slow loses lines rather than slow us.
fn write_now(fd: BorrowedFd<'_>, line: &[u8]) -> bool {
    let mut wanted = [PollFd::from_borrowed_fd(fd, PollFlags::OUT)];
    let room = poll(&mut wanted, Some(&Timespec::default())).is_ok_and(|n| n > 0);
    room && rustix::io::write(fd, line).is_ok()
}

fn open(to: &TargetAddress) -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = |family| socket_with(family, SocketType::DGRAM, flags, None);
    match to {
        TargetAddress::Udp(addr) => {
            let family = if addr.is_ipv4() {
                AddressFamily::INET
            } else {
                AddressFamily::INET6
            };
            let fd = socket(family)?;
            connect(&fd, addr)?;
            Ok(fd)
        }
        TargetAddress::Unix(path) => {
            let fd = socket(AddressFamily::UNIX)?;
            connect(&fd, &SocketAddrUnix::new(path.as_slice())?)?;
            Ok(fd)
        }
        TargetAddress::Fd(_) | TargetAddress::Ring(_) => Err(Errno::INVAL),
    }
}

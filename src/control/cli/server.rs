//! The sockets of the runtime API. A thread per connection: they are few (`stats maxconn`), and
//! nothing that an administrator does may ever hold up the threads that serve.

use super::{Flow, Session, Terms};
use crate::control::listeners::{BoundListener, Doors};
use crate::control::world::{Process, World};
use crate::control::{handover, ipc};
use crate::ir::bind::{CliAccess, CliLevel};
use socket2::Socket;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How many connections there may be at a time, and how they are treated.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// `stats maxconn`
    pub maxconn: u32,
    /// `stats timeout`, milliseconds
    pub timeout_ms: u32,
    /// `tune.bufsize`: longest command line, bytes
    pub bufsize: usize,
    /// `tune.cli.max-payload-size`, bytes
    pub max_payload: usize,
}

/// What is served.
pub struct Service {
    /// The sockets of `stats socket` lines.
    pub bound: Vec<BoundListener>,
    /// Where the master's connections come from.
    pub master: Option<OwnedFd>,
    /// Who answers.
    pub process: Arc<Process>,
    /// The sockets that `_getsocks` hands over.
    pub doors: Arc<Doors>,
    /// Limits.
    pub settings: Settings,
}

/// Serves the sockets on a thread of its own until the process ends. A master's end is this
/// process's end.
///
/// # Errors
/// When the system gives no thread.
pub fn start(service: Service) -> io::Result<()> {
    std::thread::Builder::new()
        .name("hapax/cli".to_string())
        .stack_size(256 * 1024)
        .spawn(move || accept(service))?;
    Ok(())
}

fn accept(mut service: Service) {
    let open = Arc::new(AtomicU32::new(0));
    if listen(&service, &open) {
        service.bound.clear();
        listen(&service, &open);
    }
}

/// Accepts until the doors are closed; whether connections can still come from the master.
fn listen(service: &Service, open: &Arc<AtomicU32>) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let Service {
        bound,
        master,
        process,
        doors,
        settings,
    } = service;
    let settings = *settings;
    let mut listeners: Vec<(BorrowedFd<'_>, Option<CliAccess>, u32)> = Vec::new();
    for (listener, number) in bound.iter().zip(1u32..) {
        let access = Some(listener.listener.settings.cli);
        let own = listener.sockets.iter();
        listeners.extend(own.map(|s| (s.as_fd(), access, number)));
    }
    listeners.extend(master.iter().map(|pair| (pair.as_fd(), None, 0)));
    let second = Timespec {
        tv_sec: 1,
        tv_nsec: 0,
    };
    loop {
        process.tick();
        if open.load(Ordering::Relaxed) >= settings.maxconn {
            std::thread::sleep(Duration::from_millis(20));
            continue;
        }
        let mut ready: Vec<PollFd<'_>> = listeners
            .iter()
            .map(|(fd, ..)| PollFd::from_borrowed_fd(*fd, PollFlags::IN))
            .collect();
        // heard once: afterwards it would be readable for ever
        if !bound.is_empty() {
            ready.push(PollFd::from_borrowed_fd(doors.closed(), PollFlags::IN));
        }
        if poll(&mut ready, Some(&second)).is_err() {
            continue;
        }
        let closed = ready.get(listeners.len());
        if closed.is_some_and(|closed| !closed.revents().is_empty()) {
            return master.is_some();
        }
        for (ready, (fd, access, number)) in ready.iter().zip(&listeners) {
            if ready.revents().is_empty() {
                continue;
            }
            let client = match access {
                Some(_) => rustix::net::accept_with(fd, rustix::net::SocketFlags::CLOEXEC)
                    .map(Socket::from)
                    .map_err(io::Error::from),
                None => match ipc::accept(fd) {
                    // nobody could ever stop or replace a worker without its master
                    Ok(None) => std::process::exit(0),
                    Ok(Some(client)) => Ok(Socket::from(client)),
                    Err(error) => Err(error),
                },
            };
            let Ok(client) = client else { continue };
            let access = access.unwrap_or(CliAccess {
                level: CliLevel::Admin,
                expose_fd_listeners: true,
                ..CliAccess::default()
            });
            open.fetch_add(1, Ordering::Relaxed);
            let (process, open) = (Arc::clone(process), Arc::clone(open));
            let peer = rustix::net::getpeername(&client).ok().flatten();
            let terms = Terms {
                peer: peer.and_then(|a| SocketAddr::try_from(a).ok()),
                listener: *number,
                level: access.level,
                severity: access.severity_output,
                timeout_ms: settings.timeout_ms,
                bufsize: settings.bufsize,
                max_payload: settings.max_payload,
            };
            let doors = access.expose_fd_listeners.then(|| Arc::clone(doors));
            let counted = Arc::clone(&open);
            let thread = std::thread::Builder::new()
                .name("hapax/cli".to_string())
                .stack_size(512 * 1024)
                .spawn(move || {
                    let _open = Open(open);
                    serve(client, Session::new(terms), &*process, doors.as_deref());
                });
            if thread.is_err() {
                counted.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}

/// Closes a connection so that the last answer arrives: with unread bytes left, the system would
/// reset it.
fn end(mut client: Socket) {
    let mut waste = [0u8; 4096];
    let _ = client.shutdown(std::net::Shutdown::Write);
    if client.set_nonblocking(true).is_ok() {
        while client.read(&mut waste).is_ok_and(|n| n > 0) {}
    }
}

/// A connection that counts; whatever ends its thread, it counts no more.
struct Open(Arc<AtomicU32>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether the other end is there and has said nothing more.
fn is_silent(client: &Socket) -> bool {
    let _ = client.set_nonblocking(true);
    let seen = client.peek(&mut [std::mem::MaybeUninit::new(0)]);
    let _ = client.set_nonblocking(false);
    matches!(seen, Err(e) if e.kind() == io::ErrorKind::WouldBlock)
}

/// Serves one connection; with `doors` it may ask for listening sockets.
fn serve(mut client: Socket, mut session: Session, world: &dyn World, doors: Option<&Doors>) {
    let mut input = [0u8; 4096];
    let mut out = Vec::new();
    let _ = client.set_nonblocking(false);
    loop {
        let timeout = Some(Duration::from_millis(u64::from(session.timeout_ms.max(1))));
        if client.set_read_timeout(timeout).is_err() || client.set_write_timeout(timeout).is_err() {
            return;
        }
        let length = match client.read(&mut input) {
            Ok(0) => return,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        let asked = input.get(..length).unwrap_or_default();
        if let Some(doors) = doors
            && asked.trim_ascii_end() == handover::COMMAND.as_bytes()
        {
            // who asks and goes away has nothing
            let _ = doors.give(&client);
            continue;
        }
        out.clear();
        let flow = session.feed(asked, world, &mut out, &mut |out| {
            if out.is_empty() {
                return is_silent(&client);
            }
            let sent = client.write_all(out).is_ok();
            out.clear();
            sent
        });
        if client.write_all(&out).is_err() || flow == Flow::Close {
            return end(client);
        }
    }
}

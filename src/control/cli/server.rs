//! The sockets of the runtime API. A thread per connection: they are few (`stats maxconn`), and
//! nothing that an administrator does may ever hold up the threads that serve.

use super::{Flow, Session, Terms};
use crate::control::listeners::BoundListener;
use crate::control::world::{Process, World};
use crate::ir::bind::CliAccess;
use socket2::Socket;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
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

/// Serves the sockets on a thread of its own until the process ends.
///
/// # Errors
/// When the system gives no thread.
pub fn start(
    bound: Vec<BoundListener>,
    process: Arc<Process>,
    settings: Settings,
) -> io::Result<()> {
    std::thread::Builder::new()
        .name("hapax/cli".to_string())
        .stack_size(256 * 1024)
        .spawn(move || accept(&bound, &process, settings))?;
    Ok(())
}

fn accept(bound: &[BoundListener], process: &Arc<Process>, settings: Settings) {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let open = Arc::new(AtomicU32::new(0));
    let listeners: Vec<(BorrowedFd<'_>, CliAccess, u32)> = bound
        .iter()
        .zip(1u32..)
        .flat_map(|(b, number)| {
            let own = b.sockets.iter();
            own.map(move |s| (s.as_fd(), b.listener.settings.cli, number))
        })
        .collect();
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
        if poll(&mut ready, Some(&second)).is_err() {
            continue;
        }
        for (ready, (fd, access, number)) in ready.iter().zip(&listeners) {
            if ready.revents().is_empty() {
                continue;
            }
            let Ok(client) = rustix::net::accept_with(fd, rustix::net::SocketFlags::CLOEXEC) else {
                continue;
            };
            let client = Socket::from(client);
            open.fetch_add(1, Ordering::Relaxed);
            let (process, open) = (Arc::clone(process), Arc::clone(&open));
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
            let counted = Arc::clone(&open);
            let thread = std::thread::Builder::new()
                .name("hapax/cli".to_string())
                .stack_size(512 * 1024)
                .spawn(move || {
                    serve(client, Session::new(terms), &*process);
                    open.fetch_sub(1, Ordering::Relaxed);
                });
            if thread.is_err() {
                counted.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}

/// Serves one connection.
fn serve(mut client: Socket, mut session: Session, world: &dyn World) {
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
        out.clear();
        let flow = session.feed(input.get(..length).unwrap_or_default(), world, &mut out);
        if client.write_all(&out).is_err() || flow == Flow::Close {
            let _ = client.shutdown(std::net::Shutdown::Both);
            return;
        }
    }
}

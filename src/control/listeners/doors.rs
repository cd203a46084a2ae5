//! The listening sockets of the running process: paused, resumed, closed, handed over.

use super::BoundListener;
use crate::control::handover;
use crate::plan::FrontendId;
use crate::plan::listener::ListenAddress;
use parking_lot::Mutex;
use socket2::SockRef;
use std::io::{self, Read};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

/// Listening sockets. The engine and the runtime API accept from copies, so that what happens to a
/// socket here happens to theirs.
#[derive(Debug)]
pub struct Doors {
    bound: Mutex<Vec<BoundListener>>,
    /// Ends when the doors are closed.
    bell: Mutex<Option<UnixStream>>,
    ear: UnixStream,
}

impl Doors {
    /// Takes the sockets of the process.
    ///
    /// # Errors
    /// When the process may open no more descriptors.
    pub fn new(bound: Vec<BoundListener>) -> io::Result<Doors> {
        let (bell, ear) = UnixStream::pair()?;
        Ok(Doors {
            bound: Mutex::new(bound),
            bell: Mutex::new(Some(bell)),
            ear,
        })
    }

    /// What becomes readable when the doors are closed.
    pub fn closed(&self) -> BorrowedFd<'_> {
        self.ear.as_fd()
    }

    /// Copies of the sockets of the runtime API, to accept from.
    ///
    /// # Errors
    /// When the process may open no more descriptors.
    pub fn of_the_cli(&self) -> io::Result<Vec<BoundListener>> {
        self.copies(|b| b.listener.frontend.is_none())
    }

    fn copies(&self, which: impl Fn(&BoundListener) -> bool) -> io::Result<Vec<BoundListener>> {
        let copy = |b: &BoundListener| {
            let sockets = b.sockets.iter().map(|s| s.try_clone());
            Ok(BoundListener {
                listener: b.listener.clone(),
                sockets: sockets.collect::<io::Result<_>>()?,
                backlog: b.backlog,
            })
        };
        self.bound
            .lock()
            .iter()
            .filter(|b| which(b))
            .map(copy)
            .collect()
    }

    /// Listens no more, so that another process can bind the same addresses (SIGTTOU). Unix
    /// sockets go on: who takes their place does so by moving his own there.
    pub fn pause(&self) {
        for bound in self.bound.lock().iter().filter(|b| pauses(b)) {
            for socket in &bound.sockets {
                // one that fails goes on
                let _ = SockRef::from(socket).shutdown(Shutdown::Read);
            }
        }
    }

    /// Listens again (SIGTTIN) for the front ends that `wanted` names.
    pub fn resume(&self, wanted: impl Fn(FrontendId) -> bool) {
        let wanted = |b: &&BoundListener| pauses(b) && b.listener.frontend.is_some_and(&wanted);
        for bound in self.bound.lock().iter().filter(wanted) {
            let backlog = i32::try_from(bound.backlog.max(1)).unwrap_or(i32::MAX);
            for socket in &bound.sockets {
                // one that fails stays paused
                let _ = SockRef::from(socket).listen(backlog);
            }
        }
    }

    /// Lets go of the sockets of a front end; those who accept from copies are to do the same.
    pub fn close_frontend(&self, frontend: FrontendId) {
        self.bound
            .lock()
            .retain(|b| b.listener.frontend != Some(frontend));
    }

    /// Lets go of all sockets; those who accept from copies are to do the same.
    pub fn close(&self) {
        self.bound.lock().clear();
        self.bell.lock().take();
    }

    /// Hands copies to the process at the other end of a connection.
    ///
    /// # Errors
    /// When it is gone.
    pub fn give(&self, client: impl AsFd + Read) -> io::Result<()> {
        // whoever takes his time to receive them holds nobody up
        let copies = self.copies(|_| true)?;
        let sockets: Vec<_> = copies
            .iter()
            .flat_map(|b| b.sockets.iter().map(move |s| (s.as_fd(), &b.listener)))
            .collect();
        handover::give(client, &sockets)
    }
}

/// Whether a pause concerns a listener.
fn pauses(bound: &BoundListener) -> bool {
    let inet = matches!(bound.listener.address, ListenAddress::Inet(_));
    inet && bound.listener.frontend.is_some()
}

//! Sockets of one thread: try first, register and wait only when the kernel says "not now".

use super::tls::Tls;
use super::{NO_TASK, Worker};
use crate::engine::h2::Pipe;
use rustix::event::epoll;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, Shutdown};
use std::cell::{Cell, RefCell};
use std::io::IoSlice;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

/// Something may be read.
pub(in crate::engine) const READABLE: u8 = 1;
/// Something may be written.
pub(in crate::engine) const WRITABLE: u8 = 2;
/// The other side has ended.
pub(in crate::engine) const HANGUP: u8 = 4;
/// The connection is broken.
pub(in crate::engine) const ERROR: u8 = 8;
const REGISTERED: u8 = 16;

#[derive(Clone, Copy)]
struct Slot {
    generation: u32,
    task: u32,
    flags: u8,
}

/// Readiness of every socket of a thread, by small numbers.
#[derive(Default)]
pub(super) struct Slots {
    list: Vec<Slot>,
    free: Vec<u32>,
}

impl Slots {
    fn insert(&mut self, task: u32) -> u32 {
        // what was never tried counts as ready
        let flags = READABLE | WRITABLE;
        if let Some(id) = self.free.pop() {
            let slot = &mut self.list[id as usize];
            (slot.task, slot.flags) = (task, flags);
            return id;
        }
        self.list.push(Slot {
            generation: 0,
            task,
            flags,
        });
        (self.list.len() - 1) as u32
    }

    fn remove(&mut self, id: u32) {
        let slot = &mut self.list[id as usize];
        slot.generation = slot.generation.wrapping_add(1);
        slot.task = NO_TASK;
        slot.flags = 0;
        self.free.push(id);
    }

    fn token(&self, id: u32) -> u64 {
        u64::from(self.list[id as usize].generation) << 32 | u64::from(id)
    }

    /// Notes what became of a stream's socket; returns the task to run.
    pub(super) fn note(&mut self, id: u32, flags: u8) -> u32 {
        self.list.get_mut(id as usize).map_or(NO_TASK, |slot| {
            slot.flags |= flags;
            slot.task
        })
    }

    /// Notes an event; returns the task to run.
    pub(super) fn event(&mut self, token: u64, flags: epoll::EventFlags) -> u32 {
        use epoll::EventFlags as E;
        let Some(slot) = self.list.get_mut(token as u32 as usize) else {
            return NO_TASK;
        };
        if slot.generation != (token >> 32) as u32 {
            return NO_TASK;
        }
        if flags.intersects(E::IN | E::RDHUP | E::HUP | E::ERR) {
            slot.flags |= READABLE;
        }
        if flags.intersects(E::OUT | E::HUP | E::ERR) {
            slot.flags |= WRITABLE;
        }
        if flags.intersects(E::RDHUP | E::HUP) {
            slot.flags |= HANGUP;
        }
        if flags.intersects(E::ERR) {
            slot.flags |= ERROR;
        }
        slot.task
    }
}

/// What one try to move bytes came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Io {
    /// So many bytes moved.
    Done(usize),
    /// The other side sent its end (reading only).
    Eof,
    /// Not now: park.
    Blocked,
    /// The connection is broken.
    Failed(Errno),
}

/// What stands between a socket's user and the wire.
enum Layer {
    /// Nothing.
    Plain,
    /// Encrypts what goes through.
    Tls(Box<RefCell<Tls>>),
    /// There is no descriptor: the bytes are those of one stream of an HTTP/2 connection.
    Stream(Rc<Pipe>),
}

/// A non-blocking stream socket that belongs to one thread and, on it, to the task that made or
/// adopted it.
pub struct Sock {
    fd: Option<OwnedFd>,
    slot: u32,
    /// Bytes read and written since somebody asked.
    moved: Cell<(u64, u64)>,
    worker: &'static Worker,
    /// What stands between the bytes and the descriptor.
    layer: Layer,
    /// Ends with a reset: no farewell is said.
    resets: Cell<bool>,
}

/// A socket between two threads.
pub struct Detached {
    fd: OwnedFd,
    tls: Option<Box<RefCell<Tls>>>,
}

impl Sock {
    /// Takes a non-blocking descriptor; the running task is woken for it.
    pub fn new(worker: &'static Worker, fd: OwnedFd) -> Sock {
        let slot = worker.io.borrow_mut().insert(worker.current_id());
        Sock {
            fd: Some(fd),
            slot,
            moved: Cell::new((0, 0)),
            worker,
            layer: Layer::Plain,
            resets: Cell::new(false),
        }
    }

    /// One stream of an HTTP/2 connection, for the running task.
    pub fn stream(worker: &'static Worker, pipe: Rc<Pipe>) -> Sock {
        let slot = worker.io.borrow_mut().insert(worker.current_id());
        let flags = pipe.attach(slot);
        let sock = Sock {
            fd: None,
            slot,
            moved: Cell::new((0, 0)),
            worker,
            layer: Layer::Stream(pipe),
            resets: Cell::new(false),
        };
        // its connection wakes its task: there is nothing to register
        sock.note(REGISTERED | flags);
        sock
    }

    /// The stream of an HTTP/2 connection that it is.
    #[inline]
    pub fn pipe(&self) -> Option<&Rc<Pipe>> {
        match &self.layer {
            Layer::Stream(pipe) => Some(pipe),
            _ => None,
        }
    }

    /// At most how many bytes of a body are worth reading for it now.
    #[inline]
    pub fn room(&self) -> usize {
        match &self.layer {
            Layer::Stream(pipe) => pipe.room(),
            Layer::Tls(_) => super::tls::WRITE,
            Layer::Plain => usize::MAX,
        }
    }

    /// Takes a socket that another thread let go.
    pub fn attach(worker: &'static Worker, from: Detached) -> Sock {
        let mut sock = Sock::new(worker, from.fd);
        if let Some(tls) = from.tls {
            sock.layer = Layer::Tls(tls);
        }
        sock
    }

    /// Speaks TLS from now on.
    pub fn start_tls(&mut self, tls: Tls) {
        self.layer = Layer::Tls(Box::new(RefCell::new(tls)));
    }

    /// Looks at the state of TLS; `None` without it.
    pub fn tls<R>(&self, f: impl FnOnce(&Tls) -> R) -> Option<R> {
        match &self.layer {
            Layer::Tls(tls) => Some(f(&tls.borrow())),
            _ => None,
        }
    }

    /// Changes the state of its TLS.
    pub fn tls_mut<R>(&self, f: impl FnOnce(&mut Tls) -> R) -> Option<R> {
        match &self.layer {
            Layer::Tls(tls) => Some(f(&mut tls.borrow_mut())),
            _ => None,
        }
    }

    /// Whether it speaks TLS.
    #[inline]
    pub fn is_tls(&self) -> bool {
        matches!(self.layer, Layer::Tls(_))
    }

    /// One step of the TLS handshake: `Done` when it is over (at once without TLS).
    pub fn handshake(&self) -> Io {
        let Layer::Tls(tls) = &self.layer else {
            return Io::Done(0);
        };
        let buffers = &mut *self.worker.tls.borrow_mut();
        tls.borrow_mut()
            .handshake(buffers, |b| self.raw_recv(b), |b| self.raw_send(b, false))
    }

    /// Bytes read and written since this was asked before.
    pub fn take_moved(&self) -> (u64, u64) {
        self.moved.take()
    }

    /// The running task is woken for it from now on.
    pub fn adopt(&self) {
        self.worker.io.borrow_mut().list[self.slot as usize].task = self.worker.current_id();
    }

    /// Another task of this thread is woken for it until it is adopted again.
    pub fn entrust(&self, task: Option<super::TaskRef>) {
        let task = task.map_or(NO_TASK, |t| t.task);
        self.worker.io.borrow_mut().list[self.slot as usize].task = task;
    }

    #[inline]
    fn flags(&self) -> u8 {
        self.worker.io.borrow().list[self.slot as usize].flags
    }

    #[inline]
    fn clear(&self, bit: u8) {
        self.worker.io.borrow_mut().list[self.slot as usize].flags &= !bit;
    }

    #[inline]
    fn note(&self, bit: u8) {
        self.worker.io.borrow_mut().list[self.slot as usize].flags |= bit;
    }

    /// Whether a read may bring something.
    #[inline]
    pub fn readable(&self) -> bool {
        self.flags() & READABLE != 0 || self.tls(Tls::has_plain) == Some(true)
    }

    /// Whether a read is sure to bring nothing yet; then the task is woken once it may. With TLS
    /// only a read can tell.
    #[inline]
    pub fn has_nothing(&self) -> bool {
        let nothing = !self.is_tls() && self.flags() & READABLE == 0;
        if nothing {
            self.watch();
        }
        nothing
    }

    /// Whether a write may take something.
    #[inline]
    pub fn writable(&self) -> bool {
        self.flags() & WRITABLE != 0
    }

    /// Whether the other side is known to have ended its stream, or the connection to be broken.
    /// Only known for sockets that are [watched](Sock::watch) or were read to their end.
    #[inline]
    pub fn hung_up(&self) -> bool {
        self.flags() & (HANGUP | ERROR) != 0
    }

    /// Whether the connection is known to be reset or refused.
    #[inline]
    pub fn broken(&self) -> bool {
        self.flags() & ERROR != 0
    }

    /// Whether [`Sock::watch`] was called.
    pub fn is_watched(&self) -> bool {
        self.flags() & REGISTERED != 0
    }

    /// An idle connection on which nothing has come, not even its end.
    pub fn is_quiet(&self) -> bool {
        !self.hung_up() && (!self.readable() || matches!(self.peek(&mut [0]), Io::Blocked))
    }

    /// Whether the other side's end is known, with at most `bytes` unread in front of it.
    pub fn ended_within(&self, bytes: usize) -> bool {
        self.hung_up()
            && self.fd.as_ref().is_none_or(|fd| {
                rustix::io::ioctl_fionread(fd).is_ok_and(|unread| unread <= bytes as u64)
            })
    }

    /// Notes that nothing can be accepted or read now, and watches it.
    pub fn drained(&self) {
        self.clear(READABLE);
        self.watch();
    }

    /// Makes sure that readiness and hang-ups of this socket wake its task.
    pub fn watch(&self) {
        let Some(fd) = &self.fd else { return };
        let mut io = self.worker.io.borrow_mut();
        let token = io.token(self.slot);
        let slot = &mut io.list[self.slot as usize];
        if slot.flags & REGISTERED != 0 {
            return;
        }
        slot.flags |= REGISTERED;
        use epoll::EventFlags as E;
        let registered = epoll::add(
            &self.worker.epoll,
            fd,
            epoll::EventData::new_u64(token),
            E::IN | E::OUT | E::RDHUP | E::ET,
        );
        if registered.is_err() {
            // out of kernel memory: let the next try meet the error instead of waiting for ever
            slot.flags |= READABLE | WRITABLE | ERROR;
        }
    }

    /// Reads once into `buf`.
    #[inline]
    pub fn recv(&self, buf: &mut [u8]) -> Io {
        match &self.layer {
            Layer::Plain => self.raw_recv(buf),
            Layer::Tls(tls) => self.tls_recv(tls, buf),
            Layer::Stream(pipe) => self.stream_recv(pipe, buf),
        }
    }

    #[cold]
    fn tls_recv(&self, tls: &RefCell<Tls>, buf: &mut [u8]) -> Io {
        let buffers = &mut *self.worker.tls.borrow_mut();
        tls.borrow_mut().recv(
            buf,
            buffers,
            |b| self.raw_recv(b),
            |b| self.raw_send(b, false),
        )
    }

    #[cold]
    fn stream_recv(&self, pipe: &Pipe, buf: &mut [u8]) -> Io {
        let got = pipe.recv(buf);
        if got == Io::Blocked {
            self.clear(READABLE);
        }
        got
    }

    #[cold]
    fn stream_send(&self, pipe: &Rc<Pipe>, pieces: &[&[u8]]) -> Io {
        let total: usize = pieces.iter().map(|p| p.len()).sum();
        let sent = pipe.send(pieces);
        if matches!(sent, Io::Done(n) if n < total) || sent == Io::Blocked {
            self.clear(WRITABLE);
        }
        sent
    }

    #[inline]
    fn raw_recv(&self, buf: &mut [u8]) -> Io {
        let Some(fd) = &self.fd else { return Io::Eof };
        if self.flags() & READABLE == 0 {
            self.watch();
            return Io::Blocked;
        }
        loop {
            return match rustix::net::recv(fd, &mut *buf, RecvFlags::empty()) {
                Ok((_, 0)) => {
                    self.note(HANGUP);
                    Io::Eof
                }
                Ok((_, n)) => {
                    // a short read emptied the socket, unless its end is known to follow
                    if n < buf.len() && self.flags() & (HANGUP | ERROR) == 0 {
                        self.clear(READABLE);
                    }
                    let (read, written) = self.moved.get();
                    self.moved.set((read + n as u64, written));
                    Io::Done(n)
                }
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => {
                    self.clear(READABLE);
                    self.watch();
                    Io::Blocked
                }
                Err(e) => Io::Failed(e),
            };
        }
    }

    /// Takes one datagram: unlike in a stream, more may follow a short one.
    pub fn recv_datagram(&self, buf: &mut [u8]) -> Io {
        let got = self.raw_recv(buf);
        if matches!(got, Io::Done(_) | Io::Eof) {
            self.note(READABLE);
        }
        got
    }

    /// Looks at what has arrived without taking it.
    pub fn peek(&self, buf: &mut [u8]) -> Io {
        if let Layer::Stream(pipe) = &self.layer {
            return pipe.peek(buf);
        }
        if let Layer::Tls(tls) = &self.layer {
            // tickets and the like are no data: only what decrypts to something counts
            if !tls.borrow().has_plain() {
                match self.tls_recv(tls, &mut []) {
                    Io::Done(_) => {}
                    other => return other,
                }
            }
            return Io::Done(tls.borrow().peek(buf));
        }
        let Some(fd) = &self.fd else { return Io::Eof };
        match rustix::net::recv(fd, buf, RecvFlags::PEEK) {
            Ok((_, 0)) => Io::Eof,
            Ok((_, n)) => Io::Done(n),
            Err(Errno::AGAIN | Errno::INTR) => Io::Blocked,
            Err(e) => Io::Failed(e),
        }
    }

    /// Writes once from `buf`. `more` holds a partial segment back for what follows.
    #[inline]
    pub fn send(&self, buf: &[u8], more: bool) -> Io {
        match &self.layer {
            Layer::Plain => self.raw_send(buf, more),
            Layer::Tls(tls) => {
                let buffers = &mut *self.worker.tls.borrow_mut();
                tls.borrow_mut()
                    .send(buf, buffers, |b| self.raw_send(b, more))
            }
            Layer::Stream(pipe) => self.stream_send(pipe, &[buf]),
        }
    }

    /// Whether a connection under way stands, as an empty write tells: `NOTCONN` while it does
    /// not.
    pub fn probe(&self) -> Io {
        match self.pipe() {
            // handed out once its connection stands
            Some(_) => Io::Done(0),
            None => self.raw_send(&[], false),
        }
    }

    #[inline]
    fn raw_send(&self, buf: &[u8], more: bool) -> Io {
        let Some(fd) = &self.fd else {
            return Io::Failed(Errno::BADF);
        };
        if !self.writable() {
            self.watch();
            return Io::Blocked;
        }
        let flags = if more {
            SendFlags::NOSIGNAL | SendFlags::MORE
        } else {
            SendFlags::NOSIGNAL
        };
        self.sent(buf.len(), || rustix::net::send(fd, buf, flags))
    }

    /// Writes once from several pieces.
    #[inline]
    pub fn send_vectored(&self, pieces: &[IoSlice<'_>], more: bool) -> Io {
        match &self.layer {
            Layer::Plain => {}
            Layer::Tls(tls) => {
                let buffers = &mut *self.worker.tls.borrow_mut();
                return tls
                    .borrow_mut()
                    .send_vectored(pieces, buffers, |b| self.raw_send(b, more));
            }
            Layer::Stream(pipe) => {
                let pieces: Vec<&[u8]> = pieces.iter().map(|p| &**p).collect();
                return self.stream_send(pipe, &pieces);
            }
        }
        let Some(fd) = &self.fd else {
            return Io::Failed(Errno::BADF);
        };
        if !self.writable() {
            self.watch();
            return Io::Blocked;
        }
        let flags = if more {
            SendFlags::NOSIGNAL | SendFlags::MORE
        } else {
            SendFlags::NOSIGNAL
        };
        let total = pieces.iter().map(|p| p.len()).sum();
        let mut control = rustix::net::SendAncillaryBuffer::default();
        self.sent(total, || {
            rustix::net::sendmsg(fd, pieces, &mut control, flags)
        })
    }

    #[inline]
    fn sent(&self, total: usize, mut send: impl FnMut() -> rustix::io::Result<usize>) -> Io {
        loop {
            return match send() {
                Ok(n) => {
                    if n < total {
                        self.clear(WRITABLE);
                        self.watch();
                    }
                    let (read, written) = self.moved.get();
                    self.moved.set((read, written + n as u64));
                    Io::Done(n)
                }
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN | Errno::INPROGRESS | Errno::ALREADY) => {
                    self.clear(WRITABLE);
                    self.watch();
                    Io::Blocked
                }
                Err(e) => Io::Failed(e),
            };
        }
    }

    /// Notes that it cannot be written now (a connection under way), and watches it.
    pub fn wait_writable(&self) {
        self.clear(WRITABLE);
        self.watch();
    }

    /// Ends the writing side.
    pub fn shutdown_write(&self) {
        if let Some(pipe) = self.pipe() {
            return pipe.finish();
        }
        self.farewell();
        if let Some(fd) = &self.fd {
            // a peer that is gone already has nothing to be told
            let _ = rustix::net::shutdown(fd, Shutdown::Write);
        }
    }

    /// Says `close_notify` on a TLS connection, so that nobody takes its end for a cut.
    fn farewell(&self) {
        if let Layer::Tls(tls) = &self.layer
            && !self.resets.get()
        {
            tls.borrow_mut().close(|b| self.raw_send(b, false));
        }
    }

    /// Drops the connection with a reset instead of an orderly end.
    pub fn abort(self) {
        self.reset_on_close();
    }

    /// Once dropped, the connection ends with a reset: no port stays taken for a minute.
    pub fn reset_on_close(&self) {
        self.resets.set(true);
        if let Some(fd) = &self.fd {
            let _ = rustix::net::sockopt::set_socket_linger(fd, Some(std::time::Duration::ZERO));
        }
    }

    /// Once dropped, the connection is gone without a word to the other side (`silent-drop`): by
    /// `TCP_REPAIR`, or, where that is not allowed or `ttl` is given, by a reset that lives for so
    /// many hops only (1).
    pub fn vanish_on_close(&self, ttl: Option<u8>) {
        let Some(fd) = &self.fd else { return };
        // what was received is acknowledged, or the other side would send it again
        let _ = rustix::net::sockopt::set_tcp_quickack(fd, true);
        let repair = nix::sys::socket::sockopt::TcpRepair;
        if ttl.is_some() || nix::sys::socket::setsockopt(fd, repair, &1).is_err() {
            let hops = u32::from(ttl.unwrap_or(1));
            let socket = socket2::SockRef::from(fd);
            // one of them fits the family
            let _ = socket.set_ttl_v4(hops);
            let _ = socket.set_unicast_hops_v6(hops);
        }
        self.reset_on_close();
    }

    /// The descriptor, for socket options.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.layer {
            Layer::Stream(pipe) => pipe.connection().fd(),
            _ => self.fd.as_ref().map(|fd| fd.as_fd()),
        }
    }

    /// The address of this end, if it has one.
    pub fn local_address(&self) -> Option<SocketAddr> {
        let name = rustix::net::getsockname(self.fd()?).ok()?;
        SocketAddr::try_from(name).ok()
    }

    /// The pending error of the socket (`SO_ERROR`), as after a connection attempt.
    pub fn take_error(&self) -> Option<Errno> {
        let fd = self.fd.as_ref()?;
        match rustix::net::sockopt::socket_error(fd) {
            Ok(Err(e)) => Some(e),
            Ok(Ok(())) => None,
            Err(e) => Some(e),
        }
    }

    /// Takes the descriptor away from this thread, to hand it to another.
    pub fn detach(&mut self) -> Option<Detached> {
        let fd = self.fd.take()?;
        if self.flags() & REGISTERED != 0 {
            let _ = epoll::delete(&self.worker.epoll, &fd);
        }
        Some(Detached {
            fd,
            tls: match std::mem::replace(&mut self.layer, Layer::Plain) {
                Layer::Tls(tls) => Some(tls),
                _ => None,
            },
        })
    }
}

impl Drop for Sock {
    fn drop(&mut self) {
        if let Some(pipe) = self.pipe() {
            pipe.close(self.resets.get());
        }
        self.farewell();
        // closing the last copy of a descriptor takes it out of the epoll set by itself
        self.worker.io.borrow_mut().remove(self.slot);
    }
}

//! Opening connections to servers.

use super::descriptors::Counted;
use super::pool::ServerConn;
use super::reactor::{Io, Sock, Wake, Worker};
use super::source;
use super::strict::Held;
use crate::base::sys;
use crate::ir::global::Tune;
use crate::ir::proxy::{Options as ProxyOptions, TcpKeepalive};
use crate::ir::{self, Address};
use crate::plan::{BackendPlan, ServerAddress};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, ipproto, sockopt};
use socket2::SockRef;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};

/// What a connection needs besides its target.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// `option srvtcpka`
    pub keepalive: bool,
    /// `srvtcpka-*`
    pub probes: TcpKeepalive,
    /// `source`
    pub source: Option<&'a Address>,
    /// The address of `usesrc`, instead
    pub foreign: Option<SocketAddr>,
    /// `source ... interface`
    pub interface: Option<&'a str>,
    /// `option nolinger`
    pub nolinger: bool,
    /// The connection is only to be opened and dropped (a check): the last step of the
    /// handshake is put off, so that the server's program never sees it.
    pub probe: bool,
    /// `option tcp-smart-connect`: the first data, which are there already, acknowledge the
    /// server's part of the handshake.
    pub smart: bool,
    /// `tcp-ut`, ms
    pub user_timeout: Option<u32>,
    /// `tfo`
    pub fast_open: bool,
    /// `tune.rcvbuf.server`
    pub rcvbuf: Option<u32>,
    /// `tune.sndbuf.server`
    pub sndbuf: Option<u32>,
    /// `set-bc-mark`, `set-bc-tos`
    pub marks: Marks,
}

/// What rules ask of packets to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// `set-bc-mark`
    pub mark: Option<u32>,
    /// `set-bc-tos`
    pub tos: Option<u8>,
}

impl Marks {
    /// What tells connections apart that are marked differently.
    pub fn text(self) -> String {
        format!("{self:?}")
    }
}

impl<'a> Options<'a> {
    /// What the configuration says about connections to a server.
    pub fn of(be: &BackendPlan, server: &'a ir::Server, tune: &Tune) -> Options<'a> {
        Options {
            keepalive: be.options.contains(ProxyOptions::SRVTCPKA),
            probes: be.srvtcpka,
            nolinger: be.options.contains(ProxyOptions::NOLINGER),
            source: server.source.as_ref(),
            foreign: None,
            interface: server.interface.as_deref(),
            probe: false,
            smart: be.options.contains(ProxyOptions::TCP_SMART_CONNECT),
            user_timeout: server.tcp_ut,
            fast_open: server.tfo,
            rcvbuf: tune.rcvbuf_server,
            sndbuf: tune.sndbuf_server,
            marks: Marks::default(),
        }
    }
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The system refused a socket (`Errno` says why): not the server's fault.
    Resource(Errno),
    /// Refused, unreachable, reset.
    Failed(Errno),
    /// `timeout connect` passed.
    TimedOut,
    /// The server has as many connections as `strict-maxconn` allows.
    Full,
    /// The request does not say where the connection is to come from (`usesrc hdr_ip`).
    NoSource,
    /// The TLS handshake failed: refused, broken off, or not trusted.
    Handshake,
    /// `timeout connect` passed while TLS was agreed upon.
    HandshakeTimedOut,
    /// The client left meanwhile.
    Abandoned,
}

/// Sets the TOS byte, or the traffic class of an IPv6 socket.
pub fn set_tos(fd: BorrowedFd<'_>, tos: u8) -> bool {
    sockopt::set_ip_tos(fd, tos).is_ok() || sockopt::set_ipv6_tclass(fd, tos.into()).is_ok()
}

/// Begins to connect. The connection may be still under way: writing tells.
///
/// # Errors
/// What the system says at once.
pub fn start(worker: &'static Worker, to: &ServerAddress, o: Options<'_>) -> Result<Sock, Fault> {
    match to {
        ServerAddress::Inet(addr) | ServerAddress::InetMapped(addr, _) => inet(worker, *addr, o),
        ServerAddress::Unix(path) => {
            let addr = SocketAddrUnix::new(path.as_slice()).map_err(Fault::Failed)?;
            local(worker, &addr)
        }
        ServerAddress::Abstract(name) => {
            let addr = SocketAddrUnix::new_abstract_name(name).map_err(Fault::Failed)?;
            local(worker, &addr)
        }
        ServerAddress::Unresolved => Err(Fault::Failed(Errno::HOSTUNREACH)),
    }
}

fn socket(family: AddressFamily, tcp: bool) -> Result<OwnedFd, Fault> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let protocol = tcp.then_some(ipproto::TCP);
    rustix::net::socket_with(family, SocketType::STREAM, flags, protocol).map_err(Fault::Resource)
}

fn inet(worker: &'static Worker, addr: SocketAddr, o: Options<'_>) -> Result<Sock, Fault> {
    let family = if addr.is_ipv4() {
        AddressFamily::INET
    } else {
        AddressFamily::INET6
    };
    let fd = socket(family, true)?;
    sockopt::set_tcp_nodelay(&fd, true).map_err(Fault::Resource)?;
    if o.keepalive {
        keep_alive(&fd, o.probes).map_err(Fault::Resource)?;
    }
    if o.probe || o.smart {
        sockopt::set_tcp_quickack(&fd, false).map_err(Fault::Resource)?;
    }
    if o.nolinger {
        let none = Some(std::time::Duration::ZERO);
        sockopt::set_socket_linger(&fd, none).map_err(Fault::Resource)?;
    }
    if let Some(ms) = o.user_timeout {
        sockopt::set_tcp_user_timeout(&fd, ms).map_err(Fault::Resource)?;
    }
    if let Some(n) = o.rcvbuf {
        sockopt::set_socket_recv_buffer_size(&fd, n as usize).map_err(Fault::Resource)?;
    }
    if let Some(n) = o.sndbuf {
        sockopt::set_socket_send_buffer_size(&fd, n as usize).map_err(Fault::Resource)?;
    }
    if o.fast_open {
        // an old kernel that knows nothing of it connects all the same
        let _ = sys::set_fastopen_connect(&fd);
    }
    // without the rights to do so, packets go unmarked, as in HAProxy
    if let Some(mark) = o.marks.mark {
        let _ = SockRef::from(&fd).set_mark(mark);
    }
    if let Some(tos) = o.marks.tos {
        set_tos(fd.as_fd(), tos);
    }
    if let Some(name) = o.interface {
        // HAProxy does not look at the outcome either
        let _ = SockRef::from(&fd).bind_device(Some(name.as_bytes()));
    }
    if let Some(foreign) = o.foreign {
        transparent(&fd, foreign).map_err(Fault::Resource)?;
        sockopt::set_socket_reuseaddr(&fd, true).map_err(Fault::Resource)?;
        rustix::net::bind(&fd, &foreign).map_err(Fault::Failed)?;
    } else if let Some(said) = o.source
        && let Some(source) = source::own(said)
    {
        if source.port() != 0 {
            sockopt::set_socket_reuseaddr(&fd, true).map_err(Fault::Resource)?;
        }
        if said.port_end > said.port {
            return from_range(worker, fd, source, said.port_end, &addr);
        }
        rustix::net::bind(&fd, &source).map_err(Fault::Failed)?;
    }
    match rustix::net::connect(&fd, &addr) {
        Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => Ok(Sock::new(worker, fd)),
        Err(e @ (Errno::AGAIN | Errno::ADDRNOTAVAIL | Errno::ADDRINUSE)) => Err(Fault::Resource(e)),
        Err(e) => Err(Fault::Failed(e)),
    }
}

/// Where the next connection begins to look for a free port of its range.
static TURN: AtomicU32 = AtomicU32::new(0);

/// Connects from the first port of a range (`source ADDRESS:LOW-HIGH`) that leads there.
#[cold]
fn from_range(
    worker: &'static Worker,
    fd: OwnedFd,
    mut source: SocketAddr,
    last: u16,
    to: &SocketAddr,
) -> Result<Sock, Fault> {
    let (first, count) = (source.port(), u32::from(last - source.port()) + 1);
    let turn = TURN.fetch_add(1, Ordering::Relaxed);
    for step in 0..count {
        let at = turn.wrapping_add(step) % count;
        source.set_port(first + at as u16);
        match rustix::net::bind(&fd, &source) {
            Ok(()) => {}
            Err(Errno::ADDRINUSE) => continue,
            Err(e) => return Err(Fault::Failed(e)),
        }
        match rustix::net::connect(&fd, to) {
            Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => return Ok(Sock::new(worker, fd)),
            // a connection of this pair lives or has just ended; the port stays bound to the socket
            Err(e @ (Errno::ADDRNOTAVAIL | Errno::ADDRINUSE)) => return Err(Fault::Resource(e)),
            Err(e) => return Err(Fault::Failed(e)),
        }
    }
    Err(Fault::Resource(Errno::ADDRINUSE))
}

/// Turns on keep-alive probes and says when they go out; what is not said is the system's.
///
/// # Errors
/// What the system says.
pub fn keep_alive(fd: &OwnedFd, probes: TcpKeepalive) -> Result<(), Errno> {
    let seconds = |n: u32| std::time::Duration::from_secs(n.into());
    sockopt::set_socket_keepalive(fd, true)?;
    if let Some(n) = probes.idle {
        sockopt::set_tcp_keepidle(fd, seconds(n))?;
    }
    if let Some(n) = probes.interval {
        sockopt::set_tcp_keepintvl(fd, seconds(n))?;
    }
    if let Some(n) = probes.count {
        sockopt::set_tcp_keepcnt(fd, n)?;
    }
    Ok(())
}

/// Lets a socket have an address that is not this machine's.
fn transparent(fd: &OwnedFd, address: SocketAddr) -> Result<(), Errno> {
    let socket = SockRef::from(fd);
    let done = if address.is_ipv4() {
        socket.set_ip_transparent_v4(true)
    } else {
        socket.set_ip_transparent_v6(true)
    };
    done.map_err(|e| Errno::from_io_error(&e).unwrap_or(Errno::PERM))
}

fn local(worker: &'static Worker, addr: &SocketAddrUnix) -> Result<Sock, Fault> {
    let fd = socket(AddressFamily::UNIX, false)?;
    match rustix::net::connect(&fd, addr) {
        Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => Ok(Sock::new(worker, fd)),
        Err(e) => Err(Fault::Failed(e)),
    }
}

/// Waits until the connection stands, or `until` (ms tick) passes; `abandoned` may give up early.
///
/// # Errors
/// As the connection attempt ended.
pub async fn established(
    worker: &'static Worker,
    sock: &Sock,
    until: u64,
    mut abandoned: impl FnMut() -> bool,
) -> Result<(), Option<Fault>> {
    loop {
        // an empty write tells without moving anything: ENOTCONN or EAGAIN while under way
        match sock.probe() {
            Io::Done(_) => break,
            Io::Failed(Errno::NOTCONN) => sock.wait_writable(),
            Io::Failed(e) => return Err(Some(Fault::Failed(sock.take_error().unwrap_or(e)))),
            Io::Eof | Io::Blocked => {}
        }
        if abandoned() {
            return Err(None);
        }
        if worker.park(until).await == Wake::TimedOut {
            return Err(Some(Fault::TimedOut));
        }
    }
    loop {
        match sock.handshake() {
            Io::Done(_) => {
                if sock.is_tls() {
                    super::tls::remember(sock);
                }
                return Ok(());
            }
            Io::Blocked => {}
            Io::Eof | Io::Failed(_) => return Err(Some(Fault::Handshake)),
        }
        if abandoned() {
            return Err(None);
        }
        if worker.park(until).await == Wake::TimedOut {
            return Err(Some(Fault::HandshakeTimedOut));
        }
    }
}

impl ServerConn {
    /// A new connection.
    pub fn new(sock: Sock, kind: u64, counted: Counted, strict: Option<Held>) -> ServerConn {
        ServerConn {
            sock,
            kind,
            counted,
            strict,
            uses: 0,
            idle_since: 0,
            home: None,
            lingers: false,
        }
    }
}

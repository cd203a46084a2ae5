//! Opens one address.

use super::Binding;
use crate::base::sys;
use crate::control::handover::Inheritance;
use crate::ir::bind::{Bind, Shards, UnixPermissions, group_size};
use crate::plan::ListenerPlan;
use crate::plan::listener::ListenAddress;
use socket2::{Domain, SockAddr, Socket, Type};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Why an address could not be opened.
pub(super) struct Refused {
    pub(super) message: String,
    pub(super) in_use: bool,
}

/// The system's words for an error, without the number that `io::Error` appends.
fn reason(error: &io::Error) -> String {
    error.raw_os_error().map_or_else(
        || error.to_string(),
        |code| nix::errno::Errno::from_raw(code).desc().to_string(),
    )
}

/// Opens the sockets of one listener; those that the old process gave come first.
pub(super) fn open(
    listener: &ListenerPlan,
    how: &Binding,
    backlog: u32,
    old: &mut Inheritance,
    warnings: &mut Vec<String>,
) -> Result<Vec<OwnedFd>, Refused> {
    let backlog = i32::try_from(backlog.max(1)).unwrap_or(i32::MAX);
    let settings = &listener.settings;
    match &listener.address {
        ListenAddress::Inet(address) => {
            let protocol = if address.is_ipv4() { "tcpv4" } else { "tcpv6" };
            let refuse = |(what, error): (String, io::Error)| Refused {
                message: format!(
                    "protocol {protocol}: {what} ({}) for [{}].",
                    reason(&error),
                    shown(*address)
                ),
                in_use: error.kind() == io::ErrorKind::AddrInUse,
            };
            let mut sockets = Vec::new();
            for _ in 0..shards(settings, how) {
                if let Some(socket) = old.take(&listener.address, settings) {
                    sockets.push(inherit(socket, settings, backlog).map_err(refuse)?);
                    continue;
                }
                let mut doubts = Vec::new();
                match inet(*address, settings, how, backlog, &mut doubts) {
                    Ok(socket) => sockets.push(socket.into()),
                    // the sockets of a predecessor that shares them with nobody
                    Err(_) if !sockets.is_empty() => break,
                    Err(failed) => return Err(refuse(failed)),
                }
                if sockets.len() == 1 {
                    warnings.extend(doubts.into_iter().map(|failed| refuse(failed).message));
                }
            }
            Ok(sockets)
        }
        ListenAddress::Unix(path) => {
            let shown = String::from_utf8_lossy(path).into_owned();
            let place = Path::new(std::ffi::OsStr::from_bytes(path));
            let opened = match old.take(&listener.address, settings) {
                // somebody else's socket stands there now, or none: a new one is needed
                Some(socket) if place.exists() => {
                    inherit(socket, settings, backlog).and_then(|s| {
                        permissions(place, &settings.unix)
                            .map_err(changing)
                            .map(|()| s)
                    })
                }
                _ => unix(place, settings, backlog).map(OwnedFd::from),
            };
            opened
                .map(|socket| vec![socket])
                .map_err(|(what, error)| Refused {
                    message: format!(
                        "protocol unix_stream: {what} ({}) [{shown}].",
                        reason(&error)
                    ),
                    in_use: error.kind() == io::ErrorKind::AddrInUse,
                })
        }
        ListenAddress::Abstract(name) => {
            let shown = String::from_utf8_lossy(name)
                .trim_end_matches('\0')
                .to_string();
            let opened = match old.take(&listener.address, settings) {
                Some(socket) => inherit(socket, settings, backlog).map_err(|(_, error)| error),
                None => abstract_unix(name, backlog).map(OwnedFd::from),
            };
            opened.map(|socket| vec![socket]).map_err(|error| Refused {
                message: format!(
                    "protocol abns_stream: cannot bind UNIX socket ({}) [abns@{shown}].",
                    if error.kind() == io::ErrorKind::AddrInUse {
                        "already in use".to_string()
                    } else {
                        reason(&error)
                    }
                ),
                in_use: error.kind() == io::ErrorKind::AddrInUse,
            })
        }
        ListenAddress::Fd(number) => take_over(*number, settings, backlog)
            .map(|s| vec![s.into()])
            .map_err(|error| Refused {
                message: format!(
                    "cannot use file descriptor '{number}' : {}.",
                    reason(&error)
                ),
                in_use: false,
            }),
    }
}

fn shown(address: SocketAddr) -> String {
    format!("{}:{}", address.ip(), address.port())
}

/// How many sockets an address opens: one per thread by default, so that the kernel spreads
/// connections without a shared accept queue.
fn shards(settings: &Bind, how: &Binding) -> usize {
    let threads = settings.accepting_threads(how.threads, how.groups);
    let wanted = match settings.shards.unwrap_or(Shards::ByThread) {
        Shards::ByThread => threads.len(),
        Shards::ByGroup => {
            let size = group_size(how.threads, how.groups);
            let mut groups: Vec<usize> = threads.iter().map(|thread| thread / size).collect();
            groups.dedup();
            groups.len()
        }
        Shards::Count(number) => usize::try_from(number).unwrap_or(1),
    };
    if how.reuse_port {
        wanted.clamp(1, threads.len().max(1))
    } else {
        1
    }
}

type Failed = (String, io::Error);

fn inet(
    address: SocketAddr,
    settings: &Bind,
    how: &Binding,
    backlog: i32,
    doubts: &mut Vec<Failed>,
) -> Result<Socket, Failed> {
    let cannot = |what: &str| {
        let what = what.to_string();
        move |error: io::Error| (what.clone(), error)
    };
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM.nonblocking(),
        None,
    )
    .map_err(cannot("cannot create receiving socket"))?;
    socket
        .set_reuse_address(true)
        .map_err(cannot("cannot set SO_REUSEADDR"))?;
    if how.reuse_port {
        socket
            .set_reuse_port(true)
            .map_err(cannot("cannot set SO_REUSEPORT"))?;
    }
    // Accepted sockets inherit it: one system call less for each of them.
    let _ = socket.set_tcp_nodelay(true);
    let mut doubt = |what: &str, done: io::Result<()>| {
        if let Err(error) = done {
            doubts.push((what.to_string(), error));
        }
    };
    if settings.transparent {
        let done = match address {
            SocketAddr::V4(_) => socket
                .set_ip_transparent_v4(true)
                .or_else(|_| socket.set_freebind_v4(true)),
            SocketAddr::V6(_) => socket
                .set_ip_transparent_v6(true)
                .or_else(|_| socket.set_freebind_v6(true)),
        };
        doubt("cannot make receiving socket transparent", done);
    }
    if let Some(interface) = &settings.interface {
        let done = socket.bind_device(Some(interface.as_bytes()));
        doubt(
            &format!("cannot bind receiver to device '{interface}'"),
            done,
        );
    }
    if address.is_ipv6() {
        // `v4v6` takes IPv4 clients too, `v6only` never; else the system's default stands.
        if settings.v6only || settings.v4v6 {
            doubt(
                "cannot set IPV6_V6ONLY",
                socket.set_only_v6(settings.v6only),
            );
        }
    }
    if let Some(mss) = settings.mss {
        doubt("cannot set MSS", socket.set_tcp_mss(mss.unsigned_abs()));
    }
    if let Some(ms) = settings.tcp_ut {
        let limit = std::time::Duration::from_millis(u64::from(ms));
        doubt(
            "cannot set TCP User Timeout",
            socket.set_tcp_user_timeout(Some(limit)),
        );
    }
    if settings.defer_accept {
        doubt(
            "cannot enable DEFER_ACCEPT",
            sys::set_defer_accept(&socket, 1),
        );
    }
    if settings.tfo {
        doubt(
            "cannot enable TCP_FASTOPEN",
            sys::set_fastopen(&socket, backlog),
        );
    }
    socket
        .bind(&SockAddr::from(address))
        .map_err(cannot("cannot bind socket"))?;
    socket
        .listen(backlog)
        .map_err(cannot("cannot listen to socket"))?;
    Ok(socket)
}

/// Binds under a name of its own, sets owner and mode, and only then moves the socket to its
/// place: nobody can connect before the rights are right, and a predecessor's socket stays until
/// this one is ready.
fn unix(path: &Path, settings: &Bind, backlog: i32) -> Result<Socket, Failed> {
    let cannot = |what: &str| {
        let what = what.to_string();
        move |error: io::Error| (what.clone(), error)
    };
    if fs::symlink_metadata(path).is_ok_and(|m| m.is_dir()) {
        return Err((
            "error when trying to preserve previous UNIX socket".to_string(),
            io::Error::from_raw_os_error(nix::libc::EPERM),
        ));
    }
    let mut name = path.as_os_str().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = PathBuf::from(name);
    let _ = fs::remove_file(&temporary);
    let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None)
        .map_err(cannot("cannot create receiving socket"))?;
    let address = SockAddr::unix(&temporary).map_err(cannot("cannot bind UNIX socket"))?;
    socket
        .bind(&address)
        .map_err(cannot("cannot bind UNIX socket"))?;
    let ready = permissions(&temporary, &settings.unix)
        .map_err(changing)
        .and_then(|()| {
            socket
                .listen(backlog)
                .map_err(cannot("cannot listen to socket"))
        })
        .and_then(|()| {
            fs::rename(&temporary, path)
                .map_err(cannot("cannot switch final and temporary UNIX sockets"))
        });
    match ready {
        Ok(()) => Ok(socket),
        Err(failed) => {
            let _ = fs::remove_file(&temporary);
            Err(failed)
        }
    }
}

fn changing(error: io::Error) -> Failed {
    ("cannot change UNIX socket ownership".to_string(), error)
}

/// Owner and mode of a unix socket. Names were checked when the configuration was read; `uid` and
/// `gid` win over them.
fn permissions(path: &Path, wanted: &UnixPermissions) -> io::Result<()> {
    let uid = match (&wanted.uid, &wanted.user) {
        (Some(uid), _) => Some(*uid),
        (None, Some((name, _))) => nix::unistd::User::from_name(name)?.map(|u| u.uid.as_raw()),
        (None, None) => None,
    };
    let gid = match (&wanted.gid, &wanted.group) {
        (Some(gid), _) => Some(*gid),
        (None, Some((name, _))) => nix::unistd::Group::from_name(name)?.map(|g| g.gid.as_raw()),
        (None, None) => None,
    };
    if uid.is_some() || gid.is_some() {
        std::os::unix::fs::chown(path, uid, gid)?;
    }
    if let Some(mode) = wanted.mode {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

fn abstract_unix(name: &[u8], backlog: i32) -> io::Result<Socket> {
    let mut field = vec![0u8; 1];
    field.extend_from_slice(name);
    let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None)?;
    let address = SockAddr::unix(std::ffi::OsStr::from_bytes(&field))?;
    socket.bind(&address)?;
    socket.listen(backlog)?;
    Ok(socket)
}

/// A socket of the old process: it may have been paused or have another queue.
fn inherit(socket: OwnedFd, settings: &Bind, backlog: i32) -> Result<OwnedFd, Failed> {
    let socket = Socket::from(socket);
    let ready = socket
        .set_nonblocking(true)
        .and_then(|()| socket.listen(backlog));
    ready.map_err(|error| ("cannot listen to socket".to_string(), error))?;
    // what the old configuration asked for may not be wanted any more; unix sockets know neither
    let _ = sys::set_defer_accept(&socket, i32::from(settings.defer_accept));
    if let Some(mss) = settings.mss {
        let _ = socket.set_tcp_mss(mss.unsigned_abs());
    }
    Ok(socket.into())
}

/// A descriptor handed to us by whoever started the process. It must be a bound stream socket;
/// listening again only sets the length of the queue.
fn take_over(number: i32, settings: &Bind, backlog: i32) -> io::Result<Socket> {
    let socket = Socket::from(sys::inherited(number)?);
    let address = socket.local_addr()?;
    if socket.r#type()? != Type::STREAM {
        return Err(io::Error::from_raw_os_error(nix::libc::ESOCKTNOSUPPORT));
    }
    socket.set_nonblocking(true)?;
    socket.listen(backlog)?;
    if address.is_ipv4() || address.is_ipv6() {
        let _ = socket.set_tcp_nodelay(true);
        if settings.defer_accept {
            let _ = sys::set_defer_accept(&socket, 1);
        }
    }
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::span::Span;
    use crate::plan::ListenerId;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::MetadataExt;
    use std::sync::Arc;

    fn listener(address: ListenAddress, change: impl FnOnce(&mut Bind)) -> ListenerPlan {
        let mut settings = Bind::new(Vec::new(), Span::default());
        change(&mut settings);
        ListenerPlan {
            id: ListenerId(0),
            frontend: None,
            address,
            name: None,
            uuid: 1,
            tls: None,
            settings: Arc::new(settings),
            written: String::new(),
        }
    }

    fn try_open(listener: &ListenerPlan, threads: usize) -> Result<Vec<OwnedFd>, String> {
        let how = Binding {
            threads,
            groups: 1,
            reuse_port: true,
            backlog: 10,
        };
        let mut warnings = Vec::new();
        open(
            listener,
            &how,
            10,
            &mut Inheritance::default(),
            &mut warnings,
        )
        .map_err(|r| r.message)
    }

    fn any_port() -> ListenAddress {
        ListenAddress::Inet("127.0.0.1:0".parse().unwrap())
    }

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("hapax-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        path
    }

    #[test]
    fn an_address_opens_one_socket_per_thread_unless_the_line_says_otherwise() {
        let by_thread = listener(any_port(), |_| {});
        assert_eq!(try_open(&by_thread, 3).unwrap().len(), 3);
        let by_group = listener(any_port(), |b| b.shards = Some(Shards::ByGroup));
        assert_eq!(try_open(&by_group, 3).unwrap().len(), 1);
        let two = listener(any_port(), |b| b.shards = Some(Shards::Count(2)));
        assert_eq!(try_open(&two, 3).unwrap().len(), 2);
        let many = listener(any_port(), |b| b.shards = Some(Shards::Count(9)));
        assert_eq!(try_open(&many, 3).unwrap().len(), 3);
    }

    #[test]
    fn an_address_in_use_is_told_in_haproxys_words() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let message = try_open(&listener(ListenAddress::Inet(address), |_| {}), 1).unwrap_err();
        assert_eq!(
            message,
            format!("protocol tcpv4: cannot bind socket (Address already in use) for [{address}].")
        );
    }

    #[test]
    fn a_unix_socket_gets_its_mode_and_replaces_an_old_one() {
        let dir = directory("unix");
        let path = dir.join("s");
        let address = ListenAddress::Unix(path.as_os_str().as_bytes().to_vec());
        let socket = listener(address, |b| b.unix.mode = Some(0o640));
        let first = try_open(&socket, 4).unwrap();
        assert_eq!(first.len(), 1);
        let before = fs::metadata(&path).unwrap();
        assert_eq!(before.mode() & 0o777, 0o640);
        let _second = try_open(&socket, 4).unwrap();
        assert_ne!(fs::metadata(&path).unwrap().ino(), before.ino());
        std::os::unix::net::UnixStream::connect(&path).unwrap();
        let left: Vec<_> = fs::read_dir(&dir).unwrap().collect();
        assert_eq!(left.len(), 1, "the temporary name is gone: {left:?}");
        let message = try_open(
            &listener(ListenAddress::Unix(b"/nonexistent/s".to_vec()), |_| {}),
            1,
        )
        .unwrap_err();
        assert_eq!(
            message,
            "protocol unix_stream: cannot bind UNIX socket (No such file or directory) [/nonexistent/s]."
        );
        let _ = fs::remove_dir_all(dir);
    }

    #[test]
    fn an_abstract_name_is_taken_once() {
        let name = format!("hapax-test-{}", std::process::id());
        let mut full = name.clone().into_bytes();
        full.resize(107, 0);
        let address = ListenAddress::Abstract(full);
        let first = try_open(&listener(address.clone(), |_| {}), 1).unwrap();
        let name_length = Socket::from(first.into_iter().next().unwrap());
        assert_eq!(name_length.local_addr().unwrap().len(), 110);
        let message = try_open(&listener(address, |_| {}), 1).unwrap_err();
        assert_eq!(
            message,
            format!(
                "protocol abns_stream: cannot bind UNIX socket (already in use) [abns@{name}]."
            )
        );
    }

    #[test]
    fn an_inherited_listener_is_used_and_anything_else_refused() {
        let given = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let number = given.as_raw_fd();
        let sockets = try_open(&listener(ListenAddress::Fd(number), |_| {}), 4).unwrap();
        assert_eq!(sockets.len(), 1);
        std::net::TcpStream::connect(given.local_addr().unwrap()).unwrap();
        let file = fs::File::open("/dev/null").unwrap();
        let number = file.as_raw_fd();
        let message = try_open(&listener(ListenAddress::Fd(number), |_| {}), 4).unwrap_err();
        assert_eq!(
            message,
            format!("cannot use file descriptor '{number}' : Socket operation on non-socket.")
        );
    }
}

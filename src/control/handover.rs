//! Listening sockets handed from the old process to the new one (`-x`, `expose-fd listeners`), so
//! that no connection in an accept queue is lost.
//!
//! The exchange is what HAProxy 3.4 was seen to do, so that either program can follow the other:
//! the new process sends `_getsocks`; the old one sends the number of sockets (four bytes, in the
//! machine's order) and then messages of at most 252 descriptors, between which it waits for a
//! byte. The bytes of a message describe its descriptors: the name of a network namespace and
//! that of an interface, each after a byte with its length, and four bytes of options.

use super::ipc;
use crate::base::sys;
use crate::ir::bind::Bind;
use crate::plan::ListenerPlan;
use crate::plan::listener::ListenAddress;
use rustix::net::SocketAddrAny;
use socket2::SockRef;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// The command, as the runtime API takes it.
pub const COMMAND: &str = "_getsocks";
/// Descriptors per message.
const BATCH: usize = 252;
/// The longest description of one socket: two names and the options.
const DESCRIPTION: usize = 2 * 256 + 4;
/// The longest exchange of one message.
const PATIENCE: Duration = Duration::from_secs(5);

/// Gives sockets to the process at the other end of a connection to the runtime API.
///
/// # Errors
/// When the other end is gone, or is no process that wants sockets.
pub fn give(
    mut client: impl AsFd + Read,
    sockets: &[(BorrowedFd<'_>, &ListenerPlan)],
) -> io::Result<()> {
    let count = u32::try_from(sockets.len()).unwrap_or(u32::MAX);
    ipc::send(&client, &count.to_ne_bytes(), &[])?;
    let mut batches = sockets.chunks(BATCH).peekable();
    while let Some(batch) = batches.next() {
        let mut text = Vec::new();
        for (_, listener) in batch {
            text.push(0);
            let interface = listener.settings.interface.as_deref().unwrap_or_default();
            let interface = interface.as_bytes();
            text.push(u8::try_from(interface.len()).unwrap_or(0));
            text.extend_from_slice(interface);
            text.extend_from_slice(&[0; 4]);
        }
        let descriptors: Vec<BorrowedFd<'_>> = batch.iter().map(|(fd, _)| *fd).collect();
        ipc::send(&client, &text, &descriptors)?;
        if batches.peek().is_some() && client.read(&mut [0])? == 0 {
            break;
        }
    }
    Ok(())
}

/// A socket of the old process.
#[derive(Debug)]
struct Given {
    socket: OwnedFd,
    interface: Vec<u8>,
}

/// Sockets that an old process gave and that nobody has taken yet.
#[derive(Debug, Default)]
pub struct Inheritance {
    given: Vec<Given>,
}

/// Asks the process behind `source` for its sockets: the path of a unix socket, or `sockpair@`
/// with the number of a descriptor that the master left open.
///
/// # Errors
/// When it cannot be reached, or gives none.
pub fn ask(source: &Path) -> io::Result<Inheritance> {
    let number = source
        .as_os_str()
        .as_bytes()
        .strip_prefix(b"sockpair@")
        .and_then(|n| std::str::from_utf8(n).ok()?.parse::<i32>().ok());
    let stream = match number {
        Some(number) => ipc::connect(sys::inherited(number)?)?,
        None => UnixStream::connect(source)?,
    };
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    receive(stream)
}

fn receive(mut stream: UnixStream) -> io::Result<Inheritance> {
    stream.write_all(COMMAND.as_bytes())?;
    stream.write_all(b"\n")?;
    let mut count = [0; 4];
    stream.read_exact(&mut count)?;
    let count = u32::from_ne_bytes(count) as usize;
    // an answer in words is one that knows no such command
    if count > 1_000_000 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut given = Vec::new();
    let mut buffer = vec![0; BATCH * DESCRIPTION];
    while given.len() < count {
        let (bytes, descriptors) = ipc::receive(&stream, &mut buffer)?;
        if descriptors.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut text = buffer.get(..bytes).unwrap_or_default();
        for socket in descriptors {
            let _namespace = name(&mut text);
            let interface = name(&mut text).to_vec();
            text = text.get(4..).unwrap_or_default();
            given.push(Given { socket, interface });
        }
        if given.len() < count {
            stream.write_all(&[0])?;
        }
    }
    Ok(Inheritance { given })
}

/// Takes a name with its length before it off the front.
fn name<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let Some((length, rest)) = text.split_first() else {
        return &[];
    };
    let (name, rest) = rest.split_at(rest.len().min(usize::from(*length)));
    *text = rest;
    name
}

impl Inheritance {
    /// How many sockets nobody has taken yet.
    pub fn len(&self) -> usize {
        self.given.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// Takes a socket that listens where a `bind` line wants to.
    pub fn take(&mut self, address: &ListenAddress, settings: &Bind) -> Option<OwnedFd> {
        let fits = |given: &Given| {
            given.interface == settings.interface.as_deref().unwrap_or_default().as_bytes()
                && same_place(&given.socket, address, settings)
        };
        let at = self.given.iter().position(fits)?;
        Some(self.given.remove(at).socket)
    }
}

fn same_place(socket: &OwnedFd, address: &ListenAddress, settings: &Bind) -> bool {
    let Ok(own) = rustix::net::getsockname(socket) else {
        return false;
    };
    match address {
        ListenAddress::Inet(wanted) => {
            let only_v6 = || SockRef::from(socket).only_v6().unwrap_or(false);
            let family = !wanted.is_ipv6()
                || !wanted.ip().is_unspecified()
                || !(settings.v6only || settings.v4v6)
                || only_v6() == settings.v6only;
            family && SocketAddr::try_from(own).is_ok_and(|own| own == *wanted)
        }
        ListenAddress::Unix(wanted) => unix_path(own).is_some_and(|own| own == *wanted),
        ListenAddress::Abstract(wanted) => {
            let trimmed = |name: &[u8]| {
                let end = name.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
                name.get(..end).unwrap_or_default().to_vec()
            };
            abstract_name(own).is_some_and(|own| trimmed(&own) == trimmed(wanted))
        }
        ListenAddress::Fd(_) => false,
    }
}

/// The path that a unix socket was made for: it was bound beside it, under `PATH.PID.tmp`.
fn unix_path(own: SocketAddrAny) -> Option<Vec<u8>> {
    let own = rustix::net::SocketAddrUnix::try_from(own).ok()?;
    let path = own.path()?.to_bytes().to_vec();
    let place = path.strip_suffix(b".tmp").and_then(|path| {
        let dot = path.iter().rposition(|b| *b == b'.')?;
        let number = path.get(dot + 1..)?;
        (!number.is_empty() && number.iter().all(u8::is_ascii_digit)).then(|| path.get(..dot))?
    });
    Some(place.map_or(path.clone(), <[u8]>::to_vec))
}

fn abstract_name(own: SocketAddrAny) -> Option<Vec<u8>> {
    let own = rustix::net::SocketAddrUnix::try_from(own).ok()?;
    own.abstract_name().map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::span::Span;
    use crate::plan::ListenerId;
    use std::net::TcpListener;
    use std::sync::Arc;

    fn listener(interface: Option<&str>) -> ListenerPlan {
        let mut settings = Bind::new(Vec::new(), Span::default());
        settings.interface = interface.map(Into::into);
        ListenerPlan {
            id: ListenerId(0),
            frontend: None,
            address: ListenAddress::Fd(3),
            name: None,
            uuid: 1,
            tls: None,
            settings: Arc::new(settings),
            written: String::new(),
        }
    }

    /// What the new process gets when the old one has these.
    fn handed(sockets: &[(BorrowedFd<'_>, &ListenerPlan)]) -> Inheritance {
        let (new, mut old) = UnixStream::pair().unwrap();
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| receive(new).unwrap());
            let mut line = [0; COMMAND.len() + 1];
            old.read_exact(&mut line).unwrap();
            assert_eq!(&line, b"_getsocks\n");
            give(&old, sockets).unwrap();
            asked.join().unwrap()
        })
    }

    #[test]
    fn sockets_cross_in_batches_and_are_found_by_address_and_interface() {
        let sockets: Vec<_> = (0..300)
            .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
            .collect();
        let (plain, on_lo) = (listener(None), listener(Some("lo")));
        let mut list: Vec<_> = sockets.iter().map(|s| (s.as_fd(), &plain)).collect();
        list[299].1 = &on_lo;
        let mut inheritance = handed(&list);
        assert_eq!(inheritance.len(), 300);
        let place = |index: usize| ListenAddress::Inet(sockets[index].local_addr().unwrap());
        assert!(inheritance.take(&place(0), &on_lo.settings).is_none());
        let got = inheritance.take(&place(0), &plain.settings).unwrap();
        let got = TcpListener::from(got).local_addr().unwrap();
        assert_eq!(got, sockets[0].local_addr().unwrap());
        assert!(inheritance.take(&place(0), &plain.settings).is_none());
        assert!(inheritance.take(&place(299), &plain.settings).is_none());
        assert!(inheritance.take(&place(299), &on_lo.settings).is_some());
        assert_eq!(inheritance.len(), 298);
    }

    #[test]
    fn a_unix_socket_is_known_by_the_path_that_it_was_moved_to() {
        let path = std::env::temp_dir().join(format!("hapax-handover-{}", std::process::id()));
        let temporary = format!("{}.123.tmp", path.display());
        let _ = std::fs::remove_file(&temporary);
        let socket = std::os::unix::net::UnixListener::bind(&temporary).unwrap();
        std::fs::remove_file(&temporary).unwrap();
        let plain = listener(None);
        let mut inheritance = handed(&[(socket.as_fd(), &plain)]);
        let other = ListenAddress::Unix(b"/tmp/other".to_vec());
        assert!(inheritance.take(&other, &plain.settings).is_none());
        let place = ListenAddress::Unix(path.as_os_str().as_bytes().to_vec());
        assert!(inheritance.take(&place, &plain.settings).is_some());
    }

    #[test]
    fn an_answer_in_words_is_refused() {
        let (new, mut old) = UnixStream::pair().unwrap();
        old.write_all(b"Unknown command: '_getsocks'\n").unwrap();
        assert!(receive(new).is_err());
        let (new, old) = UnixStream::pair().unwrap();
        drop(old);
        assert!(receive(new).is_err());
    }
}

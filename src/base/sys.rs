//! The system calls that no safe crate offers. The one module where `unsafe` is allowed.
#![allow(unsafe_code)]

use nix::libc;
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

/// The two sides of [`fork`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forked {
    /// In the process that asked; the number of the new one.
    Parent(i32),
    /// In the new process.
    Child,
}

/// Splits the process in two. To be called before any thread was started.
///
/// # Errors
/// What fork(2) says; `Other` when the process has more than one thread, whose locks the child
/// could wait for without end.
pub fn fork() -> io::Result<Forked> {
    // A thread that was joined a moment ago may still be on its way out of the kernel.
    let mut tries = 0;
    while std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count) > 1 {
        tries += 1;
        if tries > 100 {
            return Err(io::Error::other("the process has threads already"));
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    // SAFETY: there is no other thread (checked above), so every lock that the child inherits is
    // free, and the child may run any code.
    match unsafe { nix::unistd::fork() } {
        Ok(nix::unistd::ForkResult::Parent { child }) => Ok(Forked::Parent(child.as_raw())),
        Ok(nix::unistd::ForkResult::Child) => Ok(Forked::Child),
        Err(error) => Err(error.into()),
    }
}

/// Seconds that local time is ahead of UTC at a moment (seconds since 1970).
pub fn local_offset(seconds: i64) -> i64 {
    // SAFETY: `tm` is plain data for which all zeros are valid, and localtime_r writes only to it.
    unsafe {
        let mut tm: libc::tm = std::mem::zeroed();
        if libc::localtime_r(&seconds, &mut tm).is_null() {
            return 0;
        }
        tm.tm_gmtoff
    }
}

/// A moment (seconds since 1970) in the format of strftime(3), local time or UTC, written to the
/// beginning of `out`; its length. `None` if it does not fit.
pub fn format_time(
    format: &std::ffi::CStr,
    seconds: i64,
    local: bool,
    out: &mut [u8],
) -> Option<usize> {
    // SAFETY: `tm` is plain data for which all zeros are valid; localtime_r and gmtime_r write
    // only to it; strftime writes at most `out.len()` bytes and reads `format` up to its NUL.
    unsafe {
        let mut tm: libc::tm = std::mem::zeroed();
        let filled = match local {
            true => libc::localtime_r(&seconds, &mut tm),
            false => libc::gmtime_r(&seconds, &mut tm),
        };
        if filled.is_null() {
            return None;
        }
        let len = libc::strftime(out.as_mut_ptr().cast(), out.len(), format.as_ptr(), &tm);
        (len > 0 || format.is_empty()).then_some(len)
    }
}

/// A copy of a descriptor that this process was started with (`fd@3`), closed on exec.
///
/// # Errors
/// `EBADF` when no such descriptor is open.
pub fn inherited(fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: F_DUPFD_CLOEXEC reads no memory; the number it returns belongs to nobody else yet,
    // so the OwnedFd is its only owner.
    unsafe {
        let copy = libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3);
        if copy < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(OwnedFd::from_raw_fd(copy))
    }
}

/// Takes over a descriptor that an earlier program left open in this process for this one (whose
/// number came through the environment or the command line). It is closed on exec from now on.
///
/// # Errors
/// `EBADF` when no such descriptor is open or it is one of the standard streams.
pub fn adopt(fd: RawFd) -> io::Result<OwnedFd> {
    if fd <= 2 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: F_SETFD reads no memory; it fails for a number that is not open. What opened the
    // descriptor was the program before exec, so nothing in this one owns it; each number is
    // adopted once, at the start, before this program opened descriptors of its own.
    unsafe {
        if libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

/// Sets an option whose value is an `int`.
fn set_int(fd: impl AsFd, level: i32, name: i32, value: i32) -> io::Result<()> {
    let value: libc::c_int = value;
    let size = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
    // SAFETY: the pointer and the size describe `value`, which lives until the call returns; the
    // borrowed descriptor is open for as long.
    let done = unsafe {
        libc::setsockopt(
            fd.as_fd().as_raw_fd(),
            level,
            name,
            std::ptr::from_ref(&value).cast(),
            size,
        )
    };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// The value of an option that is an `int`.
fn int(fd: impl AsFd, level: i32, name: i32) -> io::Result<i32> {
    let mut value: libc::c_int = 0;
    let mut size = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
    // SAFETY: the kernel writes at most `size` bytes to `value`, and the new size to `size`; both
    // live until the call returns, as does the borrowed descriptor.
    let done = unsafe {
        libc::getsockopt(
            fd.as_fd().as_raw_fd(),
            level,
            name,
            std::ptr::from_mut(&mut value).cast(),
            std::ptr::from_mut(&mut size),
        )
    };
    if done == 0 {
        Ok(value)
    } else {
        Err(io::Error::last_os_error())
    }
}

/// `TCP_DEFER_ACCEPT`: connections are shown to the listener only once data came, or after
/// `seconds`.
///
/// # Errors
/// What setsockopt(2) says.
pub fn set_defer_accept(fd: impl AsFd, seconds: i32) -> io::Result<()> {
    set_int(fd, libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, seconds)
}

/// `TCP_FASTOPEN` on a listener, with the number of pending requests that it may have.
///
/// # Errors
/// What setsockopt(2) says.
pub fn set_fastopen(fd: impl AsFd, queue: i32) -> io::Result<()> {
    set_int(fd, libc::IPPROTO_TCP, libc::TCP_FASTOPEN, queue)
}

/// How many pending requests with data a listener takes; 0: none.
///
/// # Errors
/// What getsockopt(2) says.
pub fn fastopen(fd: impl AsFd) -> io::Result<i32> {
    int(fd, libc::IPPROTO_TCP, libc::TCP_FASTOPEN)
}

/// `TCP_FASTOPEN_CONNECT`: connect(2) waits for the first write, whose data goes out with the
/// first packet where the peer has agreed to it before.
///
/// # Errors
/// What setsockopt(2) says.
pub fn set_fastopen_connect(fd: impl AsFd) -> io::Result<()> {
    set_int(fd, libc::IPPROTO_TCP, libc::TCP_FASTOPEN_CONNECT, 1)
}

/// Whether [`set_fastopen_connect`] was done.
///
/// # Errors
/// What getsockopt(2) says.
pub fn fastopen_connect(fd: impl AsFd) -> io::Result<bool> {
    int(fd, libc::IPPROTO_TCP, libc::TCP_FASTOPEN_CONNECT).map(|v| v != 0)
}

/// What the kernel tells of a TCP connection (tcp(7), `TCP_INFO`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpFacts {
    /// Round trip time, microseconds.
    pub rtt: u32,
    /// Its mean deviation, microseconds.
    pub rttvar: u32,
    /// Segments that are not acknowledged yet.
    pub unacked: u32,
    /// Segments acknowledged out of order.
    pub sacked: u32,
    /// Segments on their way for the second time.
    pub retrans: u32,
    /// Segments acknowledged by FACK.
    pub fackets: u32,
    /// Segments that seem lost.
    pub lost: u32,
    /// How far segments arrive out of order.
    pub reordering: u32,
}

/// What the kernel tells of a connection.
///
/// # Errors
/// What getsockopt(2) says; not every socket is TCP.
pub fn tcp_facts(fd: impl AsFd) -> io::Result<TcpFacts> {
    // SAFETY: `tcp_info` is plain numbers, for which all zeros are valid.
    let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
    let mut size = libc::socklen_t::try_from(size_of::<libc::tcp_info>()).unwrap_or(0);
    // SAFETY: the kernel writes at most `size` bytes to `info`, and the new size to `size`; both
    // live until the call returns, as does the borrowed descriptor.
    let done = unsafe {
        libc::getsockopt(
            fd.as_fd().as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            std::ptr::from_mut(&mut info).cast(),
            std::ptr::from_mut(&mut size),
        )
    };
    if done != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(TcpFacts {
        rtt: info.tcpi_rtt,
        rttvar: info.tcpi_rttvar,
        unacked: info.tcpi_unacked,
        sacked: info.tcpi_sacked,
        retrans: info.tcpi_retrans,
        fackets: info.tcpi_fackets,
        lost: info.tcpi_lost,
        reordering: info.tcpi_reordering,
    })
}

/// The bytes of words in the machine's order.
pub fn bytes_of_words(words: &[u32]) -> &[u8] {
    let length = std::mem::size_of_val(words);
    // SAFETY: the words are initialised, four bytes each, any byte is a valid `u8`, whose alignment
    // is 1; the borrow keeps them alive and unchanged.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inherited_descriptor_is_copied_and_an_absent_one_refused() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let copy = inherited(listener.as_raw_fd()).unwrap();
        assert_ne!(copy.as_raw_fd(), listener.as_raw_fd());
        let copy = std::net::TcpListener::from(copy);
        assert_eq!(copy.local_addr().unwrap(), listener.local_addr().unwrap());
        let error = inherited(999_999).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    }

    #[test]
    fn listener_options_are_taken() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        set_defer_accept(&listener, 1).unwrap();
        set_fastopen(&listener, 16).unwrap();
        assert_eq!(fastopen(&listener).unwrap(), 16);
    }

    #[test]
    fn a_process_with_threads_does_not_fork() {
        // the test harness itself runs threads
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(fork().is_err())).join().unwrap();
        });
    }
}

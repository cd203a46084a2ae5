//! Descriptors passed from process to process over unix sockets, and connections made that way: a
//! process "connects" to the holder of the other end of a pair by sending it one end of a new pair
//! (`sockpair@`, configuration manual 11.3).

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// Most descriptors that the kernel takes in one message.
const MOST: usize = 253;
/// What goes along with a connection: a descriptor alone would not be delivered.
const GREETING: &[u8] = &[0, 0];

/// Sends bytes with descriptors (at most 253).
///
/// # Errors
/// What sendmsg(2) says; `Other` for too many descriptors.
pub fn send(socket: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::Error::other("too many descriptors for one message"));
    }
    let sent = rustix::net::sendmsg(
        socket,
        &[IoSlice::new(bytes)],
        &mut ancillary,
        SendFlags::NOSIGNAL,
    )?;
    match sent == bytes.len() {
        true => Ok(()),
        false => Err(io::ErrorKind::WriteZero.into()),
    }
}

/// Receives bytes and the descriptors that came along, which are closed on exec. No bytes: the
/// other end is gone.
///
/// # Errors
/// What recvmsg(2) says.
pub fn receive(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = rustix::net::recvmsg(
        socket,
        &mut [IoSliceMut::new(buffer)],
        &mut ancillary,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    let mut descriptors = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(list) = message {
            descriptors.extend(list);
        }
    }
    Ok((received.bytes, descriptors))
}

/// Connects to the process that holds the other end of `pair`.
///
/// # Errors
/// When it is gone, or no pair can be made.
pub fn connect(pair: impl AsFd) -> io::Result<UnixStream> {
    let (ours, theirs) = UnixStream::pair()?;
    pass(pair, &theirs)?;
    Ok(ours)
}

/// Passes an open connection on to the process that holds the other end of `pair`.
///
/// # Errors
/// When it is gone.
pub fn pass(pair: impl AsFd, connection: impl AsFd) -> io::Result<()> {
    send(pair, GREETING, &[connection.as_fd()])
}

/// Takes the next connection; `None` when the other end of `pair` is gone.
///
/// # Errors
/// What recvmsg(2) says.
pub fn accept(pair: impl AsFd) -> io::Result<Option<UnixStream>> {
    let (bytes, descriptors) = receive(pair, &mut [0; GREETING.len()])?;
    match descriptors.into_iter().next() {
        Some(connection) => Ok(Some(UnixStream::from(connection))),
        None if bytes == 0 => Ok(None),
        None => Err(io::ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn a_connection_goes_through_a_pair_and_its_end_is_seen() {
        let (here, there) = UnixStream::pair().unwrap();
        let mut client = connect(&here).unwrap();
        let mut server = accept(&there).unwrap().unwrap();
        client.write_all(b"hello").unwrap();
        drop(client);
        let mut text = String::new();
        server.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello");
        drop(here);
        assert!(accept(&there).unwrap().is_none());
    }

    #[test]
    fn several_descriptors_arrive_in_order() {
        let (here, there) = UnixStream::pair().unwrap();
        let listeners: Vec<_> = (0..3)
            .map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap())
            .collect();
        let borrowed: Vec<_> = listeners.iter().map(AsFd::as_fd).collect();
        send(&here, b"abc", &borrowed).unwrap();
        let (bytes, got) = receive(&there, &mut [0; 16]).unwrap();
        assert_eq!((bytes, got.len()), (3, 3));
        for (sent, got) in listeners.iter().zip(got) {
            let got = std::net::TcpListener::from(got);
            assert_eq!(sent.local_addr().unwrap(), got.local_addr().unwrap());
        }
    }
}

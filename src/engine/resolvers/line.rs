//! The way to one name server: datagrams, or a connection that is opened when there is something
//! to ask (RFC 1035 4.2, RFC 7766).

use crate::engine::connect;
use crate::engine::reactor::{Io, Sock, Worker};
use crate::plan::ServerAddress;
use crate::plan::resolvers::NameserverPlan;
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use std::net::SocketAddr;

/// Datagrams taken in one turn.
const MANY: usize = 100;
/// Bytes that wait for a connection: who does not take them gets no more questions.
const PENDING: usize = 65536;

/// The way to a name server.
pub(super) struct Line {
    to: SocketAddr,
    tcp: bool,
    sock: Option<Sock>,
    /// What a connection has not taken yet.
    pending: Vec<u8>,
    /// Parts of messages that came over a connection.
    received: Vec<u8>,
}

impl Line {
    /// Not opened yet.
    pub fn new(to: &NameserverPlan) -> Line {
        Line {
            to: to.to,
            tcp: to.tcp,
            sock: None,
            pending: Vec::new(),
            received: Vec::new(),
        }
    }

    /// Sends a question; false: that was not possible.
    pub fn ask(&mut self, w: &'static Worker, question: &[u8]) -> bool {
        if self.sock.is_none() {
            self.sock = match self.tcp {
                true => {
                    let to = ServerAddress::Inet(self.to);
                    connect::start(w, &to, connect::Options::default()).ok()
                }
                false => datagrams(w, self.to),
            };
            if let Some(sock) = &self.sock {
                // nobody has tried to read from it yet
                sock.watch();
            }
        }
        let Some(sock) = &self.sock else {
            return false;
        };
        if !self.tcp {
            // an earlier datagram may have been refused: the system tells it at the next one
            let sent = || matches!(sock.send(question, false), Io::Done(_));
            return sent() || sent();
        }
        let Ok(length) = u16::try_from(question.len()) else {
            return false;
        };
        if self.pending.len() > PENDING {
            return false;
        }
        self.pending.extend_from_slice(&length.to_be_bytes());
        self.pending.extend_from_slice(question);
        self.flush();
        self.sock.is_some()
    }

    /// Goes on sending what waits.
    fn flush(&mut self) {
        while let Some(sock) = self.sock.as_ref().filter(|_| !self.pending.is_empty()) {
            match sock.send(&self.pending, false) {
                Io::Done(n) => {
                    self.pending.drain(..n);
                }
                Io::Blocked => return,
                Io::Eof | Io::Failed(_) => self.close(),
            }
        }
    }

    fn close(&mut self) {
        self.sock = None;
        self.pending.clear();
        self.received.clear();
    }

    /// All messages that have come, as far as they fit into `buffer`.
    pub fn messages(&mut self, buffer: &mut [u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        if self.tcp {
            self.flush();
        }
        for _ in 0..MANY {
            let Some(sock) = &self.sock else { break };
            let got = match self.tcp {
                true => sock.recv(buffer),
                false => sock.recv_datagram(buffer),
            };
            match got {
                Io::Done(n) => {
                    let bytes = buffer.get(..n).unwrap_or_default();
                    match self.tcp {
                        true => self.received.extend_from_slice(bytes),
                        false => found.push(bytes.to_vec()),
                    }
                }
                Io::Blocked => break,
                Io::Eof | Io::Failed(_) if self.tcp => {
                    self.close();
                    break;
                }
                // an empty datagram, or one of ours was refused
                Io::Eof | Io::Failed(_) => {}
            }
            self.split(&mut found);
        }
        found
    }

    /// Takes whole messages out of what a connection brought.
    fn split(&mut self, found: &mut Vec<Vec<u8>>) {
        while let Some((length, rest)) = self.received.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            let Some(message) = rest.get(..length) else {
                return;
            };
            found.push(message.to_vec());
            self.received.drain(..2 + length);
        }
    }
}

fn datagrams(w: &'static Worker, to: SocketAddr) -> Option<Sock> {
    let family = match to {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let fd = rustix::net::socket_with(family, SocketType::DGRAM, flags, None).ok()?;
    rustix::net::connect(&fd, &to).ok()?;
    Some(Sock::new(w, fd))
}

//! What fetches tell of a connection (`fc_rtt`, `bc_nb_streams`, `fs.rst_code` and their like).

use super::connect::Fault;
use super::reactor::Sock;
use crate::base::sys;
use crate::sample::fetch::fault_named;
use crate::sample::view::Connection;
use rustix::io::Errno;

/// What is known of a connection now.
#[cold]
pub fn of(sock: &Sock) -> Box<Connection> {
    let mut facts = Connection {
        tcp: sock.fd().and_then(|fd| sys::tcp_facts(fd).ok()),
        http_major: 1,
        streams: 1,
        stream_limit: 1,
        tls: sock.tls(|tls| tls.facts.clone()).flatten(),
        ..Connection::default()
    };
    if let Some(pipe) = sock.pipe() {
        let mux = pipe.connection();
        facts.http_major = 2;
        facts.glitches = mux.glitches();
        (facts.streams, facts.stream_limit) = mux.stream_counts();
        facts.stream = pipe.id();
        facts.reset = pipe.reset_code();
        facts.aborted = facts.reset.is_some();
    }
    Box::new(facts)
}

/// HAProxy's number of what went wrong with a connection to a server.
#[cold]
pub fn number(fault: Fault) -> u8 {
    fault_named(match fault {
        Fault::Failed(Errno::CONNREFUSED) => "EREFUSED",
        Fault::Failed(Errno::CONNRESET) => "ERESET",
        Fault::Failed(Errno::NETUNREACH | Errno::HOSTUNREACH) => "EUNREACH",
        Fault::Failed(_) => "SOCK_ERR",
        Fault::NoSource => "CANT_BIND",
        Fault::Resource(_) => "PROC_FDLIM",
        Fault::Handshake => "SSL_HANDSHAKE",
        Fault::HandshakeTimedOut => "SSL_TIMEOUT",
        Fault::TimedOut | Fault::Full | Fault::Abandoned => "",
    })
}

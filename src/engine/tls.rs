//! TLS handshakes with clients and servers.

use super::connect::Fault;
use super::count;
use super::reactor::tls::{Side, Tls};
use super::reactor::{Io, Sock, Wake};
use super::session::Session;
use super::thread::Thread;
use crate::plan::tls::{self, Observed};
use crate::plan::{BackendPlan, ServerPlan};
use crate::sample::Expr;
use crate::sample::view::{Direction, Eval, StreamView, TlsFacts};
use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;
use rustls::{ClientConfig, HandshakeKind};
use std::sync::Arc;

/// Agrees with the client of a TLS listener; false: the connection is over.
pub async fn accept(s: &mut Session) -> bool {
    let t = s.t;
    let Some(config) = s
        .plan
        .listeners
        .get(s.listener as usize)
        .and_then(|l| l.tls.clone())
    else {
        return true;
    };
    let Ok(connection) = UnbufferedServerConnection::new(config) else {
        return false;
    };
    s.client.start_tls(Tls::new(Side::Server(connection)));
    let until = s.handshake_deadline();
    let fault = loop {
        match s.client.handshake() {
            Io::Done(_) => break None,
            Io::Blocked => {}
            Io::Eof => break Some("Connection closed during SSL handshake"),
            Io::Failed(_) => break Some("SSL handshake failure"),
        }
        if t.worker.park(until).await == Wake::TimedOut {
            break Some("Timeout during SSL handshake");
        }
    };
    let observed = tls::take_observed();
    if let Some(fault) = fault {
        count::client_tls(s, None);
        s.unfinished(fault, fault != "SSL handshake failure");
        return false;
    }
    s.tls = facts(&s.client, observed).map(std::rc::Rc::new);
    count::client_tls(s, Some(s.tls.as_ref().is_some_and(|tls| tls.resumed)));
    true
}

/// Counts a handshake with a server, if its connection speaks TLS; `fault` ended the attempt.
#[inline]
pub fn count(
    t: &Thread,
    be: &BackendPlan,
    server: Option<u32>,
    sock: &Sock,
    fault: Option<Option<Fault>>,
) {
    let resumed = match fault {
        None => sock.tls(|tls| tls.common().handshake_kind() == Some(HandshakeKind::Resumed)),
        _ => None,
    };
    let failed = matches!(
        fault,
        Some(Some(Fault::Handshake | Fault::HandshakeTimedOut))
    );
    if resumed.is_some() || failed {
        count::server_tls(&t.shared, be, server, resumed, t.worker.now_ms());
    }
}

/// What rules and logs may ask about a connection.
fn facts(sock: &Sock, observed: Observed) -> Option<TlsFacts> {
    sock.tls(|tls| {
        let c = tls.common();
        TlsFacts {
            version: c.protocol_version().map_or("", version),
            suite: c.negotiated_cipher_suite(),
            alpn: c.alpn_protocol().map(Into::into),
            sni: observed.sni,
            resumed: c.handshake_kind() == Some(HandshakeKind::Resumed),
            verify: observed.verify,
            certificate: c
                .peer_certificates()
                .and_then(|list| list.first())
                .map(|der| der.as_ref().into()),
            own: observed.own,
        }
    })
}

fn version(v: rustls::ProtocolVersion) -> &'static str {
    match v {
        rustls::ProtocolVersion::TLSv1_3 => "TLSv1.3",
        rustls::ProtocolVersion::TLSv1_2 => "TLSv1.2",
        _ => "",
    }
}

/// The text of an expression.
pub fn value_of(t: &Thread, expr: &Expr, view: &dyn StreamView) -> Option<Vec<u8>> {
    let mut scratch = t.scratch.borrow_mut();
    scratch.reset();
    let eval = Eval {
        view,
        scratch: &scratch,
        direction: Direction::Request,
        last: true,
    };
    let mut text = Vec::new();
    expr.eval(&eval)?.append(&mut text);
    Some(text)
}

/// The name to ask a server for, as written into the request or the configuration.
pub fn name_for(t: &Thread, server: &ServerPlan, view: &dyn StreamView) -> Option<Vec<u8>> {
    let tls = server.tls.as_ref()?;
    let text = if let Some(sni) = &tls.sni {
        value_of(t, &sni.expr, view)?
    } else if tls.sni_auto {
        let host = view
            .request()?
            .values(crate::proto::h1::HeaderId::Host)
            .next()?;
        host.split(|b| *b == b':').next()?.to_vec()
    } else {
        return None;
    };
    Some(text).filter(|t| !t.is_empty())
}

/// What kind of connection to the server a request may share: as `kind` says, and asked for by
/// the same name.
pub fn kind(kind: u64, name: Option<&[u8]>) -> u64 {
    match name {
        None => kind,
        Some(name) => xxhash_rust::xxh64::xxh64(name, kind),
    }
}

/// Speaks TLS on a connection to a server that is being opened.
pub fn towards_server(sock: &mut Sock, config: &Arc<ClientConfig>, name: Option<&[u8]>) {
    let name = tls::name(name.unwrap_or_default());
    // only a configuration without any suite could be refused, and none is made
    if let Ok(connection) = UnbufferedClientConnection::new(config.clone(), name) {
        sock.start_tls(Tls::new(Side::Client(connection)));
    }
}

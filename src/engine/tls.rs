//! TLS handshakes with clients and servers.

use super::connect::Fault;
use super::count;
use super::reactor::tls::{Side, Tls};
use super::reactor::{Io, Sock, Wake};
use super::session::Session;
use super::thread::Thread;
use crate::plan::tls::{self, Clients, Judged, Observed, Serving, Settings};
use crate::plan::{BackendPlan, ServerPlan};
use crate::proto::tls_hello::{self, Extension, Found};
use crate::sample::Expr;
use crate::sample::view::{Direction, Eval, StreamView, TlsFacts};
use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::UnixTime;
use rustls::server::UnbufferedServerConnection;
use rustls::{ClientConfig, HandshakeKind, NamedGroup, ServerConfig, SignatureScheme};
use std::sync::Arc;

/// Why a client's connection ended before TLS stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unfinished {
    Closed,
    Failed,
    TimedOut,
    /// An authority of its certificate is not trusted.
    Above,
    /// Its certificate is not trusted.
    Untrusted,
}

impl Unfinished {
    fn text(self) -> &'static str {
        match self {
            Unfinished::Closed => "Connection closed during SSL handshake",
            Unfinished::Failed => "SSL handshake failure",
            Unfinished::TimedOut => "Timeout during SSL handshake",
            Unfinished::Above => "SSL client CA chain cannot be verified",
            Unfinished::Untrusted => "SSL client certificate not trusted",
        }
    }

    /// Whether nobody need hear of it (`option dontlognull`).
    fn is_silent(self) -> bool {
        matches!(self, Unfinished::Closed | Unfinished::TimedOut)
    }

    fn judged(judged: &Judged) -> Option<Unfinished> {
        Some(match judged.refused_at? {
            0 => Unfinished::Untrusted,
            _ => Unfinished::Above,
        })
    }
}

/// Agrees with the client of a TLS listener; false: the connection is over.
pub async fn accept(s: &mut Session) -> bool {
    let Some(line) = s
        .plan
        .listeners
        .get(s.listener as usize)
        .and_then(|l| l.tls.clone())
    else {
        return true;
    };
    let serving = line.serving();
    let until = s.handshake_deadline();
    let mut received = Vec::new();
    if serving.depends_on_hello() || line.capture > 0 {
        let why = loop {
            match hello(s, &mut received) {
                Some(Ok(())) => break None,
                Some(Err(why)) => break Some(why),
                None => {}
            }
            if s.t.worker.park(until).await == Wake::TimedOut {
                break Some(Unfinished::TimedOut);
            }
        };
        if let Some(why) = why {
            return failed(s, why);
        }
    }
    let Some((config, clients)) = chosen(&serving, &received) else {
        return failed(s, Unfinished::Failed);
    };
    let Ok(connection) = UnbufferedServerConnection::new(config) else {
        return false;
    };
    let random = received.get(CLIENT_RANDOM).map(<[u8]>::to_vec);
    let kept = (line.capture > 0).then(|| received.clone().into_boxed_slice());
    let side = Side::Server(connection);
    s.client.start_tls(Tls::after(side, received));
    let why = loop {
        match s.client.handshake() {
            Io::Done(_) => break None,
            Io::Blocked => {}
            Io::Eof => break Some(Unfinished::Closed),
            Io::Failed(_) => break Some(Unfinished::Failed),
        }
        if s.t.worker.park(until).await == Wake::TimedOut {
            break Some(Unfinished::TimedOut);
        }
    };
    let mut observed = s.client.tls_mut(Tls::take_observed).unwrap_or_default();
    if let Some(why) = why {
        return failed(s, Unfinished::judged(&observed.judged).unwrap_or(why));
    }
    if let Some(clients) = &clients
        && let Some(judged) = s.client.tls(|tls| again(tls, clients)).flatten()
    {
        observed.judged = judged;
        if let Some(why) = Unfinished::judged(&judged) {
            return failed(s, why);
        }
    }
    let mut facts = s.client.tls(|tls| facts(tls, observed));
    if let Some(facts) = &mut facts {
        facts.hello = kept;
        facts.capture = line.capture;
        facts.client_random = random.and_then(|r| r.try_into().ok());
        let shown = facts.certificate.is_some();
        facts.trust = clients.filter(|_| shown).map(|c| c.trust.clone());
    }
    s.tls = facts.map(std::rc::Rc::new);
    count::client_tls(s, Some(s.tls.as_ref().is_some_and(|tls| tls.resumed)));
    true
}

/// What there is to say of a client's certificate that stands in a session of before: it may have
/// been taken back since.
fn again(tls: &Tls, clients: &Clients) -> Option<Judged> {
    let common = tls.common();
    if common.handshake_kind() != Some(HandshakeKind::Resumed) {
        return None;
    }
    clients.judge(common.peer_certificates()?, UnixTime::now())
}

#[cold]
fn failed(s: &mut Session, why: Unfinished) -> bool {
    count::client_tls(s, None);
    s.unfinished(why.text(), why.is_silent());
    false
}

/// Where the random number stands in a client's hello.
const CLIENT_RANDOM: std::ops::Range<usize> = 11..43;

/// Receives the client's hello, whole. What is none is handed on too: rustls says what it thinks
/// of it. `None`: more of it is to come.
fn hello(s: &Session, received: &mut Vec<u8>) -> Option<Result<(), Unfinished>> {
    /// More than any hello has.
    const MOST: usize = 64 * 1024;
    /// What most of them fit into.
    const PART: usize = 2048;
    loop {
        let before = received.len();
        received.resize(before + PART, 0);
        let got = s
            .client
            .recv(received.get_mut(before..).unwrap_or_default());
        received.truncate(match got {
            Io::Done(n) => before + n,
            _ => before,
        });
        match got {
            Io::Done(_) => {
                let whole = tls_hello::client_hello(received, true);
                if !matches!(whole, Found::More) || received.len() > MOST {
                    return Some(Ok(()));
                }
            }
            Io::Blocked => return None,
            Io::Eof => return Some(Err(Unfinished::Closed)),
            Io::Failed(_) => return Some(Err(Unfinished::Failed)),
        }
    }
}

/// What to use for a hello.
fn chosen(serving: &Serving, received: &[u8]) -> Option<(Arc<ServerConfig>, Option<Arc<Clients>>)> {
    let Found::Yes(hello) = tls_hello::client_hello(received, true) else {
        let usual = serving.usual()?;
        return Some((usual.config.clone(), usual.clients.clone()));
    };
    let settings = match serving.depends_on_name() {
        true => by_name(serving, &hello)?,
        false => serving.usual()?,
    };
    let known = &settings.config.alpn_protocols;
    let mut offered = hello.protocols().peekable();
    let config = match &settings.without_protocol {
        Some(without)
            if offered.peek().is_some() && !offered.any(|o| known.iter().any(|k| k == o)) =>
        {
            without
        }
        _ => &settings.config,
    };
    Some((config.clone(), settings.clients.clone()))
}

/// The settings for the name in a hello.
fn by_name<'s>(serving: &'s Serving, hello: &tls_hello::ClientHello<'_>) -> Option<&'s Settings> {
    let name = hello
        .server_name()
        .and_then(|n| std::str::from_utf8(n).ok());
    let list = hello.list(Extension::SignatureAlgorithms);
    let schemes: Vec<SignatureScheme> = list
        .unwrap_or_default()
        .chunks_exact(2)
        .map(|c| c.iter().fold(0, |n, b| n << 8 | u16::from(*b)).into())
        .collect();
    serving.chosen(name, &schemes)
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
fn facts(tls: &Tls, observed: Observed) -> TlsFacts {
    let c = tls.common();
    let chain = c.peer_certificates().unwrap_or_default();
    let mut chain = chain.iter().map(|der| Box::<[u8]>::from(der.as_ref()));
    TlsFacts {
        version: c.protocol_version().map_or("", version),
        suite: c.negotiated_cipher_suite(),
        alpn: c.alpn_protocol().map(Into::into),
        sni: observed.sni,
        resumed: c.handshake_kind() == Some(HandshakeKind::Resumed),
        verify: observed.judged.verify,
        own_error: observed.judged.own,
        above_error: observed.judged.above,
        above_depth: observed.judged.above_depth,
        certificate: chain.next(),
        intermediates: chain.collect(),
        own: observed.own,
        file: observed.file,
        group: c
            .negotiated_key_exchange_group()
            .map_or("", |group| group_name(group.name())),
        secrets: observed.secrets.into(),
        ..TlsFacts::default()
    }
}

/// OpenSSL's name of a group.
fn group_name(group: NamedGroup) -> &'static str {
    match group {
        NamedGroup::X25519 => "X25519",
        NamedGroup::secp256r1 => "prime256v1",
        NamedGroup::secp384r1 => "secp384r1",
        NamedGroup::secp521r1 => "secp521r1",
        NamedGroup::X25519MLKEM768 => "X25519MLKEM768",
        _ => "",
    }
}

/// Keeps with a server's connection what was agreed upon, once it stands.
pub fn remember(sock: &Sock) {
    sock.tls_mut(|tls| {
        let observed = tls.take_observed();
        tls.facts = Some(Arc::new(facts(tls, observed)));
    });
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
pub fn towards_server(sock: &mut Sock, config: Arc<ClientConfig>, name: Option<&[u8]>) {
    let name = tls::name(name.unwrap_or_default());
    // only a configuration without any suite could be refused, and none is made
    if let Ok(connection) = UnbufferedClientConnection::new(config, name) {
        sock.start_tls(Tls::new(Side::Client(connection)));
    }
}

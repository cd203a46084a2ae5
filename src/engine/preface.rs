//! What goes over a connection to a server before TLS and the first request: the way through a
//! SOCKS4 proxy (`socks4`) and the PROXY protocol header (`send-proxy` and its like; HAProxy
//! configuration manual 5.2).

use super::connect::{self, Fault};
use super::reactor::{Io, Sock, Wake, Worker};
use super::session::Session;
use crate::ir::server::{ProxyV2Options, SendProxy};
use crate::plan::{ServerAddress, ServerPlan};
use crate::proto::proxy_protocol::kind;
use crate::proto::proxy_protocol::write::{Binary, UNKNOWN, alike};
use crate::proto::x509;
use crate::sample::scratch::Scratch;
use crate::sample::value::Sample;
use crate::sample::view::{Direction, Eval, StreamView, TlsFacts};
use rustix::io::Errno;
use std::net::{IpAddr, SocketAddr};

/// What the SOCKS4 proxy is told about who asks.
const USER: &[u8] = b"HAProxy\0";
/// The SOCKS4 proxy's word for "granted".
const GRANTED: u8 = 90;

/// What is to be done before a connection can be used.
#[derive(Debug, Default)]
pub struct Preface {
    /// Where the SOCKS4 proxy is to lead.
    pub through: Option<SocketAddr>,
    /// The PROXY protocol header.
    pub header: Option<Vec<u8>>,
}

impl Preface {
    /// Where to connect to on the way to `target`: the SOCKS4 proxy, if there is one.
    pub fn lead(
        &mut self,
        socks: Option<SocketAddr>,
        target: &ServerAddress,
    ) -> Option<ServerAddress> {
        let socks = socks?;
        self.through = target.inet(|| None);
        Some(ServerAddress::Inet(socks))
    }

    /// Waits until the connection stands, and does it.
    ///
    /// # Errors
    /// As the connection attempt ended; `None`: abandoned.
    pub async fn play(
        &self,
        worker: &'static Worker,
        sock: &Sock,
        until: u64,
        mut abandoned: impl FnMut() -> bool,
    ) -> Result<(), Option<Fault>> {
        connect::established(worker, sock, until, &mut abandoned).await?;
        if let Some(target) = self.through {
            let IpAddr::V4(ip) = target.ip() else {
                return Err(Some(Fault::Failed(Errno::AFNOSUPPORT)));
            };
            let mut ask = vec![4, 1];
            ask.extend_from_slice(&target.port().to_be_bytes());
            ask.extend_from_slice(&ip.octets());
            ask.extend_from_slice(USER);
            send(worker, sock, &ask, until, &mut abandoned).await?;
            let mut answer = [0u8; 8];
            receive(worker, sock, &mut answer, until, &mut abandoned).await?;
            let [_, GRANTED, ..] = answer else {
                return Err(Some(Fault::Failed(Errno::CONNREFUSED)));
            };
        }
        if let Some(header) = &self.header {
            send(worker, sock, header, until, &mut abandoned).await?;
        }
        Ok(())
    }
}

async fn wait(
    worker: &'static Worker,
    until: u64,
    abandoned: &mut impl FnMut() -> bool,
) -> Result<(), Option<Fault>> {
    if abandoned() {
        return Err(None);
    }
    match worker.park(until).await {
        Wake::TimedOut => Err(Some(Fault::TimedOut)),
        _ => Ok(()),
    }
}

async fn send(
    worker: &'static Worker,
    sock: &Sock,
    mut bytes: &[u8],
    until: u64,
    abandoned: &mut impl FnMut() -> bool,
) -> Result<(), Option<Fault>> {
    while !bytes.is_empty() {
        match sock.send(bytes, false) {
            Io::Done(n) => bytes = bytes.get(n..).unwrap_or_default(),
            Io::Failed(e) => return Err(Some(Fault::Failed(e))),
            Io::Eof | Io::Blocked => wait(worker, until, abandoned).await?,
        }
    }
    Ok(())
}

async fn receive(
    worker: &'static Worker,
    sock: &Sock,
    into: &mut [u8],
    until: u64,
    abandoned: &mut impl FnMut() -> bool,
) -> Result<(), Option<Fault>> {
    let mut at = 0;
    while at < into.len() {
        match sock.recv(into.get_mut(at..).unwrap_or_default()) {
            Io::Done(n) => at += n,
            Io::Failed(e) => return Err(Some(Fault::Failed(e))),
            Io::Eof => return Err(Some(Fault::Failed(Errno::CONNRESET))),
            Io::Blocked => wait(worker, until, abandoned).await?,
        }
    }
    Ok(())
}

/// The header in front of a connection for the stream that `view` shows.
#[cold]
pub fn header(server: &ServerPlan, view: &dyn StreamView, session: &Session) -> Option<Vec<u8>> {
    let how = &server.settings.send_proxy;
    if !how.is_on() {
        return None;
    }
    let addresses = view.src().zip(view.dst());
    Some(match how.v2 {
        false => line(addresses),
        true => binary(how, addresses, Some((view, session))),
    })
}

/// The header in front of a health check over this connection.
pub fn check_header(server: &ServerPlan, sock: &Sock, elsewhere: bool) -> Option<Vec<u8>> {
    let how = &server.settings.send_proxy;
    (how.checks || how.is_on() && !elsewhere).then(|| own_header(server, sock))
}

/// The header of a connection that the process opens for itself.
pub fn own_header(server: &ServerPlan, sock: &Sock) -> Vec<u8> {
    let how = &server.settings.send_proxy;
    if how.v2 {
        return binary(how, None, None);
    }
    let peer = sock.fd().and_then(|fd| {
        let name = rustix::net::getpeername(fd).ok()??;
        SocketAddr::try_from(name).ok()
    });
    line(sock.local_address().zip(peer))
}

/// Version 1.
fn line(addresses: Option<(SocketAddr, SocketAddr)>) -> Vec<u8> {
    let Some((src, dst)) = addresses else {
        return UNKNOWN.to_vec();
    };
    let (src, dst) = alike(src, dst);
    let mut out = Vec::with_capacity(108);
    out.extend_from_slice(match src.is_ipv4() {
        true => b"PROXY TCP4 ",
        false => b"PROXY TCP6 ",
    });
    Sample::from(src.ip()).append(&mut out);
    out.push(b' ');
    Sample::from(dst.ip()).append(&mut out);
    out.extend_from_slice(format!(" {} {}\r\n", src.port(), dst.port()).as_bytes());
    out
}

/// Version 2, with the extensions in HAProxy's order.
fn binary(
    how: &SendProxy,
    addresses: Option<(SocketAddr, SocketAddr)>,
    client: Option<(&dyn StreamView, &Session)>,
) -> Vec<u8> {
    use ProxyV2Options as O;
    let mut header = Binary::new(addresses);
    if let Some((_, session)) = client {
        let scratch = Scratch::new();
        for extension in &how.extensions {
            let mut value = Vec::new();
            if let Some(format) = &extension.format {
                // of the connection only: HAProxy shows the formats no request
                let eval = Eval {
                    view: session,
                    scratch: &scratch,
                    direction: Direction::Request,
                    last: true,
                };
                format.render(&eval, &mut value);
            }
            header.add(extension.kind, &value);
        }
    }
    if how.options.contains(O::CRC32C) {
        header.add_checksum();
    }
    let tls = client.and_then(|(view, _)| view.tls());
    if let Some(alpn) = tls.and_then(|t| t.alpn.as_deref()) {
        header.add(kind::ALPN, alpn);
    }
    if let Some((view, _)) = client {
        let sni = tls.and_then(|t| t.sni.as_deref()).map(str::as_bytes);
        let received = || view.received_proxy_header()?.values(kind::AUTHORITY).next();
        if how.options.contains(O::AUTHORITY)
            && let Some(name) = sni.or_else(received)
        {
            header.add(kind::AUTHORITY, name);
        }
        if how.options.contains(O::UNIQUE_ID)
            && let Some(id) = view.unique_id()
        {
            header.add(kind::UNIQUE_ID, id);
        }
    }
    if how.options.intersects(O::ANY_SSL) {
        header.add(kind::SSL, &ssl(how.options, tls));
    }
    header.finish()
}

/// What TLS with the client agreed upon.
fn ssl(options: ProxyV2Options, tls: Option<&TlsFacts>) -> Vec<u8> {
    use ProxyV2Options as O;
    /// It is TLS; with a certificate on this connection; with one on this session.
    const CLIENT: [u8; 3] = [1, 2, 4];
    let Some(tls) = tls else {
        return vec![0; 5];
    };
    let [secure, connection, session] = CLIENT;
    let mut flags = secure;
    if tls.certificate.is_some() {
        flags |= session;
        if !tls.resumed {
            flags |= connection;
        }
    }
    let mut out = vec![flags];
    out.extend_from_slice(&tls.verify.to_be_bytes());
    let mut add = |kind: u8, value: &[u8]| {
        if let Ok(len) = u16::try_from(value.len()) {
            out.push(kind);
            out.extend_from_slice(&len.to_be_bytes());
            out.extend_from_slice(value);
        }
    };
    add(kind::SSL_VERSION, tls.version.as_bytes());
    if options.contains(O::CERT_CN)
        && let Some(c) = tls.certificate.as_deref().and_then(x509::parse)
        && let Some(name) = c.subject().iter_common_name().next()
    {
        add(kind::SSL_CN, name.as_slice());
    }
    let own = tls.own.as_ref().and_then(|k| k.cert.first());
    let own = own.and_then(|der| x509::parse(der.as_ref()));
    if options.contains(O::CERT_KEY)
        && let Some(name) = own.as_ref().and_then(x509::text::key)
    {
        add(kind::SSL_KEY_ALG, name.as_bytes());
    }
    if options.contains(O::CERT_SIG)
        && let Some(name) = own.as_ref().and_then(|c| {
            x509::text::signature(&c.signature_algorithm.algorithm.to_id_string(), false)
        })
    {
        add(kind::SSL_SIG_ALG, name.as_bytes());
    }
    if options.contains(O::SSL_CIPHER)
        && let Some(name) = tls.suite_name()
    {
        add(kind::SSL_CIPHER, name.as_bytes());
    }
    out
}

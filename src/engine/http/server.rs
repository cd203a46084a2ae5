//! A server and a connection to it: queue, reuse, connect, retry, redispatch.

use super::{End, KeptConn, Stream};
use crate::action::{Answer, Reply};
use crate::balance::queue::{Assigned, Turn, Want};
use crate::engine::connect::{self, Fault};
use crate::engine::pool::ServerConn;
use crate::engine::preface::{self, Preface};
use crate::engine::reactor::{NEVER, Sock, Wake};
use crate::engine::{count, facts, h2, retry};
use crate::engine::{select, source, strict, takeover, tls};
use crate::ir::proxy::{HttpReuse, Options, RetryOn};
use crate::plan::{BackendPlan, Direct, ServerAddress};
use crate::proto::h1::Method;
use crate::sample::view::Connection;
use std::borrow::Cow;
use std::net::SocketAddr;

/// The address in a target such as `http://192.0.2.1:80/path`; names are not looked up.
fn target_address(target: &[u8]) -> Option<SocketAddr> {
    let rest = target.strip_prefix(b"http://")?;
    let host = rest.split(|b| matches!(b, b'/' | b'?')).next()?;
    let host = std::str::from_utf8(host).ok()?;
    host.parse()
        .or_else(|_| host.parse().map(|ip| SocketAddr::new(ip, 80)))
        .ok()
}

/// A connection to send the request on.
pub(super) struct Attached {
    /// The connection.
    pub conn: ServerConn,
    /// It has carried a request before.
    pub reused: bool,
    /// Until when a new connection must stand, ms tick.
    pub until: u64,
}

impl Stream {
    /// Takes a slot on a server, waiting in its queue if need be.
    pub(super) async fn assign(&mut self, avoid: Option<u32>) -> Result<(), End> {
        let Some(be) = self.be.clone() else {
            return Err(End::Status(503, *b"SC"));
        };
        let w = self.s.t.worker;
        if be.direct.is_some() && self.persistence.pinned.is_none() {
            self.server = None;
            self.times.queued = w.now_us();
            return Ok(());
        }
        let mut want = Want {
            pinned: self.persistence.pinned,
            key: select::key(self.s.t, &be, self),
            avoid,
            redispatch: be.redispatch.is_some(),
            token: w.current().token(),
            class: self.priority.0,
            offset: self.priority.1,
        };
        let until = w.after(self.timeouts.queue);
        loop {
            let mut waiter = match be.state.assign(&want, w.now_ms()) {
                Assigned::Slot(slot) => {
                    self.server = Some(slot.index());
                    self.listed.server(slot.index());
                    let chosen = want.pinned.is_none() && avoid != Some(slot.index());
                    count::server(&be, slot.index(), chosen, w.now_ms());
                    self.slot = Some(slot);
                    self.times.queued = w.now_us();
                    return Ok(());
                }
                Assigned::Queued(waiter) => waiter,
                Assigned::Full if want.redispatch => {
                    self.give_up_persistence();
                    want.pinned = None;
                    continue;
                }
                Assigned::Full => {
                    self.server = want.pinned;
                    return Err(End::Status(503, *b"SQ"));
                }
                Assigned::None => return Err(End::Status(503, *b"SC")),
            };
            self.s.client.watch();
            let abort = be.options.contains(Options::ABORTONCLOSE);
            loop {
                match waiter.turn() {
                    Turn::Go(slot) => {
                        self.waited = (slot.srv_queue(), slot.backend_queue());
                        self.server = Some(slot.index());
                        self.listed.server(slot.index());
                        // what waited for any server was not chosen for (seen on 3.4)
                        count::server(&be, slot.index(), false, w.now_ms());
                        self.slot = Some(slot);
                        self.times.queued = w.now_us();
                        return Ok(());
                    }
                    Turn::Redispatch => {
                        self.give_up_persistence();
                        want.pinned = None;
                        break;
                    }
                    Turn::Wait => {}
                }
                if self.s.client.broken() || abort && self.s.client.ended_within(self.s.t.bufsize) {
                    self.left_queue(&want);
                    return Err(End::Silent(*b"CQ"));
                }
                if w.park(until).await == Wake::TimedOut {
                    self.left_queue(&want);
                    return Err(End::Status(503, *b"sQ"));
                }
            }
        }
    }

    /// `redir`: who asks this server for something that can be asked for again is sent there.
    pub(super) fn redirected(&self, be: &BackendPlan) -> Result<(), End> {
        let plan = self.server.and_then(|s| be.servers.get(s as usize));
        let Some(prefix) = plan.and_then(|p| p.settings.redir.as_ref()) else {
            return Ok(());
        };
        let path = self.req.path_and_query();
        if !matches!(self.req.method_id(), Method::Get | Method::Head) || path.is_empty() {
            return Ok(());
        }
        let mut reply = Reply {
            status: 302,
            ..Reply::default()
        };
        let head = &mut reply.head;
        head.extend_from_slice(
            b"HTTP/1.1 302 Found\r\ncache-control: no-cache\r\ncontent-length: 0\r\nlocation: ",
        );
        head.extend_from_slice(prefix);
        head.extend_from_slice(path);
        head.extend_from_slice(b"\r\n\r\n");
        Err(End::Reply(Answer::Ready(reply), *b"LC"))
    }

    /// The request leaves its queue without having been served.
    fn left_queue(&mut self, want: &Want) {
        self.times.queued = self.s.t.worker.now_us();
        self.waited = match want.pinned {
            Some(_) => (1, 0),
            None => (0, 1),
        };
    }

    /// A connection to the server whose slot the stream holds: its own of before, an idle one, or
    /// a new one that is under way.
    pub(super) async fn attach(
        &mut self,
        be: &BackendPlan,
        fresh: bool,
    ) -> Result<Attached, Fault> {
        let t = self.s.t;
        let Some(server) = self.server else {
            return Box::pin(self.attach_directly(be)).await;
        };
        let Some(plan) = be.servers.get(server as usize) else {
            return Err(Fault::Failed(rustix::io::Errno::HOSTUNREACH));
        };
        let foreign = source::foreign(&plan.settings, self.src.or(self.s.src), Some(&self.req))?;
        let now = plan.address_now();
        let moved = now.for_client(|| self.dst.or_else(|| self.s.dst()));
        let address = match moved {
            Some(to) => Cow::Owned(ServerAddress::Inet(to)),
            None => Cow::Borrowed(&*now),
        };
        let secure = plan.tls.as_deref().filter(|tls| tls.encrypted);
        let name = secure.and_then(|_| tls::name_for(t, plan, self));
        let header = match plan.settings.send_proxy.is_on() {
            true => preface::header(plan, self, &self.s),
            false => None,
        };
        let kind = tls::kind(
            source::kind(foreign, moved, plan.epoch()),
            header.as_deref(),
        );
        // a name given for the purpose counts in the place of the one that TLS asks for
        let pooled = plan.settings.pool_conn_name.as_ref();
        let pooled = pooled.and_then(|given| tls::value_of(t, &given.expr, self));
        let kind = tls::kind(kind, pooled.as_deref().or(name.as_deref()));
        let marks = self.marks.as_deref().copied();
        let kind = match marks {
            None => kind,
            Some(marks) => tls::kind(kind, Some(marks.text().as_bytes())),
        };
        let multiplexed = h2::may_speak(plan);
        let place = h2::Place {
            backend: be.id,
            server,
            kind,
        };
        if multiplexed {
            let first = self.s.requests <= 1;
            if !fresh && let Some(sock) = t.h2.reuse(place, be.http_reuse, first) {
                let counted = t.shared.descriptors.server();
                let mut conn = ServerConn::new(sock, kind, counted, None);
                conn.home = self.be.clone();
                return Ok(Attached {
                    conn,
                    reused: true,
                    until: NEVER,
                });
            }
        }
        if !fresh {
            let mine =
                |k: &KeptConn| k.backend == be.id && k.server == server && k.conn.kind == kind;
            if let Some(at) = self.s.kept.iter().position(mine) {
                let KeptConn { conn, .. } = self.s.kept.remove(at);
                if conn.sock.is_quiet() {
                    conn.sock.adopt();
                    return Ok(Attached {
                        conn,
                        reused: true,
                        until: NEVER,
                    });
                }
            }
            let first = self.s.requests <= 1 && !be.retry_on.contains(RetryOn::SURVIVES_A_CLOSE);
            let (allowed, proven) = match be.http_reuse {
                HttpReuse::Never => (false, false),
                HttpReuse::Safe => (!first, false),
                HttpReuse::Aggressive => (true, first),
                HttpReuse::Always => (true, false),
            };
            let idle = match allowed {
                false => None,
                true => match t.idle.take(be.id, server, kind, proven) {
                    None if takeover::worthwhile(t, be.id, server) => {
                        Box::pin(takeover::take(t, be.id, server, kind, proven)).await
                    }
                    found => found,
                },
            };
            if let Some(conn) = idle {
                return Ok(Attached {
                    conn,
                    reused: true,
                    until: NEVER,
                });
            }
        }
        if let Some(state) = be.state.server(server) {
            state.counters.need.saw(state.served());
        }
        let shared = &t.shared;
        if shared.descriptors.are_scarce(shared.conns.current()) {
            t.idle.give_one_up();
        }
        let tune = &self.s.plan.global.settings.tune;
        let options = connect::Options {
            foreign,
            marks: marks.unwrap_or_default(),
            ..connect::Options::of(be, &plan.settings, tune)
        };
        let strict = strict::room(t, be, server, kind).await?;
        let until = t.worker.after(self.timeouts.connect);
        let mut preface = Preface {
            header,
            ..Preface::default()
        };
        let lead = preface.lead(plan.settings.socks4, &address);
        let address = lead.as_ref().unwrap_or(&address);
        let mut sock = connect::start(t.worker, address, options)?;
        if plan.settings.has_preface() {
            Box::pin(self.play(be, &preface, &sock, until)).await?;
        }
        if let Some(encrypted) = secure {
            let config = encrypted.traffic().ok_or(Fault::Handshake)?;
            tls::towards_server(&mut sock, config, name.as_deref());
        }
        let mut conn = ServerConn::new(sock, kind, shared.descriptors.server(), strict);
        conn.home = self.be.clone();
        if multiplexed {
            conn = Box::pin(h2::open(t, plan, place, conn, until)).await?;
        }
        Ok(Attached {
            conn,
            reused: false,
            until,
        })
    }

    /// A connection to where the back end sends what it has no server for.
    async fn attach_directly(&mut self, be: &BackendPlan) -> Result<Attached, Fault> {
        let t = self.s.t;
        let unreachable = Fault::Failed(rustix::io::Errno::HOSTUNREACH);
        let address = match be.direct.as_ref().ok_or(unreachable)? {
            Direct::Dispatch(address) => address.clone(),
            Direct::Transparent => {
                let dst = self.dst.or_else(|| self.s.dst_now());
                ServerAddress::Inet(dst.ok_or(unreachable)?)
            }
            Direct::Target => {
                let to = target_address(self.req.target()).ok_or(unreachable)?;
                let path = match self.req.path_and_query() {
                    b"" => b"/".to_vec(),
                    path => path.to_vec(),
                };
                self.req.set_target(&path);
                ServerAddress::Inet(to)
            }
        };
        let options = connect::Options {
            keepalive: be.options.contains(Options::SRVTCPKA),
            probes: be.srvtcpka,
            nolinger: be.options.contains(Options::NOLINGER),
            ..connect::Options::default()
        };
        let until = t.worker.after(self.timeouts.connect);
        let sock = connect::start(t.worker, &address, options)?;
        let mut conn = ServerConn::new(sock, 0, t.shared.descriptors.server(), None);
        conn.home = self.be.clone();
        Ok(Attached {
            conn,
            reused: false,
            until,
        })
    }

    /// Remembers what expressions ask of the server's connection.
    #[cold]
    pub(super) fn look_at_server(&mut self, sock: &Sock) {
        self.own_address = sock.local_address();
        self.server_facts = Some(facts::of(sock));
    }

    /// What goes over a new connection before anything else.
    async fn play(
        &self,
        be: &BackendPlan,
        preface: &Preface,
        sock: &Sock,
        until: u64,
    ) -> Result<(), Fault> {
        let client = &self.s.client;
        client.watch();
        let abort = be.options.contains(Options::ABORTONCLOSE);
        let gone = || client.broken() || abort && client.hung_up();
        let played = preface.play(self.s.t.worker, sock, until, gone).await;
        played.map_err(|fault| fault.unwrap_or(Fault::Abandoned))
    }

    /// After a failed attempt: decides whether another is made, waits if the same server is asked
    /// again, or gives its slot up for another one.
    pub(super) async fn another_attempt(&mut self, fault: Fault) -> Result<(), End> {
        if self.s.plan.global.settings.asks_server_connection {
            let known = self.server_facts.get_or_insert_with(|| {
                Box::new(Connection {
                    http_major: 1,
                    streams: 1,
                    stream_limit: 1,
                    tcp: Some(Default::default()),
                    ..Connection::default()
                })
            });
            known.fault = facts::number(fault);
        }
        let state = match fault {
            Fault::NoSource => return Err(End::Status(500, *b"IC")),
            Fault::Abandoned => return Err(End::Silent(*b"CC")),
            Fault::TimedOut | Fault::HandshakeTimedOut => *b"sC",
            Fault::Resource(_) => *b"RC",
            Fault::Full | Fault::Failed(_) | Fault::Handshake => *b"SC",
        };
        let Some(be) = self.be.clone() else {
            return Err(End::Status(503, state));
        };
        if self.retries == 0 {
            self.slot = None;
            if fault == Fault::Full {
                self.times.queued = 0;
            }
            return Err(End::Status(503, state));
        }
        self.retries -= 1;
        self.tries += 1;
        let server = self.server;
        let pinned = self.persistence.pinned.is_some();
        if retry::elsewhere(&be, self.retries, server, pinned) {
            self.slot = None;
            self.give_up_persistence();
            self.assign(server).await?;
            self.redispatched |= retry::counted(&be, server, self.server);
            return Ok(());
        }
        retry::counted(&be, server, server);
        if let Some(server) = server {
            count::server(&be, server, false, self.s.t.worker.now_ms());
        }
        if !matches!(fault, Fault::TimedOut | Fault::Full) {
            let w = self.s.t.worker;
            let until = w.after(Some(retry::pause(self.timeouts.connect)));
            self.s.client.watch();
            let abort = be.options.contains(Options::ABORTONCLOSE);
            while w.now_ms() < until {
                if self.s.client.broken() || abort && self.s.client.hung_up() {
                    return Err(End::Silent(*b"CC"));
                }
                w.park(until).await;
            }
        }
        Ok(())
    }
}

//! Sending the request to a server and its response to the client, both at once.

use super::pause::Paused;
use super::server::Attached;
use super::stream::State;
use super::{End, Stream};
use crate::engine::connect::{self, Fault};
use crate::engine::contstats::Contstats;
use crate::engine::forward::{Half, Pump};
use crate::engine::reactor::Io;
use crate::engine::session::Next;
use crate::engine::tls;
use crate::engine::{count, track};
use crate::ir::proxy::{Options, RetryOn};
use crate::plan::BackendPlan;
use crate::proto::h1::{BodyLength, EncodeOptions, Parsed, Persist};
use crate::sample::view::LogStep;

/// How an attempt failed.
pub(super) enum Failure {
    /// No connection.
    Connect(Fault),
    /// A connection of before turned out to be closed, and took nothing.
    Stale,
    /// The request may be sent again (`retry-on`); otherwise this is the answer.
    Again(RetryOn, End),
    /// The transaction ends.
    End(End),
}

impl From<End> for Failure {
    fn from(end: End) -> Failure {
        Failure::End(end)
    }
}

/// One attempt's state.
pub(super) struct Attempt {
    pub up: Half,
    pub down: Half,
    /// The response's head went to the client.
    pub answered: bool,
    /// Only the server's close ends the response.
    pub until_close: bool,
    /// The client's connection may be used again.
    pub keep_client: bool,
    /// When bytes last moved, ms tick.
    pub client_active: u64,
    pub server_active: u64,
    /// The server's body is not passed on.
    pub discards: bool,
    /// Bytes that the server sent behind its response.
    pub surplus: Vec<u8>,
}

impl Stream {
    /// Finds a server, sends the request, passes the response on.
    pub(super) async fn exchange(&mut self) -> Result<Next, End> {
        let Some(be) = self.be.clone() else {
            return Err(End::Status(503, *b"SC"));
        };
        self.capture_request_cookie();
        self.find_persistence(&be);
        self.assign(None).await?;
        self.redirected(&be)?;
        if self.s.plan.compresses {
            self.choose_codings(&be);
        }
        self.contstats = Contstats::of(&self.s, &be, self.server);
        let mut fresh = false;
        loop {
            let failure = match self.attach(&be, fresh).await {
                Ok(attached) => {
                    count::connection(&be, self.server, attached.reused);
                    match self.attempt(&be, attached).await {
                        Ok(next) => return Ok(next),
                        Err(failure) => failure,
                    }
                }
                Err(fault) => {
                    count::connection(&be, self.server, false);
                    Failure::Connect(fault)
                }
            };
            match failure {
                Failure::End(end) => return Err(end),
                Failure::Stale => fresh = true,
                Failure::Connect(fault) if be.retry_on.contains(RetryOn::CONN_FAILURE) => {
                    self.another_attempt(fault).await?;
                }
                Failure::Connect(fault) => {
                    self.retries = 0;
                    self.another_attempt(fault).await?;
                }
                Failure::Again(why, end) => {
                    // a connection whose response came whole is used again
                    fresh = !RetryOn::STATUSES.contains(why);
                    let may = be.retry_on.contains(why)
                        && self.retries > 0
                        && !self.no_l7_retry
                        && self.body_read
                        && self.whole_body_received();
                    if !may {
                        track::failure(self.tracked.as_deref(), &self.s);
                        return Err(end);
                    }
                    self.retries -= 1;
                    if be.redispatch.is_some() {
                        let avoid = self.server;
                        self.slot = None;
                        self.give_up_persistence();
                        self.assign(avoid).await?;
                    }
                }
            }
        }
    }

    /// What the server is told about its connection.
    fn towards_server(&self) -> Persist {
        let be = self.be.as_ref();
        let pretends = be.is_some_and(|b| b.options.contains(Options::HTTP_PRETEND_KEEPALIVE));
        match (self.close_server && !pretends) || self.req.closes_server() {
            true => Persist::Close,
            false => Persist::KeepAlive,
        }
    }

    async fn attempt(&mut self, be: &BackendPlan, mut a: Attached) -> Result<Next, Failure> {
        let t = self.s.t;
        let now = t.worker.now_ms();
        let mut at = Attempt {
            up: Half::idle(),
            down: Half::idle(),
            answered: false,
            until_close: false,
            keep_client: false,
            client_active: now,
            server_active: now,
            discards: false,
            surplus: Vec::new(),
        };
        a.conn.uses += 1;
        self.reused = a.reused;
        self.send_request(be, &a, &mut at)?;
        if !a.reused {
            self.connected(be, &a, &mut at).await?;
        }
        // the server may answer and close before it took the whole request
        at.up.outlives_sink = true;
        if at.up.is_done() && RetryOn::CONN_FAILURE.contains(be.retry_on) && self.is_used_up() {
            t.keep_head(&mut self.req);
        }
        self.times.connected = t.worker.now_us().max(1);
        if self.s.plan.global.settings.asks_server_connection {
            self.look_at_server(&a.conn.sock);
        }
        self.log_step(LogStep::Connect);
        at.server_active = t.worker.now_ms();
        if let Some(res) = self.res.take() {
            t.recycle(res);
        }
        let mut rounds = 0u32;
        let mut waited_since = t.worker.now_ms();
        loop {
            let mut moved = self.pump_request(&a, &mut at)?;
            if at.answered {
                moved |= match self.pump_response(&a, &mut at) {
                    Ok(moved) => moved,
                    Err(next) => return Ok(next),
                };
                // a server that answered before it took the whole request is still sent the rest
                if at.down.is_done() && at.up.is_done() {
                    break;
                }
            } else {
                moved |= match self.read_response(be, &a, &mut at) {
                    Ok(moved) => moved,
                    Err(failure) => return Err(self.keep_for_retry(be, a, failure)),
                };
                if at.answered && self.is_tunnel() {
                    // boxed, since few requests become one and each would carry its room
                    return Ok(Box::pin(self.run_tunnel(a, at)).await);
                }
            }
            rounds += 1;
            if moved {
                waited_since = t.worker.now_ms();
                if rounds.is_multiple_of(16) {
                    self.look_at_contstats(&at);
                    t.worker.yield_now().await;
                }
                continue;
            }
            self.wait(be, &mut a, &at, waited_since).await?;
            if let Some(next) = self.check_deadlines(&mut a, &mut at)? {
                return Ok(next);
            }
        }
        Ok(self.finish(be, a, at))
    }

    /// Writes the request's head and what is there of its body.
    fn send_request(
        &mut self,
        be: &BackendPlan,
        a: &Attached,
        at: &mut Attempt,
    ) -> Result<(), Failure> {
        let t = self.s.t;
        if let Some(name) = &be.name_header
            && let Some(server) = self.server.and_then(|s| be.servers.get(s as usize))
        {
            self.req.set_header(name, server.name.as_bytes());
        }
        self.req.sends_whole_target(a.conn.sock.pipe().is_some());
        let mut head = t.head.borrow_mut();
        head.clear();
        self.req.encode_request(
            &mut head,
            &EncodeOptions {
                persist: self.towards_server(),
                peer_http11: true,
                case: be.case_map.as_deref(),
            },
        );
        if self.req.is_changed() {
            let size = super::count::request_size(&self.req);
            self.growth.0 = super::count::growth(size, self.received);
        }
        at.up.begin(
            match self.req.body() {
                // nothing of a tunnel goes to the server before it agrees
                BodyLength::Tunnel => BodyLength::None,
                body => body,
            },
            true,
        );
        if self.codings.0.is_some() {
            at.up.coder = self.request_coder();
        }
        at.up.trailers_out = !be.options.contains(Options::DROP_REQUEST_TRAILERS);
        at.up.relaxed = self.s.fe.options.contains(Options::ACCEPT_UNSAFE_REQUEST);
        match at
            .up
            .push(t, &a.conn.sock, &head, self.req.body_prefix(), false)
        {
            Ok(taken) => self.body_taken = taken,
            Err(Pump::SinkFailed(_)) if a.reused => return Err(Failure::Stale),
            Err(Pump::SinkFailed(e)) => {
                return Err(Failure::Connect(Fault::Failed(
                    a.conn.sock.take_error().unwrap_or(e),
                )));
            }
            // nothing was sent: the body's coding is broken in what came with the head
            Err(_) => return Err(Failure::End(End::Raw(400, *b"PR"))),
        }
        self.body_read = at.up.is_read();
        Ok(())
    }

    /// Waits until a new connection stands and has taken the first bytes.
    async fn connected(
        &mut self,
        be: &BackendPlan,
        a: &Attached,
        at: &mut Attempt,
    ) -> Result<(), Failure> {
        let worker = self.s.t.worker;
        let abort = be.options.contains(Options::ABORTONCLOSE);
        let mut counted = false;
        while at.up.written == 0 && at.up.is_pending() {
            self.s.client.watch();
            let client = &self.s.client;
            let gone = || client.broken() || abort && client.hung_up();
            let stands = connect::established(worker, &a.conn.sock, a.until, gone).await;
            if !std::mem::replace(&mut counted, true) {
                tls::count(self.s.t, be, self.server, &a.conn.sock, stands.err());
            }
            match stands {
                Ok(()) => {}
                Err(None) => return Err(Failure::End(End::Silent(*b"CC"))),
                Err(Some(fault)) => return Err(Failure::Connect(fault)),
            }
            match at.up.flush(&a.conn.sock) {
                Ok(_) => {}
                Err(Pump::SinkFailed(e)) => return Err(Failure::Connect(Fault::Failed(e))),
                Err(_) => {
                    return Err(Failure::Connect(Fault::Failed(
                        rustix::io::Errno::CONNRESET,
                    )));
                }
            }
        }
        Ok(())
    }

    fn pump_request(&mut self, a: &Attached, at: &mut Attempt) -> Result<bool, Failure> {
        if at.up.is_done() {
            return Ok(false);
        }
        let t = self.s.t;
        let s = &mut *self.s;
        let pumped = at.up.pump(t, &s.client, &a.conn.sock, &mut s.carry);
        self.body_read = at.up.is_read();
        match pumped {
            Pump::Moved => {
                at.client_active = t.worker.now_ms();
                at.server_active = at.client_active;
                Ok(true)
            }
            Pump::Blocked | Pump::Finished => Ok(false),
            _ if at.answered => {
                at.up.stop_reading();
                self.keep_client = false;
                at.keep_client = false;
                Ok(true)
            }
            broken => {
                self.received += at.up.body_bytes;
                if self.s.client.pipe().is_some() {
                    // the client gave this stream up; 3.4 logs it so
                    self.status = 400;
                    return Err(Failure::End(End::Silent(*b"CH")));
                }
                Err(Failure::End(match broken {
                    Pump::Truncated => self.left_early(*b"CD"),
                    // seen on 3.4: the client gets no answer
                    Pump::Malformed => End::Cut(*b"PD"),
                    _ => End::Silent(*b"CD"),
                }))
            }
        }
    }

    /// Reads the response's head; once it is complete, begins to pass it on.
    fn read_response(
        &mut self,
        be: &BackendPlan,
        a: &Attached,
        at: &mut Attempt,
    ) -> Result<bool, Failure> {
        if self.paused.is_some() {
            return self.resume_response(be, a, at);
        }
        let t = self.s.t;
        let context = self.req.context();
        let res = match &mut self.res {
            Some(res) => res,
            // While it waits it needs no buffer, and one that was just given back is still in the
            // CPU's cache.
            None if a.conn.sock.has_nothing() => return Ok(false),
            none => {
                let res = none.insert(t.message());
                if self.s.plan.keeps_spelling {
                    res.keep_spelling();
                }
                res
            }
        };
        let mut limits = t.limits;
        limits.relaxed = be.options.contains(Options::ACCEPT_UNSAFE_RESPONSE);
        if res.space().is_empty() {
            return Err(Failure::Again(
                RetryOn::JUNK_RESPONSE,
                End::Status(502, *b"PH"),
            ));
        }
        match a.conn.sock.recv(res.space()) {
            Io::Done(n) => {
                res.filled(n);
                at.server_active = t.worker.now_ms();
            }
            Io::Blocked => return Ok(false),
            Io::Eof | Io::Failed(_) if res.is_empty() => {
                if a.reused && self.s.requests > 1 {
                    // the client repeats a request of a connection that it used before
                    return Err(Failure::Again(RetryOn::EMPTY_RESPONSE, End::Cut(*b"SH")));
                }
                return Err(Failure::Again(
                    RetryOn::EMPTY_RESPONSE,
                    End::Status(502, *b"SH"),
                ));
            }
            Io::Eof | Io::Failed(_) => {
                return Err(Failure::Again(
                    RetryOn::JUNK_RESPONSE,
                    End::Status(502, *b"SH"),
                ));
            }
        }
        let mut early = Vec::new();
        loop {
            let Some(res) = &mut self.res else {
                return Ok(true);
            };
            match res.parse_response(&limits, context) {
                Parsed::Incomplete => {
                    self.pass_early(&early, at);
                    return Ok(true);
                }
                Parsed::Error(e) => {
                    let from = (be.id, self.server);
                    let captured = &t.shared.captured;
                    captured.response(&self.s, from, res.received(), e.position, e.kind);
                    if res.status() == 101 {
                        // nobody asked for it, but it was read
                        self.pass_early(&early, at);
                    }
                    return Err(Failure::Again(
                        RetryOn::JUNK_RESPONSE,
                        End::Status(502, *b"PH"),
                    ));
                }
                Parsed::Done => {}
            }
            match res.status() {
                100..=199 if res.status() != 101 => {
                    if self.s.plan.keeps_spelling {
                        self.interim_lines(be)?;
                    }
                    self.interim(be, &mut early);
                }
                status => {
                    if status == 101 && self.req.is_h2() && !self.is_websocket_answer() {
                        return Err(Failure::Again(
                            RetryOn::JUNK_RESPONSE,
                            End::Status(502, *b"PH"),
                        ));
                    }
                    self.times.response = t.worker.now_us();
                    count::response(be, self.server, status);
                    if let Some(why) =
                        super::retry::of_status(status).filter(|w| be.retry_on.contains(*w))
                        && self.retries > 0
                        && !self.no_l7_retry
                        && self.body_read
                        && self.whole_body_received()
                    {
                        return Err(Failure::Again(why, End::Status(502, *b"SH")));
                    }
                    self.pass_early(&early, at);
                    self.server_status = status;
                    if self.s.plan.global.settings.asks_server_connection {
                        self.look_at_server(&a.conn.sock);
                    }
                    self.pass_response(be, at, None)?;
                    return Ok(true);
                }
            }
        }
    }

    /// Takes a 1xx, which HAProxy passes on to HTTP/1.0 clients, too, and makes room for the next
    /// head.
    #[cold]
    fn interim(&mut self, be: &BackendPlan, early: &mut Vec<u8>) {
        let Some(res) = &mut self.res else { return };
        count::response(be, self.server, res.status());
        self.sent += super::count::logged_size(res);
        res.encode_response(
            early,
            &EncodeOptions {
                persist: Persist::Silent,
                peer_http11: true,
                case: self.s.fe.case_map.as_deref(),
            },
        );
        res.advance(0);
    }

    /// Passes the 1xx on that came; none of those that came together with junk (as 3.4).
    #[inline]
    fn pass_early(&self, early: &[u8], at: &mut Attempt) {
        if !early.is_empty() {
            at.down.begin(BodyLength::None, false);
            // a client that is gone shows itself with the final response
            let _ = at.down.push(self.s.t, &self.s.client, early, &[], false);
        }
    }

    /// Applies the response rules, decides on the connection, and sends the head with the body's
    /// first bytes; `resumed`, where the rules go on after they had to wait.
    // one of the two callers is the path of every request
    #[inline(always)]
    pub(super) fn pass_response(
        &mut self,
        be: &BackendPlan,
        at: &mut Attempt,
        resumed: Option<Paused>,
    ) -> Result<(), Failure> {
        let t = self.s.t;
        let mut size = 0;
        if let Some(paused) = resumed {
            size = paused.size;
        } else if let Some(res) = &self.res {
            size = match self.s.fe.log.is_some() {
                true => super::count::logged_size(res),
                false => super::count::received_size(res),
            };
            self.sent += size;
            track::response(self.tracked.as_deref(), &self.s, res.status());
        }
        if resumed.is_none() {
            self.capture_response();
        }
        self.response_rules(be, resumed.unwrap_or_default())?;
        if let Some(paused) = &mut self.paused {
            paused.size = size;
            return Ok(());
        }
        self.capture_response_cookie();
        if be.options.contains(Options::CHECKCACHE) {
            self.check_cache(be)?;
        }
        self.response_persistence(be);
        self.learn(be);
        if !be.rules.http_after_response.is_empty()
            || !self.s.fe.rules.http_after_response.is_empty()
        {
            self.after_response_rules();
        }
        let Some(res) = &self.res else { return Ok(()) };
        self.status = i32::from(res.status());
        self.log_step(LogStep::Response);
        let Some(res) = &self.res else { return Ok(()) };
        if res.is_changed() {
            self.growth.1 = super::count::growth(super::count::logged_size(res), size);
        }
        // a rule may have made it a response that has no body: what the server sends is not passed on
        let body = match res.status() {
            204 | 304 if res.body() != BodyLength::Tunnel => BodyLength::None,
            // the client asked for no body, whatever a rule asked the server for
            _ if self.req.received_method() == b"HEAD" => BodyLength::None,
            _ => res.body(),
        };
        let unwanted = (body != res.body()).then(|| res.body());
        // what has an end is read up to it, so that the connection can be used again (as in 3.4)
        at.discards =
            unwanted.is_some_and(|b| matches!(b, BodyLength::UntilClose | BodyLength::Tunnel));
        if let Some(coding) = self.codings.1 {
            at.down.coder = self.response_coder(coding);
            if at.down.coder.is_none() {
                self.codings.1 = None;
            }
        }
        let Some(res) = &self.res else { return Ok(()) };
        at.until_close = body == BodyLength::UntilClose;
        at.keep_client =
            self.keep_client && !self.close_client && !res.closes_client() && !t.ends_connection();
        let persist = match body {
            BodyLength::Tunnel => Persist::Silent,
            _ if at.keep_client => Persist::KeepAlive,
            _ => Persist::Close,
        };
        let mut head = t.head.borrow_mut();
        head.clear();
        res.encode_response(
            &mut head,
            &EncodeOptions {
                persist,
                peer_http11: self.req.is_http11(),
                case: self.s.fe.case_map.as_deref(),
            },
        );
        // a 1xx that the client has not taken yet stays in front
        at.down.begin(body, body == BodyLength::Chunked);
        at.down.relaxed = be.options.contains(Options::ACCEPT_UNSAFE_RESPONSE);
        at.down.trailers_out = !self.s.fe.options.contains(Options::DROP_RESPONSE_TRAILERS);
        at.answered = true;
        let data = res.body_prefix();
        match at.down.push(t, &self.s.client, &head, data, false) {
            Ok(mut taken) => {
                if let Some(body) = unwanted.filter(|_| !at.discards) {
                    at.down.discard(body);
                    taken = match at.down.push(t, &self.s.client, &[], data, false) {
                        Ok(taken) => taken,
                        Err(_) => return Err(Failure::End(End::Silent(*b"PD"))),
                    };
                }
                if let Some(more) = data.get(taken..)
                    && !more.is_empty()
                {
                    at.surplus.extend_from_slice(more);
                }
                at.client_active = t.worker.now_ms();
                Ok(())
            }
            Err(Pump::SinkFailed(_)) => Err(Failure::End(End::Silent(*b"CD"))),
            // nothing was sent: the first chunk already was broken
            Err(_) => Err(Failure::End(End::Status(502, *b"PD"))),
        }
    }

    /// Moves the response's body; `Err` ends the transaction.
    fn pump_response(&mut self, a: &Attached, at: &mut Attempt) -> Result<bool, Next> {
        if at.down.is_done() {
            return Ok(false);
        }
        let t = self.s.t;
        match at
            .down
            .pump(t, &a.conn.sock, &self.s.client, &mut at.surplus)
        {
            Pump::Moved => {
                at.client_active = t.worker.now_ms();
                at.server_active = at.client_active;
                Ok(true)
            }
            Pump::Blocked | Pump::Finished => Ok(false),
            Pump::SinkFailed(_) => self.broken(at, *b"CD", Next::Drop),
            // what was sent so far must arrive
            Pump::Malformed => self.broken(at, *b"PD", Next::Close),
            Pump::Truncated | Pump::SourceFailed(_) => self.broken(at, *b"SD", Next::Close),
        }
    }

    /// The response cannot be completed: the client sees it by the end of the connection.
    fn broken(&mut self, at: &Attempt, state: State, next: Next) -> Result<bool, Next> {
        self.state = state;
        self.sent += at.down.body_bytes;
        if self.s.client.pipe().is_some() {
            // only this stream ends
            self.s.client.reset_on_close();
        }
        Err(next)
    }
}

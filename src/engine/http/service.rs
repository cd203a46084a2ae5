//! Pages of the process's own, answered in the place of a server.

use super::stream::Service;
use super::{End, Stream};
use crate::action::{Answer, RuleSet};
use crate::engine::service::{Asked, Form, Pieces, Reply};
use crate::engine::session::Next;
use crate::plan::{BackendPlan, StatsPlan};
use crate::proto::h1::{BodyLength, ChunkDecoder, ChunkEvent, EncodeOptions, Parsed, Persist};
use crate::rules;
use crate::sample::view::Direction;
use std::io::Write;
use std::sync::Arc;

impl Stream {
    /// Ends the transaction with the status page if that is what is asked for. Other methods than
    /// these go to the servers (observed on HAProxy 3.4).
    pub(super) async fn status_page(&mut self, page: &Arc<StatsPlan>) -> Result<(), End> {
        if !page.is_asked(self.page_target(page))
            || !matches!(self.req.method(), b"GET" | b"HEAD" | b"POST")
        {
            return Ok(());
        }
        self.service = Service::Page;
        let now = self.s.t.worker.now_us();
        self.times.queued = now;
        self.times.connected = now;
        if let Err(end) = self.may_look(page).await {
            // 3.4 logs and counts such an answer as 400, whatever the client is sent
            self.status = 400;
            if matches!(&end, End::Reply(_, state) if state == b"LR") {
                self.count_intercepted();
            }
            return Err(end);
        }
        let post = self.req.method() == b"POST";
        let mut admin = false;
        if !page.admin.is_empty() {
            let mut scratch = self.s.t.scratch.borrow_mut();
            let mut lines = page.admin.iter();
            admin = lines.any(|c| rules::holds(c, Direction::Request, self, &mut scratch));
        }
        let mut body = None;
        if post && admin {
            self.buffer_body().await?;
            if self.truncated {
                return Err(self.left_early(*b"CR"));
            }
            body = self.form();
        }
        self.times.response = self.s.t.worker.now_us();
        // before the answer: the page counts itself
        self.count_intercepted();
        self.touch_own_backend();
        let Some(service) = self.s.t.shared.stats.get() else {
            return Err(End::Status(503, *b"SC"));
        };
        Err(End::Page(service.answer(&Asked {
            page,
            target: self.page_target(page),
            admin,
            form: match &body {
                _ if !post => Form::None,
                _ if !admin => Form::Refused,
                None => Form::TooLong,
                Some(text) => Form::Whole(text),
            },
        })))
    }

    /// The numbers of the process, for Prometheus.
    pub(super) fn metrics(&mut self) -> Option<Reply> {
        self.service = Service::Metrics;
        let now = self.s.t.worker.now_us();
        self.times.queued = now;
        self.times.connected = now;
        self.times.response = now;
        self.count_intercepted();
        let service = self.s.t.shared.stats.get()?;
        service.export(self.req.path_and_query())
    }

    /// What `stats uri` is compared with: path and query, or the whole target where it begins
    /// otherwise than a path.
    fn page_target(&self, page: &StatsPlan) -> &[u8] {
        match page.uri.first() {
            Some(b'/') => self.req.path_and_query(),
            _ => self.req.target(),
        }
    }

    /// `stats http-request` and `stats auth`.
    async fn may_look(&mut self, page: &StatsPlan) -> Result<(), End> {
        let challenge = || Answer::Challenge(Some(page.realm.clone()));
        let who: &[u8] = match self.asks_a_proxy() {
            true => b"proxy-authorization",
            false => b"authorization",
        };
        if !page.admits(self.req.header(who)) {
            return Err(End::Reply(challenge(), *b"LR"));
        }
        let verdict = self.request_rules(&page.access, RuleSet::HttpRequest).await;
        match verdict {
            Err(End::Reply(Answer::Challenge(None), state)) => Err(End::Reply(challenge(), state)),
            other => other,
        }
    }

    /// The page is a session of the back end whose section it stands in, as far as `lastsess`
    /// goes (observed on 3.4).
    fn touch_own_backend(&self) {
        let own = |id| move |be: &&Arc<BackendPlan>| be.same_section == Some(id);
        let backends = || self.s.plan.backends.iter().find(own(self.s.fe.id));
        if let Some(be) = self.be.as_ref().or_else(backends) {
            let now = self.s.t.worker.now_ms();
            be.state.counters.last_session.set(now);
        }
    }

    /// Answered while still at the front end.
    fn count_intercepted(&self) {
        let front = self.s.t.shared.frontends.get(self.s.fe.id.0 as usize);
        if let Some(fe) = front.filter(|_| self.be.is_none()) {
            fe.counters.intercepted.inc();
        }
    }

    /// The request's body without its chunks; `None`: it is not there whole.
    fn form(&self) -> Option<Vec<u8>> {
        let have = self.req.body_prefix();
        match self.req.body() {
            BodyLength::None => Some(Vec::new()),
            BodyLength::Length(n) => Some(have.get(..usize::try_from(n).ok()?)?.to_vec()),
            BodyLength::Chunked => {
                let (mut decoder, mut at, mut form) = (ChunkDecoder::default(), 0, Vec::new());
                loop {
                    let (used, event) = decoder.decode(have.get(at..)?);
                    at += used;
                    match event {
                        ChunkEvent::Data { len } => {
                            form.extend_from_slice(have.get(at.checked_sub(len)?..at)?);
                        }
                        ChunkEvent::Trailers => return Some(form),
                        ChunkEvent::NeedMore | ChunkEvent::Error(_) => return None,
                    }
                }
            }
            _ => None,
        }
    }

    /// Sends such a page.
    pub(super) async fn respond_page(&mut self, reply: Reply) -> Next {
        let t = self.s.t;
        let head_only = self.req.method() == b"HEAD";
        let sized = reply.body.is_none();
        let chunked = !sized && !head_only && self.req.is_http11();
        let mut text = reply.head;
        if chunked {
            text.extend_from_slice(b"transfer-encoding: chunked\r\n");
        }
        text.extend_from_slice(b"\r\n");
        let mut res = self.res.take().unwrap_or_else(|| t.message());
        if res.load_response(&text, self.req.context()) != Parsed::Done {
            t.recycle(res);
            return Next::Close;
        }
        self.res = Some(res);
        self.after_response_rules();
        self.settle_unread_body();
        self.drain = !self.body_read && self.req.is_parsed();
        let keep = self.keep_client
            && self.body_read
            && !self.close_client
            && !t.ends_connection()
            && (chunked || sized);
        let mut out = Vec::with_capacity(text.len() + 64);
        if let Some(res) = &self.res {
            res.encode_response(
                &mut out,
                &EncodeOptions {
                    persist: match keep {
                        true => Persist::KeepAlive,
                        false => Persist::Close,
                    },
                    peer_http11: self.req.is_http11(),
                    case: self.s.fe.case_map.as_deref(),
                },
            );
            self.sent = super::count::logged_size(res);
        }
        let all_sent = match reply.body.filter(|_| !head_only) {
            None => self.send_all(&out).await,
            Some(pieces) => self.send_pieces(pieces, out, chunked).await,
        };
        match (all_sent, keep) {
            (false, _) => Next::Drop,
            (true, true) => Next::KeepAlive,
            (true, false) => Next::Close,
        }
    }

    /// Sends what stands in `out` and the pieces behind it; others run between them. False when
    /// the client is gone or takes too long.
    async fn send_pieces(
        &mut self,
        mut pieces: Box<dyn Pieces>,
        mut out: Vec<u8>,
        chunked: bool,
    ) -> bool {
        let mut piece = Vec::new();
        loop {
            piece.clear();
            let more = pieces.next(&mut piece);
            self.sent += piece.len() as u64;
            let empty = piece.is_empty();
            if chunked && !empty {
                // writing to memory cannot fail
                let _ = write!(out, "{:x}\r\n", piece.len());
            }
            out.append(&mut piece);
            if chunked {
                let end: &[u8] = match (empty, more) {
                    (true, true) => b"",
                    (true, false) => b"0\r\n\r\n",
                    (false, true) => b"\r\n",
                    (false, false) => b"\r\n0\r\n\r\n",
                };
                out.extend_from_slice(end);
            }
            if !self.send_all(&out).await {
                return false;
            }
            if !more {
                return true;
            }
            out.clear();
            self.s.t.worker.yield_now().await;
        }
    }
}

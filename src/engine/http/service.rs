//! Pages of the process's own, answered in the place of a server.

use super::{End, Stream};
use crate::engine::service::{Asked, Reply};
use crate::engine::session::Next;
use crate::plan::StatsPlan;
use crate::proto::h1::{EncodeOptions, Parsed, Persist};

impl Stream {
    /// Ends the transaction with the status page if that is what is asked for. Other methods than
    /// these go to the servers (observed on HAProxy 3.4).
    pub(super) async fn status_page(&mut self, page: &StatsPlan) -> Result<(), End> {
        if !page.is_asked(self.req.path_and_query())
            || !matches!(self.req.method(), b"GET" | b"HEAD" | b"POST")
        {
            return Ok(());
        }
        self.service = true;
        if self.req.method() == b"POST" {
            self.buffer_body().await?;
        }
        let now = self.s.t.worker.now_us();
        self.times.queued = now;
        self.times.connected = now;
        self.times.response = now;
        let shared = &self.s.t.shared;
        if let Some(fe) = shared.frontends.get(self.s.fe.id.0 as usize) {
            // before the answer: the page counts itself
            fe.counters.intercepted.inc();
        }
        let Some(service) = shared.stats.get() else {
            return Err(End::Status(503, *b"SC"));
        };
        Err(End::Page(service.answer(&Asked {
            page,
            method: self.req.method(),
            target: self.req.path_and_query(),
            authorization: self.req.header(b"authorization"),
        })))
    }

    /// Sends such a page. Its body may be far larger than a buffer.
    pub(super) async fn respond_page(&mut self, reply: Reply) -> Next {
        let t = self.s.t;
        let head_only = self.req.method() == b"HEAD";
        let chunked = !reply.sized && !head_only && self.req.is_http11();
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
            && !t.shared.is_stopping()
            && (chunked || reply.sized);
        let mut out = Vec::with_capacity(text.len() + reply.body.len() + 64);
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
        }
        if let Some(res) = &self.res {
            self.sent = super::exchange::logged_size(res);
        }
        if !head_only {
            self.sent += reply.body.len() as u64;
            if chunked {
                out.extend_from_slice(format!("{:x}\r\n", reply.body.len()).as_bytes());
            }
            out.extend_from_slice(&reply.body);
            if chunked {
                out.extend_from_slice(b"\r\n0\r\n\r\n");
            }
        }
        match (self.send_all(&out).await, keep) {
            (false, _) => Next::Drop,
            (true, true) => Next::KeepAlive,
            (true, false) => Next::Close,
        }
    }
}

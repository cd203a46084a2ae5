//! Answers of the proxy's own: error pages, `return`, `redirect`, `deny`.

use super::{End, Stream};
use crate::action::{Answer, RuleSet};
use crate::engine::reactor::{Io, Wake};
use crate::engine::session::Next;
use crate::ir::proxy::Options;
use crate::proto::h1::{CaseMap, EncodeOptions, Method, Parsed, Persist, errors};
use crate::rules;

impl Stream {
    /// It was ended from outside (`shutdown session`, `on-marked-down`).
    pub(super) fn killed(&mut self, cause: u8) -> Next {
        self.slot = None;
        (self.state, self.status) = ([cause, b'C'], 500);
        Next::Drop
    }

    /// Ends the transaction with what it deserves; tells what becomes of the connection.
    pub(super) async fn answer(&mut self, end: End) -> Next {
        // whoever waits for the server need not wait for this client
        self.slot = None;
        if self.times.response == 0
            && !matches!(
                end,
                End::Silent(_) | End::Status(_, [_, b'H']) | End::Reply(_, [_, b'H'])
            )
        {
            // what the proxy says itself is not counted; what a server said before, is
            self.sent = 0;
        }
        match end {
            End::Cut(state) => {
                self.state = state;
                Next::Close
            }
            End::Silent(state) => {
                self.state = state;
                Next::Drop
            }
            End::Raw(status, state) => {
                self.state = state;
                match self.page(status) {
                    Some(page) if page.custom && page.bytes.is_empty() => {
                        self.status = status.into();
                    }
                    Some(page) if page.custom => self.respond_raw(&page.bytes).await,
                    _ => {
                        self.send_all(errors::raw(status).unwrap_or_default()).await;
                    }
                }
                Next::Close
            }
            End::Status(status, state) => {
                self.state = state;
                match self.page(status) {
                    Some(page) if page.reply.is_some() => {
                        let made = page.reply.as_ref().and_then(|r| self.made_reply(&r.0[..]));
                        match made {
                            Some(answer) => Box::pin(self.answer(End::Reply(answer, state))).await,
                            None => self.respond(&page.bytes).await,
                        }
                    }
                    Some(page) if page.custom && page.bytes.is_empty() => {
                        self.status = status.into();
                        Next::Close
                    }
                    Some(page) => self.respond(&page.bytes).await,
                    None => {
                        self.respond(errors::answer(status).unwrap_or_default())
                            .await
                    }
                }
            }
            End::Page(reply) => {
                self.state = *b"LR";
                self.respond_page(reply).await
            }
            End::Reply(Answer::Metrics, _) => match self.metrics() {
                Some(reply) => Box::pin(self.answer(End::Page(reply))).await,
                None => Box::pin(self.answer(End::Status(400, *b"LR"))).await,
            },
            End::Reply(Answer::Status(status), state) => {
                Box::pin(self.answer(End::Status(status, state))).await
            }
            End::Reply(Answer::Challenge(realm), state) => {
                self.state = state;
                let (status, name) = match self.asks_a_proxy() {
                    true => (407, &b"proxy-authenticate"[..]),
                    false => (401, &b"www-authenticate"[..]),
                };
                let page = self.page(status);
                let text = match &page {
                    Some(page) => &page.bytes[..],
                    None => errors::answer(status).unwrap_or_default(),
                };
                let realm = realm.as_deref().unwrap_or(self.name().as_bytes());
                let text = challenge(text, name, realm);
                self.respond(&text).await
            }
            End::Reply(Answer::Ready(reply), state) => {
                self.state = state;
                let mut text = reply.head;
                text.extend_from_slice(&reply.body);
                self.keep_client &= !reply.close;
                self.respond(&text).await
            }
        }
    }

    /// `option http-use-proxy-header`: whether the request is one that a client sends to a proxy,
    /// so that who he is stands in `Proxy-Authorization`.
    pub(super) fn asks_a_proxy(&self) -> bool {
        self.s.fe.options.contains(Options::HTTP_USE_PROXY_HEADER)
            && !matches!(self.req.target().first(), Some(b'/' | b'*'))
    }

    /// What `http-error` makes for this stream.
    fn made_reply(&mut self, rule: &[crate::ir::rule::Rule]) -> Option<Answer> {
        let t = self.s.t;
        let mode = rules::Mode::of(RuleSet::HttpRequest);
        match rules::run(rule, mode, self, &mut t.scratch.borrow_mut()) {
            rules::Verdict::Return(answer) => Some(answer),
            _ => None,
        }
    }

    /// The name of the proxy that answers.
    fn name(&self) -> &str {
        self.be.as_ref().map_or(&self.s.fe.name, |be| &be.name)
    }

    /// Sends a response given as HTTP/1 text, connection handling left to us.
    async fn respond(&mut self, text: &[u8]) -> Next {
        let t = self.s.t;
        let mut res = self.res.take().unwrap_or_else(|| t.message());
        let mut asked = self.req.context();
        let connect = asked.method == Method::Connect;
        if connect {
            // there is no tunnel: the answer is framed as any other, and nothing behind the
            // request's head belongs to it
            asked.method = Method::Get;
            self.body_read |= self.req.is_parsed();
        }
        if res.load_response(text, asked) != Parsed::Done {
            t.recycle(res);
            self.send_all(text).await;
            return Next::Close;
        }
        self.res = Some(res);
        self.after_response_rules();
        self.settle_unread_body();
        self.drain = !self.body_read && self.req.is_parsed();
        let Some(res) = &self.res else {
            return Next::Close;
        };
        // 3.4 counts its own answers twice
        let size = super::count::logged_size(res) + res.body_prefix().len() as u64;
        self.growth.1 = super::count::growth(2 * size, self.sent);
        let keep = self.keep_client && self.body_read && res.keep_alive();
        let keep = keep && !self.close_client && !t.ends_connection();
        let mut out = Vec::with_capacity(text.len() + 64);
        res.encode_response(
            &mut out,
            &EncodeOptions {
                persist: if keep {
                    Persist::KeepAlive
                } else {
                    Persist::Close
                },
                peer_http11: self.req.is_http11(),
                case: self.s.fe.case_map.as_deref(),
            },
        );
        if self.req.received_method() != b"HEAD" {
            out.extend_from_slice(res.body_prefix());
        }
        // the client takes a success for the tunnel; 3.4 ends it without a word
        let ended = connect && (200..300).contains(&res.status());
        if !self.send_all(&out).await {
            return Next::Drop;
        }
        if keep && !ended {
            Next::KeepAlive
        } else {
            Next::Close
        }
    }

    /// Sends a page as it is, since nothing is known of the request; only its names are spelled
    /// as in any response.
    async fn respond_raw(&mut self, text: &[u8]) {
        let bytes = plain_page(text, self.s.fe.case_map.as_deref());
        self.send_all(&bytes).await;
    }

    /// `http-after-response`, back end's rules first.
    pub(super) fn after_response_rules(&mut self) {
        let (fe, be) = (self.s.fe.clone(), self.be.clone());
        let sets = [
            be.as_ref()
                .filter(|b| b.same_section != Some(fe.id))
                .map(|b| &b.rules.http_after_response),
            Some(&fe.rules.http_after_response),
        ];
        for list in sets.into_iter().flatten().filter(|l| !l.is_empty()) {
            let t = self.s.t;
            // only edits can come of these rules
            rules::run(
                list,
                rules::Mode::of(RuleSet::HttpAfterResponse),
                self,
                &mut t.scratch.borrow_mut(),
            );
        }
    }

    /// For an answer given before the body was read: what stands in the buffer is skipped; more is
    /// not waited for, and the connection closes.
    pub(super) fn settle_unread_body(&mut self) {
        if self.body_read || !self.req.is_parsed() {
            return;
        }
        if let Some(length) = self.whole_body_len() {
            self.body_read = true;
            self.body_taken = length;
        }
    }

    /// Writes everything to the client; false when it is gone or takes too long.
    pub(super) async fn send_all(&mut self, bytes: &[u8]) -> bool {
        let w = self.s.t.worker;
        let mut at = 0;
        if self.status < 0 {
            self.status = status_of(bytes);
        }
        while at < bytes.len() {
            match self.s.client.send(&bytes[at..], false) {
                Io::Done(n) => at += n,
                Io::Blocked => {
                    if w.park(w.after(self.timeouts.client)).await == Wake::TimedOut {
                        return false;
                    }
                }
                Io::Eof | Io::Failed(_) => return false,
            }
        }
        true
    }
}

/// A page whose names are spelled as in any response.
pub(in crate::engine) fn plain_page(text: &[u8], case: Option<&CaseMap>) -> Vec<u8> {
    let end = text.windows(4).position(|w| w == b"\r\n\r\n");
    let (head, body) = text.split_at(end.map_or(0, |at| at + 2));
    let mut out = Vec::with_capacity(text.len());
    for (n, line) in head.split_inclusive(|b| *b == b'\n').enumerate() {
        let colon = memchr::memchr(b':', line).filter(|_| n > 0);
        let (name, rest) = line.split_at(colon.unwrap_or(0));
        let name = name.to_ascii_lowercase();
        out.extend_from_slice(case.map_or(&name[..], |map| map.adjust(&name)));
        out.extend_from_slice(rest);
    }
    out.extend_from_slice(body);
    out
}

/// An answer with one header more, which asks for a name and a password (RFC 7617).
fn challenge(text: &[u8], name: &[u8], realm: &[u8]) -> Vec<u8> {
    let end = text.windows(4).position(|w| w == b"\r\n\r\n");
    let (head, body) = text.split_at(end.map_or(0, |at| at + 2));
    [head, name, b": Basic realm=\"", realm, b"\"\r\n", body].concat()
}

/// The status of an answer as text.
fn status_of(answer: &[u8]) -> i32 {
    let digits = answer.split(|b| *b == b' ').nth(1).unwrap_or_default();
    std::str::from_utf8(digits)
        .ok()
        .and_then(|d| d.parse().ok())
        .unwrap_or(-1)
}

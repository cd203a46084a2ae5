//! From the request's head to the back end: `monitor-uri`, rule sets, `use_backend`.

use super::stream::State;
use super::{End, Stream};
use crate::action::{Answer, Question, RuleSet};
use crate::engine::reactor::{NEVER, Wake};
use crate::engine::{count, resolvers, select, track};
use crate::ir::proxy::{ConnectionMode, Options};
use crate::ir::rule::Rule;
use crate::plan::FrontendPlan;
use crate::proto::h1::Method;
use crate::rules::{self, Verdict};
use crate::sample::view::{Direction, LogStep};

impl Stream {
    /// Chooses the back end, or ends the transaction as a rule wants it.
    pub(super) async fn route(&mut self) -> Result<(), End> {
        let restrict = Options::RESTRICT_HDR_DELETE | Options::RESTRICT_HDR_REJECT;
        if self.s.fe.options.intersects(restrict) {
            self.restrict_names(self.s.fe.options)?;
        }
        if self.s.fe.monitor_uri.is_some() {
            self.monitor()?;
        }
        if self.s.fe.options.contains(Options::HTTP_BUFFER_REQUEST) {
            // the request is only there with its body
            let seen = std::mem::take(&mut self.times.request);
            self.buffer_body().await?;
            self.times.request = seen.max(self.s.t.worker.now_us());
        }
        let rules = &self.s.fe.rules;
        if rules.any_on_request() {
            let fe = self.s.fe.clone();
            self.request_rules(&fe.rules.tcp_request_content, RuleSet::TcpRequestContent)
                .await?;
            self.log_step(LogStep::Request);
            self.request_rules(&fe.rules.http_request, RuleSet::HttpRequest)
                .await?;
        } else {
            self.log_step(LogStep::Request);
        }
        if let Some(page) = self.s.fe.stats.clone() {
            self.status_page(&page).await?;
        }
        let mut chosen = None;
        if let Some(lines) = self.s.fe.rules.lines.clone() {
            chosen = Box::pin(self.request_lines(&lines)).await?;
        }
        if !self.s.fe.rules.redirects.is_empty() {
            let fe = self.s.fe.clone();
            self.request_rules(&fe.rules.redirects, RuleSet::HttpRequest)
                .await?;
        }
        let chosen = chosen.or_else(|| select::backend(self.s.t, &self.s.plan, &self.s.fe, self));
        let id = chosen.ok_or(End::Status(503, *b"SC"))?;
        let be = self
            .s
            .plan
            .backend(id)
            .cloned()
            .ok_or(End::Status(503, *b"SC"))?;
        self.close_server |= be.connection_mode != ConnectionMode::KeepAlive;
        self.timeouts.server = be.timeouts.server;
        self.timeouts.connect = be.timeouts.connect;
        self.timeouts.queue = be.timeouts.queue;
        self.timeouts.tunnel = be.timeouts.tunnel.or(self.timeouts.tunnel);
        self.retries = be.retries;
        if be.options.intersects(restrict) {
            self.restrict_names(be.options)?;
        }
        let rules = be.rules.any_on_request() && be.same_section != Some(self.s.fe.id);
        let hashed = be.selector.as_ref().is_some_and(|s| s.wants_body());
        let buffer = be.options.contains(Options::HTTP_BUFFER_REQUEST)
            || hashed && self.req.method_id() == Method::Post;
        count::backend(&be, self.s.t.worker.now_ms());
        self.listed.backend(be.id);
        self.be = Some(be);
        if buffer {
            self.buffer_body().await?;
        }
        if self.truncated {
            return Err(self.left_early(*b"CR"));
        }
        if rules && let Some(be) = self.be.clone() {
            self.request_rules(&be.rules.tcp_request_content, RuleSet::TcpRequestContent)
                .await?;
            self.request_rules(&be.rules.http_request, RuleSet::HttpRequest)
                .await?;
        }
        if let Some(page) = self.be.as_ref().and_then(|be| be.stats.clone()) {
            self.status_page(&page).await?;
        }
        if rules && let Some(lines) = self.be.as_ref().and_then(|be| be.rules.lines.clone()) {
            Box::pin(self.request_lines(&lines)).await?;
        }
        if rules && let Some(be) = self.be.clone() {
            self.request_rules(&be.rules.redirects, RuleSet::HttpRequest)
                .await?;
        }
        if let Some(name) = &self.s.fe.unique_id_header
            && let Some(id) = self.make_unique_id()
        {
            let (name, id) = (name.clone(), id.to_vec());
            self.req.add_header(&name, &id);
        }
        self.forwarded_headers();
        Ok(())
    }

    /// `option http-restrict-req-hdr-names`: names of other bytes than letters, digits and `-` are
    /// deleted, or the request is refused.
    fn restrict_names(&mut self, options: Options) -> Result<(), End> {
        let plain = |name: &[u8]| name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-');
        if !options.contains(Options::RESTRICT_HDR_REJECT) {
            self.req.retain(|name, _| plain(name));
        } else if !self.req.headers().all(|(name, _)| plain(name)) {
            return Err(End::Status(403, *b"PR"));
        }
        Ok(())
    }

    /// `monitor-uri`: exactly this URI, or path and query, is answered here.
    fn monitor(&mut self) -> Result<(), End> {
        let fe: &FrontendPlan = &self.s.fe;
        let Some(uri) = &fe.monitor_uri else {
            return Ok(());
        };
        // with scheme and host, or without
        if self.req.path_and_query() != &uri[..] && self.req.target() != &uri[..] {
            return Ok(());
        }
        if !fe.monitor_fail.is_empty() {
            let fe = self.s.fe.clone();
            let mut scratch = self.s.t.scratch.borrow_mut();
            let failed = fe
                .monitor_fail
                .iter()
                .any(|c| rules::holds(c, Direction::Request, self, &mut scratch));
            if failed {
                return Err(End::Status(503, *b"PR"));
            }
        }
        self.quiet = true;
        Err(End::Status(200, *b"PR"))
    }

    /// Runs a rule set on the request; `Err` ends the transaction.
    pub(super) async fn request_rules(&mut self, list: &[Rule], set: RuleSet) -> Result<(), End> {
        if list.is_empty() {
            return Ok(());
        }
        let mut from = 0;
        loop {
            let mode = rules::Mode {
                set,
                from,
                last: true,
            };
            let verdict = {
                let t = self.s.t;
                rules::run(list, mode, self, &mut t.scratch.borrow_mut())
            };
            match verdict {
                Verdict::Continue => return Ok(()),
                Verdict::Deny(a) => {
                    track::error(self.tracked.as_deref(), &self.s);
                    return Err(End::Reply(a, *b"PR"));
                }
                Verdict::Return(a) | Verdict::Redirect(a) => {
                    if matches!(a, Answer::Challenge(_)) {
                        track::error(self.tracked.as_deref(), &self.s);
                    }
                    return Err(End::Reply(a, *b"LR"));
                }
                Verdict::Tarpit(a) => {
                    track::error(self.tracked.as_deref(), &self.s);
                    return Err(self.tarpit(a).await);
                }
                Verdict::Reject | Verdict::Close | Verdict::SilentDrop { .. } => {
                    if let Verdict::SilentDrop { rst_ttl } = verdict {
                        self.s.client.vanish_on_close(rst_ttl);
                    }
                    // for the log, the request was not received whole
                    self.times.request = 0;
                    return Err(End::Silent(*b"PR"));
                }
                Verdict::Wait { from: at, for_ms } => {
                    from = at;
                    let until = self.s.t.worker.after(for_ms);
                    if for_ms.is_none() {
                        // nothing more can come here: the whole head is there
                        from = at + 1;
                        continue;
                    }
                    while self.s.t.worker.park(until).await == Wake::Ready {}
                    self.times.request = self.s.t.worker.now_us();
                }
                Verdict::Body {
                    from: at,
                    ms,
                    at_least,
                } => {
                    from = at;
                    let until = self.s.t.worker.after(Some(ms));
                    let waited = Box::pin(self.rule_waits_for_body(until, at_least as usize)).await;
                    if let Err(end) = waited {
                        if let Some(rule) = at.checked_sub(1).and_then(|rule| list.get(rule)) {
                            self.last_rule = Some(rule.span);
                        }
                        return Err(end);
                    }
                }
                Verdict::Resolve { from: at, question } => {
                    from = at;
                    Box::pin(self.rule_resolves(&question)).await;
                }
                Verdict::Error => return Err(End::Status(500, *b"PR")),
            }
        }
    }

    /// `do-resolve`
    #[cold]
    async fn rule_resolves(&mut self, question: &Question) {
        let found = resolvers::ask(self.s.t, question)
            .wait(self.s.t.worker)
            .await;
        if let Some(ip) = found {
            question.answer(self, ip);
        }
        self.times.request = self.s.t.worker.now_us();
    }

    /// `wait-for-body`
    #[cold]
    async fn rule_waits_for_body(&mut self, until: u64, at_least: usize) -> Result<(), End> {
        let seen = std::mem::take(&mut self.times.request);
        self.receive_body(until, at_least).await?;
        self.times.request = seen.max(self.s.t.worker.now_us());
        Ok(())
    }

    /// Keeps the client waiting (`timeout tarpit`, else `timeout connect`), then refuses.
    pub(super) async fn tarpit(&mut self, answer: Answer) -> End {
        let w = self.s.t.worker;
        let until = w.after(self.timeouts.tarpit);
        let until = if until == NEVER { w.now_ms() } else { until };
        self.s.client.watch();
        while w.now_ms() < until && !self.s.client.hung_up() {
            w.park(until).await;
        }
        self.times.tarpit = w.now_us().max(1);
        let state: State = *b"PT";
        End::Reply(answer, state)
    }
}

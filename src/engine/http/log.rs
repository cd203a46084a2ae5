//! What the log tells of a stream.

use super::Stream;
use crate::engine::log;
use crate::sample::view::{LogData, LogStep, Progress, Stuck};

impl Stream {
    /// The line at the end of the transaction.
    pub(super) fn log_end(&mut self) {
        let Some(plan) = self.s.fe.log.as_ref() else {
            return;
        };
        if !self.req.is_parsed() {
            return self.log_line(LogStep::Error);
        }
        if plan.logs(LogStep::Close) || plan.one_line && !self.logged {
            self.log_line(LogStep::Close);
        }
    }

    /// The line of a step on the way, where one is wanted.
    #[inline]
    pub(super) fn log_step(&mut self, step: LogStep) {
        if self.s.fe.log.as_ref().is_some_and(|plan| plan.logs(step)) {
            self.logged = true;
            self.log_line(step);
        }
    }

    fn log_line(&mut self, step: LogStep) {
        let Some(plan) = self.s.fe.log.clone() else {
            return;
        };
        if plan.format.is_none() && step != LogStep::Error || self.quiet {
            return;
        }
        let data = LogData {
            early: plan.asap,
            lines: log::count(&plan),
            ..self.log_data(step)
        };
        let Some(level) = log::level(&plan, self.log_level, &data) else {
            return;
        };
        self.log = Some(data);
        log::step(self.s.t, &plan, self, step, level, None);
        self.log = None;
    }

    /// `do-log`
    pub(super) fn log_now(&mut self, step: LogStep, profile: Option<u32>) {
        let Some(plan) = self.s.fe.log.clone() else {
            return;
        };
        let profile = profile.and_then(|p| self.s.plan.log_profiles.get(p as usize).cloned());
        let level = match self.log_level {
            Some(None) => return,
            Some(Some(level)) => level,
            None => log::INFO,
        };
        self.log = Some(LogData {
            early: plan.asap,
            lines: log::count(&plan),
            ..self.log_data(step)
        });
        log::step(self.s.t, &plan, self, step, level, profile.as_deref());
        self.log = None;
    }

    /// How far the stream is, for rules that ask.
    #[cold]
    pub(super) fn progress_now(&self) -> Progress {
        let step = LogStep::Close;
        let grown = |bytes: u64, by: i64| bytes.saturating_add_signed(by);
        Progress {
            log: self.log.unwrap_or_else(|| self.log_data(step)),
            ended: self.log.is_some(),
            to_server: match self.times.connected {
                0 => 0,
                _ => grown(self.received, self.growth.0),
            },
            to_client: grown(self.sent, self.growth.1),
            priority: self.priority,
            reused: self.reused,
            stuck: match &self.persistence {
                p if p.by_session => Stuck::Session,
                p if p.by_table => Stuck::Table,
                p if p.pinned.is_some() && p.cookie.server.is_none() => Stuck::Otherwise,
                _ => Stuck::No,
            },
        }
    }

    #[inline]
    fn log_data(&self, step: LogStep) -> LogData {
        let s = &self.s;
        let t = s.t;
        let now = t.worker.now_us();
        let times = self.times;
        let ms = |from: u64, to: u64| match (from, to) {
            (_, 0) | (0, _) => -1,
            (from, to) => (to.saturating_sub(from) / 1000) as i64,
        };
        let begin = times.begin.max(1);
        // known to rules, but not to the log before the rules ran
        let request = match step {
            LogStep::Accept | LogStep::Request | LogStep::TcpRequestContent => 0,
            // a tarpit counts as a queue, and the request as not received
            _ if times.tarpit != 0 => 0,
            _ => times.request,
        };
        let be = self.be.as_ref();
        let server = be.and_then(|b| b.state.server(self.server?));
        LogData {
            fault: 0,
            step,
            early: false,
            lines: 0,
            state: [
                self.state[0],
                self.state[1],
                self.persistence.cookie.flag.letter(),
                self.persistence.set_cookie.letter(),
            ],
            status: match (step, &self.res) {
                (LogStep::Accept, _) => 0,
                (LogStep::HttpResponse | LogStep::HttpAfterResponse, Some(res)) => {
                    i32::from(res.status())
                }
                _ => self.status,
            },
            sent: match (step, &self.res) {
                (LogStep::Response, Some(res)) => self.sent + res.body_prefix().len() as u64,
                _ => self.sent,
            },
            received: match step {
                LogStep::Close | LogStep::Error => self.received,
                _ => 0,
            },
            handshake: 0,
            request: ms(begin, request),
            queue: match times.tarpit {
                0 => ms(times.request, times.queued),
                end => ms(s.accepted_us, end) + 1,
            },
            connect: ms(times.queued, times.connected),
            response: ms(times.connected, times.response),
            active: (now.saturating_sub(begin) / 1000) as i64,
            total: (now.saturating_sub(s.accepted_us) / 1000) as i64,
            idle: (begin.saturating_sub(s.accepted_us) / 1000) as i64,
            actconn: t.shared.conns.current(),
            feconn: t
                .shared
                .frontends
                .get(s.fe.id.0 as usize)
                .map_or(0, |f| f.conns.current()),
            beconn: be.map_or(0, |b| b.state.sessions.cur()),
            srvconn: server.map_or(0, |s| s.served()),
            retries: self.tries,
            redispatched: self.redispatched,
            srv_queue: self.waited.0,
            backend_queue: self.waited.1,
        }
    }

    /// The stream's unique id, made when it is first asked for.
    pub(super) fn make_unique_id(&self) -> Option<&[u8]> {
        let format = self.s.fe.unique_id.as_ref()?;
        if !self.req.is_parsed() {
            return None;
        }
        self.unique_id.of(format, self)
    }
}

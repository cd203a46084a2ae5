//! Rules on the response.

use super::pause::Paused;
use super::{End, Stream};
use crate::action::RuleSet;
use crate::plan::BackendPlan;
use crate::rules::{self, Verdict};

impl Stream {
    /// `http-response`, the back end's rules first, from where they waited. Where they have to
    /// wait, [`Stream::paused`] tells so afterwards.
    pub(super) fn response_rules(&mut self, be: &BackendPlan, begin: Paused) -> Result<(), End> {
        if be.rules.http_response.is_empty()
            && be.rules.tcp_response_content.is_empty()
            && !self.s.plan.keeps_spelling
            && self.s.fe.rules.http_response.is_empty()
        {
            return Ok(());
        }
        let fe = self.s.fe.clone();
        let t = self.s.t;
        let front = Some(&fe.rules).filter(|_| be.same_section != Some(fe.id));
        let none = &Box::default();
        let sets = [
            (
                &be.rules.tcp_response_content,
                RuleSet::TcpResponseContent,
                None,
            ),
            (
                &be.rules.http_response,
                RuleSet::HttpResponse,
                be.rules.lines.as_ref(),
            ),
            (
                front.map_or(none, |rules| &rules.http_response),
                RuleSet::HttpResponse,
                front.and_then(|rules| rules.lines.as_ref()),
            ),
        ];
        let mut from = begin.rule;
        for (number, (list, set, lines)) in sets.into_iter().enumerate().skip(begin.set) {
            if list.is_empty() && lines.is_none() {
                continue;
            }
            let verdict = loop {
                let mode = rules::Mode {
                    from: std::mem::take(&mut from),
                    ..rules::Mode::of(set)
                };
                let verdict = rules::run(list, mode, self, &mut t.scratch.borrow_mut());
                let (rule, ms, body) = match verdict {
                    Verdict::Wait {
                        from,
                        for_ms: Some(ms),
                    } => (from, ms, None),
                    Verdict::Body { from, ms, at_least } => (from, ms, Some(at_least as usize)),
                    other => break other,
                };
                if body.is_some_and(|wanted| self.has_of_response(wanted)) {
                    from = rule;
                    continue;
                }
                self.paused = Some(Box::new(Paused {
                    set: number,
                    rule,
                    until: t.worker.after(Some(ms)),
                    body,
                    size: 0,
                }));
                return Ok(());
            };
            let end = match verdict {
                // the last ones only come of a request
                Verdict::Continue
                | Verdict::Wait { .. }
                | Verdict::Body { .. }
                | Verdict::Resolve { .. } => match lines {
                    None => continue,
                    Some(lines) => match self.response_lines(lines, true) {
                        Ok(()) => continue,
                        Err(end) => end,
                    },
                },
                Verdict::Deny(a) | Verdict::Tarpit(a) => End::Reply(a, *b"PH"),
                Verdict::Return(a) | Verdict::Redirect(a) => End::Reply(a, *b"LH"),
                Verdict::Reject if set == RuleSet::TcpResponseContent => {
                    self.times.response = 0;
                    self.sent = 0;
                    End::Silent(*b"PD")
                }
                // as if the server had closed
                Verdict::Close if set == RuleSet::TcpResponseContent => {
                    self.times.response = 0;
                    self.sent = 0;
                    End::Status(502, *b"SH")
                }
                Verdict::SilentDrop { rst_ttl } => {
                    self.s.client.vanish_on_close(rst_ttl);
                    End::Silent(*b"PR")
                }
                Verdict::Reject | Verdict::Close => End::Silent(*b"PR"),
                Verdict::Error => End::Status(500, *b"PR"),
            };
            if let Some(res) = self.res.as_ref().filter(|_| self.sent > 0) {
                self.sent += res.body_prefix().len() as u64;
                if matches!(end, End::Silent(_)) {
                    self.status = i32::from(res.status());
                }
            }
            return Err(end);
        }
        Ok(())
    }
}

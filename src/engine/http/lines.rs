//! `reqrep` and its relatives, where 1.5 ran them.

use super::{End, Stream};
use crate::action::Answer;
use crate::ir::rule::LineRules;
use crate::plan::{BackendId, BackendPlan};
use crate::rules::lines::{self, LineVerdict};
use crate::sample::view::Direction;

impl Stream {
    /// Runs those of one proxy on the request; gives the back end that they chose.
    #[cold]
    pub(super) async fn request_lines(
        &mut self,
        rules: &LineRules,
    ) -> Result<Option<BackendId>, End> {
        let t = self.s.t;
        let run = {
            let allowed = self.lines_allowed;
            let mut scratch = t.scratch.borrow_mut();
            lines::run(rules, Direction::Request, allowed, true, self, &mut scratch)
        };
        self.lines_allowed = run.allowed;
        match run.verdict {
            LineVerdict::Continue => {}
            LineVerdict::Denied => return Err(End::Status(403, *b"PR")),
            LineVerdict::Tarpitted => return Err(self.tarpit(Answer::Status(500)).await),
            LineVerdict::Broken => return Err(End::Status(400, *b"PR")),
        }
        Ok(run
            .backend
            .and_then(|name| self.s.plan.backend_by_name(name.as_bytes())))
    }

    /// Runs those of the back end, then those of the front end, on a 1xx.
    #[cold]
    pub(super) fn interim_lines(&mut self, be: &BackendPlan) -> Result<(), End> {
        if let Some(lines) = &be.rules.lines {
            self.response_lines(lines, false)?;
        }
        let front = (be.same_section != Some(self.s.fe.id)).then(|| self.s.fe.rules.lines.clone());
        match front.flatten() {
            Some(lines) => self.response_lines(&lines, false),
            None => Ok(()),
        }
    }

    /// Runs those of one proxy on the response, of which `last` tells that it is no 1xx.
    #[cold]
    pub(super) fn response_lines(&mut self, rules: &LineRules, last: bool) -> Result<(), End> {
        let t = self.s.t;
        let mut scratch = t.scratch.borrow_mut();
        match lines::run(rules, Direction::Response, false, last, self, &mut scratch).verdict {
            LineVerdict::Continue => Ok(()),
            _ => Err(End::Status(502, *b"PH")),
        }
    }
}

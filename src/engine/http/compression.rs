//! `compression` of one transaction.

use super::Stream;
use crate::engine::compression::{self, Both, Coder};
use crate::ir::compression::Coding;
use crate::plan::BackendPlan;

impl Stream {
    /// Once all rules ran on the request: which coding its response may have, and whether the
    /// request itself is coded.
    #[cold]
    pub(super) fn choose_codings(&mut self, be: &BackendPlan) {
        let fe = &self.s.fe;
        self.codings.1 = compression::asked(&self.req, &Both::responses(fe, be));
        if self.codings.1.is_some() && compression::offloads(fe, be) {
            compression::hide(&mut self.req);
        }
        if self.may_compress() {
            self.codings.0 = compression::coding_of_request(&self.req, &Both::requests(fe, be));
        }
        if let Some(coding) = self.codings.0 {
            compression::announce(&mut self.req, coding);
        }
    }

    /// What codes the request.
    #[cold]
    pub(super) fn request_coder(&self) -> Option<Box<Coder>> {
        let coding = self.codings.0?;
        Some(Box::new(Coder::new(coding, self.level(), None)))
    }

    /// What codes the response, if anything does; its head says so then.
    #[cold]
    pub(super) fn response_coder(&mut self, coding: Coding) -> Option<Box<Coder>> {
        let (fe, be) = (self.s.fe.clone(), self.be.clone()?);
        let res = self.res.as_mut()?;
        let both = Both::responses(&fe, &be);
        if !compression::suits(res, &self.req, &both) || !self.may_compress() {
            return None;
        }
        let res = self.res.as_mut()?;
        compression::announce(res, coding);
        if let Some(fe) = self.s.t.shared.frontends.get(fe.id.0 as usize) {
            fe.counters.compressed.responses.inc();
        }
        be.state.counters.compressed.responses.inc();
        Some(Box::new(Coder::new(
            coding,
            self.level(),
            Some((fe.id, be)),
        )))
    }

    /// `tune.comp.maxlevel`
    fn level(&self) -> u32 {
        self.s.plan.global.settings.tune.comp_maxlevel
    }

    /// `maxcomprate`: whether there is room for another body.
    fn may_compress(&self) -> bool {
        let t = self.s.t;
        let limit = t.shared.rate_limits.compression_limit();
        limit == 0 || t.shared.compression.read.per_second(t.worker.now_ms()) < limit
    }
}

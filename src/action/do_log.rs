//! `do-log [profile NAME]`: a log line in the middle of the rules (manual 4.3).

use super::{Act, Example, Flow, Keyword, Line, RuleSet, RuleSets, Run};
use crate::sample::compile::Fault;
use crate::sample::view::{Effect, LogStep};
use std::sync::Arc;

#[derive(Debug)]
struct DoLog {
    step: LogStep,
    profile: Option<u32>,
}

impl Act for DoLog {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        run.view.apply(Effect::Log(self.step, self.profile));
        Flow::Continue
    }
}

fn compile(line: &mut Line<'_, '_, '_>) -> Result<Arc<dyn Act>, Fault> {
    let step = match line.set {
        RuleSet::TcpRequestConnection => LogStep::TcpRequestConnection,
        RuleSet::TcpRequestSession => LogStep::TcpRequestSession,
        RuleSet::TcpRequestContent => LogStep::TcpRequestContent,
        RuleSet::TcpResponseContent => LogStep::TcpResponseContent,
        RuleSet::HttpRequest => LogStep::HttpRequest,
        RuleSet::HttpResponse => LogStep::HttpResponse,
        RuleSet::HttpAfterResponse => LogStep::HttpAfterResponse,
    };
    let mut profile = None;
    if line.take_if("profile") {
        let name = line.argument("action 'do-log': 'profile' expects argument.")?;
        profile = line.cx.names.log_profile(name.bytes());
        if profile.is_none() {
            line.cx.no_log_profile(name.bytes());
            return Err(Fault::Pending);
        }
    }
    Ok(Arc::new(DoLog { step, profile }))
}

pub(super) static KEYWORDS: &[Keyword] = &[Keyword {
    name: "do-log",
    prefix: false,
    sets: RuleSets::ALL,
    compile,
    doc: "Writes a log line now.",
    examples: &[
        Example {
            line: "http-request do-log",
            result: "Log(HttpRequest, None)",
        },
        Example {
            line: "tcp-request connection do-log profile known",
            result: "Log(TcpRequestConnection, Some(0))",
        },
    ],
}];

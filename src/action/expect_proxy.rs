//! `expect-proxy layer4`: the connection begins with a PROXY protocol header (manual 4.3).

use super::{Act, Example, Flow, Keyword, RuleSets, Run};
use crate::sample::view::Effect;
use std::sync::Arc;

#[derive(Debug)]
struct ExpectProxy;

impl Act for ExpectProxy {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        run.view.apply(Effect::ExpectProxy);
        Flow::Continue
    }
}

pub(super) static KEYWORDS: &[Keyword] = &[Keyword {
    name: "expect-proxy",
    prefix: false,
    sets: RuleSets::TCP_CONNECTION,
    compile: |line| {
        let word = line.take().map(|w| w.display().to_string());
        match word.as_deref() {
            Some("layer4") => Ok(Arc::new(ExpectProxy)),
            other => Err(format!(
                "'{} {}' only supports 'layer4' in {} (got '{}')",
                line.set.name(),
                line.verb.display(),
                line.cx.owner,
                other.unwrap_or_default()
            )
            .into()),
        }
    },
    doc: "Awaits a PROXY protocol header in front of the connection's data.",
    examples: &[Example {
        line: "tcp-request connection expect-proxy layer4",
        result: "ExpectProxy",
    }],
}];

//! `allow` and `accept`: the rest of the rule set is skipped.

use super::{Act, Example, Flow, Keyword, RuleSets, Run};
use std::sync::Arc;

#[derive(Debug)]
struct Allow;

impl Act for Allow {
    fn run(&self, _: &mut Run<'_>) -> Flow {
        Flow::Stop
    }
}

pub(super) static KEYWORDS: &[Keyword] = &[
    Keyword {
        name: "allow",
        prefix: false,
        sets: RuleSets::HTTP,
        compile: |_| Ok(Arc::new(Allow)),
        doc: "Skips the rest of the rule set.",
        examples: &[Example {
            line: "http-request allow",
            result: "Stop",
        }],
    },
    Keyword {
        name: "accept",
        prefix: false,
        sets: RuleSets::TCP,
        compile: |_| Ok(Arc::new(Allow)),
        doc: "Skips the rest of the rule set.",
        examples: &[Example {
            line: "tcp-request connection accept",
            result: "Stop",
        }],
    },
];

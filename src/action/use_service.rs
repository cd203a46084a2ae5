//! `use-service`: something of the process's own answers (manual 4.3).

use super::{Act, Answer, Example, Flow, Keyword, RuleSets, Run};
use crate::grammar;
use std::sync::Arc;

#[derive(Debug)]
struct Exporter;

impl Act for Exporter {
    fn run(&self, _: &mut Run<'_>) -> Flow {
        Flow::Return(Answer::Metrics)
    }
}

pub(super) static KEYWORDS: &[Keyword] = &[Keyword {
    name: "use-service",
    prefix: false,
    sets: RuleSets::REQUEST,
    compile: |line| {
        let word = line.argument("missing service name.")?;
        match word.bytes() {
            b"prometheus-exporter" => Ok(Arc::new(Exporter)),
            // a script's: `lua.NAME`
            name if grammar::service(name).is_some() => Err(line.cx.pending("service", name)),
            _ => Err(format!("'{}' unknown service name.", word.display()).into()),
        }
    },
    doc: "Answers by a service of the process: prometheus-exporter shows its numbers.",
    examples: &[Example {
        line: "http-request use-service prometheus-exporter",
        result: "Return metrics",
    }],
}];

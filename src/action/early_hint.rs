//! `early-hint NAME FORMAT`: a 103 with one header field (RFC 8297).

use super::{Act, Example, Flow, Keyword, Line, RuleSets, Run};
use crate::sample::LogFormat;
use crate::sample::compile::Fault;
use std::sync::Arc;

#[derive(Debug)]
struct EarlyHint {
    name: Box<[u8]>,
    value: LogFormat,
}

impl Act for EarlyHint {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        run.with_text(&self.value, |view, value| {
            view.early_hint(&self.name, value)
        });
        Flow::Continue
    }
}

fn compile(line: &mut Line<'_, '_, '_>) -> Result<Arc<dyn Act>, Fault> {
    let missing = "expects exactly 2 arguments";
    if line.words.len() < 2 {
        return Err(missing.into());
    }
    let name = line.argument(missing)?.bytes().to_ascii_lowercase();
    let value = line.format(missing)?;
    let name = name.into();
    Ok(Arc::new(EarlyHint { name, value }))
}

pub(super) static KEYWORDS: &[Keyword] = &[Keyword {
    name: "early-hint",
    prefix: false,
    sets: RuleSets::REQUEST,
    compile,
    doc: "Sends the client a 103 with one field; nothing to clients of HTTP/1.0.",
    examples: &[Example {
        line: "http-request early-hint Link '<%[path]>; rel=preload'",
        result: "103 link: </a/b.html>; rel=preload",
    }],
}];

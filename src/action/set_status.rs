//! `set-status`: the response's status line.

use super::{Act, Example, Flow, Keyword, RuleSets, Run};
use crate::proto::h1::reason_phrase;
use crate::sample::value::whole_int;
use std::sync::Arc;

#[derive(Debug)]
struct SetStatus {
    status: u16,
    reason: Option<Box<[u8]>>,
}

impl Act for SetStatus {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        if let Some(response) = run.view.response_mut() {
            response.set_status(self.status);
            match &self.reason {
                Some(text) => response.set_reason(text),
                None => response.set_reason(reason_phrase(self.status).as_bytes()),
            }
        }
        Flow::Continue
    }
}

pub(super) static KEYWORDS: &[Keyword] = &[Keyword {
    name: "set-status",
    prefix: false,
    sets: RuleSets::RESPONSE.union(RuleSets::AFTER),
    compile: |line| {
        let missing = "expects 1 argument: <status>; or 3 arguments: <status> reason <fmt>";
        let word = line.argument(missing)?;
        let status = whole_int(word.bytes())
            .and_then(|n| u16::try_from(n).ok())
            .filter(|n| (100..=999).contains(n))
            .ok_or("expects an integer status code between 100 and 999")?;
        let mut reason = None;
        if line.words.len() > 1 && line.take_if("reason") {
            reason = Some(line.argument(missing)?.bytes().into());
        }
        Ok(Arc::new(SetStatus { status, reason }))
    },
    doc: "Replaces the status, and the reason phrase with it.",
    examples: &[
        Example {
            line: "http-response set-status 404",
            result: "404 Not Found|server: origin|set-cookie: sid=xyz; path=/|content-length: 2",
        },
        Example {
            line: "http-response set-status 299 reason 'My reason'",
            result: "299 My reason|server: origin|set-cookie: sid=xyz; path=/|content-length: 2",
        },
    ],
}];

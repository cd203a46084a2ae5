//! `deny` and `tarpit`: refused, at once or later.

use super::reply::{Template, refusal};
use super::{Act, Example, Flow, Keyword, RuleSets, Run};
use std::sync::Arc;

#[derive(Debug)]
struct Deny(Template);

impl Act for Deny {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        Flow::Deny(self.0.answer(run))
    }
}

#[derive(Debug)]
struct Tarpit(Template);

impl Act for Tarpit {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        Flow::Tarpit(self.0.answer(run))
    }
}

pub(super) static KEYWORDS: &[Keyword] = &[
    Keyword {
        name: "deny",
        prefix: false,
        sets: RuleSets::REQUEST.union(RuleSets::RESPONSE),
        compile: |line| {
            let status = refusal(line.set);
            Ok(Arc::new(Deny(Template::parse(line, status)?)))
        },
        doc: "Refuses the request (403) or the response (502) with an error page or a reply as \
              `return` has it.",
        examples: &[
            Example {
                line: "http-request deny",
                result: "Deny page 403",
            },
            Example {
                line: "http-request deny deny_status 429",
                result: "Deny page 429",
            },
            Example {
                line: "http-request deny status 429",
                result: "Deny HTTP/1.1 429 Too Many Requests|content-length: 0||",
            },
            Example {
                line: "http-request deny hdr a b",
                result: "Deny HTTP/1.1 403 Forbidden|a: b|content-length: 0||",
            },
            Example {
                line: "http-request deny content-type text/plain string no",
                result: "Deny HTTP/1.1 403 Forbidden|content-length: 2|content-type: text/plain||no",
            },
            Example {
                line: "http-response deny",
                result: "Deny page 502",
            },
        ],
    },
    Keyword {
        name: "tarpit",
        prefix: false,
        sets: RuleSets::REQUEST,
        compile: |line| Ok(Arc::new(Tarpit(Template::parse(line, 500)?))),
        doc: "As `deny` (500), but only after the tarpit timeout.",
        examples: &[
            Example {
                line: "http-request tarpit",
                result: "Tarpit page 500",
            },
            Example {
                line: "http-request tarpit deny_status 429",
                result: "Tarpit page 429",
            },
        ],
    },
];

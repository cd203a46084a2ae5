//! `reject`, `silent-drop` and `close`: the connection ends without an answer.

use super::{Act, Example, Flow, Keyword, RuleSets, Run};
use crate::sample::value::whole_int;
use std::sync::Arc;

#[derive(Debug)]
struct Reject;

impl Act for Reject {
    fn run(&self, _: &mut Run<'_>) -> Flow {
        Flow::Reject
    }
}

#[derive(Debug)]
struct SilentDrop {
    rst_ttl: Option<u8>,
}

impl Act for SilentDrop {
    fn run(&self, _: &mut Run<'_>) -> Flow {
        Flow::SilentDrop {
            rst_ttl: self.rst_ttl,
        }
    }
}

#[derive(Debug)]
struct Close;

impl Act for Close {
    fn run(&self, _: &mut Run<'_>) -> Flow {
        Flow::Close
    }
}

pub(super) static KEYWORDS: &[Keyword] = &[
    Keyword {
        name: "reject",
        prefix: false,
        sets: RuleSets::TCP.union(RuleSets::REQUEST),
        compile: |_| Ok(Arc::new(Reject)),
        doc: "Closes the connection without an answer.",
        examples: &[Example {
            line: "http-request reject",
            result: "Reject",
        }],
    },
    Keyword {
        name: "silent-drop",
        prefix: false,
        sets: RuleSets::TCP
            .union(RuleSets::REQUEST)
            .union(RuleSets::RESPONSE),
        compile: |line| {
            let mut rst_ttl = None;
            if line.take_if("rst-ttl") {
                let word = line.argument("missing rst-ttl value\n")?;
                let ttl = whole_int(word.bytes()).ok_or_else(|| {
                    format!(
                        "invalid character starting at '{}' (value 1-255 expected)\n",
                        word.display()
                    )
                })?;
                let ttl = u8::try_from(ttl).ok().filter(|n| *n > 0);
                rst_ttl = Some(ttl.ok_or("valid rst-ttl values are [1-255]\n")?);
            }
            Ok(Arc::new(SilentDrop { rst_ttl }))
        },
        doc: "Forgets the connection without telling the client.",
        examples: &[Example {
            line: "http-request silent-drop",
            result: "SilentDrop { rst_ttl: None }",
        }],
    },
    Keyword {
        name: "close",
        prefix: false,
        sets: RuleSets::TCP_RESPONSE,
        compile: |_| Ok(Arc::new(Close)),
        doc: "Closes the server's connection at once.",
        examples: &[Example {
            line: "tcp-response content close",
            result: "Close",
        }],
    },
];

//! `auth`: whoever asks is to say who he is.

use super::{Act, Answer, Example, Flow, Keyword, RuleSets, Run};
use std::sync::Arc;

#[derive(Debug)]
struct Auth(Option<Box<[u8]>>);

impl Act for Auth {
    fn run(&self, _: &mut Run<'_>) -> Flow {
        Flow::Return(Answer::Challenge(self.0.clone()))
    }
}

pub(super) static KEYWORDS: &[Keyword] = &[Keyword {
    name: "auth",
    prefix: false,
    sets: RuleSets::REQUEST,
    compile: |line| {
        let realm = match line.peek() {
            b"realm" => {
                line.take();
                let word = line.argument("missing realm value.\n")?;
                Some(word.bytes().into())
            }
            _ => None,
        };
        Ok(Arc::new(Auth(realm)))
    },
    doc: "Answers 401: the client is to come again with a name and a password (RFC 7617).",
    examples: &[
        Example {
            line: "http-request auth",
            result: "Return challenge",
        },
        Example {
            line: "http-request auth realm x",
            result: "Return challenge x",
        },
    ],
}];

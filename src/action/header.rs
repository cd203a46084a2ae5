//! `set-header`, `add-header`, `del-header`.

use super::{Act, Example, Flow, Keyword, Line, RuleSets, Run, message_of};
use crate::proto::h1::Message;
use crate::sample::LogFormat;
use crate::sample::compile::Fault;
use crate::sample::pattern::{Method, Patterns};
use crate::sample::value::Sample;
use std::sync::Arc;

#[derive(Debug)]
struct Write {
    name: Box<[u8]>,
    value: LogFormat,
    replace: bool,
}

impl Act for Write {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let direction = run.direction;
        let done = run.with_text(&self.value, |view, value| {
            let message: Option<&mut Message> = message_of(view, direction);
            let Some(message) = message else { return true };
            if self.replace {
                message.del_header(&self.name);
            }
            let room = message.has_room_for(self.name.len() + value.len());
            if room {
                message.add_header(&self.name, value);
            }
            room
        });
        run.written(done)
    }
}

#[derive(Debug)]
enum Delete {
    Name(Box<[u8]>),
    Matching(Box<Patterns>),
}

impl Act for Delete {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let scratch = run.scratch;
        if let Some(message) = run.message_mut() {
            match self {
                Delete::Name(name) => message.del_header(name),
                Delete::Matching(patterns) => {
                    message.retain(|name, _| !patterns.matches(Sample::Str(name), scratch))
                }
            };
        }
        Flow::Continue
    }
}

fn write(line: &mut Line<'_, '_, '_>, replace: bool) -> Result<Arc<dyn Act>, Fault> {
    let missing = "expects exactly 2 arguments";
    if line.words.len() < 2 {
        return Err(missing.into());
    }
    let name = line.argument(missing)?.bytes().into();
    let value = line.format(missing)?;
    Ok(Arc::new(Write {
        name,
        value,
        replace,
    }))
}

fn delete(line: &mut Line<'_, '_, '_>) -> Result<Arc<dyn Act>, Fault> {
    let name = line.argument("expects at least 1 argument")?.bytes();
    if !line.take_if("-m") {
        return Ok(Arc::new(Delete::Name(name.into())));
    }
    let method = line.argument("-m flag expects exactly 1 argument")?.bytes();
    let method = match Method::named(method) {
        Some(Method::Str) => return Ok(Arc::new(Delete::Name(name.into()))),
        Some(m @ (Method::Beg | Method::End | Method::Sub | Method::Reg)) => m,
        _ => {
            return Err(Fault::Wrong(format!(
                "-m with unsupported matching method '{}'",
                bstr::BStr::new(method)
            )));
        }
    };
    let mut patterns = Patterns::new(method);
    // Names are stored in lower case.
    patterns.add(name, 0, method != Method::Reg, None, &|_| None)?;
    Ok(Arc::new(Delete::Matching(Box::new(patterns))))
}

pub(super) static KEYWORDS: &[Keyword] = &[
    Keyword {
        name: "set-header",
        prefix: false,
        sets: RuleSets::HTTP,
        compile: |line| write(line, true),
        doc: "Removes every field of a name and adds one.",
        examples: &[
            Example {
                line: "http-request set-header X-Path %[path]",
                result: "GET /a/b.html?q=1&r=two&q=3|host: www.example.com|user-agent: curl/8|cookie: a=1; b=2|x-path: /a/b.html",
            },
            Example {
                line: "http-request set-header User-Agent x",
                result: "GET /a/b.html?q=1&r=two&q=3|host: www.example.com|cookie: a=1; b=2|user-agent: x",
            },
            Example {
                line: "http-response set-header Server hapax",
                result: "200 OK|set-cookie: sid=xyz; path=/|content-length: 2|server: hapax",
            },
        ],
    },
    Keyword {
        name: "add-header",
        prefix: false,
        sets: RuleSets::HTTP,
        compile: |line| write(line, false),
        doc: "Adds a field.",
        examples: &[Example {
            line: "http-request add-header Cookie c=3",
            result: "GET /a/b.html?q=1&r=two&q=3|host: www.example.com|user-agent: curl/8|cookie: a=1; b=2|cookie: c=3",
        }],
    },
    Keyword {
        name: "del-header",
        prefix: false,
        sets: RuleSets::HTTP,
        compile: delete,
        doc: "Removes every field of a name, or whose name matches (`-m beg|end|sub|reg|str`).",
        examples: &[
            Example {
                line: "http-request del-header COOKIE",
                result: "GET /a/b.html?q=1&r=two&q=3|host: www.example.com|user-agent: curl/8",
            },
            Example {
                line: "http-request del-header OO -m sub",
                result: "GET /a/b.html?q=1&r=two&q=3|host: www.example.com|user-agent: curl/8",
            },
            Example {
                line: "http-request del-header '^[hu].*' -m reg",
                result: "GET /a/b.html?q=1&r=two&q=3|cookie: a=1; b=2",
            },
        ],
    },
];

//! `wait-for-body time TIME [at-least SIZE]`, `wait-for-handshake`, `pause TIME` (manual 4.4).

use super::{Act, Example, Flow, Keyword, Line, RuleSets, Run};
use crate::base::units::{self, TimeError, TimeUnit};
use crate::sample::Expr;
use crate::sample::compile::Fault;
use crate::sample::value::{Sample, Type};
use std::sync::Arc;

#[derive(Debug)]
struct Body {
    ms: u32,
    at_least: u32,
}

impl Act for Body {
    fn run(&self, _: &mut Run<'_>) -> Flow {
        Flow::Body {
            ms: self.ms,
            at_least: self.at_least,
        }
    }
}

/// A handshake is over before there is any stream.
#[derive(Debug)]
struct Handshake;

impl Act for Handshake {
    fn run(&self, _: &mut Run<'_>) -> Flow {
        Flow::Continue
    }
}

#[derive(Debug)]
enum Pause {
    For(u32),
    By(Expr),
}

impl Act for Pause {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let ms = match self {
            Pause::For(ms) => Some(*ms),
            Pause::By(expr) => match expr.eval_as(Type::Sint, &run.eval()) {
                Some(Sample::Int(ms)) => u32::try_from(ms).ok().filter(|ms| *ms > 0),
                _ => None,
            },
        };
        ms.map_or(Flow::Continue, |ms| Flow::Pause { ms })
    }
}

fn unexpected(word: &[u8], at: usize) -> String {
    let c = word
        .get(at)
        .copied()
        .map_or(String::new(), |b| char::from(b).to_string());
    format!("unexpected character '{c}'")
}

fn time(word: &[u8]) -> Result<u32, String> {
    match units::time(word, TimeUnit::Millisecond) {
        Ok(time) => Ok(time.value),
        Err(TimeError::Unexpected(at)) => Err(unexpected(word, at)),
        Err(_) => Err(format!("time out of range '{}'", bstr::BStr::new(word))),
    }
}

fn body(line: &mut Line<'_, '_, '_>) -> Result<Arc<dyn Act>, Fault> {
    let expects = "expects time <time> [ at-least <bytes> ]";
    let (mut ms, mut at_least) = (None, 0);
    loop {
        if line.take_if("time") {
            let word = line.argument("missing argument for 'time'")?.bytes();
            ms = Some(time(word)?);
        } else if line.take_if("at-least") {
            let word = line.argument("missing argument for 'at-least'")?.bytes();
            at_least = units::size(word).map_err(|at| unexpected(word, at))?;
        } else {
            break;
        }
    }
    let ms = ms.ok_or(expects)?;
    Ok(Arc::new(Body { ms, at_least }))
}

fn pause(line: &mut Line<'_, '_, '_>) -> Result<Arc<dyn Act>, Fault> {
    let word = line.peek();
    let digits = word.first().is_some_and(u8::is_ascii_digit);
    let looks_like_expr = word.iter().any(|b| matches!(b, b'(' | b'.' | b'_'));
    if !digits && looks_like_expr {
        let (expr, used) = Expr::parse_words(line.words, line.cx)?;
        expr.check_places(expr.fetch_name(), line.cx)?;
        for _ in 0..used {
            line.take();
        }
        return Ok(Arc::new(Pause::By(expr)));
    }
    let ms = time(word).map_err(|m| format!("{m} in rule 'pause'"))?;
    if ms == 0 {
        return Err("null value is not valid for a 'pause' rule".into());
    }
    line.take();
    Ok(Arc::new(Pause::For(ms)))
}

pub(super) static KEYWORDS: &[Keyword] = &[
    Keyword {
        name: "wait-for-body",
        prefix: false,
        sets: RuleSets::REQUEST.union(RuleSets::RESPONSE),
        compile: body,
        doc: "Waits until the body is there whole, or as many bytes of it; 408 if that takes too \
              long.",
        examples: &[Example {
            line: "http-request wait-for-body time 1s at-least 1k",
            result: "Body { ms: 1000, at_least: 1024 }",
        }],
    },
    Keyword {
        name: "wait-for-handshake",
        prefix: false,
        sets: RuleSets::REQUEST,
        compile: |_| Ok(Arc::new(Handshake)),
        doc: "Waits for the end of the TLS handshake, which is always over here.",
        examples: &[Example {
            line: "http-request wait-for-handshake",
            result: "",
        }],
    },
    Keyword {
        name: "pause",
        prefix: false,
        sets: RuleSets::REQUEST.union(RuleSets::RESPONSE),
        compile: pause,
        doc: "Waits that long.",
        examples: &[
            Example {
                line: "http-request pause 2s",
                result: "Pause { ms: 2000 }",
            },
            Example {
                line: "http-request pause int(30),mul(2)",
                result: "Pause { ms: 60 }",
            },
        ],
    },
];

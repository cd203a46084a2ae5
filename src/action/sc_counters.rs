//! `sc-inc-gpc(index,number)` and the other actions on what is tracked.

use super::{Act, Example, Flow, Keyword, Line, RuleSets, Run};
use crate::sample::Expr;
use crate::sample::compile::Fault;
use crate::sample::value::{Sample, Type, parse_int};
use crate::table::{Data, Entry};
use std::sync::Arc;

/// What is done.
#[derive(Clone, Copy, Debug)]
enum What {
    /// More of a counter and its rate.
    Add(Data, Data),
    /// Another tag.
    Set(Data),
}

/// By how much, or to what.
#[derive(Debug)]
enum Value {
    Number(i64),
    Of(Expr),
}

#[derive(Debug)]
struct Counter {
    what: What,
    index: u32,
    number: u32,
    value: Value,
}

impl Act for Counter {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let e = run.eval();
        let value = match &self.value {
            Value::Number(n) => *n,
            Value::Of(expr) => match expr.eval_as(Type::Sint, &e) {
                Some(Sample::Int(n)) => n,
                _ => return Flow::Continue,
            },
        };
        if let Some(tracked) = e.view.tracked(self.number) {
            tracked.change(|entry: &mut Entry<'_>| match self.what {
                What::Add(count, rate) => {
                    // 32 bits, as they are stored
                    let n = u64::from(value as u32);
                    entry.add(count, self.index, n);
                    entry.add(rate, self.index, n);
                }
                What::Set(tag) => {
                    entry.set(tag, self.index, value);
                }
            });
        }
        Flow::Continue
    }
}

/// What stands in parentheses behind a name.
fn inside<'w>(line: &Line<'_, 'w, '_>, name: &str) -> &'w [u8] {
    match line.verb.bytes().get(name.len()..) {
        Some([b'(', inner @ .., b')']) => inner,
        _ => b"",
    }
}

fn whole(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// `(number)`; nothing in it is 0.
fn of_number(line: &Line<'_, '_, '_>, name: &str) -> Result<u32, Fault> {
    let text = inside(line, name);
    let verb = line.verb.display();
    let number = match text {
        b"" => 0,
        text => whole(text)
            .ok_or_else(|| format!("invalid stick table track ID. Expects {verb}(<Track ID>)"))?,
    };
    let most = line.cx.stick_counters;
    if number >= most {
        return Err(format!(
            "invalid stick table track ID. The max allowed ID is {} (tune.stick-counters)",
            most.saturating_sub(1)
        )
        .into());
    }
    Ok(number)
}

/// `(index,number)`
fn of_element(line: &Line<'_, '_, '_>, name: &str) -> Result<(u32, u32), Fault> {
    let verb = line.verb.display().to_string();
    let array = name.rsplit('-').next().unwrap_or_default();
    let expects = format!("Expects {name}(<{} ID>,<Track ID>)", array.to_uppercase());
    let text = inside(line, name);
    let mut parts = text.splitn(2, |b| *b == b',');
    let (index, number) = (parts.next().unwrap_or_default(), parts.next());
    let Some(number) = number else {
        return Err(format!("Missing {array} ID '{verb}'. {expects}").into());
    };
    let index = whole(index).ok_or_else(|| format!("invalid {array} ID '{verb}'. {expects}"))?;
    let number =
        whole(number).ok_or_else(|| format!("invalid stick table track ID '{verb}'. {expects}"))?;
    let most = line.cx.stick_counters;
    if number >= most {
        return Err(format!(
            "invalid stick table track ID '{verb}'. The max allowed ID is {} (tune.stick-counters)",
            most.saturating_sub(1)
        )
        .into());
    }
    Ok((index, number))
}

/// A number, or an expression that gives one.
fn value(line: &mut Line<'_, '_, '_>) -> Result<Value, Fault> {
    if line.at_end() {
        return Ok(Value::Number(0));
    }
    let digits = match line.peek() {
        [b'-' | b'+', rest @ ..] => rest,
        rest => rest,
    };
    if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
        let number = parse_int(line.peek()).unwrap_or(0);
        line.take();
        return Ok(Value::Number(number));
    }
    let (expr, used) = Expr::parse_words(line.words, line.cx)?;
    expr.check_places(expr.fetch_name(), line.cx)?;
    line.words = line.words.get(used..).unwrap_or_default();
    Ok(Value::Of(expr))
}

fn counter(what: What, (index, number): (u32, u32), value: Value) -> Result<Arc<dyn Act>, Fault> {
    Ok(Arc::new(Counter {
        what,
        index,
        number,
        value,
    }))
}

const fn keyword(
    name: &'static str,
    compile: fn(&mut Line<'_, '_, '_>) -> Result<Arc<dyn Act>, Fault>,
    doc: &'static str,
    examples: &'static [Example],
) -> Keyword {
    Keyword {
        name,
        prefix: true,
        sets: RuleSets::ALL,
        compile,
        doc,
        examples,
    }
}

pub(super) static KEYWORDS: &[Keyword] = &[
    keyword(
        "sc-add-gpc",
        |line| {
            let place = of_element(line, "sc-add-gpc")?;
            let value = value(line)?;
            counter(What::Add(Data::Gpc, Data::GpcRate), place, value)
        },
        "Adds to an element of gpc of what is tracked.",
        &[Example {
            line: "http-request sc-add-gpc(1,1) int(7)",
            result: "tracked 1 gpc[1]=7 gpc_rate[1]=7",
        }],
    ),
    keyword(
        "sc-inc-gpc0",
        |line| {
            let place = (0, of_number(line, "sc-inc-gpc0")?);
            counter(
                What::Add(Data::Gpc0, Data::Gpc0Rate),
                place,
                Value::Number(1),
            )
        },
        "Counts one more in gpc0 of what is tracked.",
        &[Example {
            line: "http-request sc-inc-gpc0(1)",
            result: "tracked 1 gpc0[0]=1 gpc0_rate[0]=1",
        }],
    ),
    keyword(
        "sc-inc-gpc1",
        |line| {
            let place = (0, of_number(line, "sc-inc-gpc1")?);
            counter(
                What::Add(Data::Gpc1, Data::Gpc1Rate),
                place,
                Value::Number(1),
            )
        },
        "Counts one more in gpc1 of what is tracked.",
        &[Example {
            line: "http-request sc-inc-gpc1(1)",
            result: "tracked 1 gpc1[0]=1 gpc1_rate[0]=1",
        }],
    ),
    keyword(
        "sc-inc-gpc",
        |line| {
            let place = of_element(line, "sc-inc-gpc")?;
            counter(What::Add(Data::Gpc, Data::GpcRate), place, Value::Number(1))
        },
        "Counts one more in an element of gpc of what is tracked.",
        &[Example {
            line: "http-request sc-inc-gpc(0,1)",
            result: "tracked 1 gpc[0]=1 gpc_rate[0]=1",
        }],
    ),
    keyword(
        "sc-set-gpt0",
        |line| {
            let place = (0, of_number(line, "sc-set-gpt0")?);
            let value = value(line)?;
            counter(What::Set(Data::Gpt0), place, value)
        },
        "Sets gpt0 of what is tracked.",
        &[Example {
            line: "http-request sc-set-gpt0(1) 9",
            result: "tracked 1 gpt0[0]=9",
        }],
    ),
    keyword(
        "sc-set-gpt",
        |line| {
            let place = of_element(line, "sc-set-gpt")?;
            let value = value(line)?;
            counter(What::Set(Data::Gpt), place, value)
        },
        "Sets an element of gpt of what is tracked.",
        &[Example {
            line: "http-request sc-set-gpt(1,1) dst_port",
            result: "tracked 1 gpt[1]=80",
        }],
    ),
];

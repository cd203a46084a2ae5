//! `capture EXPR len N` and `capture EXPR id N` (manual 4.3).

use super::{Act, Example, Flow, Keyword, Line, RuleSet, RuleSets, Run};
use crate::sample::compile::Fault;
use crate::sample::value::{Type, parse_int};
use crate::sample::view::Direction;
use crate::sample::{Expr, Places};
use std::sync::Arc;

#[derive(Debug)]
struct Capture {
    expr: Expr,
    direction: Direction,
    slot: usize,
}

impl Act for Capture {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let mut text = run.scratch.take_text();
        let found = match self.expr.eval_as(Type::Str, &run.eval()) {
            Some(value) => {
                value.append(&mut text);
                true
            }
            None => false,
        };
        if found && let Some(captures) = run.view.captures() {
            captures.store(self.direction, self.slot, &text);
        }
        run.scratch.give_text(text);
        Flow::Continue
    }
}

/// The rules of the front end's side.
const FRONT: Places = Places::FE_REQUEST.union(Places::FE_REQUEST_CONTENT);

fn compile(line: &mut Line<'_, '_, '_>) -> Result<Arc<dyn Act>, Fault> {
    match line.set {
        RuleSet::TcpRequestContent => tcp(line),
        _ => http(line),
    }
}

fn expression(line: &mut Line<'_, '_, '_>) -> Result<Expr, Fault> {
    let words = line.words;
    let (expr, used) = Expr::parse_words(words, line.cx)?;
    let shown: Vec<String> = words
        .iter()
        .take(1)
        .map(|w| w.display().to_string())
        .collect();
    expr.check_places(&shown.concat(), line.cx)?;
    line.words = words.get(used..).unwrap_or_default();
    Ok(expr)
}

/// A slot of its own, if the rule stands in a front end.
fn own_slot(line: &mut Line<'_, '_, '_>, expr: Expr, len: i64) -> Result<Arc<dyn Act>, Fault> {
    if !line.cx.places.intersects(FRONT) {
        let (_, name) = line.cx.owner.split_once(' ').unwrap_or_default();
        return Err(Fault::Wrong(format!(
            "proxy {name} has no frontend capability"
        )));
    }
    let len = match usize::try_from(len) {
        Ok(len) if len > 0 => len,
        _ => return Err("length must be > 0".into()),
    };
    Ok(Arc::new(Capture {
        expr,
        direction: Direction::Request,
        slot: line.cx.slots.declare(Direction::Request, len),
    }))
}

fn http(line: &mut Line<'_, '_, '_>) -> Result<Arc<dyn Act>, Fault> {
    let request = line.set == RuleSet::HttpRequest;
    let condition = |w: &crate::config::directive::Word| w.is("if") || w.is("unless");
    let own = line.words.iter().take_while(|w| !condition(w)).count();
    if own < 3 {
        return Err(match request {
            true => "expects <expression> [ 'len' <length> | id <idx> ]".into(),
            false => "expects <expression> id <idx>".into(),
        });
    }
    let expr = expression(line)?;
    let word = line.argument("expects 'len' or 'id'")?;
    if request && word.is("len") {
        let len = line.argument("missing length value")?;
        return own_slot(line, expr, parse_int(len.bytes()).unwrap_or(0));
    }
    if !word.is("id") {
        let wanted = if request { "'len' or 'id'" } else { "'id'" };
        return Err(Fault::Wrong(format!(
            "expects {wanted}, found '{}'",
            word.display()
        )));
    }
    let id = line.argument("missing id value")?;
    let Some(number) = id.as_str().and_then(|t| t.parse::<i64>().ok()) else {
        return Err(Fault::Wrong(format!("cannot parse id '{}'", id.display())));
    };
    let direction = line.set.direction();
    let span = line.cx.span;
    line.cx.slot_uses.push((direction, number, span));
    Ok(Arc::new(Capture {
        expr,
        direction,
        // a number that no slot can have captures nothing
        slot: usize::try_from(number).unwrap_or(usize::MAX),
    }))
}

fn tcp(line: &mut Line<'_, '_, '_>) -> Result<Arc<dyn Act>, Fault> {
    line.cx.context = "'tcp-request content capture' : ".into();
    let expr = expression(line)?;
    if !line.take_if("len") {
        return Err("a positive 'len' argument is mandatory".into());
    }
    let len = line.take().and_then(|w| parse_int(w.bytes())).unwrap_or(0);
    own_slot(line, expr, len)
}

pub(super) static KEYWORDS: &[Keyword] = &[Keyword {
    name: "capture",
    prefix: false,
    sets: RuleSets::HTTP.union(RuleSets::TCP_CONTENT),
    compile,
    doc: "Keeps a value in a capture slot, for the log and for later rules.",
    examples: &[
        Example {
            line: "http-request capture path len 4",
            result: "captured first - /a/b.html",
        },
        Example {
            line: "http-request capture req.hdr(x-none) id 0",
            result: "captured first - -",
        },
        Example {
            line: "tcp-request content capture src len 20",
            result: "captured first - 192.0.2.7",
        },
        Example {
            line: "http-response capture status id 1",
            result: "captured first - -",
        },
    ],
}];

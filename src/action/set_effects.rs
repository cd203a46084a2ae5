//! Actions that change the stream rather than a message: `set-log-level`, `set-nice`,
//! `set-timeout`, `set-src`, `set-dst`, marks, priorities, retries.

use super::{Act, Example, Flow, Keyword, Line, RuleSets, Run};
use crate::base::units::{self, TimeUnit};
use crate::sample::Expr;
use crate::sample::compile::Fault;
use crate::sample::value::{Sample, Type, parse_int, whole_int};
use crate::sample::view::Effect;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// An effect known when the configuration is read.
#[derive(Debug)]
struct Constant(Effect);

impl Act for Constant {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        run.view.apply(self.0);
        Flow::Continue
    }
}

/// `strict-mode`: holds for the rules behind it in the same set.
#[derive(Debug)]
struct StrictMode(bool);

impl Act for StrictMode {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        run.strict = self.0;
        Flow::Continue
    }
}

/// An effect of a number that an expression gives.
#[derive(Debug)]
struct Number {
    expr: Expr,
    effect: fn(i64) -> Effect,
}

impl Act for Number {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        if let Some(Sample::Int(n)) = self.expr.eval_as(Type::Sint, &run.eval()) {
            run.view.apply((self.effect)(n));
        }
        Flow::Continue
    }
}

#[derive(Clone, Copy, Debug)]
enum Address {
    Src,
    SrcPort,
    Dst,
    DstPort,
}

/// `set-src`, `set-dst-port`, ...
#[derive(Debug)]
struct SetAddress {
    what: Address,
    expr: Expr,
}

impl Act for SetAddress {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        let e = run.eval();
        let old = match self.what {
            Address::Src | Address::SrcPort => e.view.src(),
            Address::Dst | Address::DstPort => e.view.dst(),
        };
        let none = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        let mut new = old.unwrap_or(none);
        match self.what {
            // The port is kept, unless the address is of another family.
            Address::Src | Address::Dst => {
                let ip: IpAddr = match self.expr.eval_as(Type::Addr, &e) {
                    Some(Sample::V4(a)) => a.into(),
                    Some(Sample::V6(a)) => a.into(),
                    _ => return Flow::Continue,
                };
                let port = match ip.is_ipv4() == new.is_ipv4() {
                    true => new.port(),
                    false => 0,
                };
                new = SocketAddr::new(ip, port);
            }
            Address::SrcPort | Address::DstPort => match self.expr.eval_as(Type::Sint, &e) {
                // HAProxy keeps the low 16 bits.
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                Some(Sample::Int(n)) => new.set_port(n as u16),
                _ => return Flow::Continue,
            },
        }
        run.view.apply(match self.what {
            Address::Src | Address::SrcPort => Effect::Src(new),
            Address::Dst | Address::DstPort => Effect::Dst(new),
        });
        Flow::Continue
    }
}

fn constant(effect: Effect) -> Result<Arc<dyn Act>, Fault> {
    Ok(Arc::new(Constant(effect)))
}

/// Takes an expression and checks that it can be evaluated here.
fn expression(line: &mut Line<'_, '_, '_>) -> Result<Expr, Fault> {
    let keyword = line.verb.display().to_string();
    let (expr, used) = Expr::parse_words(line.words, line.cx)?;
    expr.check_places(&keyword, line.cx)?;
    line.words = line.words.get(used..).unwrap_or_default();
    Ok(expr)
}

fn number(line: &mut Line<'_, '_, '_>, effect: fn(i64) -> Effect) -> Result<Arc<dyn Act>, Fault> {
    let expr = expression(line)?;
    Ok(Arc::new(Number { expr, effect }))
}

/// A constant number (`0x..` too), or an expression.
fn number_or_constant(
    line: &mut Line<'_, '_, '_>,
    effect: fn(i64) -> Effect,
) -> Result<Arc<dyn Act>, Fault> {
    let word = line.peek();
    if word.is_empty() {
        return Err("expects an argument".into());
    }
    let text = std::str::from_utf8(word).unwrap_or_default();
    let n = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    };
    match n {
        Some(n) => {
            line.take();
            constant(effect(n))
        }
        None => number(line, effect),
    }
}

fn address(line: &mut Line<'_, '_, '_>, what: Address) -> Result<Arc<dyn Act>, Fault> {
    let expr = expression(line)?;
    Ok(Arc::new(SetAddress { what, expr }))
}

fn clamp(n: i64, low: i32, high: i32) -> i32 {
    i32::try_from(n.clamp(low.into(), high.into())).unwrap_or(0)
}

// HAProxy keeps the low bits of what is given.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn low8(n: i64) -> u8 {
    n as u8
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn low32(n: i64) -> u32 {
    n as u32
}

fn set_timeout(line: &mut Line<'_, '_, '_>) -> Result<Arc<dyn Act>, Fault> {
    if line.words.len() < 2 {
        return Err("expects exactly 2 arguments".into());
    }
    let which = line
        .take()
        .map(|w| w.display().to_string())
        .unwrap_or_default();
    let effect: fn(u32) -> Effect = match which.as_str() {
        "client" => Effect::ClientTimeout,
        "connect" => Effect::ConnectTimeout,
        "queue" => Effect::QueueTimeout,
        "server" => Effect::ServerTimeout,
        "tarpit" => Effect::TarpitTimeout,
        "tunnel" => Effect::TunnelTimeout,
        other => {
            return Err(Fault::Wrong(format!(
                "'set-timeout' rule supports 'client'/'connect'/'queue'/'server'/'tarpit'/'tunnel' \
                 (got '{other}')"
            )));
        }
    };
    let backend_only = matches!(which.as_str(), "connect" | "queue" | "server" | "tunnel");
    let back = crate::sample::Places::BACKEND;
    if backend_only && !line.cx.places.intersects(back) {
        let (_, name) = line.cx.owner.split_once(' ').unwrap_or_default();
        return Err(Fault::Wrong(format!("{name} has no backend capability")));
    }
    if let Ok(time) = units::time(line.peek(), TimeUnit::Millisecond) {
        line.take();
        return constant(effect(time.value));
    }
    let expr = expression(line)?;
    Ok(Arc::new(Timeout { expr, effect }))
}

/// `set-timeout` to a number of milliseconds that an expression gives.
#[derive(Debug)]
struct Timeout {
    expr: Expr,
    effect: fn(u32) -> Effect,
}

impl Act for Timeout {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        if let Some(Sample::Int(n)) = self.expr.eval_as(Type::Sint, &run.eval())
            && let Ok(ms) = u32::try_from(n)
        {
            run.view.apply((self.effect)(ms));
        }
        Flow::Continue
    }
}

macro_rules! keyword {
    ($name:literal, $sets:expr, $compile:expr, $doc:literal, $line:literal => $result:literal) => {
        Keyword {
            name: $name,
            prefix: false,
            sets: $sets,
            compile: $compile,
            doc: $doc,
            examples: &[Example {
                line: $line,
                result: $result,
            }],
        }
    };
}

const CONTENT: RuleSets = RuleSets::TCP_CONTENT.union(RuleSets::REQUEST);
const BOTH_CONTENTS: RuleSets = CONTENT
    .union(RuleSets::TCP_RESPONSE)
    .union(RuleSets::RESPONSE);
const EARLY: RuleSets = CONTENT
    .union(RuleSets::TCP_CONNECTION)
    .union(RuleSets::TCP_SESSION);
const CLIENT: RuleSets = RuleSets::TCP
    .union(RuleSets::REQUEST)
    .union(RuleSets::RESPONSE);

pub(super) static KEYWORDS: &[Keyword] = &[
    keyword!("set-log-level", BOTH_CONTENTS.union(RuleSets::AFTER), |line| {
        let missing = "expects exactly 1 argument (log level name or 'silent')";
        let word = line.argument(missing)?;
        const LEVELS: [&str; 8] =
            ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
        let level = LEVELS.iter().position(|l| word.is(l)).and_then(|l| u8::try_from(l).ok());
        if level.is_none() && !word.is("silent") {
            return Err(missing.into());
        }
        constant(Effect::LogLevel(level))
    }, "The level of the log line, or none at all (`silent`).",
        "http-request set-log-level silent" => "LogLevel(None)"),
    keyword!("set-nice", BOTH_CONTENTS, |line| {
        let word = line.argument("expects exactly 1 argument (integer value)")?;
        let n = parse_int(word.bytes()).unwrap_or(0);
        constant(Effect::Nice(clamp(n, -1024, 1024)))
    }, "How eagerly the stream is served, -1024 to 1024: no effect here, streams take turns.",
        "http-request set-nice 5000" => "Nice(1024)"),
    keyword!("set-timeout", RuleSets::REQUEST.union(RuleSets::RESPONSE), set_timeout,
        "A timeout of this stream.",
        "http-request set-timeout client 5s" => "ClientTimeout(5000)"),
    keyword!("set-src", EARLY, |line| address(line, Address::Src),
        "The client's address.",
        "http-request set-src ipv4(1.2.3.4)" => "Src(1.2.3.4:40000)"),
    keyword!("set-src-port", EARLY, |line| address(line, Address::SrcPort),
        "The client's port.",
        "http-request set-src-port int(5)" => "Src(192.0.2.7:5)"),
    keyword!("set-dst", EARLY, |line| address(line, Address::Dst),
        "The address the client asked for.",
        "http-request set-dst str(::1)" => "Dst([::1]:0)"),
    keyword!("set-dst-port", EARLY, |line| address(line, Address::DstPort),
        "The port the client asked for.",
        "http-request set-dst-port int(65541)" => "Dst(198.51.100.1:5)"),
    keyword!("set-fc-tos", CLIENT, |line| number_or_constant(line, |n| Effect::FcTos(low8(n))),
        "The TOS or DSCP of packets to the client.",
        "http-request set-fc-tos 0x10" => "FcTos(16)"),
    keyword!("set-tos", CLIENT, |line| number_or_constant(line, |n| Effect::FcTos(low8(n))),
        "Old name of `set-fc-tos`.",
        "http-request set-tos 16" => "FcTos(16)"),
    keyword!("set-fc-mark", CLIENT, |line| number_or_constant(line, |n| Effect::FcMark(low32(n))),
        "The netfilter mark of packets to the client.",
        "http-request set-fc-mark int(7)" => "FcMark(7)"),
    keyword!("set-mark", CLIENT, |line| number_or_constant(line, |n| Effect::FcMark(low32(n))),
        "Old name of `set-fc-mark`.",
        "http-request set-mark 7" => "FcMark(7)"),
    keyword!("set-bc-tos", CONTENT, |line| number_or_constant(line, |n| Effect::BcTos(low8(n))),
        "The TOS or DSCP of packets to the server.",
        "http-request set-bc-tos 0x20" => "BcTos(32)"),
    keyword!("set-bc-mark", CONTENT, |line| number_or_constant(line, |n| Effect::BcMark(low32(n))),
        "The netfilter mark of packets to the server.",
        "http-request set-bc-mark 7" => "BcMark(7)"),
    keyword!("set-retries", CONTENT, |line| {
        let missing = "expects exactly 1 argument (an expression or an integer between 1 and 100)";
        if line.at_end() {
            return Err(missing.into());
        }
        if !line.cx.places.intersects(crate::sample::Places::BACKEND) {
            return Err("'set-retries' only available in backend or listen section".into());
        }
        match whole_int(line.peek()) {
            Some(n @ 1..=100) => {
                line.take();
                constant(Effect::Retries(low32(n)))
            }
            Some(_) => Err(missing.into()),
            None => number(line, |n| Effect::Retries(low32(n.clamp(0, 100)))),
        }
    }, "How often a connection to the server is tried again.",
        "backend http-request set-retries 3" => "Retries(3)"),
    keyword!("set-priority-class", CONTENT,
        |line| number(line, |n| Effect::PriorityClass(clamp(n, -2047, 2047) as i16)),
        "In which class of queued requests it stands; lower ones are served first.",
        "http-request set-priority-class int(-5000)" => "PriorityClass(-2047)"),
    keyword!("set-priority-offset", CONTENT,
        |line| number(line, |n| Effect::PriorityOffset(clamp(n, -524_287, 524_287))),
        "Milliseconds that count as added to its time in the queue's order.",
        "http-request set-priority-offset int(-30)" => "PriorityOffset(-30)"),
    keyword!("disable-l7-retry", RuleSets::REQUEST, |_| constant(Effect::DisableL7Retry),
        "A request that reached a server is not sent again.",
        "http-request disable-l7-retry" => "DisableL7Retry"),
    keyword!("strict-mode", RuleSets::HTTP, |line| {
        let word = line.argument("expects exactly 1 arguments")?;
        match word.is("on") || word.is("off") {
            true => Ok(Arc::new(StrictMode(word.is("on")))),
            false => Err(Fault::Wrong(format!(
                "Unexpected value '{}'. Only 'on' and 'off' are supported",
                word.display()
            ))),
        }
    }, "Whether the request ends with an error if a rule behind this one finds no room to write.",
        "http-request strict-mode on" => ""),
];

//! The numbers of the process for Prometheus: `http-request use-service prometheus-exporter`, with
//! the names, labels and filters of HAProxy 3.4.

mod asked;
mod metrics;

use super::cli::info_fields;
use super::stats::Filter;
use super::stats::column as c;
use super::stats::row::{Kind, Row, Value};
use super::stats::walk::{Met, Walk};
use super::world::World;
use crate::engine::Shared;
use crate::engine::service::{Pieces, Reply};
use crate::grammar::stat_fields;
use crate::ir::proxy::Mode;
use asked::Asked;
use metrics::{METRICS, Metric, Nature, PROCESS};
use std::fmt::Write;

/// A piece of the answer is sent when it has grown to so many bytes.
const PIECE: usize = 16 * 1024;
/// Where the columns of modules begin.
const MODULES: usize = 119;
/// States of servers, in HAProxy's order.
const SERVER_STATES: [&str; 5] = ["DOWN", "UP", "MAINT", "DRAIN", "NOLB"];
/// Outcomes of health checks that have a label of their own.
const CHECK_STATES: [&str; 16] = [
    "HANA", "SOCKERR", "L4OK", "L4TOUT", "L4CON", "L6OK", "L6TOUT", "L6RSP", "L7TOUT", "L7RSP",
    "L7OK", "L7OKC", "L7STS", "PROCERR", "PROCTOUT", "PROCOK",
];

/// The answer to a request for the metrics; `target` is its path and query. `None`: the query
/// makes no sense.
pub fn answer(shared: &Shared, world: &dyn World, target: &[u8]) -> Option<Reply> {
    let asked = Asked::of(target)?;
    let head = b"HTTP/1.1 200 OK\r\ncache-control: no-cache\r\n\
        content-type: text/plain; version=0.0.4\r\n"
        .to_vec();
    let mut first = String::new();
    if asked.global {
        process(&asked, world, &mut first);
    }
    let subjects = subjects(shared, &asked);
    Some(Reply {
        head,
        body: Some(Box::new(Making {
            asked,
            subjects,
            ready: first.into_bytes(),
            sent: 0,
            scope: 0,
            metric: 0,
        })),
    })
}

/// What the metrics of the process are.
fn process(asked: &Asked, world: &dyn World, out: &mut String) {
    let fields = info_fields(&world.numbers());
    for (field, name, nature) in PROCESS {
        let full = format!("haproxy_process_{name}");
        if !asked.wants(&full) {
            continue;
        }
        let found = fields.iter().find(|f| f.name == *field);
        let meaning = found.map_or("", |f| f.meaning);
        title(out, &full, meaning, *nature);
        let _ = match (found, *name) {
            (None, _) => writeln!(out, "{full} NaN"),
            (Some(f), "node") => writeln!(out, "{full}{{node=\"{}\"}} 1", escaped(&f.value)),
            (Some(f), "build_info") => {
                writeln!(out, "{full}{{version=\"{}\"}} 1", escaped(&f.value))
            }
            (Some(f), _) => writeln!(out, "{full} {}", f.value),
        };
    }
}

fn title(out: &mut String, name: &str, meaning: &str, nature: Nature) {
    let _ = write!(
        out,
        "# HELP {name} {meaning}\n# TYPE {name} {}\n",
        nature.word()
    );
}

/// A label's value (Prometheus exposition formats, "Text-based format").
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// A proxy's side, a listener or a server: what its lines say.
struct Subject {
    kind: Kind,
    http: bool,
    /// `proxy="b",server="s"`
    labels: String,
    /// By place in [`METRICS`], then by column of modules.
    values: Vec<Value>,
    /// Answers by the class of their status.
    statuses: [Value; 6],
    /// Servers by [`SERVER_STATES`], checks by [`CHECK_STATES`], of a back end.
    servers: [u32; SERVER_STATES.len()],
    checks: [u32; CHECK_STATES.len()],
}

fn state_of(row: &Row) -> Option<usize> {
    let text = row.text(c::STATUS);
    let text = if text == "no check" { "UP" } else { text };
    SERVER_STATES.iter().position(|s| text.starts_with(s))
}

/// The outcome of the last check; one under way is marked.
fn check_of(row: &Row) -> Option<usize> {
    let text = row.text(c::CHECK_STATUS);
    let text = text.strip_prefix("* ").unwrap_or(text);
    CHECK_STATES.iter().position(|s| *s == text)
}

/// Everything that is asked for, in the order of the configuration.
fn subjects(shared: &Shared, asked: &Asked) -> Vec<Subject> {
    let filter = Filter {
        no_maint: asked.no_maint,
        ..Filter::default()
    };
    let mut all = Vec::new();
    let mut servers = [0; SERVER_STATES.len()];
    let mut checks = [0; CHECK_STATES.len()];
    let mut walk = Walk::new(shared, filter, |_| true);
    let mut meet = |met: Met<'_>| match met {
        Met::Proxy(_) => (servers, checks) = Default::default(),
        Met::Line(proxy, row) => {
            if row.kind == Kind::Server {
                for (at, counts) in [
                    (state_of(row), &mut servers[..]),
                    (check_of(row), &mut checks[..]),
                ] {
                    if let Some(n) = at.and_then(|at| counts.get_mut(at)) {
                        *n += 1;
                    }
                }
            }
            if !asked.kinds.contains(&row.kind) {
                return;
            }
            let mut labels = format!("proxy=\"{}\"", escaped(proxy.name()));
            if asked.desc_labels {
                let front = proxy.front.and_then(|f| f.description.as_deref());
                let back = proxy.back.and_then(|b| b.description.as_deref());
                if let Some(text) = front.or(back) {
                    let _ = write!(labels, ",desc=\"{}\"", escaped(text));
                }
            }
            let name = escaped(row.text(c::SVNAME));
            let _ = match row.kind {
                Kind::Server => write!(labels, ",server=\"{name}\""),
                Kind::Listener => write!(labels, ",listener=\"{name}\""),
                _ => Ok(()),
            };
            let modules = if asked.extra { row.values.len() } else { 0 };
            let columns = METRICS.iter().map(|m| m.column);
            let columns = columns.chain(MODULES.min(modules)..modules);
            all.push(Subject {
                kind: row.kind,
                http: proxy.mode() == Mode::Http,
                labels,
                values: columns.map(|column| row.at(column).clone()).collect(),
                statuses: std::array::from_fn(|class| row.at(c::HRSP_1XX + class).clone()),
                servers,
                checks,
            });
        }
        Met::End(_) => {}
    };
    while walk.step(shared, &mut meet) {}
    all
}

/// The answer in the making, scope by scope and metric by metric.
struct Making {
    asked: Asked,
    subjects: Vec<Subject>,
    ready: Vec<u8>,
    sent: usize,
    scope: usize,
    metric: usize,
}

/// The scopes in their order.
const SCOPES: [(Kind, &str); 4] = [
    (Kind::Frontend, "frontend"),
    (Kind::Listener, "listener"),
    (Kind::Backend, "backend"),
    (Kind::Server, "server"),
];

impl Pieces for Making {
    fn next(&mut self, out: &mut Vec<u8>) -> bool {
        let rest = self.ready.get(self.sent..).unwrap_or_default();
        out.extend_from_slice(rest);
        self.sent = self.ready.len();
        let mut text = String::new();
        while out.len() + text.len() < PIECE {
            let Some((kind, scope)) = SCOPES.get(self.scope) else {
                out.extend_from_slice(text.as_bytes());
                return false;
            };
            let at = self.metric;
            self.metric += 1;
            if let Some(metric) = METRICS.get(at) {
                if metric.scopes.contains(kind.letter()) {
                    self.metric(at, metric, *kind, scope, &mut text);
                }
            } else if !self.module(at, *kind, scope, &mut text) {
                self.scope += 1;
                self.metric = 0;
            }
        }
        out.extend_from_slice(text.as_bytes());
        true
    }
}

impl Making {
    fn of(&self, kind: Kind) -> impl Iterator<Item = &Subject> {
        self.subjects.iter().filter(move |s| s.kind == kind)
    }

    /// All lines of one metric.
    fn metric(&self, at: usize, metric: &Metric, kind: Kind, scope: &str, out: &mut String) {
        let full = format!("haproxy_{scope}_{}", metric.name);
        if !self.asked.wants(&full) {
            return;
        }
        let mut lines = String::new();
        for subject in self.of(kind) {
            subject.lines(at, metric, &full, &mut lines);
        }
        // the six classes of statuses are one metric, class by class
        if metric.column == c::HRSP_1XX {
            lines.clear();
            let classes = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"];
            for (at, class) in classes.iter().enumerate() {
                for subject in self.of(kind).filter(|s| s.http) {
                    let value = subject.statuses.get(at).unwrap_or(&Value::Empty);
                    let labels = &subject.labels;
                    let _ = write!(lines, "{full}{{{labels},code=\"{class}\"}} ");
                    number(value, &mut lines);
                }
            }
        }
        if lines.is_empty() {
            return;
        }
        let meaning = stat_fields().get(metric.column).map_or("", |f| f.meaning);
        title(out, &full, meaning, metric.nature);
        out.push_str(&lines);
    }

    /// All lines of a column of a module; false: there are no more columns.
    fn module(&self, at: usize, kind: Kind, scope: &str, out: &mut String) -> bool {
        let Some(field) = stat_fields().get(MODULES + at - METRICS.len()) else {
            return false;
        };
        let full = format!("haproxy_{scope}_{}", field.name);
        if !self.asked.extra || !field.scopes.contains(kind.letter()) || !self.asked.wants(&full) {
            return self.asked.extra;
        }
        let mut lines = String::new();
        for subject in self.of(kind) {
            let value = subject.values.get(at).unwrap_or(&Value::Empty);
            let module = field.module.unwrap_or_default();
            let _ = write!(lines, "{full}{{{},mod=\"{module}\"}} ", subject.labels);
            match value {
                Value::Empty => lines.push_str("0\n"),
                value => number(value, &mut lines),
            }
        }
        if !lines.is_empty() {
            title(out, &full, field.meaning, Nature::Counter);
            out.push_str(&lines);
        }
        true
    }
}

/// A number and the end of its line.
fn number(value: &Value, out: &mut String) {
    let _ = match value {
        Value::Number(n) => writeln!(out, "{n}"),
        Value::Negative(n) => writeln!(out, "{n}"),
        _ => writeln!(out, "NaN"),
    };
}

/// Columns that hold milliseconds, which Prometheus wants as seconds.
fn in_seconds(column: usize) -> bool {
    matches!(
        column,
        c::QTIME..=c::TTIME | c::QTIME_MAX..=c::TTIME_MAX | c::CHECK_DURATION
    )
}

/// Columns that only HTTP proxies have.
fn http_only(column: usize) -> bool {
    matches!(
        column,
        c::HRSP_1XX..=c::HRSP_OTHER
            | c::REQ_RATE..=c::REQ_TOT
            | c::COMP_IN..=c::COMP_RSP
            | c::INTERCEPTED
            | c::CACHE_LOOKUPS
            | c::CACHE_HITS
    )
}

impl Subject {
    /// Its lines of one metric.
    fn lines(&self, at: usize, metric: &Metric, full: &str, out: &mut String) {
        let labels = &self.labels;
        let value = self.values.get(at).unwrap_or(&Value::Empty);
        let text = match value {
            Value::Text(text) => text,
            _ => "",
        };
        let mut states = |list: &mut dyn Iterator<Item = (&str, u32)>| {
            for (state, n) in list {
                let _ = writeln!(out, "{full}{{{labels},state=\"{state}\"}} {n}");
            }
        };
        const AGG_SERVERS: usize = 100;
        const AGG_SERVER_CHECKS: usize = 101;
        const AGG_CHECKS: usize = 102;
        match (metric.column, self.kind) {
            (c::STATUS, Kind::Frontend) => {
                let up = u32::from(text != "STOP");
                states(&mut [("DOWN", 1 - up), ("UP", up)].into_iter());
            }
            (c::STATUS, Kind::Backend) => {
                let up = u32::from(text.starts_with("UP"));
                states(&mut [("DOWN", 1 - up), ("UP", up)].into_iter());
            }
            (c::STATUS, Kind::Listener) => {
                let known = ["WAITING", "OPEN", "FULL"];
                states(&mut known.into_iter().map(|s| (s, u32::from(s == text))));
            }
            (c::STATUS, Kind::Server) => {
                let text = if text == "no check" { "UP" } else { text };
                let is = |s: &'static str| (s, u32::from(text.starts_with(s)));
                states(&mut SERVER_STATES.into_iter().map(is));
            }
            (c::CHECK_STATUS, _) => {
                if text.is_empty() {
                    return;
                }
                let text = text.strip_prefix("* ").unwrap_or(text);
                let is = |s: &'static str| (s, u32::from(s == text));
                states(&mut CHECK_STATES.into_iter().map(is));
            }
            (AGG_SERVERS | AGG_SERVER_CHECKS, _) => {
                states(&mut SERVER_STATES.into_iter().zip(self.servers));
            }
            (AGG_CHECKS, _) => {
                states(&mut CHECK_STATES.into_iter().zip(self.checks));
            }
            (column, _) if http_only(column) && !self.http => {}
            (c::CHECK_CODE | c::CHECK_DURATION, _) if self.is_unchecked() => {}
            (column, _) => {
                let _ = write!(out, "{full}{{{labels}}} ");
                match value {
                    Value::Number(ms) if in_seconds(column) => {
                        let _ = writeln!(out, "{}.{:03}000", ms / 1000, ms % 1000);
                    }
                    Value::Empty if column == c::CHECK_CODE => out.push_str("0\n"),
                    value => number(value, out),
                }
            }
        }
    }

    fn is_unchecked(&self) -> bool {
        let at = METRICS.iter().position(|m| m.column == c::CHECK_STATUS);
        let value = at.and_then(|at| self.values.get(at));
        !matches!(value, Some(Value::Text(text)) if !text.is_empty())
    }
}

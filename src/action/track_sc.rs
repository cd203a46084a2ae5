//! `track-sc0` and its siblings.

use super::{Act, Example, Flow, Keyword, Line, RuleSets, Run};
use crate::base::clock;
use crate::sample::Expr;
use crate::sample::compile::Fault;
use crate::sample::stick;
use crate::sample::view::Direction;
use crate::table::{Data, Entry, Table};
use std::sync::Arc;

#[derive(Debug)]
struct TrackSc {
    number: u32,
    expr: Expr,
    table: Arc<Table>,
}

/// Counts a request, and how it was answered if that is known already.
fn count_request(entry: &mut Entry<'_>, answer: Option<(bool, bool)>) {
    let mut both = |count, rate| {
        entry.add(count, 0, 1);
        entry.add(rate, 0, 1);
    };
    both(Data::HttpReqCnt, Data::HttpReqRate);
    if let Some((error, failure)) = answer {
        if error {
            both(Data::HttpErrCnt, Data::HttpErrRate);
        }
        if failure {
            both(Data::HttpFailCnt, Data::HttpFailRate);
        }
    }
}

impl Act for TrackSc {
    fn run(&self, run: &mut Run<'_>) -> Flow {
        // what is tracked first stays
        if run.view.tracked(self.number).is_some() {
            return Flow::Continue;
        }
        let e = run.eval();
        let Some(sample) = self.expr.eval(&e) else {
            return Flow::Continue;
        };
        let Some(key) = stick::key(&self.table, sample, e.scratch) else {
            return Flow::Continue;
        };
        let request = e.view.request().is_some();
        let response = e
            .view
            .response()
            .filter(|_| e.direction == Direction::Response);
        let answer = response.map(|r| e.view.world().verdict_on(r.status()));
        let tracked = self.table.track(&key, clock::now_ms(), |entry| {
            entry.add(Data::ConnCur, 0, 1);
            entry.add(Data::ConnCnt, 0, 1);
            entry.add(Data::ConnRate, 0, 1);
            if request {
                count_request(entry, answer);
            }
        });
        if let Some(tracked) = tracked {
            run.view.track(self.number, tracked);
        }
        Flow::Continue
    }
}

/// The number behind the keyword.
fn number(line: &Line<'_, '_, '_>) -> Result<u32, Fault> {
    let verb = line.verb.display().to_string();
    let text = verb.strip_prefix("track-sc").unwrap_or_default();
    let number = match text {
        "" => Ok(0),
        text => text.parse::<u32>(),
    };
    let number = number.map_err(|_| format!("Wrong track-sc number '{text}'"))?;
    let most = line.cx.stick_counters;
    if number >= most {
        return Err(match most {
            0 => format!("{number} track-sc number not usable, stick-counters are disabled by tune.stick-counters"),
            most => format!(
                "{number} track-sc number exceeding {} (tune.stick-counters-1) value",
                most - 1
            ),
        }
        .into());
    }
    Ok(number)
}

pub(super) static KEYWORDS: &[Keyword] = &[Keyword {
    name: "track-sc",
    prefix: true,
    sets: RuleSets::TCP_CONNECTION
        .union(RuleSets::TCP_SESSION)
        .union(RuleSets::TCP_CONTENT)
        .union(RuleSets::REQUEST)
        .union(RuleSets::RESPONSE),
    compile: |line| {
        let number = number(line)?;
        let (expr, used) = Expr::parse_words(line.words, line.cx)?;
        let written = line
            .words
            .first()
            .map_or_else(String::new, |w| w.display().to_string());
        expr.check_places(&written, line.cx)?;
        line.words = line.words.get(used..).unwrap_or_default();
        let mut name = &b""[..];
        if line.take_if("table") {
            name = line.argument("missing table name")?.bytes();
        }
        let verb = line.verb.display().to_string();
        // without it the rule is refused anyhow
        let table = line.cx.tracked_table(name, &verb).ok_or(Fault::Pending)?;
        if !expr.out().casts_to(stick::key_type(table.key_type())) {
            let message = format!(
                "Proxy '{}': stick-table '{}' uses a type incompatible with the '{verb}' rule.",
                bstr::BStr::new(&line.cx.proxy_name()),
                table.spec().name
            );
            line.cx.plain_alert(message);
            return Err(Fault::Pending);
        }
        Ok(Arc::new(TrackSc {
            number,
            expr,
            table,
        }))
    },
    doc: "Counts in the entry of a key from now on.",
    examples: &[
        Example {
            line: "http-request track-sc0 src table t",
            result: "tracked 0 conn_cnt[0]=1 conn_rate[0]=1 conn_cur[0]=1 http_req_cnt[0]=1 http_req_rate[0]=1",
        },
        // taken already
        Example {
            line: "http-request track-sc1 src table t",
            result: "tracked 1",
        },
    ],
}];

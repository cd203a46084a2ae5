//! `counter-never-tracked`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::model::matcher::Expr;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC031",
    name: "counter-never-tracked",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A condition reads a sticky counter that no rule tracks.",
    why: "`sc0_http_req_rate` speaks of the entry that `track-sc0` has chosen. Without such a rule it has no value, and a limit built on it never strikes.",
    example: "stick-table type ip size 1m expire 10m store http_req_rate(10s)\nhttp-request deny if { sc0_http_req_rate gt 100 }\n",
    instead: "http-request track-sc0 src\nhttp-request deny if { sc0_http_req_rate gt 100 }\n",
    fixes: Fixes::None,
    check,
};

/// The slot that a fetch reads, without a table of its own.
fn slot(expr: &Expr<'_>) -> Option<u8> {
    if let Some(name) = expr.fetch.strip_prefix("sc_") {
        // counters of an array say which one first
        let array = matches!(
            name,
            "get_gpc" | "get_gpt" | "gpc_rate" | "inc_gpc" | "clr_gpc"
        );
        return expr
            .args?
            .split(',')
            .nth(usize::from(array))?
            .trim()
            .parse()
            .ok();
    }
    let (number, _) = expr.fetch.strip_prefix("sc")?.split_once('_')?;
    number.parse().ok()
}

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, test) in model.tests() {
        let Some(slot) = slot(&test.expr) else {
            continue;
        };
        let names = [format!("track-sc{slot}"), format!("sc{slot}-track")];
        let tracked = model.lines().any(|(_, line)| {
            line.words
                .iter()
                .any(|w| names.iter().any(|n| w.is(n)) || w.is("track-sc"))
        });
        if !tracked {
            out.word(test.word, format!("no rule tracks anything in slot {slot}"))
                .help(format!("http-request track-sc{slot} src"));
        }
    }
}

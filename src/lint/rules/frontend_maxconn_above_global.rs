//! `frontend-maxconn-above-global`

use crate::base::diag::Severity;
use crate::lint::model::{Model, number};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC028",
    name: "frontend-maxconn-above-global",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A front end may take more connections than the whole process.",
    why: "The process stops accepting at its own `maxconn`, so the larger limit is never reached: one busy front end locks all others out, which its limit was to prevent.",
    example: "global\n    maxconn 2000\nfrontend www\n    maxconn 10000\n",
    instead: "global\n    maxconn 20000\nfrontend www\n    maxconn 10000\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    let Some(global) = model.global(&["maxconn"]) else {
        return;
    };
    let Some(limit) = global.word(1).and_then(number).filter(|n| *n > 0) else {
        return;
    };
    // a limit of `defaults` is reported once, where it stands
    let scopes = model
        .scopes
        .iter()
        .filter(|s| s.is_frontend() || s.kind == crate::lint::model::Kind::Defaults);
    for scope in scopes {
        let Some(line) = scope.own(&["maxconn"]) else {
            continue;
        };
        let value = line.word(1).and_then(number).unwrap_or_default();
        if value > limit {
            out.line(
                line,
                format!("{value} connections here, but the process takes only {limit}"),
            )
            .related(global.tail_span(0), "the limit of the process");
        }
    }
}

//! `minconn-without-maxconn`

use crate::base::diag::Severity;
use crate::lint::model::{Model, has_word, number, value_of};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC029",
    name: "minconn-without-maxconn",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A server has `minconn` without `maxconn`, or one that is not below it.",
    why: "The dynamic limit moves between the two: without `maxconn` it is `minconn` itself at all times, and the server is held at its lowest limit.",
    example: "server a 10.0.0.1:80 minconn 50\n",
    instead: "server a 10.0.0.1:80 minconn 50 maxconn 200\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (scope, line) in model.lines() {
        let from = match () {
            () if line.begins(&["server"]) || line.begins(&["server-template"]) => 3,
            () if line.begins(&["default-server"]) => 1,
            () => continue,
        };
        let Some(low) = value_of(line, from, "minconn").filter(|w| number(w) != Some(0)) else {
            continue;
        };
        match value_of(line, from, "maxconn") {
            Some(high) => {
                if let (Some(l), Some(h)) = (number(low), number(high))
                    && h > 0
                    && l > h
                {
                    out.word(low, format!("minconn {l} is above maxconn {h}"));
                }
            }
            None if from == 1 => {}
            None => {
                let defaulted = model.chain(scope).any(|s| {
                    s.all(&["default-server"])
                        .any(|l| has_word(l, 1, "maxconn"))
                });
                if !defaulted {
                    out.word(low, "without maxconn this is the limit at all times");
                }
            }
        }
    }
}

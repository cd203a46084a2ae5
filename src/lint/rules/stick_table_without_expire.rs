//! `stick-table-without-expire`

use crate::base::diag::Severity;
use crate::lint::model::{Model, has_word};
use crate::lint::rule::{Category, Edit, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC005",
    name: "stick-table-without-expire",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "Entries of a stick table never grow old.",
    why: "The table fills up. From then on every new client throws out the oldest one (or is not remembered, with `nopurge`), so that counters and stickiness are lost at random; and an address once blocked stays blocked.",
    example: "stick-table type ip size 100k store http_req_rate(10s)\n",
    instead: "stick-table type ip size 100k expire 10m store http_req_rate(10s)\n",
    fixes: Fixes::Unsafe("`expire 30m` is added"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (scope, line) in model.lines() {
        let table = line.begins(&["stick-table"])
            || (scope.head.begins(&["peers"]) && line.begins(&["table"]));
        if !table || has_word(line, 1, "expire") {
            continue;
        }
        let size = line.words.iter().position(|w| w.is("size"));
        let after = size.and_then(|at| line.word(at + 1));
        let finding = out.line(line, "entries of this table never grow old");
        if let Some(word) = after.filter(|w| model.is_plain(w)) {
            let mut at = word.span;
            at.start = at.end;
            finding.fix(vec![Edit::Replace(at, b" expire 30m".to_vec())]);
        }
    }
}

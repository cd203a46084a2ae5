//! `unreachable-rule`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};
use std::collections::HashMap;

pub(super) static RULE: Rule = Rule {
    code: "HC006",
    name: "unreachable-rule",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A rule stands behind one that always ends the evaluation of its set.",
    why: "`use_backend`, `deny`, `accept`, `redirect`, ... without a condition are met by every request, so nothing behind them in the same set is ever asked.",
    example: "use_backend app\nuse_backend api if { path_beg /api }\n",
    instead: "use_backend api if { path_beg /api }\ndefault_backend app\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in &model.scopes {
        let mut ended = HashMap::new();
        for statement in &scope.statements {
            if let Some(end) = ended.get(statement.set) {
                out.line(
                    statement.line,
                    "this never runs: an earlier rule without a condition ends the set",
                )
                .related(*end, "the earlier rule");
                continue;
            }
            if statement.is_final() && !statement.is_conditional() {
                // a back end of a name without a match is passed over
                let dynamic = statement.set == "use_backend"
                    && statement
                        .args
                        .iter()
                        .any(|w| memchr::memmem::find(w.bytes(), b"%[").is_some());
                if !dynamic {
                    ended.insert(statement.set, statement.span());
                }
            }
        }
        let default = scope.own(&["default_backend"]);
        if let (Some(end), Some(line)) = (ended.get("use_backend"), default) {
            out.line(
                line,
                "this is never used: an earlier use_backend takes everything",
            )
            .related(*end, "the earlier rule");
        }
    }
}

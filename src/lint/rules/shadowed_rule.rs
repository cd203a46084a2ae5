//! `shadowed-rule`

use crate::base::diag::Severity;
use crate::config::print;
use crate::lint::model::Model;
use crate::lint::model::condition::Normal;
use crate::lint::model::statement::Statement;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC004",
    name: "shadowed-rule",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A rule never runs, since an earlier final rule of its set is met by everything that it is met by.",
    why: "The first `use_backend`, `redirect`, `deny`, ... whose condition holds wins. A narrow condition behind a wider one is never asked.",
    example: "use_backend app if { path_beg / }\nuse_backend api if { path_beg /api }\n",
    instead: "use_backend api if { path_beg /api }\nuse_backend app if { path_beg / }\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in &model.scopes {
        let mut earlier: Vec<&Statement<'_>> = Vec::new();
        for statement in &scope.statements {
            if statement.changes() {
                // what earlier rules of the set asked may be answered otherwise now
                earlier.retain(|e| e.set != statement.set);
                continue;
            }
            if !statement.is_final() {
                continue;
            }
            let normal = statement.condition.as_ref().and_then(|c| c.normal(scope));
            let Some(normal) = normal else {
                continue;
            };
            // each alternative may be taken by another rule
            let taken = normal.0.iter().map(|alternative| {
                let alone = Normal(vec![alternative.clone()]);
                earlier.iter().find(|e| {
                    let other = e.condition.as_ref().and_then(|c| c.normal(scope));
                    // a repeated line has a rule of its own
                    let same = print::directive(e.line) == print::directive(statement.line);
                    e.set == statement.set && !same && other.is_some_and(|o| o.covers(&alone))
                })
            });
            if let Some(first) = taken
                .collect::<Option<Vec<_>>>()
                .and_then(|t| t.first().copied().copied())
            {
                out.line(
                    statement.line,
                    "this never runs: an earlier rule is met by all that meets this one",
                )
                .related(first.span(), "the earlier rule")
                .help("put the narrower rule first");
            }
            earlier.push(statement);
        }
    }
}

//! `early-phase-below`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC042",
    name: "early-phase-below",
    category: Category::Correctness,
    severity: Severity::Notice,
    default: true,
    what: "A rule stands below rules of sets that run after it.",
    why: "Sets run in a fixed order whatever the order of lines: tcp-request connection, session, content, http-request, redirect, use_backend. A rule that seems to run behind a `use_backend` or a `redirect` runs before it.",
    example: "use_backend api if { path_beg /api }\nhttp-request set-path /v2%[path]\n",
    instead: "http-request set-path /v2%[path]\nuse_backend api if { path_beg /v2/api }\n",
    fixes: Fixes::None,
    check,
};

const ORDER: &[&[&str]] = &[
    &["tcp-request connection"],
    &["tcp-request session"],
    &["tcp-request content"],
    &["block", "http-request"],
    &["redirect"],
    &["use_backend"],
    &["use-server"],
];

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.scopes.iter().filter(|s| s.is_proxy()) {
        let mut latest: Option<(usize, &crate::lint::model::statement::Statement<'_>)> = None;
        for statement in &scope.statements {
            let Some(phase) = ORDER
                .iter()
                .position(|names| names.contains(&statement.set))
            else {
                continue;
            };
            match latest {
                Some((last, below)) if phase < last => {
                    out.line(
                        statement.line,
                        format!("this runs before the `{}` above it", below.set),
                    )
                    .related(below.span(), "which runs later");
                }
                _ => latest = Some((phase, statement)),
            }
        }
    }
}

//! `duplicate-rule`

use crate::base::diag::Severity;
use crate::config::print;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Edit, Fixes, Report, Rule};
use std::collections::HashMap;

pub(super) static RULE: Rule = Rule {
    code: "HC002",
    name: "duplicate-rule",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "The same rule or ACL stands twice in one section.",
    why: "The second one does nothing, or does it twice (add-header). It is mostly a copy in which a word should have been changed.",
    example: "acl is_api path_beg /api\nacl is_api path_beg /api\n",
    instead: "acl is_api path_beg /api\nacl is_api path_beg /rest\n",
    fixes: Fixes::Unsafe("the second line is removed"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.scopes.iter().filter(|s| s.is_proxy()) {
        let mut seen = HashMap::new();
        for line in scope.lines {
            let acl = line.begins(&["acl"]);
            let statement = scope.statements.iter().find(|s| std::ptr::eq(s.line, line));
            // rules that count or measure may stand twice on purpose
            let counts = statement.is_some_and(|s| {
                s.set == "http-check"
                    || s.action_name().starts_with(b"sc-")
                    || s.action_name() == b"set-var"
            });
            if !(acl || statement.is_some()) || counts {
                continue;
            }
            let text = print::directive(line);
            if let Some(first) = seen.insert(text, line.span) {
                out.line(line, "this line stands here for the second time")
                    .related(first, "the first one")
                    .fix(vec![Edit::DeleteLine(line.span)]);
            }
        }
    }
}

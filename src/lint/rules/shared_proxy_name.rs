//! `shared-proxy-name`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};
use std::collections::HashMap;

pub(super) static RULE: Rule = Rule {
    code: "HD006",
    name: "shared-proxy-name",
    category: Category::Deprecation,
    severity: Severity::Warning,
    default: true,
    what: "Two proxies have the same name.",
    why: "HAProxy 3.3 and later refuse a front end and a back end of one name; in statistics, logs and on the runtime API nobody can tell them apart.",
    example: "frontend www\nbackend www\n",
    instead: "frontend www\nbackend www_servers\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    let mut seen = HashMap::new();
    for scope in model.proxies().filter(|s| !s.name.is_empty()) {
        if let Some(first) = seen.insert(scope.name, scope.head.tail_span(0)) {
            let name = scope.head.word(1).map_or(scope.head.span, |w| w.span);
            out.at(
                name,
                format!("{} has the name of another proxy", scope.title()),
            )
            .related(first, "the other one");
        }
    }
}

//! `test-after-delete`

use crate::base::diag::Severity;
use crate::base::span::Span;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC025",
    name: "test-after-delete",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A condition asks for a request header that an earlier rule of the section has removed.",
    why: "Rules see what earlier rules left of the request, and `use_backend` runs after all `http-request` rules. The test never finds the header.",
    example: "http-request del-header X-Debug\nuse_backend debug if { hdr(X-Debug) -m found }\n",
    instead: "http-request set-var(txn.debug) req.hdr(X-Debug)\nhttp-request del-header X-Debug\nuse_backend debug if { var(txn.debug) -m found }\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.proxies() {
        let mut gone: Vec<(String, Span)> = Vec::new();
        let sets = ["http-request", "use_backend"];
        for statement in sets.iter().flat_map(|set| scope.set(set)) {
            if let Some(condition) = &statement.condition {
                for term in condition.terms().filter(|t| !t.negated) {
                    let matchers = term.matchers(scope);
                    let lost = gone.iter().find(|(name, _)| {
                        !matchers.is_empty()
                            && matchers.iter().all(|m| {
                                m.expr
                                    .header()
                                    .is_some_and(|h| h.eq_ignore_ascii_case(name))
                            })
                    });
                    if let Some((name, place)) = lost {
                        out.at(
                            term.span,
                            format!("the header {name} is gone when this is asked"),
                        )
                        .related(*place, "removed here");
                    }
                }
            }
            let name = statement.args.first().map(|w| w.display().to_string());
            match (statement.action_name(), name) {
                (b"del-header", Some(name))
                    if !statement.is_conditional() && statement.args.len() == 1 =>
                {
                    gone.push((name, statement.span()))
                }
                (b"set-header" | b"add-header", Some(name)) => {
                    gone.retain(|(n, _)| !n.eq_ignore_ascii_case(&name))
                }
                (b"lua." | b"send-spoe-group", _) => gone.clear(),
                _ => {}
            }
        }
    }
}

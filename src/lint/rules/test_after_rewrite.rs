//! `test-after-rewrite`

use crate::base::diag::Severity;
use crate::base::span::Span;
use crate::lint::model::matcher::{Matcher, Method};
use crate::lint::model::statement::Statement;
use crate::lint::model::{Model, Scope, routes};
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC024",
    name: "test-after-rewrite",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A condition asks for the beginning of a path that an earlier rule of the section has cut off.",
    why: "Rules see what earlier rules made of the request, and `use_backend` runs after all `http-request` rules, wherever it stands. So the test never holds and the request goes elsewhere.",
    example: "http-request replace-path ^/api/(.*) /\\1\nuse_backend api if { path_beg /api/ }\n",
    instead: "use_backend api if { path_beg /api/ }\n\nbackend api\n    http-request replace-path ^/api/(.*) /\\1\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for scope in model.proxies() {
        let mut cut: Vec<(Vec<u8>, Span)> = Vec::new();
        for statement in scope.set("http-request") {
            report(scope, statement, &cut, out);
            match prefix(scope, statement) {
                Some(prefix) => cut.push((prefix, statement.span())),
                None if is_rewrite(statement) => cut.clear(),
                None => {}
            }
        }
        for statement in scope.set("use_backend") {
            report(scope, statement, &cut, out);
        }
    }
}

fn is_rewrite(statement: &Statement<'_>) -> bool {
    matches!(
        statement.action_name(),
        b"set-path"
            | b"replace-path"
            | b"set-uri"
            | b"replace-uri"
            | b"set-pathq"
            | b"replace-pathq"
            | b"normalize-uri"
    )
}

/// The beginning that a rule takes away from every path that has it.
fn prefix(scope: &Scope<'_>, statement: &Statement<'_>) -> Option<Vec<u8>> {
    let always = statement.condition.as_ref().is_none_or(|c| {
        !c.is_unless()
            && c.alternatives.len() == 1
            && c.terms().all(|t| {
                !t.negated
                    && !t.matchers(scope).is_empty()
                    && t.matchers(scope).iter().all(|m| m.expr.base() == "path")
            })
    });
    if !always {
        return None;
    }
    let (pattern, new) = match statement.action_name() {
        b"replace-path" | b"replace-uri" | b"replace-pathq" => {
            let pattern = statement.args.first()?.display().to_string();
            (pattern, statement.args.get(1)?.text.to_vec())
        }
        b"set-path" => {
            let [only] = routes::expressions(statement.args.first()?)
                .try_into()
                .ok()?;
            let name = only
                .converters
                .first()
                .filter(|(n, _)| *n == "regsub" && only.base() == "path")?;
            let args = name.1?.trim_matches('"').trim_matches('\'');
            let (pattern, new) = args.split_once(',')?;
            let new = new.split(',').next().unwrap_or_default();
            (
                pattern.to_owned(),
                new.trim_matches('"').as_bytes().to_vec(),
            )
        }
        _ => return None,
    };
    let pattern = pattern.strip_prefix('^')?.trim_start_matches('(');
    let end = pattern
        .find(|c: char| !(c.is_ascii_alphanumeric() || "/_-".contains(c)))
        .unwrap_or(pattern.len());
    let rest = pattern.get(end..)?;
    // the last letter belongs to what a `?` or `*` makes optional
    let end = if rest.starts_with(['?', '*', '{']) {
        end.checked_sub(1)?
    } else {
        end
    };
    let text = pattern.get(..end)?;
    let same = new.starts_with(text.as_bytes()) || new.starts_with(b"\\") || new.starts_with(b"%");
    // alternatives cut off other things
    (text.len() > 2 && text.starts_with('/') && !same && !rest.contains('|'))
        .then(|| text.as_bytes().to_vec())
}

fn report(scope: &Scope<'_>, statement: &Statement<'_>, cut: &[(Vec<u8>, Span)], out: &mut Report) {
    let Some(condition) = &statement.condition else {
        return;
    };
    for term in condition.terms().filter(|t| !t.negated) {
        let matchers = term.matchers(scope);
        for (prefix, place) in cut {
            if !matchers.is_empty() && matchers.iter().all(|m| needs(m, prefix)) {
                out.at(term.span, format!("paths do not begin with {} any more when this is asked", bstr::BStr::new(prefix)))
                    .related(*place, "this rule takes it away")
                    .help("rewrite in the back end, or keep the answer first: http-request set-var(txn.api) bool(true) if { path_beg ... }");
            }
        }
    }
}

/// Whether a test only holds for paths with that beginning.
fn needs(matcher: &Matcher<'_>, prefix: &[u8]) -> bool {
    matcher.expr.base() == "path"
        && matcher.expr.converters.is_empty()
        && !matcher.has_file()
        && matches!(matcher.method(), Method::Beg | Method::Str)
        && !matcher.patterns.is_empty()
        && matcher.patterns.iter().all(|p| p.text.starts_with(prefix))
}

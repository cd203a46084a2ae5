//! `path-without-slash`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::model::matcher::Method;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC021",
    name: "path-without-slash",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A path is compared from its beginning with a text that does not begin with a slash.",
    why: "Every path begins with `/` (or is `*`), so the test never holds.",
    example: "acl api path_beg api/\n",
    instead: "acl api path_beg /api/\n",
    fixes: Fixes::Unsafe("a slash is put in front, so that the test can hold"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, test) in model.tests() {
        let whole = matches!(test.method(), Method::Str | Method::Beg);
        let plain = test
            .expr
            .converters
            .iter()
            .all(|(c, _)| matches!(*c, "lower" | "upper" | "url_dec"));
        if test.expr.base() != "path" || !whole || !plain || test.expr.fetch == "pathq" {
            continue;
        }
        for pattern in &test.patterns {
            let first = pattern.text.first();
            // regular expressions have a rule of their own
            let odd = first.is_none_or(|b| matches!(b, b'/' | b'*' | b'^' | b'-' | b'.'))
                || model.has_variable(pattern)
                // which have a rule of their own
                || matches!(pattern.bytes(), b"eq" | b"or" | b"||");
            if odd || memchr::memmem::find(pattern.bytes(), b"://").is_some() {
                continue;
            }
            let finding = out.word(
                pattern,
                "every path begins with a slash, so this never holds",
            );
            if model.is_plain(pattern) {
                let mut at = pattern.span;
                at.end = at.start;
                finding.fix(vec![crate::lint::rule::Edit::Replace(at, b"/".to_vec())]);
            }
        }
    }
}

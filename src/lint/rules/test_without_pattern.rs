//! `test-without-pattern`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC020",
    name: "test-without-pattern",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A test of a text or an address has nothing to compare with, so it never holds.",
    why: "`acl has_token hdr(x-token)` does not ask whether the header is there: without a pattern it is false for every request.",
    example: "acl has_token req.hdr(x-token)\n",
    instead: "acl has_token req.hdr(x-token) -m found\n",
    fixes: Fixes::Unsafe("`-m found` is added, so that the test asks whether there is a value"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, test) in model.tests() {
        let found = matches!(test.method_name(), "found" | "bool");
        if !test.patterns.is_empty() || test.has_file() || found || test.is_boolean() {
            continue;
        }
        let finding = out.word(test.word, "without a pattern this never holds");
        finding.help("`-m found` asks whether there is a value");
        if test.flags.is_empty() {
            let mut at = test.word.span;
            at.start = at.end;
            finding.fix(vec![crate::lint::rule::Edit::Replace(
                at,
                b" -m found".to_vec(),
            )]);
        }
    }
}

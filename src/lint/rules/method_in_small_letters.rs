//! `method-in-small-letters`

use crate::base::diag::Severity;
use crate::lint::model::Model;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC023",
    name: "method-in-small-letters",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A request's method is compared with a name in small letters.",
    why: "Methods are compared with case and clients send capitals, so the test never holds.",
    example: "http-request deny if { method delete }\n",
    instead: "http-request deny if { method DELETE }\n",
    fixes: Fixes::Unsafe("the name is written in capitals, so that the test can hold"),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, test) in model.tests() {
        if test.expr.base() != "method"
            || test.ignores_case()
            || test.method_name() == "reg"
            || !test.expr.converters.is_empty()
        {
            continue;
        }
        for pattern in &test.patterns {
            let letters =
                !pattern.text.is_empty() && pattern.text.iter().all(u8::is_ascii_alphabetic);
            if letters && pattern.text.iter().any(u8::is_ascii_lowercase) {
                let finding = out.word(
                    pattern,
                    "no client sends its method so, and this is compared with case",
                );
                if model.is_plain(pattern) {
                    finding.fix(vec![crate::lint::rule::Edit::Replace(
                        pattern.span,
                        pattern.text.to_ascii_uppercase(),
                    )]);
                }
            }
        }
    }
}

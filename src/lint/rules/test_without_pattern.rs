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
    what: "A test of a text, a number or an address has nothing to compare with, so it never holds.",
    why: "`acl has_token hdr(x-token)` does not ask whether the header is there: without a pattern it is false for every request. The same goes for numbers (`hdr_cnt`, `length`); only what gives yes or no needs none.",
    example: "acl has_token req.hdr(x-token)\n",
    instead: "acl has_token req.hdr(x-token) -m found\n",
    fixes: Fixes::Unsafe(
        "`-m found` is added, or `-m bool` for numbers, so that the test can hold",
    ),
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, test) in model.tests() {
        // `--` says that it is meant, to HAProxy too
        let said =
            matches!(test.method_name(), "found" | "bool") || test.words.iter().any(|w| w.is("--"));
        let yields = test.yields();
        // what gives yes or no needs no pattern; of the rest too little is known
        let enough = matches!(yields, "bool" | "any" | "same");
        if !test.patterns.is_empty() || test.has_file() || said || enough {
            continue;
        }
        let method = if yields == "sint" { "bool" } else { "found" };
        let finding = out.word(test.word, "without a pattern this never holds");
        finding.help(match method {
            "bool" => "`-m bool` asks whether the number is not 0",
            _ => "`-m found` asks whether there is a value",
        });
        if test.flags.is_empty() {
            let mut at = test.word.span;
            at.start = at.end;
            let text = format!(" -m {method}").into_bytes();
            finding.fix(vec![crate::lint::rule::Edit::Replace(at, text)]);
        }
    }
}

//! `keyword-as-pattern`

use crate::base::diag::Severity;
use crate::grammar;
use crate::lint::model::Model;
use crate::lint::model::matcher::Method;
use crate::lint::rule::{Category, Fixes, Report, Rule};

pub(super) static RULE: Rule = Rule {
    code: "HC043",
    name: "keyword-as-pattern",
    category: Category::Correctness,
    severity: Severity::Warning,
    default: true,
    what: "A pattern is a word that means something elsewhere: `or`, `||`, `eq`, or the name of a test.",
    why: "Everything behind a test is a pattern. `acl x path_beg /a or path_beg /b` compares paths with the texts `or` and `path_beg` too; two `acl` lines of one name mean \"or\".",
    example: "acl static path_beg /css or path_beg /js\n",
    instead: "acl static path_beg /css /js\n",
    fixes: Fixes::None,
    check,
};

fn check(model: &Model<'_>, out: &mut Report) {
    for (_, test) in model.tests() {
        let text = matches!(
            test.method(),
            Method::Str
                | Method::Beg
                | Method::End
                | Method::Sub
                | Method::Dir
                | Method::Dom
                | Method::Reg
        );
        let strings = test.expr.base() != "str" && test.method_name() != "found";
        if !text
            || !strings
            || test
                .words
                .iter()
                .any(|w| w.is("--") && test.flags.is_empty())
        {
            continue;
        }
        for pattern in &test.patterns {
            let word = pattern.bytes();
            // quotes say that the word itself is meant
            let operator = matches!(
                word,
                b"or" | b"||" | b"and" | b"&&" | b"eq" | b"if" | b"unless" | b"{" | b"}"
            );
            let name = word.contains(&b'_') || word.contains(&b'(');
            let fetch = word.split(|b| *b == b'(').next().unwrap_or_default();
            let test_name =
                name && (grammar::acl(fetch).is_some() || grammar::fetch(fetch).is_some());
            if (operator || test_name) && model.is_plain(pattern) {
                out.word(
                    pattern,
                    format!("`{}` is compared as a text here", pattern.display()),
                )
                .help("alternatives are further patterns, or further `acl` lines of the same name");
            }
        }
    }
}
